"""A SQLite file moves to a workspace of PostgreSQL through its server, also when the copy is killed half-way."""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select
from tests.e2e.in_process import Ended, run
from tests.recount import check_counts
from tests.serving.administration import create_key, create_workspace
from tests.serving.server_process import ServerProcess

from evals_mcp.store.database.tables import evaluations, judgments, logs
from evals_mcp.store.store import open_store

_SERVER = Path(__file__).parents[2] / "server"


@pytest.mark.parametrize("data", ["sample_database", "recorded_database"])
def test_a_moved_database_gives_the_same_answers(
    data: str,
    request: pytest.FixtureRequest,
    postgres_address: str,
    tmp_path: Path,
    start_server: Callable[..., ServerProcess],
) -> None:
    """Comparisons, runs and agreement, before and after; the first copy is killed. Recorded data where there is any."""
    source = tmp_path / "source.db"
    shutil.copyfile(request.getfixturevalue(data), source)
    create_workspace(postgres_address, "search")
    key = create_key(postgres_address, "search", "move").secret
    server = start_server(postgres_address)
    schema = "evals_mcp_search"
    copying = subprocess.Popen(
        [sys.executable, "-m", "evals_mcp", "copy", str(source), server.url],
        env={**os.environ, "PYTHONPATH": str(_SERVER), "HUMANLOOP_API_KEY": key},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    with closing(open_store(postgres_address, schema)) as target:
        try:
            while copying.poll() is None and not _count(target, logs):
                time.sleep(0.02)
        finally:
            copying.kill()
            copying.wait()
        copied = run(["copy", str(source), server.url], HUMANLOOP_API_KEY=key)
        assert (copied.status, "TO has all records." in copied.stdout) == (0, True), copied.stderr
        told = "have another creator than in FROM: only a key with the role admin may say who created something."
        assert told in copied.stdout
        check_counts(target)
        with closing(open_store(str(source))) as store:
            for table in (logs, evaluations, judgments):
                assert _count(target, table) == _count(store, table) > 0
            with store.database.read() as connection:
                ids = list(connection.execute(select(evaluations.c.id)).scalars())
    for id in ids:
        for asked in (["list_runs"], ["compare_runs"], ["list_runs", "show=agreement"], ["get_logs"]):
            call = ["call", asked[0], f"evaluation={id}", *asked[1:]]
            there = run(call, HUMANLOOP_BASE_URL=server.url, HUMANLOOP_API_KEY=key)
            assert _told(there) == _told(run(call, EVALS_MCP_DATABASE=str(source)))


def _told(ended: Ended) -> tuple[int, str]:
    return ended.status, ended.stdout + ended.stderr


def _count(store: Any, table: Any) -> int:
    with store.database.read() as connection:
        return int(connection.execute(select(func.count()).select_from(table)).scalar_one())
