"""The log of a server as JSON: one object a line, of requests and of all else, without secrets."""

import errno
import io
import json
import logging
import sqlite3
import sys
from contextlib import closing
from pathlib import Path
from unittest.mock import patch
from urllib.parse import quote, unquote

import httpx
import pytest
from tests.serving.administration import create_key
from tests.serving.served_here import served

from evals_mcp.api.middleware.request_log import logged_path
from evals_mcp.cli.main import main
from evals_mcp.request_ids import answering
from evals_mcp.serving.figure_files import FigurePlace
from evals_mcp.serving.logs import JsonLines, ServerLog
from evals_mcp.serving.options import ServeOptions
from evals_mcp.serving.serve import opened
from evals_mcp.serving.sparing_logs import ASKED_FOR, Sparing
from evals_mcp.store.store import open_store


def test_each_request_is_an_object_in_a_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With what log collectors look for; nothing breaks a line, and no key is in it."""
    database = str(tmp_path / "evals.db")
    made = create_key(database, None, "ci")
    with served(database, log_format="json") as url, httpx.Client(base_url=url, timeout=240) as client:
        first = client.get("/v5/flows", headers={"X-API-KEY": made.secret})
        client.get(f"/v5/flows/a%0Ab%1B%7F{made.secret}")
        client.get("/health")
    text = capsys.readouterr().err
    lines = [json.loads(line) for line in text.splitlines()]
    assert text.isascii()
    assert made.secret.rpartition("_")[2] not in text
    assert [line["path"] for line in lines][::2] == ["/v5/flows", "/health"]
    assert (
        lines[0].items()
        >= {
            "level": "INFO",
            "message": "request",
            "request_id": first.headers["x-request-id"],
            "client": "127.0.0.1",
            "key_id": made.key.id,
            "method": "GET",
            "status": 200,
        }.items()
    )
    assert lines[0]["time"].endswith("Z")
    assert lines[0]["duration_ms"] >= 0
    assert lines[1]["status"] == 401
    assert "key_id" not in lines[1]


def test_a_path_that_is_encoded_again_and_again_is_left_out() -> None:
    """To decode it to the end would hold up everybody: a path may have 60 kB. A key in it is not logged either way."""
    secret = "evalsmcp_" + "a" * 44
    twice = quote(quote(f"/v5/files/é{secret}"))
    assert logged_path(twice) == "/v5/files/%C3%A9evalsmcp_***"
    assert logged_path("/v5/a%20b%2525") == "/v5/a%20b%2525"
    with patch("evals_mcp.api.middleware.request_log.unquote", wraps=unquote) as decoding:
        assert logged_path(f"/%{'25' * 30_000}65valsmcp_{'a' * 44}") == "/***"
    assert decoding.call_count <= 10


def test_a_request_that_the_role_does_not_allow_names_its_key(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """So whoever reads the log knows whose assistant tries to write."""
    database = str(tmp_path / "evals.db")
    made = create_key(database, None, "dashboard", read_only=True)
    with served(database, log_format="json") as url:
        assert httpx.post(f"{url}/v5/flows", headers={"X-API-KEY": made.secret}, timeout=240).status_code == 403
    (line,) = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert (line["status"], line["key_id"]) == (403, made.key.id)


def test_a_call_of_a_tool_is_named_with_its_outcome(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """All calls go to /mcp and are answered with 200, also those that end in an error."""
    database = str(tmp_path / "evals.db")
    open_store(database).close()
    asked = {"jsonrpc": "2.0", "id": 1, "method": "tools/call"}
    with served(database, log_format="json") as url, httpx.Client(timeout=240) as client:
        for tool, arguments in (("list_evaluations", {}), ("list_runs", {"evaluation": "none"}), ("made\nup", {})):
            call = {"params": {"name": tool, "arguments": arguments}}
            client.post(f"{url}/mcp", json=asked | call, headers={"Accept": "application/json, text/event-stream"})
        client.get(f"{url}/v5/flows")
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert [(line.get("tool"), line.get("outcome")) for line in lines] == [
        ("list_evaluations", "answer"),
        ("list_runs", "error"),
        ("unknown", "error"),
        (None, None),
    ]


def test_other_records_are_objects_too() -> None:
    """A traceback is in one line, and a password or a key in it is not; records of a request have its id."""
    handler = logging.StreamHandler(io.StringIO())
    handler.setFormatter(JsonLines())
    secret = "evalsmcp_" + "a" * 44
    try:
        raise ValueError(f"postgresql://evals:hunter2@db/evals \n\x1b[31m\u2028\x85 {secret}")
    except ValueError:
        record = logging.LogRecord("a.b", logging.ERROR, "", 0, "failed\n%s", ("now",), sys.exc_info())
    with answering("abc"):
        handler.emit(record)
    (line,) = handler.stream.getvalue().splitlines()
    found = json.loads(line)
    assert (found["level"], found["logger"], found["message"], found["request_id"]) == (
        "ERROR",
        "a.b",
        "failed\nnow",
        "abc",
    )
    assert "Traceback" in found["exception"]
    assert "postgresql://evals:***@db/evals" in found["exception"]
    assert "hunter2" not in line
    assert secret not in line


def test_no_text_of_others_begins_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    """Control characters are escaped in a plain log, too; a traceback has its own lines, and neither shows a secret."""
    root, handler = logging.getLogger(), logging.StreamHandler(sys.stderr)
    root.addHandler(handler)
    try:
        with ServerLog("plain").records():
            logging.getLogger("a").warning("a claim is %s", "x\n2026 ERROR\x1b[2J\u2028\ud800é")
            try:
                raise ValueError(f"postgresql://evals:hunter2@db/evals evalsmcp_{'a' * 44}")
            except ValueError:
                logging.getLogger("a").exception("failed\n")
    finally:
        root.removeHandler(handler)
    lines = capsys.readouterr().err.splitlines()
    assert lines[0].endswith("WARNING a claim is x\\n2026 ERROR\\x1b[2J\\u2028\\ud800é")
    assert lines[1].endswith("ERROR failed")
    assert lines[2].startswith("Traceback")
    assert lines[-1] == "ValueError: postgresql://evals:***@db/evals evalsmcp_***"


def test_records_are_written_as_the_log_is(capsys: pytest.CaptureFixture[str]) -> None:
    """While the server runs; afterwards, and in plain logs, handlers are as they were."""
    root = logging.getLogger()
    handler = logging.StreamHandler(sys.stderr)
    root.addHandler(handler)
    try:
        log = ServerLog("json")
        with log.records():
            log.say("evals-mcp serving on http://127.0.0.1:1")
            logging.getLogger("somebody.else").warning("odd")
        assert handler.formatter is None
    finally:
        root.removeHandler(handler)
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert [line["message"] for line in lines][:2] == ["evals-mcp serving on http://127.0.0.1:1", "odd"]
    assert lines[1]["logger"] == "somebody.else"


def test_an_answer_is_never_spared() -> None:
    """Who reloads twice in a minute is told twice; other records of a kind come once."""
    sparing, found = Sparing(), []
    for extra in ({}, {}, ASKED_FOR, ASKED_FOR):
        record = logging.getLogger("a").makeRecord("a", logging.WARNING, "", 0, "no: %s", ("x",), None, extra=extra)
        found.append(sparing.filter(record))
    assert found == [True, False, True, True]


def test_a_log_that_cannot_be_written_fails_no_request(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a full disk or a closed pipe, connections go on: one that ends under a write leaves its client in doubt."""

    class Full(io.StringIO):
        def write(self, text: str) -> int:
            raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(sys, "stderr", Full())
        with served(str(tmp_path / "evals.db")) as url, httpx.Client(base_url=url, timeout=240) as client:
            ports = set()
            for _ in range(3):
                answer = client.get("/health")
                assert answer.status_code == 200
                ports.add(answer.extensions["network_stream"].get_extra_info("client_addr"))
    assert len(ports) == 1


def test_an_unknown_format_is_refused(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """Before anything is opened."""
    with pytest.raises(SystemExit):
        main(["serve", "--database", str(tmp_path / "a.db"), "--log-format", "xml"])
    assert "--log-format must be plain or json, not 'xml'." in capsys.readouterr().err
    assert not (tmp_path / "a.db").exists()


@pytest.mark.anyio
@pytest.mark.parametrize("keyed", [True, False])
async def test_what_the_database_said_is_logged_without_metrics(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, *, keyed: bool
) -> None:
    """Of a server with keys and no token for metrics, and of one whose temporary folder has no room for them."""
    address = str(tmp_path / "evals.db")
    headers = {"X-API-KEY": create_key(address, None, "ann").secret} if keyed else {}
    options = ServeOptions(address)
    with opened(options, None, FigurePlace(tmp_path / "gone", 1)) as app:
        assert app.watcher is None
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost") as client:
            assert (await client.get("/v5/flows", headers=headers)).status_code == 200
            with closing(sqlite3.connect(address)) as connection:
                connection.execute("ALTER TABLE files RENAME TO elsewhere")
            assert (await client.get("/v5/flows", headers=headers)).status_code == 503
    assert "A transaction failed (damaged): no such table: files" in caplog.messages
