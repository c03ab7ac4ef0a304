"""Answers on the documented routes alone, which are those on our own rows."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from tests.assistant import Assistant, connect_assistant
from tests.documented_only import documented_client, mirror_of
from tests.own_rows import app, client
from tests.repeated import repeated_tests
from tests.tools import test_orderless_options, test_runs_of_errors, test_undirected_evaluators
from tests.tools.test_odd_comparisons import CASES, Assistants, Case, assistants, check_case

__all__ = ["app", "assistants", "client"]

pytestmark = pytest.mark.anyio
globals().update(repeated_tests(test_orderless_options, test_runs_of_errors, test_undirected_evaluators))


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    """Some assistants stay for all tests here, so the loop does."""
    return "asyncio"


@pytest.fixture
async def assistant(app: Any) -> AsyncIterator[Assistant]:
    """The tools on the documented routes alone."""
    remote = documented_client(app)
    async with connect_assistant(remote, mirror=mirror_of(remote)) as found:
        yield found


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
async def test_odd_runs_are_compared_alike(assistants: Assistants, case: Case) -> None:
    """Through the mirror of a server as in its own workspace."""
    await check_case(assistants, case, assistants.ask)
