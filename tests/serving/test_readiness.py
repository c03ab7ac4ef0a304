"""`/ready` says what is not ready, in time, also while the database hangs; `/health` always answers."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import psycopg
import pytest
from sqlalchemy import text
from tests.serving.administration import create_key, create_workspace
from tests.serving.served_here import served

from evals_mcp.store.store import open_store

pytestmark = pytest.mark.slow


@contextmanager
def _locked(address: str, *tables: str) -> Iterator[None]:
    """Nobody can read the tables: whoever asks hangs."""
    with psycopg.connect(address) as connection:
        for table in tables:
            connection.execute(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE")
        yield
        connection.rollback()


def _ready(url: str, key: str | None = None) -> tuple[int, str, float]:
    started = time.monotonic()
    answer = httpx.get(f"{url}/ready", headers={} if key is None else {"X-API-KEY": key}, timeout=240)
    return answer.status_code, answer.json().get("detail", ""), time.monotonic() - started


def _answer(url: str, key: str | None = None) -> tuple[int, str]:
    """What it says once the database has answered: a slow machine may take longer than the server waits."""
    for _ in range(20):
        status, detail, _ = _ready(url, key)
        if "has not answered" not in detail:
            break
    return status, detail


def test_a_database_that_hangs_is_told_in_time(postgres_address: str) -> None:
    """Of one workspace to those who have its key, while the others are ready; afterwards all are."""
    for name in ("red", "blue"):
        create_workspace(postgres_address, name)
    red, blue = (create_key(postgres_address, name, name).secret for name in ("red", "blue"))
    with served(postgres_address) as url:
        assert [_answer(url, key)[0] for key in (None, red, blue, red + "x")] == [200, 200, 200, 401]
        with _locked(postgres_address, "evals_mcp_red.evaluations"):
            status, detail, seconds = _ready(url, red)
            assert (status, detail) == (503, "Not ready: the database has not answered in 3 seconds.")
            assert seconds < 30
            assert [_answer(url, key)[0] for key in (None, blue)] == [200, 200]
        with _locked(postgres_address, "evals_mcp.api_keys"):
            assert _ready(url)[0] == 503
            # Requests take all threads that wait for the database; health and readiness do not need these.
            stuck = [threading.Thread(target=_ask, args=(url, f"{blue}{at}")) for at in range(45)]
            for thread in stuck:
                thread.start()
            assert httpx.get(f"{url}/health", timeout=240).status_code == 200
            assert _ready(url)[0] == 503
        for thread in stuck:
            thread.join()
        assert [_answer(url, key)[0] for key in (None, red, blue)] == [200, 200, 200]


def _ask(url: str, key: str) -> None:
    httpx.get(f"{url}/v5/flows", headers={"X-API-KEY": key}, timeout=240)


def test_a_damaged_file_is_told(tmp_path: Path) -> None:
    """A file without its tables answers a connection, and is not ready."""
    path = str(tmp_path / "evals.db")
    key = create_key(path, None, "ann").secret
    with served(path) as url:
        assert _answer(url, key)[0] == 200
        store = open_store(path)
        with store.database.write() as connection:
            connection.execute(text("PRAGMA legacy_alter_table=ON"))
            connection.execute(text("ALTER TABLE evaluations RENAME TO lost"))
        store.close()
        status, detail = _answer(url, key)
        assert status == 503
        assert detail.startswith("Not ready: the workspace of this key cannot be read. The database file is damaged.")
        assert _answer(url)[0] == 200
