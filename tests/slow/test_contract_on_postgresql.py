"""The contract of v4 and of free JSON on PostgreSQL; tests/api checks it on SQLite."""

import pytest
from tests.api import test_free_json
from tests.api.application import EmptiedStore, api
from tests.api.conftest import v5
from tests.api.v4 import (
    test_config_responses,
    test_evaluations,
    test_logging,
    test_projects,
    test_set_up,
    test_work,
)
from tests.api.v4.conftest import evaluate, files, make
from tests.repeated import repeated_tests

__all__ = ["api", "evaluate", "files", "make", "v5"]

pytestmark = pytest.mark.anyio
_V4 = (test_config_responses, test_evaluations, test_logging, test_projects, test_set_up, test_work)
globals().update(repeated_tests(test_free_json, *_V4))


@pytest.fixture
def emptied_store(postgresql_store: EmptiedStore) -> EmptiedStore:
    """PostgreSQL."""
    return postgresql_store
