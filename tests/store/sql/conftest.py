"""Two evaluations beside each other on each database, with the same ids, and what a question in SQL must not reach."""

import secrets
import shutil
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from tests.edge_cases import NAME, load_edge_cases
from tests.loaded_stores import Served, served
from tests.postgresql import create_database, drop_database
from tests.serving.administration import create_key, create_workspace

from evals_mcp.api.app import create_app
from evals_mcp.api.grants import OpenAccess
from evals_mcp.client.client import EvalsClient
from evals_mcp.exporters.copying import copy_everything
from evals_mcp.models.resolved import ResolvedEvaluation, resolve
from evals_mcp.models.sql import SqlQuestion, SqlRows
from evals_mcp.store.store import Store, open_store

__all__ = ["served"]

EDGE_CASES = NAME
SAMPLE = "Which prompt answers tickets"


class Asked(NamedTuple):
    """A store, and how to ask it about one of its two evaluations."""

    store: Store

    def evaluation(self, name: str = SAMPLE) -> ResolvedEvaluation:
        """The evaluation with a name."""
        known = self.store.overviews.get(name)
        assert known.overview is not None
        return resolve(known.overview, known.token)

    def ask(self, sql: str, name: str = SAMPLE, **options: Any) -> SqlRows:
        """The rows of a SELECT."""
        return self.store.sql_questions.answer(self.evaluation(name).id, SqlQuestion(sql=sql, **options))

    def rows(self, sql: str, name: str = SAMPLE, **options: Any) -> list[list[Any]]:
        """The values of these rows."""
        return self.ask(sql, name, **options).rows


@pytest.fixture(scope="session")
def sqlite_asked(sample_database: Path, tmp_path_factory: pytest.TempPathFactory, served: Served) -> Iterator[Asked]:
    """The sample and the edge cases in a SQLite file with an API key."""
    path = tmp_path_factory.mktemp("asked") / "evals.db"
    shutil.copyfile(sample_database, path)
    create_key(str(path), None, "secret")
    with closing(open_store(str(path))) as store:
        served.use(store, load_edge_cases)
        yield Asked(store)


@pytest.fixture(scope="session")
def postgresql_asked(postgres_server: str, sqlite_asked: Asked, served: Served) -> Iterator[Asked]:
    """The same in a workspace on PostgreSQL, beside another workspace and keys."""
    name = f"asked_{secrets.token_hex(4)}"  # files that import this fixture have one of their own
    address = create_database(postgres_server, name)
    spaces = {space: create_workspace(address, space).schema for space in ("red", "blue")}
    create_key(address, "red", "secret")
    app = create_app(OpenAccess(sqlite_asked.store))

    async def copy(client: EvalsClient) -> None:
        await copy_everything(EvalsClient(open_app=lambda: app), client)

    with closing(open_store(address, spaces["red"])) as store, closing(open_store(address, spaces["blue"])) as other:
        served.use(store, copy)
        served.use(other, load_edge_cases)
        yield Asked(store)
    drop_database(postgres_server, name)


@pytest.fixture(params=["sqlite", "postgresql"])
def asked(request: pytest.FixtureRequest) -> Asked:
    """The evaluations on each database."""
    found: Asked = request.getfixturevalue(f"{request.param}_asked")
    return found


@pytest.fixture
def both(sqlite_asked: Asked, postgresql_asked: Asked) -> Callable[..., SqlRows]:
    """Asks both databases, which must answer alike."""

    def ask(sql: str, name: str = SAMPLE, **options: Any) -> SqlRows:
        first, second = (asked.ask(sql, name, **options) for asked in (sqlite_asked, postgresql_asked))
        assert second.columns == first.columns
        assert len(second.rows) == len(first.rows)
        for one, other in zip(first.rows, second.rows, strict=True):
            assert [_close(value) for value in other] == one, sql
        assert (second.left_out, second.counts_all, second.lengths) == (first.left_out, first.counts_all, first.lengths)
        return first

    return ask


def _close(value: Any) -> Any:
    return pytest.approx(value, rel=1e-9, abs=1e-12) if isinstance(value, float) else value
