"""How long a server takes to refuse a key: whether the time tells a key that is nearly right from any other.

`python benchmarks/refusals.py [REQUESTS] [ADDRESS]` starts `evals-mcp serve` on a new SQLite file, or on the empty
PostgreSQL database at the address, with 20 keys. It sends so many requests (20,000 without it) in a shuffled order over
one connection: half with a key whose last letter is wrong, half with keys of which all letters are drawn by chance,
repeated as often; then half as many whose text has not even the form of a key. The server answers all of them at once:
it is told not to slow wrong keys. Prints the median times, and the area under the curve of each against the second: 0.5
if a time tells nothing. Fails unless that of the first lies in 0.49 to 0.51.
"""

import random
import socket
import string
import sys
import tempfile
import time
from array import array
from pathlib import Path
from statistics import median

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from scipy.stats import mannwhitneyu
from tests.serving.administration import create_key, create_workspace
from tests.serving.server_process import ServerProcess, serving_code

REQUESTS = 20_000
_KEYS = 20
_LETTERS = string.digits + string.ascii_letters
_WARMING = 500


def _nearly(secret: str) -> str:
    return secret[:-1] + random.choice([letter for letter in _LETTERS if letter != secret[-1]])


def _other() -> str:
    letters = random.choices(_LETTERS, k=55)
    return f"evalsmcp_{''.join(letters[:12])}_{''.join(letters[12:])}"


def _refused(connection: socket.socket, key: str) -> float:
    """The seconds until the answer, which must be 401."""
    request = f"GET /v5/flows HTTP/1.1\r\nHost: localhost\r\nX-API-KEY: {key}\r\n\r\n".encode()
    start = time.perf_counter()
    connection.sendall(request)
    answer = connection.recv(65_536)
    seconds = time.perf_counter() - start
    assert answer.startswith(b"HTTP/1.1 401"), answer
    while not answer.endswith(b"}"):
        answer += connection.recv(65_536)
    return seconds


def measure(port: int, secrets: list[str], requests: int) -> dict[str, list[float]]:
    """The seconds to each refusal, by the kind of key.

    All keys are made alike, each just before it is sent: texts that are there before differ in where memory has them.
    """
    bases = {
        "nearly right": secrets,
        "any other": [_other() for _ in secrets],
        "no key's form": [_other()[:-1] for _ in secrets],
    }
    kinds = ["nearly right", "any other"] * (requests // 2) + ["no key's form"] * (requests // 4)
    random.shuffle(kinds)
    found = {kind: array("d") for kind in bases}
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for _ in range(_WARMING):
            _refused(connection, _other())
        for kind in kinds:
            found[kind].append(_refused(connection, _nearly(random.choice(bases[kind]))))
    return {kind: seconds.tolist() for kind, seconds in found.items()}


def area(ones: list[float], others: list[float]) -> float:
    """How often one of the first took longer than one of the others; ties count half."""
    return float(mannwhitneyu(ones, others).statistic) / (len(ones) * len(others))


def main(requests: int, address: str | None) -> None:
    """Print the figures."""
    with tempfile.TemporaryDirectory() as folder:
        database = address or str(Path(folder) / "evals.db")
        workspace = "team" if address else None
        if workspace:
            create_workspace(database, workspace)
        secrets = [create_key(database, workspace, f"person {number}").secret for number in range(_KEYS)]
        server = ServerProcess(serving_code(database, slows_refusals=False))
        try:
            found = measure(int(server.url.rpartition(":")[2]), secrets, requests)
        finally:
            server.process.terminate()
            server.ended()
    areas = {kind: area(seconds, found["any other"]) for kind, seconds in found.items()}
    for kind, seconds in found.items():
        print(f"{kind}: {len(seconds):,} refusals, median {median(seconds) * 1000:.3f} ms, area {areas[kind]:.4f}")
    assert 0.49 <= areas["nearly right"] <= 0.51, areas


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else REQUESTS, sys.argv[2] if len(sys.argv) > 2 else None)
