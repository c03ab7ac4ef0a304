"""`/metrics`: what an administrator is told of a server, and what nobody is told there."""

import re
import threading
import tracemalloc
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import text
from starlette.responses import PlainTextResponse
from tests.serving.administration import create_key
from tests.serving.mcp_clients import mcp_client, words
from tests.serving.served_here import served

from evals_mcp.api.attempts import watched
from evals_mcp.api.middleware.large_bodies import BodyCounts
from evals_mcp.api.middleware.request_log import AnsweredRequest
from evals_mcp.errors import Invalid, Unavailable
from evals_mcp.serving.metrics import Metrics
from evals_mcp.serving.metrics_page import MetricsPage
from evals_mcp.serving.options import ServeOptions
from evals_mcp.serving.sparing_logs import Sparing
from evals_mcp.store.database.database import create_database
from evals_mcp.store.database.meter import Limits
from evals_mcp.store.revision_cache import RevisionCache
from evals_mcp.store.store import Store, open_store
from evals_mcp.store.teams.control import open_control

pytestmark = pytest.mark.anyio
_SERVING = (Path(__file__).parents[2] / "docs" / "serving.md").read_text(encoding="utf-8")
SAMPLE = "Which prompt answers tickets"
TOKEN = "a-token-of-the-scraper"
Figures = dict[tuple[str, frozenset[tuple[str, str]]], float]


@pytest.fixture
def measured(tmp_path: Path) -> Iterator[tuple[Store, Metrics]]:
    """A store that is watched."""
    store = open_store(str(tmp_path / "evals.db"))
    metrics = Metrics(store.database.engine, BodyCounts())
    store.database.watcher = metrics
    yield store, metrics
    store.close()


def _read(page: str) -> Figures:
    """The figures of a page, as Prometheus reads it."""
    return {
        (sample.name.removeprefix("evals_mcp_"), frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(page)
        for sample in family.samples
    }


def _page(metrics: Metrics) -> Figures:
    return _read(metrics.page("")[1].decode())


def _get(url: str, token: str) -> httpx.Response:
    headers = {b"Authorization": f"Bearer {token}".encode()} if token else {}
    return httpx.get(f"{url}/metrics", headers=headers, timeout=240)


def _of(figures: Figures, name: str, **labels: str) -> float | None:
    return figures.get((name, frozenset(labels.items())))


async def test_requests_tools_and_writes_are_counted(sample_copy: Path) -> None:
    """By route template, status and tool; nothing of a caller or a team is a label."""
    key = create_key(str(sample_copy), None, "ann").secret
    keyed = {"X-API-KEY": key}
    log = {"path": "secret/path", "flow": {"attributes": {"a": 1}}, "output": "confidential"}
    with served(str(sample_copy), metrics_token=TOKEN) as url:
        async with httpx.AsyncClient(base_url=url, headers=keyed, timeout=240) as client:
            flow = (await client.post("/v5/flows/log", json=log)).json()
            for _ in range(3):
                await client.get(f"/v5/flows/{flow['flow_id']}")
            await client.get("/v5/flows/unknown-id")
            await client.get("/v5/evaluations", params={"size": 0})
            await client.get("/made/up/by/a/caller")
            await client.get("/v4/evaluations")
            await client.request("BREW", "/v5/flows")
            await client.get("/")
            for _ in range(2):
                await client.get("/v5/flows", headers={"X-API-KEY": f"{key}x"})
        async with mcp_client(url, "2026-07-28", **keyed) as assistant:
            await words(assistant, "list_evaluations")
            await words(assistant, "list_runs", evaluation="no such")
            await words(assistant, "made_up")
        page = _get(url, TOKEN)
    assert page.headers["content-type"].startswith("text/plain")
    figures = _read(page.text)
    flows = {"method": "GET", "route": "/v5/flows/{id}"}
    assert _of(figures, "requests_total", **flows, code="200") == 3
    assert _of(figures, "requests_total", **flows, code="404") == 1
    assert _of(figures, "request_seconds_count", **flows) == 4
    assert _of(figures, "requests_total", method="GET", route="/v5/evaluations", code="422") == 1
    assert _of(figures, "requests_total", method="POST", route="/v5/flows/log", code="200") == 1
    assert _of(figures, "requests_total", method="GET", route="none", code="401") == 2
    assert _of(figures, "requests_total", method="GET", route="none", code="404") == 1
    assert _of(figures, "requests_total", method="GET", route="/v4/evaluations", code="422") == 1
    assert _of(figures, "requests_total", method="GET", route="/", code="401") == 1
    assert _of(figures, "tool_calls_total", tool="list_evaluations", outcome="answer") == 1
    assert _of(figures, "tool_calls_total", tool="list_runs", outcome="error") == 1
    assert _of(figures, "tool_calls_total", tool="unknown", outcome="error") == 1
    assert _of(figures, "writes_total", kind="create_log") == 1
    assert _of(figures, "rows_written_total", noun="log") == 1
    assert (_of(figures, "database_seconds_count", kind="write") or 0) >= 1
    assert (_of(figures, "cache_lookups_total", result="miss") or 0) >= 1
    assert (_of(figures, "cache_bytes") or 0) > 0
    assert (_of(figures, "connections") or 0) >= 1
    assert any("BREW" in str(labels) for _, labels in figures) is False
    for hidden in ("secret", "confidential", "unknown-id", "caller", "made", "ann", "default", flow["id"], key[-20:]):
        assert hidden not in page.text, hidden


def test_figures_need_the_token_of_the_server(tmp_path: Path) -> None:
    """No key of a team opens them. Without a token there are none, and without keys everybody here reads them."""
    database = str(tmp_path / "evals.db")
    with served(database) as url:
        assert _get(url, "").status_code == 200
        assert httpx.get(f"{url}/metrics", headers={"Host": "evil.example"}, timeout=240).status_code == 403
    key = create_key(database, None, "ann").secret
    with served(database) as url:
        refused = _get(url, key)
        assert (refused.status_code, "metrics token" in refused.json()["detail"]) == (404, True)
    with served(database, metrics_token=TOKEN) as url:
        for given in ("", key, TOKEN[:-1], f"{TOKEN}x", "é"):
            refused = _get(url, given)
            assert refused.status_code == 401
            assert refused.headers["www-authenticate"].startswith("Bearer ")
        assert _get(url, TOKEN).status_code == 200
        assert httpx.get(f"{url}/metrics", headers={"X-API-KEY": TOKEN}, timeout=240).status_code == 200
        assert httpx.post(f"{url}/metrics", headers={"X-API-KEY": TOKEN}, timeout=240).status_code == 405
        assert httpx.get(f"{url}/v5/flows", headers={"X-API-KEY": TOKEN}, timeout=240).status_code == 401


async def test_wrong_tokens_are_slowed_as_wrong_keys_are(measured: tuple[Store, Metrics]) -> None:
    """Only those that somebody sent, so a scraper that has none yet is told at once."""
    _, metrics = measured
    transport = httpx.ASGITransport(MetricsPage(PlainTextResponse("other"), metrics, TOKEN))
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
        for given, refused in (("wrong", "metrics token"), ("", None), (TOKEN, None)):
            with watched() as attempt:
                await client.get("/metrics", headers={"Authorization": f"Bearer {given}"})
            assert attempt.refused == refused


@pytest.mark.parametrize("token", ["short", "x" * 15, "x" * 20 + "\n", "é" * 20])
def test_a_token_that_anybody_could_guess_or_nobody_send_is_refused(token: str) -> None:
    """And is not in the error."""
    with pytest.raises(Invalid, match="16 visible ASCII") as raised:
        ServeOptions("a.db", metrics_token=token)
    assert token not in str(raised.value)


def test_writes_that_wait_and_fail_are_seen(measured: tuple[Store, Metrics], monkeypatch: pytest.MonkeyPatch) -> None:
    """While one transaction writes, the next is in the queue; what the storage refuses is counted by its kind."""
    store, metrics = measured
    database = store.database
    with database.write() as connection:
        waiting = threading.Thread(target=_write, args=(store,))
        waiting.start()
        while _of(_page(metrics), "writes_waiting") != 1:
            pass
        assert _of(_page(metrics), "database_connections") == 1
        connection.execute(text("SELECT 1"))
    waiting.join()
    monkeypatch.setattr("evals_mcp.store.database.database._BUSY_MILLISECONDS", 1)
    with database.write():
        busy = threading.Thread(target=_write, args=(store,))
        busy.start()
        busy.join()
    figures = _page(metrics)
    assert _of(figures, "writes_waiting") == 0
    assert _of(figures, "database_connections") == 0
    assert _of(figures, "database_errors_total", kind="busy") == 1
    assert _of(figures, "database_seconds_count", kind="write") == 3
    assert _of(figures, "database_wait_seconds_count", kind="write") == 3


def test_the_log_has_what_the_database_said(measured: tuple[Store, Metrics], caplog: pytest.LogCaptureFixture) -> None:
    """Callers get a sentence without its words, which whoever runs the server needs."""
    store, metrics = measured
    with pytest.raises(Unavailable):
        _fill(store)
    assert _of(_page(metrics), "database_errors_total", kind="full") == 1
    assert [record.getMessage() for record in caplog.records] == [
        "A transaction failed (full): database or disk is full"
    ]


def test_the_log_tells_each_reason_why_the_database_cannot_be_reached(
    measured: tuple[Store, Metrics], caplog: pytest.LogCaptureFixture
) -> None:
    """A second reason is told in the same minute as the first; no part of a password is."""
    _, metrics = measured
    caplog.handler.addFilter(sparing := Sparing())
    try:
        for host in ("127.0.0.1", "db.nowhere.invalid", "half-a-password@127.0.0.1") * 2:
            database = create_database(f"postgresql://evals:secret@{host}:9/evals")
            database.watcher = metrics
            with closing(database), pytest.raises(Unavailable), database.read():
                pass
    finally:
        caplog.handler.removeFilter(sparing)
    refused, unknown, mistyped = [record.getMessage() for record in caplog.records]
    assert refused.startswith("A transaction failed (unreachable): ")
    assert "port 9 failed" in refused
    assert "db.nowhere.invalid" in unknown
    assert "***@127.0.0.1" in mistyped
    assert "secret" not in caplog.text
    assert "half-a-password" not in caplog.text


def _fill(store: Store) -> None:
    with store.database.write() as connection:
        connection.execute(text("PRAGMA max_page_count = 1"))
        connection.execute(text("CREATE TABLE more AS SELECT zeroblob(1000000) AS large"))


def _write(store: Store) -> None:
    try:
        with store.database.write():
            pass
    except Unavailable:
        pass


async def test_a_write_beyond_a_limit_is_told_from_failures(sample_copy: Path) -> None:
    """Whoever looks for a fault of the database sees that there is none."""
    with closing(open_control(str(sample_copy))) as control:
        control.limit_workspace("default", Limits(logs=1))
    with served(str(sample_copy)) as url:
        async with mcp_client(url, "2026-07-28") as assistant:
            (log, *_) = re.findall(r"log_\w+", await words(assistant, "get_logs", evaluation=SAMPLE))
            note = {"evaluation": SAMPLE, "logs": [log], "note": "Too long."}
            assert "limit of 1 logs" in await words(assistant, "label_logs", **note)
        async with httpx.AsyncClient(timeout=240) as client:
            figures = _read((await client.get(f"{url}/metrics")).text)
    errors = {
        dict(labels)["kind"]: number for (name, labels), number in figures.items() if name == "database_errors_total"
    }
    assert errors == {"limit": 1}


def test_caches_tell_hits_misses_and_their_size(measured: tuple[Store, Metrics]) -> None:
    """The size is of all caches, and falls with what is dropped."""
    _, metrics = measured
    cache = RevisionCache(3000, metrics)
    for question in ("a", "a", "b", "a"):
        cache.get("kind", question, 1, lambda: "x" * 1000)
    figures = _page(metrics)
    assert _of(figures, "cache_lookups_total", result="hit") == 2
    assert _of(figures, "cache_lookups_total", result="miss") == 2
    held = _of(figures, "cache_bytes") or 0
    assert 2000 < held < 3000
    for question in "cdefg":
        cache.get("kind", question, 1, lambda: "x" * 1000)
    assert 0 < (_of(_page(metrics), "cache_bytes") or 0) < 3000
    cache.clear()
    assert _of(_page(metrics), "cache_bytes") == 0


def test_no_figure_has_a_label_that_callers_choose(measured: tuple[Store, Metrics]) -> None:
    """A page grows with routes, tools and kinds alone."""
    _, metrics = measured
    labels = set(re.findall(r"(\w+)=\"", metrics.page("")[1].decode()))
    assert labels <= {
        "method",
        "route",
        "code",
        "tool",
        "outcome",
        "reason",
        "state",
        "kind",
        "noun",
        "result",
        "le",
    } | {
        "version",
        "python",
        "database",
    }


def test_made_up_methods_take_no_memory(measured: tuple[Store, Metrics]) -> None:
    """Whoever has no key can send as many as they like."""
    _, metrics = measured
    scope = {"method": "", "path": "/", "state": {}}
    metrics.request(AnsweredRequest({**scope, "method": "BREW"}, 401, 0.1))
    tracemalloc.start()
    try:
        for number in range(2_000):
            metrics.request(AnsweredRequest({**scope, "method": f"BREW{number}"}, 401, 0.1))
        kept, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert kept < 50_000
    assert _of(_page(metrics), "requests_total", method="other", route="none", code="401") == 2_001


def test_the_documentation_names_every_figure_and_no_other(measured: tuple[Store, Metrics]) -> None:
    """In its table, with its labels, and in its alerts."""
    _, metrics = measured
    page = metrics.page("")[1].decode()
    kept = {name.removeprefix("evals_mcp_") for name in re.findall(r"^# TYPE (\S+) ", page, re.MULTILINE)}
    section = _SERVING.split("## Watching it")[1].split("\n## ")[0]
    table = section.split("| figure ")[1].split("\n\n")[0]
    assert set(re.findall(r"`([a-z_]+)(?:\{[a-z,]+\})?`", table)) - {"busy", "unreachable", "full"} == kept
    in_alerts = set(re.findall(r"evals_mcp_(\w+)(?:\{|\[)", section))
    assert {name.removesuffix("_bucket") for name in in_alerts} <= kept
