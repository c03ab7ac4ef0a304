"""Filters, search and samples of log lists, as SQL conditions. No transactions."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, Text, cast, false, func, or_, select

from evals_mcp.store.database.tables import logs, versions
from evals_mcp.store.database.text_search import contains_text


@dataclass(frozen=True, slots=True)
class LogFilter:
    """A filter of a file's logs. None and empty values do not filter.

    `search` searches inputs, messages, output and error; `metadata_search` searches the metadata as JSON; both compare
    texts as `fold` does. `sample` is the number of logs to pick from the matches.
    """

    version_id: str | None = None
    ids: Sequence[str] = ()
    search: str | None = None
    metadata_search: str | None = None
    start: datetime | None = None
    end: datetime | None = None
    in_trace: Sequence[bool] = ()
    sample: int | None = None


def log_conditions(connection: Connection, file_id: str, wanted: LogFilter) -> list[ColumnElement[bool]]:
    """The conditions on `logs` of a filter of a file's logs, without its sample."""
    conditions = [_of_file(connection, file_id, wanted.version_id)]
    if wanted.ids:
        conditions.append(or_(*(logs.c.id.contains(part, autoescape=True) for part in wanted.ids)))
    if wanted.search:
        columns = (logs.c.inputs, logs.c.messages, logs.c.output_message)
        in_texts = contains_text(connection, wanted.search, (logs.c.output, logs.c.error))
        conditions.append(in_texts | _written(connection, wanted.search, [cast(column, Text) for column in columns]))
    if wanted.metadata_search:
        metadata = logs.c.extra["metadata"].as_string()
        conditions.append(_written(connection, wanted.metadata_search, [metadata]))
    if wanted.start is not None:
        conditions.append(logs.c.created_at >= wanted.start)
    if wanted.end is not None:
        conditions.append(logs.c.created_at <= wanted.end)
    if len(set(wanted.in_trace)) == 1:
        inside = logs.c.trace_parent_number.is_not(None)
        conditions.append(inside if wanted.in_trace[0] else ~inside)
    return conditions


def count_of_logs(file_id: str, wanted: LogFilter, conditions: Sequence[ColumnElement[bool]]) -> Select[int]:
    """The number of a file's logs that meet a filter, whose conditions these are.

    Versions count their logs, so nothing else is counted for all logs of a file or of a version.
    """
    if wanted != LogFilter(version_id=wanted.version_id, sample=wanted.sample):
        return select(func.count()).select_from(logs).where(*conditions)
    chosen = [versions.c.file_id == file_id]
    if wanted.version_id is not None:
        chosen.append(versions.c.id == wanted.version_id)
    return select(func.coalesce(func.sum(versions.c.logs_count), 0)).where(*chosen)


def log_numbers_newest_first(conditions: Sequence[ColumnElement[bool]], sample: int | None) -> Select[int]:
    """The numbers of the logs that meet the conditions, newest first.

    A sample takes every n-th of them, so it is even, exact in size and always the same.
    """
    if sample is None:
        return select(logs.c.number).where(*conditions).order_by(logs.c.number.desc())
    position = func.row_number().over(order_by=logs.c.number.desc()) - 1
    ranked = (
        select(logs.c.number, position.label("position"), func.count().over().label("total"))
        .where(*conditions)
        .subquery()
    )
    picked = (ranked.c.position * sample) % ranked.c.total < sample
    return select(ranked.c.number).where(picked).order_by(ranked.c.number.desc())


def _of_file(connection: Connection, file_id: str, version_id: str | None) -> ColumnElement[bool]:
    """The logs of a file, or of its version: by one column, so that an index has them in order."""
    if version_id is None:
        return logs.c.file_id == file_id
    is_own = select(versions.c.id).where(versions.c.id == version_id, versions.c.file_id == file_id)
    return logs.c.version_id == version_id if connection.execute(is_own).first() else false()


def _written(connection: Connection, text: str, encoded: Sequence[ColumnElement[Any]]) -> ColumnElement[bool]:
    """Whether JSON contains a text, in names too, as it is or in its JSON-escaped form."""
    forms = dict.fromkeys([text, json.dumps(text, ensure_ascii=False)[1:-1]])
    return or_(*(contains_text(connection, form, encoded) for form in forms))
