"""Our own extension of the API: rows that answer a reviewer's questions; only servers that say so have it."""

from typing import TypeVar

from pydantic import TypeAdapter

from evals_mcp.client.connection import Connection
from evals_mcp.client.urls import Query
from evals_mcp.errors import Outdated, Unavailable
from evals_mcp.models.comparisons import Comparisons
from evals_mcp.models.model import Model
from evals_mcp.models.questions import ComparisonQuestion, DatapointQuestion, LogQuestion
from evals_mcp.models.resolved import ResolvedEvaluation, resolve
from evals_mcp.models.rows import DatapointRows, EvaluationRows, FoundIds, KnownOverview, LogRows

_EVALUATIONS = TypeAdapter(EvaluationRows)
_OVERVIEW = TypeAdapter(KnownOverview)
_LOGS = TypeAdapter(LogRows)
_DATAPOINTS = TypeAdapter(DatapointRows)
_IDS = TypeAdapter(FoundIds)
_COMPARISONS = TypeAdapter(Comparisons)
_PATH = ("review", "evaluations")
_KEPT = 16
_TRIES = 5

Rows = TypeVar("Rows", bound=Model)


class Reviews:
    """Answers to a reviewer's questions. Each comes with the evaluation as it was in the same moment."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._known: dict[str, tuple[object, ResolvedEvaluation]] = {}

    async def list_evaluations(self, text: str | None = None, *, limit: int = 20, offset: int = 0) -> EvaluationRows:
        """Fetch evaluations by name, file or evaluator, the last changed first."""
        query: Query = {"text": text, "limit": limit, "offset": offset}
        return await self._connection.get(_PATH, _EVALUATIONS, query)

    async def get_evaluation(self, word: str) -> ResolvedEvaluation:
        """Fetch an evaluation by id, or by a name or file that only it has. Raises NotFound.

        What was fetched before is used again as long as the server, or the file that it stands in, has not changed.
        """
        version = self._connection.data_version()
        known_version, known = self._known.get(word, (None, None))
        if known is not None and version is not None and version == known_version:
            return known
        query: Query = {"known": None if known is None else known.token, "word": word}
        answer = await self._connection.get((*_PATH, "overview"), _OVERVIEW, query)
        if answer.overview is not None or known is None:
            assert answer.overview is not None
            known = resolve(answer.overview, answer.token)
        if len(self._known) >= _KEPT:
            self._known.clear()
        self._known[word] = (version, known)
        return known

    async def find_logs(
        self, evaluation: ResolvedEvaluation, question: LogQuestion
    ) -> tuple[ResolvedEvaluation, LogRows]:
        """Fetch the logs that a question asks for. Raises NotFound."""
        return await self._ask(evaluation, "logs", question, _LOGS)

    async def find_datapoints(
        self, evaluation: ResolvedEvaluation, question: DatapointQuestion
    ) -> tuple[ResolvedEvaluation, DatapointRows]:
        """Fetch the datapoints that a question asks for. Raises NotFound."""
        return await self._ask(evaluation, "datapoints", question, _DATAPOINTS)

    async def compare_runs(
        self, evaluation: ResolvedEvaluation, question: ComparisonQuestion
    ) -> tuple[ResolvedEvaluation, Comparisons]:
        """Compare runs as a question asks. Raises NotFound."""
        return await self._ask(evaluation, "comparison", question, _COMPARISONS)

    async def find_log_ids(self, beginning: str, *, limit: int = 20) -> list[str]:
        """Fetch ids of logs that begin so, the newest first."""
        query: Query = {"beginning": beginning, "limit": limit}
        return (await self._connection.get(("review", "logs", "ids"), _IDS, query)).ids

    async def find_datapoint_ids(self, evaluation_id: str, beginning: str, *, limit: int = 20) -> list[str]:
        """Fetch ids of datapoints in an evaluation's datasets that begin so. Raises NotFound."""
        query: Query = {"beginning": beginning, "limit": limit}
        return (await self._connection.get((*_PATH, evaluation_id, "datapoint-ids"), _IDS, query)).ids

    async def _ask(
        self, evaluation: ResolvedEvaluation, what: str, question: Model, answer: TypeAdapter[Rows]
    ) -> tuple[ResolvedEvaluation, Rows]:
        path = (*_PATH, evaluation.id, what)
        for _ in range(_TRIES):
            try:
                query: Query = {"known": evaluation.token}
                return evaluation, await self._connection.send("POST", path, answer, question, query, reads=True)
            except Outdated:
                # It changed since it was resolved. The question names runs by their ids, so it still stands.
                evaluation = await self.get_evaluation(evaluation.id)
        raise Unavailable("The evaluation is changing too fast to be read; repeat the call.")
