"""Bad input on every route over SQLite and PostgreSQL; tests/api has a route of each kind, on SQLite."""

import pytest
from tests.api.test_bad_input import (
    refuse_bad_input,
    strict_app,
    team,
    test_null_counts_as_an_absent_key_on_every_route,
    test_what_cannot_be_done_is_refused_whole,
)
from tests.every_route import Team

from evals_mcp.store.store import Store

__all__ = [
    "strict_app",
    "team",
    "test_null_counts_as_an_absent_key_on_every_route",
    "test_what_cannot_be_done_is_refused_whole",
]

pytestmark = pytest.mark.anyio


async def test_every_route_refuses_bad_input_and_keeps_nothing_of_it(team: Team, store: Store) -> None:
    """After all that was refused nothing has changed, and the request as it should be is answered.

    On PostgreSQL without what is malformed, which is refused before a store is asked.
    """
    await refuse_bad_input(team, store, malformed=store.database.is_sqlite)
