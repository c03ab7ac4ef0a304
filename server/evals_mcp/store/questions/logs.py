"""Answer questions about logs, page by page: the selected logs with their texts."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row

from evals_mcp.models.questions import LogQuestion
from evals_mcp.models.rows import KnownOverview, LogRows
from evals_mcp.store.database.database import Database
from evals_mcp.store.questions.evaluation_states import EvaluationState, EvaluationStates
from evals_mcp.store.questions.filter_conditions import searched_version
from evals_mcp.store.questions.keys import RunLogKey
from evals_mcp.store.questions.log_rows import read_log_rows
from evals_mcp.store.questions.log_selection import LogSelection
from evals_mcp.store.questions.overviews import Overviews
from evals_mcp.store.questions.samples import LogSamples, marks_of_beginnings
from evals_mcp.store.revision_cache import RevisionCache


class LogQuestions:
    """Answers questions about logs."""

    def __init__(
        self, database: Database, evaluations: EvaluationStates, overviews: Overviews, cache: RevisionCache
    ) -> None:
        self._database = database
        self._overviews = overviews
        self._evaluations = evaluations
        self._cache = cache
        self._samples = LogSamples(cache)

    def answer(self, evaluation_id: str, question: LogQuestion, known: str | None = None) -> LogRows:
        """The logs of an evaluation for a question.

        `known` is the token of the caller's overview: if it is an older one, the newest comes with the rows.
        Raises NotFound and Invalid.
        """
        version = searched_version(self._database, question.filter)
        with self._database.read() as connection:
            evaluation = self._evaluations.read(connection, evaluation_id)
            runs = evaluation.find_runs(question.filter.run_ids)
            selection = LogSelection(connection, question, evaluation, version, self._cache)
            newest = self._overviews.newest(connection, evaluation, known)
            if question.sample:
                return self._sample(connection, selection, runs, question, evaluation, newest)
            found, total, counted_to = selection.find(runs)
            shown = found[: question.limit]
            return LogRows(
                rows=_rows(connection, [RunLogKey(log.run_id, log.log_number) for log in shown], question, evaluation),
                total=total,
                counted_to=counted_to,
                after=[list(log.sort_key) for log in shown],
                more=len(found) > len(shown),
                newest=newest,
            )

    def _sample(
        self,
        connection: Connection,
        selection: LogSelection,
        runs: Sequence[Row[Any]],
        question: LogQuestion,
        evaluation: EvaluationState,
        newest: KnownOverview | None,
    ) -> LogRows:
        assert selection.evaluator is not None
        offset = int(question.following[0]) if question.following else 0
        found = self._samples.take(
            connection,
            runs,
            selection.evaluator,
            selection.conditions,
            selection.matching(),
            offset + question.limit,
        )
        shown, marks = found.logs[offset:], marks_of_beginnings(found.logs)
        before = question.following or []
        return LogRows(
            rows=_rows(connection, shown, question, evaluation),
            total=found.total,
            after=[[amount, marks[amount]] for amount in range(offset + 1, len(marks))],
            more=offset + len(shown) < found.total,
            changed=len(before) > 1 and marks[offset : offset + 1] != before[1:],
            newest=newest,
        )


def _rows(
    connection: Connection, shown: Sequence[RunLogKey], question: LogQuestion, evaluation: EvaluationState
) -> list[Any]:
    attachments, searched = evaluation.attachments, question.filter.text
    return read_log_rows(connection, shown, attachments, question.characters, searched)
