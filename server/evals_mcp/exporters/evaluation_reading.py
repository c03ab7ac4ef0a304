"""Read an evaluation for an export, by the documented routes of any server. Logs come page by page."""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, NamedTuple

from evals_mcp.client.client import EvalsClient
from evals_mcp.client.raw_pages import RawPage
from evals_mcp.errors import Invalid, Unavailable
from evals_mcp.importers.api_records import key_of
from evals_mcp.mirror.paging import Fetch, PagedList, Tell, for_each, read_pages
from evals_mcp.models.logs import log_kind
from evals_mcp.models.model import JsonObject

Take = Callable[[list[Any]], None]
"""Receives the records of a page that no page before had."""

Progress = Callable[[int, int], Awaitable[None]]
"""Called after each page with the number of logs read, and of all logs."""

_WITH_STEPS = ("flow", "agent")


class Definition(NamedTuple):
    """An evaluation without logs, in API form. `runs` starts with the oldest."""

    evaluation: JsonObject
    runs: list[JsonObject]
    stats: JsonObject

    @property
    def datasets(self) -> dict[str, list[JsonObject]]:
        """The dataset versions of its runs by dataset, oldest first."""
        found = [run["dataset"] for run in self.runs if isinstance(run.get("dataset"), dict)]
        datasets: dict[str, list[JsonObject]] = {}
        for version in sorted(found, key=lambda version: str(version.get("created_at"))):
            versions = datasets.setdefault(version["id"], [])
            if all(version["version_id"] != other["version_id"] for other in versions):
                versions.append(version)
        return datasets

    @property
    def versions(self) -> list[JsonObject]:
        """The versions of its runs, and its evaluators."""
        runs = [run["version"] for run in self.runs if isinstance(run.get("version"), dict)]
        return runs + [item["version"] for item in self.evaluation.get("evaluators") or []]


class EvaluationReading:
    """Reads one evaluation. Every method raises EvalsError."""

    def __init__(self, client: EvalsClient, evaluation_id: str) -> None:
        self._client = client
        self._raw = client.raw_pages
        self._id = evaluation_id

    async def definition(self) -> Definition:
        """The evaluation, its runs and its statistics. Raises NotFound."""
        evaluation = await self._raw.evaluation(self._id)
        runs = [run for run in await self._raw.runs(self._id) if isinstance(run, dict)]
        return Definition(evaluation, runs[::-1], await self._raw.stats(self._id))

    async def datapoints(self, dataset: JsonObject, take: Take) -> int:
        """Read all datapoints of a dataset version, in order. Returns their number."""
        fetch = partial(self._raw.datapoints, dataset["id"], dataset["version_id"])
        return await _read_all(PagedList(key_of), fetch, take)

    async def logs(self, take: Take, progress: Progress | None = None) -> int:
        """Read the logs of all runs in API form with their judgments and traces: newest run first, then newest log.

        Returns their number.
        """
        pages = PagedList(_run_and_log)

        async def fetch(page: int) -> RawPage:
            found = await self._raw.evaluation_logs(self._id, page)
            if not self._client.extended:
                await for_each(found.records, self._add_trace)
            return found

        async def tell() -> None:
            if progress is not None:
                await progress(pages.records, max(pages.records, pages.expected))

        return await _read_all(pages, fetch, take, tell)

    async def _add_trace(self, item: Any) -> None:
        """Replace a log by the same with its trace, as a list does not have traces on other servers."""
        log = item.get("log") if isinstance(item, dict) else None
        if isinstance(log, dict) and log_kind(log) in _WITH_STEPS and not log.get("trace_children"):
            item["log"] = await self._raw.log(log["id"])


async def _read_all(pages: PagedList, fetch: Fetch, take: Take, tell: Tell | None = None) -> int:
    async def take_page(_: int, records: list[Any]) -> None:
        try:
            take(records)
        except OSError as error:
            raise Invalid(f"The export cannot be written: {error.strerror}.") from None

    await read_pages(pages, fetch, take_page, tell)
    for error in pages.failures.values():
        raise error
    if pages.has_shifted:
        raise Unavailable("The evaluation changed while it was read. Export it again.")
    return pages.records


def _run_and_log(item: Any) -> str | None:
    """A log can be in several runs."""
    log_id = key_of(item)
    return None if log_id is None else f"{item.get('run_id')} {log_id}"
