"""Logs of any type of file: one method per endpoint; writing them is with the type of their file."""

from collections.abc import Sequence
from datetime import datetime

from pydantic import ConfigDict, TypeAdapter

from evals_mcp.client.connection import Connection
from evals_mcp.client.urls import Query
from evals_mcp.models.logs import LogResponse
from evals_mcp.models.pages import PaginatedData

_LOG: TypeAdapter[LogResponse] = TypeAdapter(LogResponse, config=ConfigDict(defer_build=True))
_LOGS = TypeAdapter(PaginatedData[LogResponse])


class Logs:
    """The logs of a server."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def get(self, log_id: str) -> LogResponse:
        """Fetch one log, a flow's with its trace. Raises NotFound."""
        return await self._connection.get(("logs", log_id), _LOG)

    async def delete(self, log_ids: Sequence[str]) -> None:
        """Delete logs. Raises NotFound."""
        await self._connection.send_only("DELETE", ("logs",), {"id": log_ids})

    async def list(
        self,
        file_id: str,
        *,
        page: int = 1,
        size: int = 10,
        version_id: str | None = None,
        ids: Sequence[str] = (),
        search: str | None = None,
        metadata_search: str | None = None,
        start_date: datetime | None = None,
        end_date: datetime | None = None,
        include_parent: bool | None = None,
        in_trace_filter: Sequence[bool] = (),
        sample: int | None = None,
        include_trace_children: bool | None = None,
    ) -> PaginatedData[LogResponse]:
        """Fetch a page of the logs of a file; each of `ids` is a part of a log's id. Raises NotFound."""
        query: Query = {
            "file_id": file_id,
            "page": page,
            "size": size,
            "version_id": version_id,
            "id": ids,
            "search": search,
            "metadata_search": metadata_search,
            "start_date": start_date,
            "end_date": end_date,
            "include_parent": include_parent,
            "in_trace_filter": in_trace_filter,
            "sample": sample,
            "include_trace_children": include_trace_children,
        }
        return await self._connection.get(("logs",), _LOGS, query)
