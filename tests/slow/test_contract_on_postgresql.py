"""The contract on PostgreSQL, of the files of tests/api that check it on SQLite."""

import pytest
from tests.api import (
    test_authors,
    test_datasets,
    test_directories,
    test_environments,
    test_evaluation_pages,
    test_evaluations,
    test_evaluators,
    test_fields,
    test_files,
    test_flows,
    test_free_json,
    test_nothing_dropped,
    test_otel,
    test_prompts,
    test_text_search,
    test_tool_results,
    test_tools,
)
from tests.api.application import EmptiedStore, api
from tests.api.conftest import v5
from tests.api.v4 import (
    test_config_responses,
    test_logging,
    test_projects,
    test_set_up,
    test_work,
)
from tests.api.v4 import (
    test_evaluations as test_v4_evaluations,
)
from tests.api.v4.conftest import evaluate, files, make
from tests.repeated import repeated_tests

__all__ = ["api", "evaluate", "files", "make", "v5"]

pytestmark = pytest.mark.anyio
_V4 = (test_config_responses, test_v4_evaluations, test_logging, test_projects, test_set_up, test_work)
_V5 = (
    test_authors,
    test_datasets,
    test_directories,
    test_environments,
    test_evaluation_pages,
    test_evaluations,
    test_evaluators,
    test_fields,
    test_files,
    test_flows,
    test_free_json,
    test_nothing_dropped,
    test_otel,
    test_prompts,
    test_text_search,
    test_tool_results,
    test_tools,
)
globals().update(repeated_tests(*_V4, *_V5))


@pytest.fixture
def emptied_store(postgresql_store: EmptiedStore) -> EmptiedStore:
    """PostgreSQL."""
    return postgresql_store
