"""Bodies of many JSON values: counted, refused before they become objects, and told what to do instead."""

import json
import threading
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.api.application import emptied_store
from tests.every_route import LINES

from evals_mcp.api import prefixed
from evals_mcp.api.app import create_app
from evals_mcp.api.grants import OpenAccess
from evals_mcp.api.middleware.nesting import is_deeper_than
from evals_mcp.models.json_values import DEEPEST_JSON, MANY_VALUES, MOST_VALUES
from evals_mcp.models.large_json import LARGE_JSON
from evals_mcp.store.store import Store

pytestmark = pytest.mark.anyio
__all__ = ["emptied_store"]

_JSON = {"content-type": "application/json"}
_VERSION = (
    {"record": "file", "id": "pr_large", "type": "prompt", "path": "large"},
    {"record": "version", "id": "prv_large", "file_id": "pr_large", "content": {"model": "m"}},
)


async def test_the_bound_is_told_with_what_there_was(store: Store) -> None:
    """One value less is read; names and what stands in texts are no values."""
    async with _client(store) as client:
        for values, status in (MOST_VALUES, 404), (MOST_VALUES + 1, 413):
            rest = json.dumps([0] * (values - 3), separators=(",", ":"))
            body = f'{{"path": "{{[1, 2, 3]}}", "x": {rest}}}'
            answer = await client.post("/v5/files/retrieve-by-path", content=body, headers=_JSON)
            assert (values, answer.status_code) == (values, status)
        assert f"{MOST_VALUES + 1:,} JSON values" in answer.json()["detail"]
        assert "in several requests" in answer.json()["detail"]


async def test_lines_are_bounded_also_empty_ones(store: Store) -> None:
    """Each takes a look of its own, so millions in a small body would keep the server from all others."""
    async with _client(store) as client:
        for content in b"\n" * (MOST_VALUES + 1), b" \n" * (MOST_VALUES + 1), b"[]\n" * (MOST_VALUES + 1):
            answer = await client.post("/v5/bulk", content=content, headers=LINES)
            assert answer.status_code == 413
            assert answer.json()["detail"].startswith(f"The body has {MOST_VALUES + 1:,} lines, and a request may have")
        assert (await client.post("/v5/bulk", content=b"\n" * MOST_VALUES, headers=LINES)).status_code == 422


async def test_many_lines_are_looked_at_where_others_go_on(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """However few bytes they have together."""
    threads = []

    def noted(deepest: int, body: bytes) -> bool:
        threads.append(threading.get_ident())
        return is_deeper_than(deepest, body)

    monkeypatch.setattr("evals_mcp.api.middleware.bodies.is_deeper_than", noted)
    line = b" " * DEEPEST_JSON + b"[]\n"
    async with _client(store) as client:
        assert (await client.post("/v5/bulk", content=line, headers=LINES)).status_code == 422
        assert set(threads) == {threading.get_ident()}
        threads.clear()
        long = line + b"\n" * (MANY_VALUES + 1)
        assert (await client.post("/v5/bulk", content=long, headers=LINES)).status_code == 422
    assert len(threads) == 1
    assert set(threads) != {threading.get_ident()}


def test_the_documents_tell_the_bound() -> None:
    """In both, as it is."""
    docs = Path(__file__).parents[2] / "docs"
    for name in "serving.md", "api.md":
        assert f"{MOST_VALUES:,}" in (docs / name).read_text(), name
    assert f"{MANY_VALUES:,} values" in (docs / "serving.md").read_text()


@pytest.mark.slow
async def test_every_route_with_a_body_counts_its_values(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where nobody reads them."""
    monkeypatch.setattr(prefixed, "MOST_VALUES", MANY_VALUES)
    values = "[" + ",".join(["[]"] * MANY_VALUES) + "]"
    contents: dict[str, dict[str, Any]] = {
        "application/json": {"content": f'{{"x": {values}}}', "headers": _JSON},
        "application/x-ndjson": {"content": f'{{"record": "directory", "x": {values}}}', "headers": LINES},
        "multipart/form-data": {"files": {"file": ("a.csv", "a\n" + "1\n" * MANY_VALUES, "text/csv")}},
    }
    answers = {}
    async with _client(store) as client:
        for path, methods in client.app.openapi()["paths"].items():  # type: ignore[attr-defined]
            for method, operation in methods.items():
                for kind in operation.get("requestBody", {}).get("content", ()):
                    answer = await client.request(method, path.replace("{", "").replace("}", ""), **contents[kind])
                    answers[method, path] = answer.status_code
    assert len(answers) > 60
    assert {route: status for route, status in answers.items() if status != 413} == {}


async def test_a_body_with_much_that_is_wrong_gets_a_short_answer(store: Store) -> None:
    """To name each wrong value would take more than the values."""
    log = {"path": "p", "messages": [1] * (MANY_VALUES + 1)}
    line = json.dumps({"record": "log", "id": "l", "version_id": "v", "messages": log["messages"]})
    async with _client(store) as client:
        for answer in (
            await client.post("/v5/prompts/log", json=log),
            await client.post("/v5/bulk", content=line, headers=LINES),
        ):
            assert answer.status_code == 422
            assert f"{MANY_VALUES + 1:,} values are wrong" in answer.text
            assert len(answer.content) < 500


async def test_what_is_wrong_in_a_body_of_many_values_is_named(store: Store) -> None:
    """As in any other."""
    points: list[Any] = [{}] * MANY_VALUES
    async with _client(store) as client:
        answer = await client.post("/v5/datasets", json={"path": "d", "datapoints": [*points, {"x": 1}]})
        assert answer.json()["detail"][0]["loc"] == ["body", "datapoints", MANY_VALUES]


@pytest.mark.slow
async def test_a_log_of_any_size_can_be_copied(store: Store) -> None:
    """Free fields of logs stay text, alone and in a batch; its other values count, as do those of datapoints."""
    rows = {"rows": list(range(MOST_VALUES // 2)), "text": "no escape: \\u0000"}
    fields = {"inputs": rows, "provider_response": rows}
    log = {"record": "log", "id": "log_large", "version_id": "prv_large", **fields}
    assert len(json.dumps(log)) > LARGE_JSON
    async with _client(store) as client:
        for again in False, True:
            answer = await _load(client, *_VERSION, log, log | {"id": "log_other"})
            assert (answer.status_code, answer.json()["added"].get("log", 0)) == (200, 0 if again else 2), answer.text
        answer = await _load(client, log | {"output": "other"}, overwrite=True)
        assert answer.status_code == 200
        read = (await client.get("/v5/logs/log_large")).json()
        assert (read["inputs"], read["provider_response"], read["output"]) == (rows, rows, "other")
        assert (await _load(client, log)).status_code == 422  # another output
        point = {"record": "datapoint", "id": "dp_large", "dataset_id": "ds", "inputs": fields}
        messages = [{"role": "user", "content": "?"}] * (MOST_VALUES // 3)
        for refused in (log | {"messages": messages}, point, log | {"x": fields}):
            answer = await _load(client, log, refused)
            assert (answer.status_code, "JSON values" in answer.text) == (413, True)


async def _load(client: httpx.AsyncClient, *records: Any, **query: Any) -> httpx.Response:
    lines = "\n".join(map(json.dumps, records))
    return await client.post("/v5/bulk", params=query, content=lines, headers=LINES)


def _client(store: Store) -> httpx.AsyncClient:
    app = create_app(OpenAccess(store))
    client = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost")
    client.app = app  # type: ignore[attr-defined]
    return client
