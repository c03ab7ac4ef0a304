"""Which entries of the journal are about an evaluation. No transactions."""

from typing import Any

from sqlalchemy import Connection, exists, literal, or_, select

from evals_mcp.errors import NotFound
from evals_mcp.store.database.pages import batches
from evals_mcp.store.database.tables import (
    evaluation_runs,
    evaluations,
    journal,
    journal_names,
    journal_rows,
    logs,
    run_logs,
    runs,
)
from evals_mcp.store.journal.entries import handle


def entries_about(connection: Connection, evaluation_id: str) -> list[int]:
    """The numbers of the entries about an evaluation, newest first. Each is found by an index, however many others are.

    They are about itself, its runs, their logs and judgments, or undo one of these. Raises NotFound if there is neither
    the evaluation nor an entry that names it.
    """
    number = connection.execute(select(evaluations.c.number).where(evaluations.c.id == evaluation_id)).scalar()
    of_evaluation = select(evaluation_runs.c.run_id).where(evaluation_runs.c.evaluation_id == evaluation_id)
    numbers = select(run_logs.c.log_number).where(run_logs.c.run_id.in_(of_evaluation))
    of_log = _ENTRIES.join(logs, logs.c.id == journal.c.subject)
    asked = [
        of_log.where(logs.c.number.in_(numbers)),
        of_log.where(logs.c.judged_log_number.in_(numbers)),
        _ENTRIES.where(journal.c.number.in_(_imports(number, evaluation_id))),
    ]
    for some in batches([evaluation_id, *connection.execute(of_evaluation).scalars()]):
        named = _ENTRIES.join(journal_names, journal_names.c.entry == journal.c.number)
        asked += [_ENTRIES.where(journal.c.subject.in_(some)), named.where(journal_names.c.id.in_(some))]
    written = {handle(row): row.number for statement in asked for row in connection.execute(statement)}
    if number is None and not written:
        raise NotFound(f"Evaluation `{evaluation_id}` does not exist, and no write in the journal names it.")
    found = set(written.values())
    for batch in batches(list(written)):
        found.update(connection.execute(select(journal.c.number).where(journal.c.subject.in_(batch))).scalars())
    return sorted(found, reverse=True)


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


_ENTRIES = select(journal.c.number, journal.c.tag)
