"""This project's own extension of the API: rows for reviews; only servers that say so have it."""

from pydantic import TypeAdapter

from evals_mcp.client.connection import Connection
from evals_mcp.client.urls import Query
from evals_mcp.models.comparisons import ComparisonQuestion, Comparisons
from evals_mcp.models.review import (
    DatapointQuestion,
    DatapointRows,
    EvaluationRows,
    FoundIds,
    KnownOverview,
    LogQuestion,
    LogRows,
    Overview,
)

_EVALUATIONS = TypeAdapter(EvaluationRows)
_OVERVIEW = TypeAdapter(KnownOverview)
_LOGS = TypeAdapter(LogRows)
_DATAPOINTS = TypeAdapter(DatapointRows)
_IDS = TypeAdapter(FoundIds)
_COMPARISONS = TypeAdapter(Comparisons)
_PATH = ("review", "evaluations")
_KEPT = 16


class Reviews:
    """Rows for reviews."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._known: dict[str, KnownOverview] = {}

    async def list_evaluations(self, text: str | None = None, *, limit: int = 20, offset: int = 0) -> EvaluationRows:
        """Fetch evaluations by name, file or evaluator, the last changed first."""
        query: Query = {"text": text, "limit": limit, "offset": offset}
        return await self._connection.get(_PATH, _EVALUATIONS, query)

    async def get_overview(self, word: str) -> Overview:
        """Fetch an evaluation by id, or by a name or file that only it has. Raises NotFound.

        What was fetched before is used again as long as the server says that it has not changed.
        """
        known = self._known.get(word)
        query: Query = {"known": None if known is None else known.token, "word": word}
        answer = await self._connection.get((*_PATH, "overview"), _OVERVIEW, query)
        if answer.overview is None and known is not None:
            answer = known
        assert answer.overview is not None
        if len(self._known) >= _KEPT:
            self._known.clear()
        self._known[word] = answer
        return answer.overview

    def recall_overview(self, word: str) -> KnownOverview | None:
        """The overview that was fetched last by this word, as it was then; None before the first."""
        return self._known.get(word)

    async def find_logs(self, evaluation_id: str, question: LogQuestion, *, known: str | None = None) -> LogRows:
        """Fetch the logs that a question asks for.

        Raises NotFound, and Outdated if the overview with the token `known` has changed since.
        """
        path = (*_PATH, evaluation_id, "logs")
        return await self._connection.send("POST", path, _LOGS, question, {"known": known}, reads=True)

    async def find_datapoints(
        self, evaluation_id: str, question: DatapointQuestion, *, known: str | None = None
    ) -> DatapointRows:
        """Fetch the datapoints that a question asks for. Raises NotFound and Outdated as `find_logs`."""
        path = (*_PATH, evaluation_id, "datapoints")
        return await self._connection.send("POST", path, _DATAPOINTS, question, {"known": known}, reads=True)

    async def compare_runs(
        self, evaluation_id: str, question: ComparisonQuestion, *, known: str | None = None
    ) -> Comparisons:
        """Compare runs as a question asks. Raises NotFound and Outdated as `find_logs`."""
        path = (*_PATH, evaluation_id, "comparison")
        return await self._connection.send("POST", path, _COMPARISONS, question, {"known": known}, reads=True)

    async def find_log_ids(self, beginning: str, *, limit: int = 20) -> FoundIds:
        """Fetch ids of logs that begin so, the newest first."""
        return await self._connection.get(("review", "logs", "ids"), _IDS, {"beginning": beginning, "limit": limit})

    async def find_datapoint_ids(self, evaluation_id: str, beginning: str, *, limit: int = 20) -> FoundIds:
        """Fetch ids of datapoints in an evaluation's datasets that begin so. Raises NotFound."""
        query: Query = {"beginning": beginning, "limit": limit}
        return await self._connection.get((*_PATH, evaluation_id, "datapoint-ids"), _IDS, query)
