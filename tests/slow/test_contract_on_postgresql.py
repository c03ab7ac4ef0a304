"""The contract on PostgreSQL, of the files of tests/api that check it on SQLite alone."""

from importlib import import_module
from pathlib import Path

import pytest
from tests.api.application import EmptiedStore, api, served_api
from tests.api.conftest import v5
from tests.api.test_labels import labelled
from tests.api.v4.conftest import evaluate, files, make
from tests.repeated import repeated_tests

__all__ = ["api", "evaluate", "files", "labelled", "make", "served_api", "v5"]

pytestmark = pytest.mark.anyio
_ELSEWHERE = {"test_bad_input", "test_every_route"}  # in files of tests/slow with the same names
# Of no store, or of one that they open.
_OF_NO_STORE = {
    "test_embedded",
    "test_gate",
    "test_keyed_access",
    "test_limits",
    "test_local_only",
    "test_patience",
    "test_roles",
}  # or of one that they open

_FOLDER = Path(__file__).parents[1]
_FILES = sorted((_FOLDER / "api").rglob("test_*.py"))
_MODULES = [
    import_module(".".join(("tests", *file.relative_to(_FOLDER).with_suffix("").parts)))
    for file in _FILES
    if file.stem not in _ELSEWHERE | _OF_NO_STORE
]
globals().update(repeated_tests(*(module for module in _MODULES if not hasattr(module, "emptied_store"))))


@pytest.fixture
def emptied_store(postgresql_store: EmptiedStore) -> EmptiedStore:
    """PostgreSQL; files that import the fixture of both databases are not repeated."""
    return postgresql_store
