"""Which run has a test: those on PostgreSQL and those with the mark `slow` run with tests/slow, wherever they stand."""

import re
from functools import cache
from pathlib import Path

import pytest

_IN_EVERY_RUN = Path(__file__).parent / "store" / "database" / "test_postgresql_database.py"
"""Shows that PostgreSQL works."""

_MAY_BE_LATE = re.compile(
    r'mark\.slow\b|postgres_|"postgresql"|import .*\bemptied_store\b|\b(asked|both|database_address|new_store): \w'
)
"""A file with the mark, or with a fixture that leads to PostgreSQL. Others stay in the default run as a whole."""

_TESTS = Path(__file__).parent
_SLOW = _TESTS / "slow"
_NAMED = pytest.StashKey[list[Path]]()


def named_places(config: pytest.Config) -> list[Path]:
    """The folders and files that this run was asked for; the folder of all tests, if it was asked for none."""
    if _NAMED not in config.stash:
        config.stash[_NAMED] = [(config.invocation_params.dir / word.split("::")[0]).resolve() for word in config.args]
    return config.stash[_NAMED]


def pytest_configure(config: pytest.Config) -> None:
    """Where tests/slow runs, collect the files that have tests for it, too."""
    if _SLOW in named_places(config):
        config.args += [str(file) for file in sorted(_TESTS.rglob("test_*.py")) if _may_be_late(file)]


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave what is late to the run of tests/slow, which leaves the others of their files to the default run."""
    named = named_places(config)
    if named == [_TESTS]:
        left = [item for item in items if _may_be_late(item.path) and _is_late(item)]
    elif _SLOW in named:
        left = [item for item in items if not _is_named(item, named) and not _is_late(item)]
    else:
        return
    gone = set(left)
    items[:] = [item for item in items if item not in gone]


def _is_named(item: pytest.Item, named: list[Path]) -> bool:
    return any(place == item.path or place in item.path.parents for place in named)


@cache
def _may_be_late(file: Path) -> bool:
    is_elsewhere = _SLOW in file.parents or file == _IN_EVERY_RUN
    return not is_elsewhere and _MAY_BE_LATE.search(file.read_text(encoding="utf-8")) is not None


def _is_late(item: pytest.Item) -> bool:
    if item.get_closest_marker("slow") or {"postgres_server", "postgres_database"} & set(
        getattr(item, "fixturenames", ())
    ):
        return True
    parameters = getattr(getattr(item, "callspec", None), "params", {}).values()
    return any(isinstance(value, str) and value == "postgresql" for value in parameters)
