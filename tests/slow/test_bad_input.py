"""Bad input on every route over SQLite and PostgreSQL; tests/api has a route of each kind."""

import pytest
from tests.api.test_bad_input import refuse_bad_input, team
from tests.every_route import Team

from evals_mcp.store.store import Store

__all__ = ["team"]


@pytest.mark.anyio
async def test_every_route_refuses_bad_input_and_keeps_nothing_of_it(team: Team, store: Store) -> None:
    """After all that was refused nothing has changed, and the request as it should be is answered."""
    await refuse_bad_input(team, store)
