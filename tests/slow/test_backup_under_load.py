"""Backups while a server of the same database is written to, on a full disk, and deletions beside writers."""

import json
import os
import sqlite3
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select, update
from tests.e2e.in_process import run
from tests.keeping.client_programs import client_programs
from tests.recount import check_counts
from tests.serving.administration import create_key, create_workspace
from tests.serving.server_process import ServerProcess

from evals_mcp.store.database.tables import evaluations, logs, runs
from evals_mcp.store.store import open_store

__all__ = ["client_programs"]
_SERVER = Path(__file__).parents[2] / "server"
_WRITERS = 4
_FEW = 2
_PATIENCE = 240
_BEFORE = 15
"""Writes that are acknowledged before the backup begins."""

# In the process itself: what runs between fork and exec of a process with threads may wait for ever.
_LIMITED = """
import os, resource, sys
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[1]),) * 2)
os.execv(sys.argv[2], sys.argv[2:])
"""


class Writers:
    """Clients that write a log each time, and note what was acknowledged."""

    def __init__(self, url: str, key: str | None) -> None:
        self._url, self._key = url, key
        self.acknowledged: list[str] = []
        self.of_writer: list[list[str]] = [[] for _ in range(_WRITERS)]
        self.failures: list[str] = []
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._write, args=(number,)) for number in range(_WRITERS)]

    @contextmanager
    def writing(self) -> Iterator["Writers"]:
        """Write until the end of the block."""
        for thread in self._threads:
            thread.start()
        try:
            yield self
        finally:
            self._stop.set()
            for thread in self._threads:
                thread.join()

    def wait_for(self, count: int) -> None:
        """Wait until so many writes were acknowledged. None may fail."""
        while len(self.acknowledged) < count:
            assert self.failures == []
            self._stop.wait(0.01)

    def _write(self, writer: int) -> None:
        body = {"path": "load/prompt", "prompt": {"model": "m"}, "output": "x", "user": f"w{writer}"}
        while not self._stop.is_set():
            try:
                id = post(self._url, "/v5/prompts/log", body, self._key)["id"]
            except Exception as error:
                self.failures.append(repr(error))
                return
            self.acknowledged.append(id)
            self.of_writer[writer].append(id)


def post(url: str, path: str, body: Any, key: str | None) -> Any:
    """Send a request, and read the answer."""
    headers = {"Content-Type": "application/json"} | ({"X-API-KEY": key} if key else {})
    request = urllib.request.Request(url + path, json.dumps(body).encode(), headers)
    with urllib.request.urlopen(request, timeout=240) as answer:
        return json.load(answer)


def _ids(address: str, schema: str | None = None) -> set[str]:
    with closing(open_store(address, schema)) as store:
        check_counts(store)
        with store.database.read() as connection:
            return set(connection.execute(select(logs.c.id)).scalars())


def test_a_backup_of_a_served_file_has_what_was_acknowledged_and_stops_nobody(
    sample_copy: Path, tmp_path: Path, start_server: Callable[..., ServerProcess]
) -> None:
    """A restored server answers as the one of the backup's moment; a restore over a served file is refused."""
    server = start_server(str(sample_copy))
    backup, restored = tmp_path / "backup.db", tmp_path / "restored.db"
    with Writers(server.url, None).writing() as writers:
        writers.wait_for(_BEFORE)
        before = set(writers.acknowledged)
        assert run(["backup", str(backup), "--database", str(sample_copy)]).status == 0
        during = len(writers.acknowledged)
        refused = run(["restore", str(backup), "--replace", "--database", str(sample_copy)])
        assert (refused.status, "is in use" in refused.stderr) == (1, True)
        writers.wait_for(during + _BEFORE)
    assert writers.failures == []
    assert run(["restore", str(backup), "--database", str(restored)]).status == 0
    held = _ids(str(restored))
    assert before <= held <= _ids(str(sample_copy))
    asked = ["call", "list_runs", "evaluation=Which prompt answers tickets"]
    told = run(asked, EVALS_MCP_DATABASE=str(sample_copy))
    assert told.status == 0, told.stderr
    assert run(asked, EVALS_MCP_DATABASE=str(restored)) == told


def test_a_backup_of_a_served_workspace_has_what_was_acknowledged(
    postgres_address: str, tmp_path: Path, start_server: Callable[..., ServerProcess], client_programs: None
) -> None:
    """The same on PostgreSQL, restored beside the workspace under another name."""
    create_workspace(postgres_address, "load")
    key = create_key(postgres_address, "load", "writer").secret
    server = start_server(postgres_address)
    with Writers(server.url, key).writing() as writers:
        writers.wait_for(_BEFORE)
        before = set(writers.acknowledged)
        done = run(["backup", str(tmp_path / "b"), "--database", postgres_address])
        assert done.status == 0, done.stderr
        writers.wait_for(len(writers.acknowledged) + _BEFORE)
        again = run(["restore", str(tmp_path / "b"), "--as", "again", "--database", postgres_address])
        assert again.status == 0, again.stderr
        writers.wait_for(len(writers.acknowledged) + _BEFORE)
    assert writers.failures == []
    held = _ids(postgres_address, "evals_mcp_again")
    assert before <= held < _ids(postgres_address, "evals_mcp_load")


@pytest.mark.skipif(os.name == "nt", reason="needs a limit of the size of files")
@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_a_full_disk_leaves_the_earlier_backup(kind: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    """It is told, nothing half is left, and the backup that was to be replaced is whole."""
    to = tmp_path / "backup"
    if kind == "sqlite":
        address = str(request.getfixturevalue("sample_copy"))
    else:
        request.getfixturevalue("client_programs")
        address = str(request.getfixturevalue("postgres_address"))
        create_workspace(address, "full")
    first = run(["backup", str(to), "--database", address])
    assert first.status == 0, first.stderr
    if kind == "postgresql":
        with closing(open_store(address, "evals_mcp_full")) as store, store.database.write() as connection:
            connection.exec_driver_sql(
                "INSERT INTO evals_mcp_full.environments "
                "SELECT i::text, repeat(md5(random()::text || i), 9), 'other', 0 FROM generate_series(1, 9000) AS t(i)"
            )
    names = sorted(os.listdir(tmp_path))
    content = _content(to)
    ended = _limited(["backup", str(to), "--force", "--database", address], 200_000)
    assert ended.returncode == 1
    assert "disk is full" in ended.stderr
    assert "Traceback" not in ended.stderr
    assert sorted(os.listdir(tmp_path)) == names
    assert _content(to) == content


@pytest.mark.skipif(os.name == "nt", reason="has no such signal")
def test_a_backup_that_is_stopped_leaves_nothing(sample_copy: Path, tmp_path: Path) -> None:
    """By SIGTERM, as a service or a container is stopped; the earlier backup stays."""
    folder = tmp_path / "backups"
    folder.mkdir()
    with closing(sqlite3.connect(sample_copy)) as connection, connection:
        connection.execute(
            "CREATE TABLE more AS WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 200) "
            "SELECT zeroblob(1000000) AS content FROM n"
        )
    command = ["nice", "-n", "19", sys.executable, "-m", "evals_mcp"]  # so that the signal comes before its end
    command += ["backup", str(folder), "--database", str(sample_copy)]
    with subprocess.Popen(command, env={**os.environ, "PYTHONPATH": str(_SERVER)}, stderr=subprocess.PIPE) as process:
        try:
            while not any(path.stat().st_size > 1_000_000 for path in folder.iterdir()):
                assert process.poll() is None
            process.terminate()
            assert process.wait(_PATIENCE) == 143
            assert process.stderr is not None
            assert process.stderr.read() == b""
        finally:
            process.kill()
    assert list(folder.iterdir()) == []


def _content(path: Path) -> dict[str, bytes]:
    """The contents of a file, or of the files in a folder, by name."""
    return {file.name: file.read_bytes() for file in ([path] if path.is_file() else path.iterdir())}


def _limited(arguments: list[str], size: int) -> subprocess.CompletedProcess[str]:
    """Run a command whose files cannot grow beyond a size, as on a full disk."""
    return subprocess.run(
        [sys.executable, "-c", _LIMITED, str(size), sys.executable, "-m", "evals_mcp", *arguments],
        env={**os.environ, "PYTHONPATH": str(_SERVER)},
        capture_output=True,
        text=True,
        check=False,
        timeout=_PATIENCE,
    )


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_a_server_goes_on_while_old_data_is_deleted(
    kind: str, request: pytest.FixtureRequest, start_server: Callable[..., ServerProcess]
) -> None:
    """Writers are never refused, and all that they wrote is there; a forgotten writer's logs are not."""
    key = None
    at: list[str]
    if kind == "sqlite":
        address = str(request.getfixturevalue("sample_copy"))
        schema, at = None, ["--database", address]
    else:
        address = str(request.getfixturevalue("postgres_address"))
        create_workspace(address, "load")
        key = create_key(address, "load", "writer").secret
        schema, at = "evals_mcp_load", ["--database", address, "--workspace", "load"]
    server = start_server(address)
    old = datetime.now(UTC) - timedelta(days=500)
    post(server.url, "/v5/prompts/log", {"path": "load/prompt", "prompt": {"model": "m"}, "output": "y"}, key)
    with closing(open_store(address, schema)) as store, store.database.write() as connection:
        source = connection.execute(select(logs).where(logs.c.output == "y")).mappings().one()
        copies = [{**source, "id": f"old_{number}", "created_at": old} for number in range(1_500)]
        connection.execute(logs.insert(), [{k: v for k, v in row.items() if k != "number"} for row in copies])
        connection.exec_driver_sql(
            f"UPDATE {'evals_mcp_load.' if schema else ''}versions SET logs_count = logs_count + 1500 "
            f"WHERE id = '{source['version_id']}'"
        )
        for table in (evaluations, runs):
            connection.execute(update(table).values(updated_at=old, created_at=old))
    with Writers(server.url, key).writing() as writers:
        writers.wait_for(_BEFORE)
        shown = run(["retention", "--older-than", "365d", *at])
        assert "1,500 logs" in shown.stderr
        done = run(["retention", "--older-than", "365d", "--yes", *at])
        assert (done.status, done.stdout.splitlines()[-1]) == (0, "Deleted."), done.stderr
        while len(writers.of_writer[0]) < _FEW:
            writers.wait_for(len(writers.acknowledged) + 1)
        gone = run(["forget", "w0", "--delete", "--yes", *at])
        assert gone.status == 0, gone.stderr
        writers.wait_for(len(writers.acknowledged) + _BEFORE)
    assert writers.failures == []
    held = _ids(address, schema)
    assert not [id for id in held if id.startswith("old_")]
    assert {id for of_one in writers.of_writer[1:] for id in of_one} <= held
    assert not set(writers.of_writer[0][:_FEW]) & held
    with closing(open_store(address, schema)) as store, store.database.read() as connection:
        assert connection.execute(select(func.count()).select_from(evaluations)).scalar_one() == 0
