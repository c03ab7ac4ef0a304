"""The request as a parameter of handlers whose writes have an entry of their own and can be repeated."""

from typing import Annotated

from fastapi import Depends, Request

from evals_mcp.api.access import CurrentStore
from evals_mcp.api.acts import make_repeatable
from evals_mcp.store.database.acts import Act


async def _current_act(request: Request, store: CurrentStore) -> Act:
    return await make_repeatable(request)


CurrentAct = Annotated[Act, Depends(_current_act)]
"""What the journal has of the request, as a handler parameter. The handler looks for `repeated` before it writes."""
