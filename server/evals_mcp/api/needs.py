"""The one rule that says which role a request needs, by its method and path, before its body is read.

What is not named here needs the role to write, so a new route is closed until somebody opens it.
"""

import re

from evals_mcp.api.grants import Grant
from evals_mcp.errors import Unauthorized
from evals_mcp.models.roles import Role, beyond_role, holder_of

KEYS_PATH = "/keys"
"""Where keys are administered."""

_READING = re.compile(
    r"(?:GET|HEAD) .*"
    r"|POST /v5/review/evaluations/[^/]+/"
    r"(?:logs|datapoints|query|comparison|grouped-comparison|run-figures|agreement|relations|repeats|ranking|failures)"
    r"|POST /v5/prompts/[^/]+/populate"
    r"|POST /v5/(?:prompts|agents)/deserialize"
    r"|POST /v5/files/retrieve-by-path"
    r"|POST /v5/(?:prompts|agents|tools)/call|POST /v5/agents/continue",  # what answers that it is not here
    re.DOTALL,
)
_LABELLING = re.compile(
    r"POST /v5/evaluations/[^/]+/labels"
    r"|POST /v5/review/evaluations/[^/]+/next"
    r"|POST /v5/evaluators/log"
    r"|POST /v5/journal/[^/]+/undo"
    r"|DELETE /v5/logs"
    r"|POST /v4/evaluations/[^/]+/result"
)
"""Handlers of these see to it that who may only label does so in their own name."""

_KEYS = re.compile(rf"{KEYS_PATH}(?:/.*)?")


def need_of(method: str, path: str) -> Role:
    """The role that a request needs."""
    if _KEYS.fullmatch(path):
        return Role.ADMIN
    asked = f"{method} {path}"
    if _READING.fullmatch(asked):
        return Role.READ
    return Role.LABEL if _LABELLING.fullmatch(asked) else Role.WRITE


def require_role(grant: Grant, need: Role) -> None:
    """Raise Unauthorized, with status 403, if the grant's role may not what one needs."""
    if grant.role >= need:
        return
    if grant.server_reads_only:
        raise Unauthorized("This server is read-only.", 403)
    if grant.key_id is None:
        raise Unauthorized(f"This server has no keys, and this needs one of the role `{need.word}`.", 403)
    raise Unauthorized(beyond_role(grant.role, need, holder_of(grant.key_id)), 403)
