"""The client of the API, with one attribute per noun. Each noun's module has its endpoints."""

import time
from collections.abc import Awaitable, Callable
from functools import cached_property
from types import TracebackType
from typing import TYPE_CHECKING, Self

import anyio

from evals_mcp.client.connection import AsgiApp, Connection
from evals_mcp.client.datasets import Datasets
from evals_mcp.client.evaluations import Evaluations
from evals_mcp.client.logs import Logs
from evals_mcp.client.reviews import Reviews
from evals_mcp.client.runs import Runs

if TYPE_CHECKING:
    import httpx

    from evals_mcp.client.bulk import Bulk
    from evals_mcp.client.journal import Journal
    from evals_mcp.client.keys import Keys
    from evals_mcp.client.labels import Labels
    from evals_mcp.client.raw_pages import RawPages
    from evals_mcp.client.review_queue import ReviewQueue
    from evals_mcp.client.set_ups import SetUps
    from evals_mcp.client.v4 import V4
    from evals_mcp.client.versioned import Agents, Evaluators, Flows, Prompts, Tools


class EvalsClient:
    """A client of one server, over the network or, with `open_app`, in process.

    The first request or `warm()` calls `open_app` once in a worker thread. If it fails, the caller gets its
    EvalsError and the next call tries again. `data_version`, `knows_person` and `key_advice` are as in `Connection`.
    `transport` replaces the network. Time-outs are in seconds. Every method raises only EvalsError; docstrings name
    the likely subclasses.
    """

    def __init__(
        self,
        base_url: str = "http://embedded",
        api_key: str | None = None,
        *,
        open_app: Callable[[], AsgiApp] | None = None,
        data_version: Callable[[], object] = lambda: None,
        knows_person: bool = False,
        transport: "httpx.AsyncBaseTransport | None" = None,
        key_advice: str = "",
        connect_timeout: float = 5.0,
        read_timeout: float = 60.0,
        sleep: Callable[[float], Awaitable[None]] = anyio.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.connection = Connection(
            base_url,
            api_key,
            open_app=open_app,
            data_version=data_version,
            knows_person=knows_person,
            transport=transport,
            key_advice=key_advice,
            connect_timeout=connect_timeout,
            read_timeout=read_timeout,
            sleep=sleep,
            clock=clock,
        )
        self.datasets = Datasets(self.connection)
        self.evaluations = Evaluations(self.connection)
        self.logs = Logs(self.connection)
        self.reviews = Reviews(self.connection)
        self.runs = Runs(self.connection)

    # What a first answer does not need is imported when it is first used.

    @cached_property
    def bulk(self) -> "Bulk":
        """Evaluation documents."""
        from evals_mcp.client.bulk import Bulk

        return Bulk(self.connection)

    @cached_property
    def keys(self) -> "Keys":
        """The keys of a workspace."""
        from evals_mcp.client.keys import Keys

        return Keys(self.connection)

    @cached_property
    def labels(self) -> "Labels":
        """Labels of logs."""
        from evals_mcp.client.labels import Labels

        return Labels(self.connection)

    @cached_property
    def journal(self) -> "Journal":
        """The journal."""
        from evals_mcp.client.journal import Journal

        return Journal(self.connection)

    @cached_property
    def raw_pages(self) -> "RawPages":
        """The documented routes as JSON."""
        from evals_mcp.client.raw_pages import RawPages

        return RawPages(self.connection)

    @cached_property
    def review_queue(self) -> "ReviewQueue":
        """The logs that reviewers get."""
        from evals_mcp.client.review_queue import ReviewQueue

        return ReviewQueue(self.connection)

    @cached_property
    def set_ups(self) -> "SetUps":
        """Runs with all that they need."""
        from evals_mcp.client.set_ups import SetUps

        return SetUps(self.connection)

    @cached_property
    def v4(self) -> "V4":
        """The calls of v4."""
        from evals_mcp.client.v4 import V4

        return V4(self.connection)

    @cached_property
    def agents(self) -> "Agents":
        """Agents."""
        from evals_mcp.client.versioned import Agents

        return Agents(self.connection)

    @cached_property
    def evaluators(self) -> "Evaluators":
        """Evaluators."""
        from evals_mcp.client.versioned import Evaluators

        return Evaluators(self.connection)

    @cached_property
    def flows(self) -> "Flows":
        """Flows."""
        from evals_mcp.client.versioned import Flows

        return Flows(self.connection)

    @cached_property
    def prompts(self) -> "Prompts":
        """Prompts."""
        from evals_mcp.client.versioned import Prompts

        return Prompts(self.connection)

    @cached_property
    def tools(self) -> "Tools":
        """Tools."""
        from evals_mcp.client.versioned import Tools

        return Tools(self.connection)

    @property
    def extended(self) -> bool | None:
        """Whether the server has our extensions; None before its first answer."""
        return self.connection.extended

    def warm(self) -> None:
        """Open the API from any thread. Raises the EvalsError of `open_app`."""
        self.connection.warm()

    async def aclose(self) -> None:
        """Close all connections. An in-process application stays open."""
        await self.connection.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.aclose()
