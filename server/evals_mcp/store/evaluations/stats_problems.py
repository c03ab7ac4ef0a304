"""What the figures of an evaluation do not show: logs that are errors, and evaluators that did not run."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, Row, func, select

from evals_mcp.store.database.tables import files, logs, run_logs, versions
from evals_mcp.store.evaluations.run_status import Attachment
from evals_mcp.store.files.versions import read_versions

_RUN_BY_SERVER = ("python", "llm")
_LONGEST_ERROR = 200


class Problems(NamedTuple):
    """The number of error logs by run id, for runs that have some, and sentences about what is wrong."""

    failed_logs: Mapping[str, int]
    sentences: Sequence[str]


def read_problems(
    connection: Connection, file_id: str | None, rows: Sequence[Row[Any]], attachments: Sequence[Attachment]
) -> Problems:
    """The problems of an evaluation of this file; rows as from `read_runs`, newest first."""
    failed = count_failed(connection, [row.id for row in rows])
    of_errors = [row for row in reversed(rows) if row.logs_count and failed.get(row.id) == row.logs_count]
    sentences = [_all_errors(connection, row) for row in of_errors]
    sentences += [
        f"Not run, because this server runs no code and no model: {name}."
        for name in _kinds(connection, _orchestrated(attachments)).values()
    ]
    for name in _kinds(connection, _monitors(connection, file_id)).values():
        sentences.append(f"Not run, because this server does not monitor: {name}.")
    return Problems(failed, sentences)


def count_failed(connection: Connection, run_ids: Sequence[str]) -> dict[str, int]:
    """The logs with an error of these runs, by run id."""
    counted = (
        select(run_logs.c.run_id, func.count())
        .where(run_logs.c.run_id.in_(run_ids), run_logs.c.failed.is_(True))
        .group_by(run_logs.c.run_id)
    )
    return {row[0]: row[1] for row in connection.execute(counted)}


def not_run(connection: Connection, attachments: Sequence[Attachment]) -> list[str]:
    """The versions of attached evaluators that a server would have to run."""
    return list(_kinds(connection, _orchestrated(attachments)))


def _orchestrated(attachments: Sequence[Attachment]) -> list[str]:
    """The versions of attached evaluators that the server was asked to run."""
    return [item.evaluator_version_id for item in attachments if item.orchestrated]


def _all_errors(connection: Connection, run: Row[Any]) -> str:
    first = (
        select(func.substr(logs.c.error, 1, _LONGEST_ERROR + 1))
        .join(run_logs, run_logs.c.log_number == logs.c.number)
        .where(run_logs.c.run_id == run.id, run_logs.c.failed.is_(True))
        .order_by(run_logs.c.log_number)
        .limit(1)
    )
    error = str(connection.execute(first).scalar_one())
    shown = json.dumps(error[:_LONGEST_ERROR])
    cut = "…" if len(error) > _LONGEST_ERROR else ""
    return f"Run {run.id} has no output: all of its {run.logs_count} logs are errors. The first: {shown}{cut}"


def _kinds(connection: Connection, version_ids: Sequence[str]) -> dict[str, str]:
    """Path and type of the evaluators among these versions that a server would have to run, by version id."""
    found: dict[str, Any] = dict(read_versions(connection, version_ids))
    return {
        version_id: f"{found[version_id].path} ({kind})"
        for version_id in version_ids
        if (kind := found[version_id].spec.evaluator_type) in _RUN_BY_SERVER
    }


def _monitors(connection: Connection, file_id: str | None) -> list[str]:
    """The versions of the evaluators that should monitor a file."""
    extra = connection.execute(select(files.c.extra).where(files.c.id == file_id)).scalar() or {}
    active = [entry for entry in extra.get("evaluators") or [] if entry.get("state") == "active"]
    named = [entry["evaluator_version_id"] for entry in active if "evaluator_version_id" in entry]
    deployed = [entry["evaluator_id"] for entry in active if "evaluator_id" in entry]
    newest = select(func.max(versions.c.number)).where(versions.c.file_id.in_(deployed)).group_by(versions.c.file_id)
    return [*named, *connection.execute(select(versions.c.id).where(versions.c.number.in_(newest))).scalars()]
