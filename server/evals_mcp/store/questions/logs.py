"""Logs for reviews, page by page: what was chosen elsewhere, with the texts of those shown."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row

from evals_mcp.models.review import LogQuestion, LogRows
from evals_mcp.store.database.database import Database
from evals_mcp.store.questions.evaluation_states import ReviewedEvaluation, ReviewedEvaluations
from evals_mcp.store.questions.log_rows import read_log_rows
from evals_mcp.store.questions.log_selection import LogSelection
from evals_mcp.store.questions.samples import SampledLogs


class ReviewLogs:
    """Logs as a reviewer reads them."""

    def __init__(self, database: Database, reviewed: ReviewedEvaluations) -> None:
        self._database = database
        self._reviewed = reviewed
        self._sampled = SampledLogs()

    def get(self, evaluation_id: str, question: LogQuestion, known: str | None = None) -> LogRows:
        """The logs of an evaluation that a question asks for.

        Raises NotFound, Invalid, and Outdated unless `known`, if given, is the token of the evaluation's overview.
        """
        with self._database.read() as connection:
            reviewed = self._reviewed.read(connection, evaluation_id, known)
            rows, attachments = reviewed.find_runs(question.run_ids), reviewed.attachments
            selection = LogSelection(connection, question, reviewed)
            if question.sample:
                return self._sample(connection, selection, rows, question, reviewed)
            places, total, counted_to = selection.find(rows)
            shown = places[: question.limit]
            return LogRows(
                rows=read_log_rows(connection, shown, attachments, question.characters, question.text),
                total=total,
                counted_to=counted_to,
                after=[list(place.key) for place in shown],
                more=len(places) > len(shown),
            )

    def _sample(
        self,
        connection: Connection,
        selection: LogSelection,
        rows: Sequence[Row[Any]],
        question: LogQuestion,
        reviewed: ReviewedEvaluation,
    ) -> LogRows:
        attachments = reviewed.attachments
        attached = zip(attachments, reviewed.evaluators, strict=True)
        attachment, evaluator = next(pair for pair in attached if pair[1].version_id == question.evaluator_version_id)
        offset = int(question.following[0]) if question.following else 0
        matching = selection.matching()
        size = offset + question.limit
        found = self._sampled.take(connection, rows, matching, attachment, evaluator.return_type, size)
        shown = found.logs[offset:]
        return LogRows(
            rows=read_log_rows(connection, shown, attachments, question.characters, question.text),
            total=found.total,
            after=[[offset + place] for place in range(1, len(shown) + 1)],
            more=offset + len(shown) < found.total,
        )
