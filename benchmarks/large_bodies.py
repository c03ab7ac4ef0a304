"""What large bodies do to everybody else: a real server, eight clients, and small requests beside them.

`python benchmarks/large_bodies.py [MEGABYTES] [KIND]…` starts `evals-mcp serve` on a new database for each kind of
body, sends eight of so many megabytes (30 without it) at once, and asks for `/health` and a small page meanwhile. If
they have more values than a request may have, it does the same with eight that have as many as that. Kinds are all of
`KINDS` unless some are named: what people send, and what nobody should, such as millions of empty objects. Prints the
statuses, the longest and the median wait of the small requests, the longest also as milliseconds for each megabyte of
one body, and the most memory of the server (Linux).
"""

import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import httpx

from evals_mcp.models.json_structure import count_values
from evals_mcp.models.json_values import MOST_VALUES

CLIENTS = 8
_LIMIT = 600
_JSON = {"content-type": "application/json"}
_LINES = {"content-type": "application/x-ndjson"}
_MCP = {**_JSON, "accept": "application/json, text/event-stream"}
_LARGEST_MESSAGE = 4_000_000
_LOG = '{"path": "large", "prompt": {"model": "m"}, '
_SENTENCE = "The customer wrote that parcel %d was lost, and got no answer. "


class Kind(NamedTuple):
    """A kind of body: where it goes, and what stands before, again and again between, and after."""

    path: str
    before: str
    item: str
    after: str = ""
    between: str = ","
    headers: dict[str, str] | None = _JSON

    def items_of(self, size: int) -> int:
        """How many items a body of about so many bytes has."""
        size = min(size, _LARGEST_MESSAGE) if self.path == "/mcp" else size
        return size // len((self._filled + self.between).encode())

    def items_taken(self) -> int:
        """How many items have about as many values as a request may have."""
        values = self.item.count(",") + 3
        if self.headers is not None:
            values = count_values(self.body(2)) - count_values(self.body(1))
        return (MOST_VALUES - 20) // values if values else sys.maxsize

    @property
    def _filled(self) -> str:
        return self.item % 1_000_000 if "%d" in self.item else self.item

    def body(self, count: int) -> bytes:
        """A body of so many items. Where an item has `%d`, its number stands."""
        items = (self.item % number if "%d" in self.item else self.item for number in range(count))
        return (self.before + self.between.join(items) + self.after).encode()


KINDS = {
    # what people send
    "text": Kind("/v5/prompts/log", _LOG + '"output": "', _SENTENCE, '"}', ""),
    "emoji": Kind("/v5/prompts/log", _LOG + '"output": "🙂', _SENTENCE, '"}', ""),
    "values": Kind("/v5/prompts/log", _LOG + '"inputs": {"rows": [', '{"a": %d, "b": "item", "c": [1.5, null]}', "]}}"),
    "messages": Kind("/v5/prompts/log", _LOG + '"messages": [', f'{{"role": "user", "content": "{_SENTENCE}"}}', "]}"),
    "datapoints": Kind(
        "/v5/datasets",
        '{"path": "d", "datapoints": [',
        f'{{"inputs": {{"question": "{_SENTENCE}"}}, "target": {{"answer": "It comes."}}}}',
        "]}",
    ),
    "rows of CSV": Kind(
        "/v5/datasets/{id}/datapoints/csv", "question,answer\n", "Where is parcel %d?,It comes", "", "\n", None
    ),
    "records": Kind(
        "/v5/bulk",
        '{"record": "file", "id": "ds_large", "type": "dataset", "path": "d"}\n',
        '{"record": "datapoint", "id": "dp_%d", "dataset_id": "ds_large", "inputs": {"question": "Lost?"}}',
        "",
        "\n",
        _LINES,
    ),
    "spans": Kind(
        "/v5/import/otel/v1/traces",
        '{"resourceSpans": [{"scopeSpans": [{"spans": [',
        '{"traceId": "%d", "spanId": "1", "attributes": [{"key": "a", "value": {"stringValue": "b"}}]}',
        "]}]}]}",
    ),
    # what nobody should send
    "chunks": Kind("/v5/flows", "", " ", "", ""),
    "lists in inputs": Kind("/v5/prompts/log", _LOG + '"inputs": {"rows": [', "[]", "]}}"),
    "empty messages": Kind("/v5/prompts/log", _LOG + '"messages": [', '{"role": "user"}', "]}"),
    "wrong messages": Kind("/v5/prompts/log", _LOG + '"messages": [', "1", "]}"),
    "empty datapoints": Kind("/v5/datasets", '{"path": "d", "datapoints": [', "{}", "]}"),
    "empty spans": Kind("/v5/import/otel/v1/traces", '{"resourceSpans": [{"scopeSpans": [{"spans": [', "{}", "]}]}]}"),
    "attributes": Kind("/v5/flows", '{"path": "f", "attributes": {"x": [', "[]", "]}}"),
    "what nobody reads": Kind("/v5/flows", '{"path": "f", "x": [', "[]", "]}"),
    "labels": Kind(
        "/v5/evaluations/e/labels",
        '{"evaluator": {"name": "x"}, "kind": "human", "labels": [',
        '{"log_id": "l", "judgment": true}',
        "]}",
    ),
    "ids of logs": Kind("/v5/evaluations/e/runs/r/logs", '{"log_ids": [', '"é"', "]}"),
    "logs of v4": Kind("/v4/logs", '{"project": "p", "inputs": {"x": [', "[]", "]}}"),
    "one record": Kind("/v5/bulk", '{"record": "directory", "id": "d", "path": "d", "x": [', "[]", "]}", ",", _LINES),
    "small records": Kind("/v5/bulk", "", '{"record": "directory", "id": "d%d", "path": "p"}', "", "\n", _LINES),
    "short rows of CSV": Kind("/v5/datasets/{id}/datapoints/csv", "q\n", "1", "", "\n", None),
    "empty messages of a file": Kind(
        "/v5/prompts/log", '{"path": "p", "prompt": "---\\nmodel: m\\n---\\n', "<user></user>", '"}', ""
    ),
    "arguments of a tool": Kind(
        "/mcp",
        '{"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "list_runs", "arguments": {"x": [',
        "[]",
        "]}}}",
        ",",
        _MCP,
    ),
}


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


def _send(url: str, kind: Kind, body: bytes) -> list[int]:
    dataset = httpx.post(f"{url}/v5/datasets", json={"path": "rows", "datapoints": [{}]}).json()
    address = url + kind.path.replace("{id}", dataset["id"])
    content: dict[str, Any] = {"content": body, "headers": kind.headers}
    if kind.headers is None:
        content = {"files": {"file": ("rows.csv", body, "text/csv")}}

    def send(_: int) -> int:
        return httpx.post(address, timeout=_LIMIT, **content).status_code

    with ThreadPoolExecutor(CLIENTS) as pool:
        return list(pool.map(send, range(CLIENTS)))


def _measure(url: str, pid: int, *, name: str, body: bytes) -> None:
    megabytes = len(body) / 1_000_000
    waits: list[float] = []
    stopped = threading.Event()
    asking = threading.Thread(target=_ask, args=(url, stopped, waits))
    asking.start()
    start = time.perf_counter()
    try:
        statuses = _send(url, KINDS[name], body)
    finally:
        seconds = time.perf_counter() - start
        stopped.set()
        asking.join()
    longest = max(waits)
    print(
        f"{name}, {CLIENTS} of {megabytes:.1f} MB in {seconds:.1f} s, statuses {sorted(set(statuses))}: "
        f"others waited {longest:.2f} s at most ({longest * 1000 / megabytes:.1f} ms per MB), "
        f"{statistics.median(waits):.3f} s in the median of {len(waits)}; memory {_most_memory(pid):.0f} MB",
        flush=True,
    )


def _with_server(use: Callable[[str, int], None]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "evals_mcp", "serve", "--port", "0", "--database", f"{folder}/evals.db"]
        server = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
        try:
            assert server.stderr is not None
            url = server.stderr.readline().split()[-1]
            threading.Thread(target=lambda: [None for _ in server.stderr or ()], daemon=True).start()
            use(url, server.pid)
        finally:
            server.terminate()
            server.wait(60)


def main() -> None:
    """Print the figures."""
    megabytes = int(sys.argv[1]) if len(sys.argv) > 1 else 30
    for name in sys.argv[2:] or KINDS:
        kind = KINDS[name]
        all_items, taken = kind.items_of(megabytes * 1_000_000), kind.items_taken()
        for count in [all_items, taken] if taken < all_items else [all_items]:
            _with_server(partial(_measure, name=name, body=kind.body(count)))


if __name__ == "__main__":
    main()
