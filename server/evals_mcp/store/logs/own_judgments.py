"""What somebody may write who only labels: judgments in their own name. Known by the request; no queries but reads."""

from collections.abc import Iterable, Mapping
from typing import Any, LiteralString

from sqlalchemy import Connection, select

from evals_mcp.errors import Unauthorized
from evals_mcp.models.roles import Role, beyond_role, holder_of
from evals_mcp.store.database.acts import Act, current_act
from evals_mcp.store.database.pages import batches
from evals_mcp.store.database.tables import logs
from evals_mcp.store.logs.judgments import is_by_person


def require_own_judgment(author: str | None, spec: Mapping[str, Any], *, brings_version: bool) -> None:
    """Raise Unauthorized, with status 403, unless the request may store a judgment by this author.

    `spec` is the evaluator's, and `brings_version` says that the request has it with it.
    """
    act = current_act()
    if act is None or not act.labels_only:
        return
    if brings_version:
        raise Unauthorized(_needs_write("change an evaluator", act), 403)
    if not is_by_person(spec):
        raise Unauthorized(_needs_write("judge for code or a model", act), 403)
    if not act.actor:
        raise Unauthorized(_needs_write("judge without a name", act), 403)
    if author != act.actor:
        raise Unauthorized(f"{_needs_write('judge in another name', act)} Omit the author: it is `{act.actor}`.", 403)


def require_own_review(reviewer: str) -> None:
    """Raise Unauthorized, with status 403, unless the request may be handed logs as this reviewer."""
    act = current_act()
    if act is not None and act.labels_only and reviewer != act.actor:
        raise Unauthorized(f"{_needs_write('review in another name', act)} The reviewer is `{act.actor}`.", 403)


def require_own_logs(connection: Connection, ids: Iterable[str]) -> None:
    """Raise Unauthorized, with status 403, unless the request may delete these logs. Unknown ids are no reason."""
    act = current_act()
    if act is None or not act.labels_only:
        return
    for batch in batches(list(ids)):
        rows = connection.execute(select(logs.c.id, logs.c.judged_log_number, logs.c.extra).where(logs.c.id.in_(batch)))
        for row in rows:
            if row.judged_log_number is None or not act.actor or row.extra.get("user") != act.actor:
                raise Unauthorized(
                    f"{_needs_write('delete anything but your own judgments', act)} Log: `{row.id}`.", 403
                )


def require_own_write(key_id: str, actor: str | None) -> None:
    """Raise Unauthorized, with status 403, unless the request may undo a write of this key, whose person is the actor.

    A person's key may have been rotated since. A name without a key is anybody's.
    """
    act = current_act()
    if act is None or not act.labels_only:
        return
    is_of_person = act.actor is not None and actor == act.actor
    if not key_id or not (key_id == act.key_id or is_of_person):
        raise Unauthorized(_needs_write("undo what another key wrote", act), 403)


def _needs_write(what: LiteralString, act: Act) -> LiteralString:
    return beyond_role(Role.LABEL, Role.WRITE, holder_of(act.key_id), what)
