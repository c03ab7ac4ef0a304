"""What the API answers to many requests that schemathesis makes from its OpenAPI document.

`python benchmarks/generated_requests.py [EXAMPLES] [ADDRESS]` sends so many (100 without it) to each operation of a
server of a new SQLite file, or of a new workspace of the PostgreSQL database at the address: other ones each time.
Fails for a 5xx or an answer that is no JSON, with the request. Prints how often each status came. It takes minutes.
"""

import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tests.api.application import served
from tests.generated_requests import send_generated

from evals_mcp.api.app import create_app
from evals_mcp.api.grants import OpenAccess
from evals_mcp.store.store import open_store

EXAMPLES = 100


def main(examples: int, address: str | None) -> None:
    """Send, and print the figures."""
    with tempfile.TemporaryDirectory() as folder:
        database = address or str(Path(folder) / "evals.db")
        schema = "evals_mcp_generated" if address else None
        with closing(open_store(database, schema)) as store, served(create_app(OpenAccess(store))) as url:
            start = time.perf_counter()
            statuses = send_generated(url, store, examples, repeated=False)
            seconds = time.perf_counter() - start
    told = ", ".join(f"{status}: {count:,}" for status, count in sorted(statuses.items()))
    print(f"{statuses.total():,} requests in {seconds:.0f} s; {told}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else EXAMPLES, sys.argv[2] if len(sys.argv) > 2 else None)
