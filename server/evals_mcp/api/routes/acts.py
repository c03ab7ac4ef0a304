"""What the journal has of a request: whose key, which tool and route, and the request's own id."""

import hashlib
from typing import Annotated

from fastapi import Depends, Request
from starlette.types import Scope

from evals_mcp.api.access import Grant
from evals_mcp.errors import Invalid
from evals_mcp.store.journal.entries import Act

_LONGEST = 200
_TOOL, _REQUEST_ID = "X-Evals-Tool", "Idempotency-Key"


async def _current_act(request: Request) -> Act:
    grant: Grant = request.state.grant
    request_id = _read_header(request, _REQUEST_ID)
    act = Act(
        key_id=grant.key_id or "",
        actor=grant.person,
        tool=_read_header(request, _TOOL),
        route=_route(request.scope),
        request_id=request_id,
        digest=None if request_id is None else await _digest(request),
    )
    request.state.act = act
    return act


def _route(scope: Scope) -> str:
    """The method and the template of the path, with the version of the API: routers know their routes without it."""
    version = scope["path"].partition("/")[2].partition("/")[0]
    template: str = scope["route"].path
    return f"{scope['method']} " + (template if template.startswith(f"/{version}/") else f"/{version}{template}")


def _read_header(request: Request, name: str) -> str | None:
    value = request.headers.get(name)
    if value is not None and not (0 < len(value) <= _LONGEST and value.isascii() and value.isprintable()):
        raise Invalid(f"The header must have 1 to {_LONGEST} visible ASCII characters.", ("header", name))
    return value


async def _digest(request: Request) -> str:
    """A digest of method, path, query and body."""
    target = "\n".join((request.method, request.url.path, request.url.query, ""))
    return hashlib.blake2b(target.encode() + await request.body(), digest_size=20).hexdigest()


CurrentAct = Annotated[Act, Depends(_current_act)]
"""What the journal has of the request, as a handler parameter. The answer then has the headers of its entry."""
