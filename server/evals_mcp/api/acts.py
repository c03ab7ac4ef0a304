"""What the journal has of a request: whose key, who acts, through which tool and route, and the request's own id."""

import hashlib
from urllib.parse import unquote

from fastapi import Request
from starlette.types import Scope

from evals_mcp.errors import Invalid
from evals_mcp.store.database.acts import Act, begin_act

_LONGEST = 200
_VERSIONS = ("v4", "v5")
_ACTOR, _TOOL, _REQUEST_ID = "X-Evals-Actor", "X-Evals-Tool", "Idempotency-Key"


def begin_request(request: Request, key_id: str | None, person: str | None, *, labels_only: bool = False) -> Act:
    """Let the writes of a request belong to it. The name of a key counts before that of the header. Raises Invalid.

    With `labels_only`, the key's person may judge in their own name alone.
    """
    act = Act(
        key_id=key_id or "",
        actor=person or (None if labels_only else _read_actor(request)),
        tool=_read_header(request, _TOOL),
        route=f"{request.method} {route_template(request.scope)}",
        request_id=_read_header(request, _REQUEST_ID),
        operation=request.scope["route"].name,
        ids=request.path_params,
        labels_only=labels_only,
        require_room=request.scope["state"].get("require_room"),
    )
    request.state.act = act
    begin_act(act)
    return act


async def make_repeatable(request: Request) -> Act:
    """Let the request's write answer again if it is repeated."""
    act: Act = request.state.act
    act.repeatable = True
    if act.request_id is not None:
        act.digest = await _digest(request)
    return act


def entry_headers(scope: Scope, status: int) -> list[tuple[bytes, bytes]]:
    """The handle of the write that a request did, whether an earlier request did it, and whether it can be undone."""
    act = scope.get("state", {}).get("act")
    if act is None or act.entry is None or status >= 400:
        return []
    repeats = [(b"idempotent-replayed", b"true")] if act.repeats else []
    final = [] if act.undoable else [(b"x-evals-undoable", b"false")]
    return [(b"x-evals-write", act.entry.encode()), *repeats, *final]


def route_template(scope: Scope) -> str:
    """The template of a routed path, with the version of the API: routers know their routes without it."""
    version = scope["path"].partition("/")[2].partition("/")[0]
    template: str = scope["route"].path.replace(":path}", "}")
    return f"/{version}{template}" if version in _VERSIONS and not template.startswith(f"/{version}/") else template


def _read_actor(request: Request) -> str | None:
    """The name in the header, whose characters outside of ASCII are percent-encoded as in a URL."""
    value = _read_header(request, _ACTOR)
    name = None if value is None else unquote(value)
    if name is not None and not (name.isprintable() and name.strip()):
        raise Invalid("The header must be a name, percent-encoded as UTF-8, without control characters.", _at(_ACTOR))
    return name


def _read_header(request: Request, name: str) -> str | None:
    value = request.headers.get(name)
    if value is not None and not (0 < len(value) <= _LONGEST and value.isascii() and value.isprintable()):
        raise Invalid(f"The header must have 1 to {_LONGEST} visible ASCII characters.", _at(name))
    return value


def _at(name: str) -> tuple[str, str]:
    return ("header", name)


async def _digest(request: Request) -> str:
    """A digest of method, path, query and body."""
    target = "\n".join((request.method, request.url.path, request.url.query, ""))
    return hashlib.blake2b(target.encode() + await request.body(), digest_size=20).hexdigest()
