"""Which entries of the journal are about an evaluation. No transactions."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, Text, cast, exists, func, literal, or_, select

from evals_mcp.errors import NotFound
from evals_mcp.store.database.pages import batches
from evals_mcp.store.database.tables import (
    evaluation_runs,
    evaluations,
    journal,
    journal_rows,
    logs,
    run_logs,
    runs,
)
from evals_mcp.store.journal.entries import handle

_IDS_AT_ONCE = 200


def entries_about(connection: Connection, evaluation_id: str) -> list[int]:
    """The numbers of the entries about an evaluation, newest first, found in a pass over the journal for each 200 runs.

    They are about itself, its runs, their logs and judgments, or undo one of these. Raises NotFound if there is neither
    the evaluation nor an entry that names it.
    """
    number = connection.execute(select(evaluations.c.number).where(evaluations.c.id == evaluation_id)).scalar()
    of_evaluation = select(evaluation_runs.c.run_id).where(evaluation_runs.c.evaluation_id == evaluation_id)
    ids = [evaluation_id, *connection.execute(of_evaluation).scalars()]
    numbers = select(run_logs.c.log_number).where(run_logs.c.run_id.in_(of_evaluation))
    of_logs = (
        journal.c.subject.in_(select(logs.c.id).where(logs.c.number.in_(numbers))),
        journal.c.subject.in_(select(logs.c.id).where(logs.c.judged_log_number.in_(numbers))),
        journal.c.number.in_(_imports(number, evaluation_id)),
    )
    written: dict[str, int] = {}
    for start in range(0, len(ids), _IDS_AT_ONCE):
        some = ids[start : start + _IDS_AT_ONCE]
        about = or_(journal.c.subject.in_(some), _names(connection, some), *of_logs)
        rows = connection.execute(select(journal.c.number, journal.c.tag).where(about))
        written |= {handle(row): row.number for row in rows}
    if number is None and not written:
        raise NotFound(f"Evaluation `{evaluation_id}` does not exist, and no write in the journal names it.")
    found = set(written.values())
    for batch in batches(list(written)):
        found.update(connection.execute(select(journal.c.number).where(journal.c.subject.in_(batch))).scalars())
    return sorted(found, reverse=True)


def _names(connection: Connection, ids: Sequence[str]) -> ColumnElement[bool]:
    """Whether the result of an entry has one of the ids. It stands there in quotes, and nothing else looks like it."""
    position = func.instr if connection.dialect.name == "sqlite" else func.strpos
    return or_(*(position(cast(journal.c.result, Text), f'"{id}"') > 0 for id in ids))


def _imports(number: int | None, evaluation_id: str) -> Any:
    """The entries of imports of which a batch brought the evaluation or one of its runs."""
    own_run = (
        exists()
        .where(
            runs.c.id == evaluation_runs.c.run_id,
            evaluation_runs.c.evaluation_id == evaluation_id,
            runs.c.number.between(_end("runs", 0), _end("runs", 1)),
        )
        .correlate(journal_rows)
    )
    brought = or_(literal(number or 0).between(_end("evaluations", 0), _end("evaluations", 1)), own_run)
    return select(journal_rows.c.entry).where(journal_rows.c.kind == "import", brought)


def _end(table: str, index: int) -> Any:
    """An end of the range of numbers that a batch brought to a table."""
    return journal_rows.c.content[(table, index)].as_integer()
