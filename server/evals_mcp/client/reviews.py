"""This project's own extension of the API: rows for reviews; only servers that say so have it."""

from pydantic import TypeAdapter

from evals_mcp.client.connection import Connection
from evals_mcp.client.urls import Query
from evals_mcp.models.review import (
    DatapointQuestion,
    DatapointRows,
    EvaluationRows,
    KnownOverview,
    LogQuestion,
    LogRows,
    Overview,
)

_EVALUATIONS = TypeAdapter(EvaluationRows)
_OVERVIEW = TypeAdapter(KnownOverview)
_LOGS = TypeAdapter(LogRows)
_DATAPOINTS = TypeAdapter(DatapointRows)
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

    async def find_logs(self, evaluation_id: str, question: LogQuestion) -> LogRows:
        """Fetch the logs that a question asks for. Raises NotFound."""
        return await self._connection.send("POST", (*_PATH, evaluation_id, "logs"), _LOGS, question, reads=True)

    async def find_datapoints(self, evaluation_id: str, question: DatapointQuestion) -> DatapointRows:
        """Fetch the datapoints that a question asks for. Raises NotFound."""
        path = (*_PATH, evaluation_id, "datapoints")
        return await self._connection.send("POST", path, _DATAPOINTS, question, reads=True)
