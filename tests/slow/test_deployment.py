"""The steps of the compose file without a daemon: its environment, its commands and the image's user."""

import os
import shlex
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import psycopg
import pytest
from tests.other_user import open_folder
from tests.serving.server_process import ServerProcess
from tests.test_deployment import COMPOSE, SERVING

__all__ = ["open_folder"]
_SERVER = Path(__file__).parents[2] / "server"
_SERVICE = COMPOSE["services"]["serve"]
_USER = 10001  # of the image
_PASSWORD = "p@ss:w/ord%1"
_TOKEN = "a-token-of-the-scraper"


@pytest.fixture
def environment(postgres_address: str, open_folder: Path) -> Iterator[dict[str, str]]:
    """What the service has, with a role of PostgreSQL that owns its database alone."""
    with psycopg.connect(postgres_address, autocommit=True) as connection:
        name = connection.info.dbname
        connection.execute(f"CREATE ROLE evals_{name} LOGIN PASSWORD '{_PASSWORD}'")
        connection.execute(f"ALTER DATABASE {name} OWNER TO evals_{name}")
    values = {"POSTGRES_PASSWORD": _PASSWORD, "METRICS_TOKEN": _TOKEN}
    given = {key: _filled(value, values) for key, value in _SERVICE["environment"].items()}
    address = postgres_address.replace("postgresql://postgres:@", f"postgresql://evals_{name}@")
    assert address != postgres_address
    given["EVALS_MCP_DATABASE"] = address
    folder = Path(parse_qs(urlsplit(postgres_address).query)["host"][0])
    mode = folder.stat().st_mode
    folder.chmod(0o711)  # of the socket: here it stands for a network
    yield {"PATH": os.environ["PATH"], "PYTHONPATH": str(_SERVER), "TMPDIR": str(open_folder), **given}
    folder.chmod(mode)
    with psycopg.connect(postgres_address, autocommit=True) as connection:
        connection.execute(f"ALTER DATABASE {name} OWNER TO CURRENT_USER")
        connection.execute(f"REASSIGN OWNED BY evals_{name} TO CURRENT_USER")
        connection.execute(f"DROP OWNED BY evals_{name}")
        connection.execute(f"DROP ROLE evals_{name}")


def _filled(value: str, values: dict[str, str]) -> str:
    """As compose fills it in."""
    if not value.startswith("${"):
        return value
    return values[value[2:].partition(":")[0]]


def _run(environment: dict[str, str], *arguments: str) -> str:
    command = [sys.executable, "-m", "evals_mcp", *arguments]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, cwd="/")
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_steps_of_the_documentation_serve_a_team(environment: dict[str, str]) -> None:
    """A workspace and a key are made, then the server runs as another user, is ready, and is watched."""
    if os.geteuid() != 0:
        pytest.skip("only root can become another user")
    if subprocess.run([sys.executable, "-c", "import evals_mcp"], user=_USER, env=environment, cwd="/").returncode:
        pytest.skip("other users may not read the programs here")
    section = SERVING.split("## With compose")[1].split("\n## ")[0]
    steps = [line.split("--rm serve ")[1] for line in section.splitlines() if "docker compose run" in line]
    assert len(steps) == 2
    workspace, key = (shlex.split(step, comments=True) for step in steps)
    _run(environment, *workspace)
    secret = next(word for word in _run(environment, *key).split() if word.startswith("evalsmcp_"))
    command = ["0" if argument == "8421" else argument for argument in _SERVICE["command"]]
    options: dict[str, Any] = {"env": environment, "user": _USER, "group": _USER, "cwd": "/"}
    with ServerProcess(["-m", "evals_mcp", *command], **options) as server:
        port = urlsplit(server.url).port
        assert server.url == f"http://0.0.0.0:{port}"
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", headers={"X-API-KEY": secret}, timeout=60) as client:
            until = time.monotonic() + 60
            while client.get("/ready").status_code != 200:
                assert time.monotonic() < until
                time.sleep(0.1)
            written = client.post("/v5/flows", json={"path": "a", "attributes": {"b": 1}})
            assert written.status_code == 200
            assert client.get("/metrics").status_code == 401
            page = client.get("/metrics", headers={"Authorization": f"Bearer {_TOKEN}"}).text
            assert 'database="postgresql"' in page
        server.process.terminate()
        assert server.ended() == 0
