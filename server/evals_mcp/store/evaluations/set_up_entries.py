"""The entry of a run that was set up: what the write created."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, select

from evals_mcp.models.set_ups import SetUpResponse
from evals_mcp.store.database.tables import directories, files, versions
from evals_mcp.store.evaluations.run_entries import held_by
from evals_mcp.store.journal.entries import Act, has_request, record


def newest_number(connection: Connection) -> int:
    """The number of the newest version of any file."""
    return connection.execute(select(func.max(versions.c.number))).scalar_one() or 0


def record_set_up(
    connection: Connection,
    act: Act | None,
    made: SetUpResponse,
    attached: dict[str, Any] | None,
    newest: int,
    now: datetime,
) -> None:
    """Add the entry with the ids of all that was created. `newest` is the newest version before, `attached` what
    `attach_evaluators` returned. Without anything new, there is one only for a request id.
    """
    if act is None:
        return
    made_versions = connection.execute(
        select(versions.c.id, versions.c.file_id).where(versions.c.number > newest).order_by(versions.c.number)
    ).all()
    new_ids: list[str] = [row.id for row in made_versions]
    before: dict[str, Any] = {
        "evaluation_is_new": made.evaluation.is_new,
        "run": held_by(connection, made.run.id) if made.run is not None and made.run.is_new else None,
        "attached": attached,
        "versions": new_ids,
        **_new_files(connection, {row.file_id for row in made_versions}, newest, now),
    }
    run_id = None if made.run is None else made.run.id
    created = [
        *([made.evaluation.id] if made.evaluation.is_new else []),
        *([run_id] if before["run"] is not None else []),
        *new_ids,
        *(id for id in (attached or {}).get("evaluators", ()) if id not in new_ids),
    ]
    if not (created or has_request(act)):
        return
    result = {
        "id": run_id,
        "evaluation_id": made.evaluation.id,
        "created": created,
        "made": made.model_dump(mode="json", exclude_none=True),
    }
    record(connection, act, "set_up", run_id or made.evaluation.id, result, before if created else None, now)


def _new_files(connection: Connection, file_ids: set[str], newest: int, now: datetime) -> dict[str, list[str]]:
    """Which of these files are new, and the directories that came with them."""
    older = select(versions.c.file_id).where(versions.c.number <= newest)
    found = connection.execute(
        select(files.c.id, files.c.directory_id)
        .where(files.c.id.in_(sorted(file_ids)), files.c.created_at == now, files.c.id.not_in(older))
        .order_by(files.c.id)
    ).all()
    above, made = {row.directory_id for row in found}, []
    while above:
        some = select(directories.c.id, directories.c.parent_id).where(
            directories.c.id.in_(sorted(above - {None})), directories.c.created_at == now
        )
        rows = connection.execute(some).all()
        made += [row.id for row in rows if row.id not in made]
        above = {row.parent_id for row in rows}
    return {"files": [row.id for row in found], "directories": made}
