"""`serve`: what it listens on and says; tests/slow has what it finishes when it is stopped."""

import re
import socket
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import httpx
import pytest
from tests.serving.administration import create_key, create_workspace, revoke_key
from tests.serving.served_here import Serve, served

from evals_mcp.cli.main import main
from evals_mcp.errors import Invalid, NotFound, Unavailable
from evals_mcp.serving.options import ServeOptions
from evals_mcp.serving.serve import serve


@pytest.fixture
def database(tmp_path: Path) -> str:
    """The path of a SQLite file that is not there yet."""
    return str(tmp_path / "evals.db")


def _get(url: str, **more: Any) -> httpx.Response:
    return httpx.get(url, timeout=240, verify=False, **more)


def _post(url: str, **more: Any) -> httpx.Response:
    return httpx.post(url, timeout=240, verify=False, **more)


def test_the_api_its_health_and_its_document_are_there(serve_here: Serve, database: str) -> None:
    """Port 0 becomes a free port."""
    url = serve_here(database)
    assert _get(f"{url}/health").json() == {"status": "ok"}
    assert _get(f"{url}/ready").json() == {"status": "ok"}
    assert _get(f"{url}/v5/flows").json()["records"] == []
    assert _get(f"{url}/docs").status_code == 200
    assert "/v5/evaluations" in _get(f"{url}/openapi.json").json()["paths"]


def test_a_read_only_server_refuses_every_write(database: str) -> None:
    """Also with a key that may write: nothing is created, deleted or undone, and reading goes on."""
    made = create_key(database, None, "ann", read_only=False)
    headers = {"X-API-KEY": made.secret}
    with served(database) as url:
        written = _post(f"{url}/v5/flows", json={"path": "f", "attributes": {"a": 1}}, headers=headers)
        handle, flow = written.headers["x-evals-write"], written.json()["id"]
    with served(database, read_only=True) as url:
        undo = f"{url}/v5/journal/{handle}/undo"
        assert _post(f"{url}/v5/flows", json={"path": "g"}, headers=headers).status_code == 403
        assert _post(undo, headers=headers).status_code == 403
        assert httpx.delete(f"{url}/v5/flows/{flow}", headers=headers, timeout=240).status_code == 403
        assert len(_get(f"{url}/v5/flows", headers=headers).json()["records"]) == 1
        assert len(_get(f"{url}/v5/journal", headers=headers).json()["records"]) == 1


def test_the_settings_of_the_environment_hold(monkeypatch: pytest.MonkeyPatch, database: str) -> None:
    """An argument counts before its variable."""
    started: list[ServeOptions] = []
    monkeypatch.setattr("evals_mcp.serving.serve.serve", started.append)
    settings = {"DATABASE": database, "MAX_TOKENS": "800", "READ_ONLY": "true", "JOURNAL_DAYS": "7", "ACTOR": "ida"}
    for name, value in settings.items():
        monkeypatch.setenv(f"EVALS_MCP_{name}", value)
    for arguments, days in ([], 7), (["--journal-days", "8"], 8):
        with pytest.raises(SystemExit, match=r"^0$"):
            main(["serve", *arguments])
        expected = ServeOptions(database, journal_days=days, read_only=True, max_tokens=800, actor="ida")
        assert started.pop() == expected


def test_each_request_has_a_line_without_key_and_query(database: str, capsys: pytest.CaptureFixture[str]) -> None:
    """The line names the key by its id; nothing that the caller keeps to itself is in it."""
    made = create_key(database, None, "ci", read_only=False)
    with served(database) as url:
        headers = {"X-API-KEY": made.secret}
        _get(f"{url}/v5/flows", params={"name": "private"}, headers=headers)
        _get(f"{url}/v5/flows/a%0Ab%1B[31m", headers=headers)
        _get(f"{url}/health")
    time = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ 127\.0\.0\.1"
    id = "[0-9a-f]{16}"
    expected = [
        rf"{time} {made.key.id} GET /v5/flows 200 \d+ms {id}",
        rf"{time} {made.key.id} GET /v5/flows/a%0Ab%1B(\[|%5B)31m 404 \d+ms {id}",
        rf"{time} - GET /health 200 \d+ms {id}",
    ]
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == len(expected)
    assert all(re.fullmatch(pattern, line) for pattern, line in zip(expected, lines, strict=True)), lines


def test_no_line_has_a_key_wherever_it_was_put(database: str, capsys: pytest.CaptureFixture[str]) -> None:
    """In a path (also encoded, cut off, or in another case), a query, a Basic password or an address with a login."""
    secret = create_key(database, None, "ci", read_only=False).secret
    hidden = secret.rpartition("_")[2]
    encoded = "".join(f"%{ord(letter):02X}" for letter in secret)
    twice = encoded.replace("%", "%25")
    with served(database) as url:
        for path in (secret, f"x{secret}y/z", encoded, twice, secret[:-1], secret.upper(), f"a/{hidden}/{secret}"):
            _get(f"{url}/v5/flows/{path}")
        _get(f"{url}/evaluations/sk-{'a1B2' * 6}?key={secret}", auth=("ann", secret))
        with socket.create_connection(("127.0.0.1", urlsplit(url).port)) as raw:
            raw.sendall(f"GET http://ann:{secret}@localhost/v5/flows HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
            raw.recv(1)
    written = capsys.readouterr().err
    assert len(written.splitlines()) == 9
    assert hidden.lower() not in unquote(unquote(written)).lower().replace(f"/{hidden.lower()}/", "/")
    assert "sk-***" in written
    assert "/v5/flows/evalsmcp_*** 401" in written


def test_without_keys_only_this_machine_is_served(database: str) -> None:
    """The sentence says what to do, and nothing is listened on."""
    for host in ("0.0.0.0", "::", "192.0.2.1", "example.com"):
        with pytest.raises(Invalid, match="keys create"):
            serve(ServeOptions(database, host, 0))


def test_with_a_key_other_machines_may_be_served(serve_here: Serve, database: str) -> None:
    """A server whose only key was revoked is still one with keys: it answers nobody, instead of everybody."""
    create_key(database, None, "ci", read_only=False)
    revoke_key(database, "ci")
    url = serve_here(database, host="0.0.0.0")
    port = urlsplit(url).port
    assert _get(f"http://127.0.0.1:{port}/health").status_code == 200
    assert _get(f"http://127.0.0.1:{port}/v5/flows").status_code == 401


def test_a_page_in_a_browser_cannot_use_a_server_without_keys(serve_here: Serve, database: str) -> None:
    """Neither by a name that resolves to this machine, nor from a page that came from elsewhere."""
    url = serve_here(database)
    assert _get(f"{url}/v5/flows", headers={"Host": "attacker.example"}).status_code == 403
    body = {"path": "a", "attributes": {}}
    assert _post(f"{url}/v5/flows", json=body, headers={"Origin": "https://attacker.example"}).status_code == 403
    assert _post(f"{url}/v5/flows", json=body, headers={"Origin": url}).status_code == 200


def test_a_body_over_the_limit_is_refused_before_it_was_sent(serve_here: Serve, database: str) -> None:
    """The server says how much it takes, and goes on."""
    url = serve_here(database, largest_body=1000)
    answer = _post(f"{url}/v5/flows", json={"path": "a", "attributes": {"text": "x" * 1000}})
    assert answer.status_code == 413
    assert "1000 bytes" in answer.json()["detail"]
    assert _post(f"{url}/v5/flows", json={"path": "a", "attributes": {}}).status_code == 200


def test_a_port_in_use_is_said(database: str) -> None:
    """The sentence names host and port."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(Unavailable, match=f"`127.0.0.1` port {port}: "):
            serve(ServeOptions(database, port=port))


@pytest.mark.parametrize("port", [-1, 65536])
def test_a_port_that_cannot_be_is_said(database: str, port: int) -> None:
    """Not turned into another one."""
    with pytest.raises(Invalid, match="65535"):
        serve(ServeOptions(database, port=port))


def test_a_server_without_keys_shows_one_workspace(serve_here: Serve, postgres_address: str) -> None:
    """On PostgreSQL it must be named; once there are keys it must not."""
    with pytest.raises(Invalid, match="workspaces create"):
        serve(ServeOptions(postgres_address))
    create_workspace(postgres_address, "red")
    with pytest.raises(Invalid, match="`red`"):
        serve(ServeOptions(postgres_address))
    with pytest.raises(NotFound, match="`red`"):
        serve(ServeOptions(postgres_address, workspace="blue"))
    url = serve_here(postgres_address, workspace="red")
    assert _post(f"{url}/v5/flows", json={"path": "a", "attributes": {}}).status_code == 200
    create_key(postgres_address, "red", "ci")
    with pytest.raises(Invalid, match="--workspace"):
        serve(ServeOptions(postgres_address, workspace="red"))


def test_a_database_that_is_not_there_is_said() -> None:
    """The sentence is about the server, and has neither password nor traceback."""
    with pytest.raises(Unavailable, match="cannot be reached") as raised:
        serve(ServeOptions("postgresql://somebody:hunter2@127.0.0.1:1/nothing"))
    assert "hunter2" not in str(raised.value)
