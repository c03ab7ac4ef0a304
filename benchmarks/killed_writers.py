"""What eight servers of one database acknowledge while they are killed and started again at random.

`python benchmarks/killed_writers.py [SECONDS] [ADDRESS]` does it for 60 seconds on a new SQLite file, or in a new
workspace of the empty PostgreSQL database at the address, whose backends are terminated meanwhile. Each write is
repeated with its request id until it is acknowledged. Fails unless each acknowledged write is there once, nothing else
is there, and all counters equal a recount.
"""

import sys
import tempfile
from contextlib import closing
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tests.killed_writers import check_writes, terminate_backends, write_while_killed
from tests.serving.administration import create_workspace

from evals_mcp.store.store import open_store

SECONDS = 60.0


def main(seconds: float, address: str | None) -> None:
    """Write, check and print."""
    with tempfile.TemporaryDirectory() as folder:
        if address is None:
            path = str(Path(folder) / "evals.db")
            outcome = write_while_killed(path, seconds)
            store = open_store(path)
        else:
            create_workspace(address, "killed")
            outcome = write_while_killed(address, seconds, "killed", lambda: terminate_backends(address))
            store = open_store(address, "evals_mcp_killed")
        with closing(store):
            check_writes(store, outcome)
    print(outcome, *sorted(set(outcome.failures)), sep="\n")


if __name__ == "__main__":
    main(float(sys.argv[1]) if len(sys.argv) > 1 else SECONDS, sys.argv[2] if len(sys.argv) > 2 else None)
