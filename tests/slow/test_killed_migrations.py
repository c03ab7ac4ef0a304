"""Two processes upgrade a database at once, from every revision, and are killed in the middle."""

import random
import secrets
import shutil
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import event
from sqlalchemy.engine import Engine
from tests.killed_migrations import Migrators, make_revision
from tests.raw_rows import raw_rows
from tests.recount import check_counts

from evals_mcp.store.database.opening import revisions
from evals_mcp.store.store import open_store
from evals_mcp.store.teams.control import open_control

pytestmark = pytest.mark.usefixtures("real_migrations")

Copied = Callable[[], str]
_KILLS = 2


@pytest.fixture(scope="module")
def migrators() -> Iterator[Migrators]:
    """Processes that upgrade."""
    with Migrators() as started:
        yield started


@pytest.fixture
def copied(database_address: str, tmp_path: Path) -> Iterator[Copied]:
    """Copies a database, and gives the address of the copy."""
    head, mark, tail = database_address.partition("?")
    server, _, original = head.rpartition("/")
    made = []

    def address(name: str) -> str:
        return f"{server}/{name}{mark}{tail}"

    def copy() -> str:
        name = f"copy_{secrets.token_hex(6)}"
        if not mark:
            path = tmp_path / f"{name}.db"
            if Path(database_address).exists():
                shutil.copyfile(database_address, path)
            return str(path)
        with psycopg.connect(address("postgres"), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name} TEMPLATE {original}")
        made.append(name)
        return address(name)

    yield copy
    if made:
        with psycopg.connect(address("postgres"), autocommit=True) as connection:
            for name in made:
                connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


def _content(address: str) -> dict[str, list[str]]:
    """Every row after the upgrade, which must fit to one another."""
    with closing(open_store(address)) as store:
        check_counts(store)
        found = raw_rows(store.database)
    if not found["files"]:
        found["environments"] = [str(len(found["environments"]))]  # of a new database, they are as old as it is
    return found


def _counted(address: str) -> int:
    """How many statements the upgrade of a database takes."""
    done = 0

    def count(*_: object) -> None:
        nonlocal done
        done += 1

    event.listen(Engine, "after_cursor_execute", count)
    try:
        open_store(address).close()
    finally:
        event.remove(Engine, "after_cursor_execute", count)
    return done


@pytest.mark.parametrize("revision", [None, *revisions()[:-1]])
def test_killed_upgrades_are_as_if_they_never_began(
    migrators: Migrators, sample_database: Path, database_address: str, copied: Copied, revision: str | None
) -> None:
    """Both are killed, then one of two, then nobody: every row is as after a single, quiet upgrade."""
    if revision is not None:
        make_revision(database_address, revision, sample_database)
    quiet = copied()
    statements = _counted(quiet)
    expected = _content(quiet)
    assert revision is None or len(expected["logs"]) == 597
    chance = random.Random(revision)
    for _ in range(_KILLS):
        address, last = copied(), chance.randint(2, statements)
        assert -9 in migrators.run(address, (last, last))
        ended = migrators.run(address, (last, 0))
        assert ended[1] == 0
        assert ended[0] in (0, -9)
        assert _content(address) == expected, (last, statements)


def test_killed_makers_of_teams_leave_nothing_half(migrators: Migrators, copied: Copied) -> None:
    """The tables of keys and workspaces, too, are there as a whole or not at all."""
    for last in (3, 8, 12, 15):
        address = copied()
        migrators.run(f"control {address}", (last, last))
        assert migrators.run(f"control {address}", (last, 0))[1] == 0
        with closing(open_control(address)) as control:
            assert control.keys() == []
            assert len(control.workspaces()) == ("://" not in address)
