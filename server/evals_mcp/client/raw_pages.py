"""The documented v5 routes as JSON. The caller checks each record, so that one bad record does not spoil a page."""

from dataclasses import dataclass
from typing import Any

from pydantic import TypeAdapter

from evals_mcp.client.endpoints import Endpoints
from evals_mcp.client.urls import Query
from evals_mcp.models.model import JsonObject

PAGE = 100
"""The page size to request."""


@dataclass(frozen=True, slots=True)
class RawPage:
    """A page of records of any shape. `total` is the server's count for all pages."""

    records: list[Any]
    total: int = 0


@dataclass(frozen=True, slots=True)
class _RawRuns:
    runs: list[Any]


_PAGE = TypeAdapter(RawPage)
_OBJECT = TypeAdapter(JsonObject)
_RUNS = TypeAdapter(_RawRuns)


class RawPages(Endpoints):
    """Pages of the documented routes. Each method raises EvalsError."""

    async def files(self, page: int, size: int = PAGE) -> RawPage:
        """A page of the files of all types."""
        return await self._page(("files",), page, size)

    async def evaluations(self, file_id: str, page: int, size: int = PAGE) -> RawPage:
        """A page of the evaluations of a file."""
        return await self._page(("evaluations",), page, size, file_id=file_id)

    async def evaluation(self, evaluation_id: str) -> JsonObject:
        """One evaluation with its evaluators. Raises NotFound."""
        return await self._connection.get(("evaluations", evaluation_id), _OBJECT)

    async def runs(self, evaluation_id: str) -> list[Any]:
        """All runs of an evaluation. Raises NotFound."""
        return (await self._connection.get(("evaluations", evaluation_id, "runs"), _RUNS)).runs

    async def stats(self, evaluation_id: str) -> JsonObject:
        """The statistics of an evaluation's runs. Raises NotFound."""
        return await self._connection.get(("evaluations", evaluation_id, "stats"), _OBJECT)

    async def run_logs(self, evaluation_id: str, run_id: str, page: int, size: int = PAGE) -> RawPage:
        """A page of the logs of a run, with the judgments of the evaluation's evaluators. Raises NotFound."""
        return await self._page(("evaluations", evaluation_id, "logs"), page, size, run_id=run_id)

    async def evaluation_logs(self, evaluation_id: str, page: int, size: int = PAGE) -> RawPage:
        """A page of the logs of all runs, newest first; from our servers with their traces. Raises NotFound."""
        return await self._page(("evaluations", evaluation_id, "logs"), page, size, include_trace_children="true")

    async def file(self, type: str, file_id: str) -> JsonObject:
        """The default version of a file. Raises NotFound."""
        return await self._connection.get((f"{type}s", file_id), _OBJECT)

    async def file_at(self, path: str) -> JsonObject:
        """The default version of the file at a path. Raises NotFound."""
        return await self._connection.send("POST", ("files", "retrieve-by-path"), _OBJECT, {"path": path}, reads=True)

    async def versions(self, type: str, file_id: str) -> list[Any]:
        """All versions of a file, newest first. Raises NotFound."""
        return (await self._connection.get((f"{type}s", file_id, "versions"), _PAGE)).records

    async def log(self, log_id: str) -> JsonObject:
        """A log with its judgments and the trace below it. Raises NotFound."""
        return await self._connection.get(("logs", log_id), _OBJECT)

    async def datapoints(self, dataset_id: str, version_id: str, page: int, size: int = PAGE) -> RawPage:
        """A page of the datapoints of a dataset's version. Raises NotFound."""
        return await self._page(("datasets", dataset_id, "datapoints"), page, size, version_id=version_id)

    async def file_logs(self, file_id: str, id_part: str, size: int) -> RawPage:
        """The newest logs of a file whose ids contain a text. Raises NotFound."""
        return await self._page(("logs",), 1, size, file_id=file_id, id=id_part)

    async def _page(self, path: tuple[str, ...], page: int, size: int, **query: str) -> RawPage:
        asked: Query = {"page": page, "size": size, **query}
        return await self._connection.get(path, _PAGE, asked)
