"""Which entries of the journal are about an evaluation. No transactions."""

from typing import Any

from sqlalchemy import ColumnElement, Connection, String, Text, cast, exists, literal, or_, select

from evals_mcp.errors import NotFound
from evals_mcp.store.database.tables import (
    evaluation_runs,
    evaluations,
    journal,
    journal_rows,
    logs,
    run_logs,
    runs,
)


def about_evaluation(connection: Connection, evaluation_id: str) -> ColumnElement[bool]:
    """The condition for entries about an evaluation: itself, its runs, their logs and judgments, and undos of these.

    Raises NotFound if there is neither the evaluation nor an entry that names it.
    """
    number = connection.execute(select(evaluations.c.number).where(evaluations.c.id == evaluation_id)).scalar()
    names_it = or_(journal.c.subject == evaluation_id, _names(literal(evaluation_id)))
    if number is None and connection.execute(select(journal.c.number).where(names_it).limit(1)).first() is None:
        raise NotFound(f"Evaluation `{evaluation_id}` does not exist, and no write in the journal names it.")
    run_ids = select(evaluation_runs.c.run_id).where(evaluation_runs.c.evaluation_id == evaluation_id)
    numbers = select(run_logs.c.log_number).where(run_logs.c.run_id.in_(run_ids))
    names_run = exists().where(evaluation_runs.c.evaluation_id == evaluation_id, _names(evaluation_runs.c.run_id))
    written = or_(
        names_it,
        journal.c.subject.in_(run_ids),
        names_run.correlate(journal),
        journal.c.subject.in_(select(logs.c.id).where(logs.c.number.in_(numbers))),
        journal.c.subject.in_(select(logs.c.id).where(logs.c.judged_log_number.in_(numbers))),
        _imported(number, evaluation_id),
    )
    handles = select(literal("write_") + cast(journal.c.number, String) + literal("_") + journal.c.tag).where(written)
    return or_(written, journal.c.subject.in_(handles))


def _names(id: ColumnElement[str]) -> ColumnElement[bool]:
    """Whether the result of an entry has an id. It stands there in quotes, and nothing else looks like it."""
    return cast(journal.c.result, Text).contains(literal('"') + id + literal('"'))


def _imported(number: int | None, evaluation_id: str) -> ColumnElement[bool]:
    """Whether a batch of an import brought the evaluation or one of its runs."""
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
    return (
        exists()
        .where(journal_rows.c.entry == journal.c.number, journal_rows.c.kind == "import", brought)
        .correlate(journal)
    )


def _end(table: str, index: int) -> Any:
    """An end of the range of numbers that a batch brought to a table."""
    return journal_rows.c.content[(table, index)].as_integer()
