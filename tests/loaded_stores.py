"""Empty stores on either database, and one application that loads documents into them and tells what they hold."""

import re
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from shutil import copyfile
from typing import Any, Self

import anyio
import pytest
from sqlalchemy import delete, update
from tests.answers_of_api import read_answers
from tests.api.application import AccessOfTest, EmptiedStore
from tests.documented_only import documented_client
from tests.raw_rows import raw_rows

from evals_mcp.api.app import create_app
from evals_mcp.api.grants import Grant, OpenAccess
from evals_mcp.client.client import EvalsClient
from evals_mcp.importers.loader import Loaded, load_document, stream
from evals_mcp.models.evaluation_document import Record
from evals_mcp.store.database.tables import deployments, environments
from evals_mcp.store.store import Store, open_store

OpenStore = Callable[[], Store]
_NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def open_kind(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, name: str) -> Store:
    """Open a store with this name on the database of a fixture's parameter: `sqlite` or `postgresql`."""
    if request.param == "sqlite":
        return open_store(str(tmp_path_factory.mktemp(name) / "evals.db"))
    return open_store(str(request.getfixturevalue("postgres_database")), name)


@pytest.fixture(scope="module")
def empty_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file with its tables made, to copy."""
    path = tmp_path_factory.mktemp("empty") / "evals.db"
    open_store(str(path)).close()
    return path


@pytest.fixture(params=["sqlite", "postgresql"])
def new_store(request: pytest.FixtureRequest, tmp_path: Path, empty_file: Path) -> Iterator[OpenStore]:
    """Opens an empty store each time, all at the same moment."""
    if request.param == "postgresql":
        with Workspaces(request.getfixturevalue("postgres_address")) as workspaces:
            yield workspaces.open
        return
    numbers = count()

    def open_copy() -> Store:
        path = tmp_path / f"{next(numbers)}.db"
        copyfile(empty_file, path)
        return _of_one_moment(open_store(str(path), clock=lambda: _NOW))

    yield open_copy


class Workspaces:
    """Workspaces on PostgreSQL: one that is closed is emptied for the next, since tables are slow to make there."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._made: list[EmptiedStore] = []
        self._free: list[EmptiedStore] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for made in self._made:
            made.store.close()

    def open(self) -> Store:
        """A store with nothing in it or in its caches, all of the same moment."""
        if not self._free:
            made = open_store(self._address, f"w{len(self._made)}", clock=lambda: _NOW)
            self._free.append(EmptiedStore(_of_one_moment(made)))
            self._made += self._free
        emptied = self._free.pop()
        store = Store(emptied.empty().database)
        setattr(store, "close", lambda: self._free.append(emptied))  # noqa: B010
        return store


def _of_one_moment(store: Store) -> Store:
    """The store, with environments as old as all else: they are made with its tables, by the machine's clock."""
    with store.database.write() as connection:
        connection.execute(update(environments).values(created_at=_NOW))
    return store


class Served:
    """An application over whichever store is asked for, since routes are slow to build."""

    def __init__(self) -> None:
        self._access = AccessOfTest()
        self.app = create_app(self._access)

    def load(self, store: Store, document: Sequence[Record], **options: Any) -> Loaded:
        """Load a document in bulk."""
        return self._load(store, EvalsClient(open_app=lambda: self.app), document, **options)

    def load_singly(self, store: Store, document: Sequence[Record], **options: Any) -> Loaded:
        """Load a document through the documented endpoints."""
        return self._load(store, documented_client(self.app), document, **options)

    def use(self, store: Store, use: Callable[[EvalsClient], Awaitable[Any]], key: Grant | None = None) -> Any:
        """Do something with a client of a store; with a `key`, as who has it."""
        self._access.now = OpenAccess(store) if key is None else _Keyed(key)
        return anyio.run(use, EvalsClient(open_app=lambda: self.app))

    def answers(self, store: Store, ids: Mapping[str, str] | None = None) -> dict[str, Any]:
        """Everything that the API says of a store; `ids` has ids of it that stand for those of a document."""
        self._access.now = OpenAccess(store)
        return anyio.run(read_answers, self.app, ids or {})

    def _load(self, store: Store, client: EvalsClient, document: Sequence[Record], **options: Any) -> Loaded:
        self._access.now = OpenAccess(store)
        return anyio.run(lambda: load_document(client, stream(document), **options))


class _Keyed(OpenAccess):
    """One store for all requests, as if each had the same key."""

    def __init__(self, key: Grant) -> None:
        super().__init__(key.store)
        self._grant = key


@pytest.fixture(scope="session")
def served() -> Served:
    """One application for all tests."""
    return Served()


def own_ids(loaded: Loaded) -> dict[str, str]:
    """The ids of a document by those that a server chose for them."""
    return {own: id for kind in loaded.ids.values() for id, own in kind.items()}


def held_rows(store: Store) -> dict[str, list[str]]:
    """Everything that a database holds, but the ids of directories, which are drawn, and the journal."""
    rows = raw_rows(store.database)
    return {
        table: sorted(re.sub(r"dir_\w+", "", row) for row in held)
        for table, held in rows.items()
        if not table.startswith("journal")
    }


def undeploy_all(store: Store) -> None:
    """Remove what the single routes deployed: the first version of each file."""
    with store.database.write() as connection:
        connection.execute(delete(deployments))
