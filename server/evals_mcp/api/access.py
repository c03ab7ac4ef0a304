"""Which store a request may use. `keyed_access` decides by API key."""

from typing import Annotated

from anyio import to_thread
from fastapi import Depends, Request

from evals_mcp.api.acts import begin_request
from evals_mcp.api.grants import Grant
from evals_mcp.api.needs import need_of, require_role
from evals_mcp.models.roles import Role
from evals_mcp.store.store import Store

_READING_METHODS = ("GET", "HEAD")


async def _store_to_read(request: Request) -> Store:
    grant: Grant = request.state.grant
    return grant.store


async def _current_store(request: Request) -> Store:
    grant: Grant = request.state.grant
    if request.method in _READING_METHODS:
        return grant.store
    need = need_of(request.method, request.scope["path"])
    require_role(grant, Role.WRITE if need is Role.READ else need)
    begin_request(request, grant.key_id, grant.person, labels_only=grant.role < Role.WRITE)
    return grant.store if grant.create is None else await to_thread.run_sync(grant.create)


async def _person(request: Request) -> str | None:
    grant: Grant = request.state.grant
    return grant.person


async def _names_creators(request: Request) -> bool:
    grant: Grant = request.state.grant
    return grant.names_creators


NamesCreators = Annotated[bool, Depends(_names_creators)]
"""Whether the request may say who created what it writes, as a handler parameter."""

CurrentPerson = Annotated[str | None, Depends(_person)]
"""The name of the request's key, as a handler parameter; None without keys."""

CurrentStore = Annotated[Store, Depends(_current_store)]
"""The store of the request, as a handler parameter. All methods except GET need a role that may write it.
What they write belongs to the request, and so to an entry of the journal.
"""

ReadStore = Annotated[Store, Depends(_store_to_read)]
"""The store of the request, for a POST handler that only reads."""
