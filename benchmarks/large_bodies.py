"""What large bodies do to everybody else: a real server, eight clients, and small requests beside them.

`python benchmarks/large_bodies.py [MEGABYTES]` starts `evals-mcp serve` on a new database, sends eight logs of so many
megabytes (30 without it) at once, first of one long text, then of many small values, then as chunked bodies of 63 MB
that are no logs, and asks for `/health` and a small page meanwhile. Prints for each: the longest and the median wait of
the small requests, also as milliseconds for each megabyte of one body, and the server's most memory so far (Linux).
"""

import json
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx

CLIENTS = 8
_LIMIT = 300
_JSON = {"content-type": "application/json"}


def _log(rows: object) -> bytes:
    body = {"path": "large", "prompt": {"model": "m"}, "inputs": {"rows": rows}, "output": "done"}
    return json.dumps(body, ensure_ascii=False).encode()


def _text(size: int) -> bytes:
    return _log('The customer wrote "please refund" and got no answer.\n' * (size // 56))


def _values(size: int) -> bytes:
    return _log([{"a": n, "b": f"item {n}", "c": [1.5, None]} for n in range(size // 50)])


def _chunks(size: int) -> Iterator[bytes]:
    for _ in range(size // 65_536):
        yield b" " * 65_536


def _most_memory(pid: int) -> float:
    """The most memory that a process has had, in MB."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM"):
            return int(line.split()[1]) / 1024
    raise RuntimeError("The system does not tell.")


def _ask(url: str, stopped: threading.Event, waits: list[float]) -> None:
    with httpx.Client(base_url=url, timeout=_LIMIT) as client:
        while not stopped.is_set():
            for path in ("/health", "/v5/files?size=1"):
                start = time.perf_counter()
                client.get(path).raise_for_status()
                waits.append(time.perf_counter() - start)
            time.sleep(0.01)


def _send(url: str, name: str, size: int) -> list[int]:
    body = {"text": _text, "values": _values}[name](size) if name != "chunks" else b""

    def send(_: int) -> int:
        path = "/v5/prompts/log" if name != "chunks" else "/v5/flows"
        content = body if name != "chunks" else _chunks(size)
        return httpx.post(f"{url}{path}", content=content, headers=_JSON, timeout=_LIMIT).status_code

    with ThreadPoolExecutor(CLIENTS) as pool:
        return list(pool.map(send, range(CLIENTS)))


def _measure(url: str, pid: int, name: str, megabytes: int) -> None:
    waits: list[float] = []
    stopped = threading.Event()
    asking = threading.Thread(target=_ask, args=(url, stopped, waits))
    asking.start()
    start = time.perf_counter()
    statuses = _send(url, name, megabytes * 1_000_000)
    seconds = time.perf_counter() - start
    stopped.set()
    asking.join()
    longest = max(waits)
    print(
        f"{name}, {CLIENTS} of {megabytes} MB in {seconds:.1f} s, statuses {sorted(set(statuses))}: "
        f"others waited {longest:.2f} s at most ({longest * 1000 / megabytes:.1f} ms per MB), "
        f"{statistics.median(waits):.3f} s in the median of {len(waits)}; memory {_most_memory(pid):.0f} MB"
    )


def main() -> None:
    """Print the figures."""
    megabytes = int(sys.argv[1]) if len(sys.argv) > 1 else 30
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "evals_mcp", "serve", "--port", "0", "--database", f"{folder}/evals.db"]
        server = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
        try:
            assert server.stderr is not None
            url = server.stderr.readline().split()[-1]
            threading.Thread(target=lambda: [None for _ in server.stderr or ()], daemon=True).start()
            print(f"memory before: {_most_memory(server.pid):.0f} MB")
            for name, size in (("chunks", 63), ("text", megabytes), ("values", megabytes)):
                _measure(url, server.pid, name, size)
        finally:
            server.terminate()
            server.wait(60)


if __name__ == "__main__":
    main()
