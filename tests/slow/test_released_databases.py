"""Databases that release 0.1.0 made and filled are served by this version: keys, data and figures are as they were.

Files of `tests/data/release_0_1_0` are dumps of two such databases, and what that release answered on them.
"""

import json
import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
from tests.e2e.in_process import run
from tests.recount import check_counts
from tests.serving.served_here import served

from evals_mcp.store.store import open_store

pytestmark = pytest.mark.usefixtures("real_migrations")

_FOLDER = Path(__file__).parents[1] / "data" / "release_0_1_0"
_NEW_CELLS = {"url", "report", "progress"}
"""Fields whose words a later version may choose: `url` leads to a page now."""


@pytest.fixture
def released(database_address: str) -> str:
    """The address of a database that release 0.1.0 has filled."""
    if "://" in database_address:
        with psycopg.connect(database_address) as connection:
            connection.execute((_FOLDER / "postgresql.sql").read_bytes())
    else:
        with closing(sqlite3.connect(database_address)) as connection:
            connection.executescript((_FOLDER / "sqlite.sql").read_text(encoding="utf-8"))
    return database_address


@pytest.fixture
def told(released: str) -> dict[str, Any]:
    """Its keys, and what release 0.1.0 answered."""
    name = "postgresql" if "://" in released else "sqlite"
    found: dict[str, Any] = json.loads((_FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    return found


def _differences(old: Any, new: Any, place: str = "") -> Iterator[str]:
    """Where an answer is another one; fields that there were not are empty now."""
    if isinstance(old, dict) and isinstance(new, dict):
        for name in (old.keys() | new.keys()) - _NEW_CELLS:
            if name in old:
                yield from _differences(old[name], new.get(name, "is gone"), f"{place}.{name}")
            elif new[name] is not None:
                yield f"{place}.{name}: {new[name]}"
    elif isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        for before, after in zip(old, new, strict=True):
            yield from _differences(before, after, f"{place}[]")
    elif old != new:
        yield f"{place}: {old} → {new}"


def _status(url: str, key: str, path: str | None = None) -> int:
    """Of a write to a path, or of a read."""
    headers = {"X-API-KEY": key}
    if path is None:
        return httpx.get(f"{url}/v5/flows", headers=headers, timeout=240).status_code
    body = {"path": path, "attributes": {}}
    return httpx.post(f"{url}/v5/flows", headers=headers, json=body, timeout=240).status_code


def test_two_servers_upgrade_it_at_once_and_answer_as_before(released: str, told: dict[str, Any]) -> None:
    """Each key may do what it might, each answer is what it was, and counts and figures fit to the rows."""
    keys = told["keys"]
    with served(released) as first, served(released) as second:
        with ThreadPoolExecutor(2) as pool:
            assert list(pool.map(_status, (first, second), [keys["ci"]] * 2)) == [200, 200]
        for path, old in told["answers"].items():
            new = httpx.get(f"{second}/v5{path}", headers={"X-API-KEY": keys["dash"]}, timeout=240).json()
            assert list(_differences(old, new)) == [], path
        assert [_status(first, keys[name], f"of/{name}") for name in ("ci", "dash", "gone")] == [200, 403, 401]
        assert [_status(second, keys[name]) for name in ("ci", "dash", "gone")] == [200, 200, 401]
        for tool, rows in told["figures"].items():
            asked = {"HUMANLOOP_BASE_URL": first, "HUMANLOOP_API_KEY": keys["dash"]}
            shown = run(["call", tool, "evaluation=two"], **asked).stdout
            for cells in rows:
                for cell in cells:
                    assert cell in shown, shown
    mark = "&" if "?" in released else "?"
    where = f"{mark}workspace=search" if "://" in released else ""
    assert "\ntwo | teams/bot | 2 |" in run(["call", "list_evaluations"], EVALS_MCP_DATABASE=released + where).stdout
    with closing(open_store(released, "evals_mcp_search" if where else None)) as store:
        check_counts(store)
