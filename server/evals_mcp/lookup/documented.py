"""Rows for reviews from a server that has only the documented API: by reading its pages."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from evals_mcp.client.client import EvalsClient
from evals_mcp.client.paging import pages
from evals_mcp.errors import NotFound
from evals_mcp.lookup.choosing import select_datapoints
from evals_mcp.lookup.comparing import ColumnsGathered, Place, compared_datapoint
from evals_mcp.lookup.gathering import GatheredLog, evaluation_row, evaluator_rows, gather_log, run_rows
from evals_mcp.lookup.selection import select_logs
from evals_mcp.models.comparisons import ComparisonQuestion, Comparisons
from evals_mcp.models.evaluations import EvaluationLogResponse
from evals_mcp.models.logs import LogResponse
from evals_mcp.models.resolved import ResolvedEvaluation, resolve
from evals_mcp.models.review import (
    DatapointQuestion,
    DatapointRows,
    EvaluationRow,
    EvaluationRows,
    EvaluatorRow,
    LogQuestion,
    LogRows,
    Overview,
)
from evals_mcp.statistics.leaders import read_headline
from evals_mcp.statistics.run_comparisons import compare_runs

_PAGE = 100
_LONG_AGO = datetime.min.replace(tzinfo=UTC)

Progress = Callable[[int, int], Awaitable[None]]
"""Told after each page: how many logs were read, of how many."""


class Documented:
    """A `Source` that pages through the documented routes; `logs_read` counts what that took."""

    def __init__(self, client: EvalsClient, progress: Progress | None = None) -> None:
        self._client = client
        self._progress = progress
        self.logs_read = 0

    async def list_evaluations(self, text: str | None = None, *, limit: int = 20, offset: int = 0) -> EvaluationRows:
        """Evaluations of every file by name, file or evaluator, the last changed first."""
        found: list[EvaluationRow] = []
        async for files in pages(lambda page: self._client.files.list(page=page, size=_PAGE)):
            for file in files.records:
                found += await self._of_file(file.id, file.path)
        wanted = (text or "").lower()
        matching = [row for row in found if not wanted or _mentions(row, wanted)]
        matching.sort(key=lambda row: row.changed_at, reverse=True)
        shown = [await self._with_headline(row) for row in matching[offset : offset + limit]]
        return EvaluationRows(rows=shown, total=len(matching))

    async def get_evaluation(self, evaluation_id: str) -> ResolvedEvaluation:
        """An evaluation with its evaluators, runs and statistics. Raises NotFound."""
        return resolve(await self.get_overview(evaluation_id))

    async def get_overview(self, evaluation_id: str) -> Overview:
        """An evaluation with its evaluators, runs and statistics. Raises NotFound."""
        evaluation = await self._client.evaluations.get(evaluation_id)
        runs = (await self._client.runs.list(evaluation_id)).runs
        stats = await self._client.evaluations.stats(evaluation_id)
        evaluators = evaluator_rows(evaluation)
        rows = run_rows(runs, stats, evaluators)
        return Overview(
            evaluation=evaluation_row(evaluation, None, stats.status, rows), evaluators=evaluators, runs=rows
        )

    async def find_logs(
        self, evaluation: ResolvedEvaluation, question: LogQuestion
    ) -> tuple[ResolvedEvaluation, LogRows]:
        """The answer to a question, and what it took."""
        rows = await self._find_logs(evaluation.id, question)
        return replace(evaluation, notes=(_paged(self.logs_read),)), rows

    async def _find_logs(self, evaluation_id: str, question: LogQuestion) -> LogRows:
        """The logs that a question asks for: all of the runs are read. Raises NotFound."""
        evaluators = evaluator_rows(await self._client.evaluations.get(evaluation_id))
        gathered = await self._gather(evaluation_id, question.run_ids, evaluators)
        return select_logs(gathered, question, evaluators)

    async def find_datapoints(
        self, evaluation: ResolvedEvaluation, question: DatapointQuestion
    ) -> tuple[ResolvedEvaluation, DatapointRows]:
        """The answer to a question, and what it took."""
        rows = await self._find_datapoints(evaluation.id, question)
        return replace(evaluation, notes=(_paged(self.logs_read),)), rows

    async def _find_datapoints(self, evaluation_id: str, question: DatapointQuestion) -> DatapointRows:
        """The datapoints that a question asks for: all logs of the runs are read. Raises NotFound."""
        evaluators = evaluator_rows(await self._client.evaluations.get(evaluation_id))
        runs = (await self._client.runs.list(evaluation_id)).runs
        dataset_id = next(
            run.dataset.id for run in runs if run.dataset and run.dataset.version_id == question.dataset_version_id
        )
        dataset = await self._client.datasets.get(
            dataset_id, version_id=question.dataset_version_id, include_datapoints=True
        )
        gathered = await self._gather(evaluation_id, question.run_ids, evaluators)
        expecting = [
            run.id
            for run in runs
            if run.id in question.run_ids and run.dataset and run.dataset.version_id == question.dataset_version_id
        ]
        return select_datapoints(dataset.datapoints or [], gathered, question, evaluators, expecting)

    async def compare_runs(
        self, evaluation: ResolvedEvaluation, question: ComparisonQuestion
    ) -> tuple[ResolvedEvaluation, Comparisons]:
        """The answer to a question, and what it took."""
        rows = await self._compare_runs(evaluation.id, question)
        return replace(evaluation, notes=(_paged(self.logs_read),)), rows

    async def _compare_runs(self, evaluation_id: str, question: ComparisonQuestion) -> Comparisons:
        """Runs compared as a question asks: all their logs are read, those shown once more. Raises NotFound."""
        attached = evaluator_rows(await self._client.evaluations.get(evaluation_id))
        by_version = {row.version_id: row for row in attached}
        asked = [by_version[version_id] for version_id in question.evaluator_version_ids]
        run_ids = list(dict.fromkeys((question.baseline_run_id, *question.candidate_run_ids)))
        gathered = ColumnsGathered(run_ids, asked, attached)
        async for number, records in self._pages(evaluation_id, run_ids):
            for item in records:
                gathered.add(item, number)
        answer, shown = compare_runs(question, asked, gathered.columns())
        baseline, candidate = (gathered.places(id) for id in (question.baseline_run_id, answer.shown_run_id))
        sides = [
            ([baseline[at] for at in change.baseline], [candidate[at] for at in change.candidate]) for change in shown
        ]
        places = [place for pair in sides for side in pair for place in side]
        found = await self._find_again(evaluation_id, run_ids, places)
        rows = [
            compared_datapoint(
                gathered.keys.id_of(change.key),
                [asked[place].version_id for place in change.evaluators],
                [[found[place] for place in side] for side in pair],
                attached,
                question.characters,
            )
            for change, pair in zip(shown, sides, strict=True)
        ]
        return answer.model_copy(update={"datapoints": rows})

    async def find_log_ids(self, beginning: str, *, limit: int = 20) -> list[str]:
        """Ids of logs that begin so, the newest first: every file is asked for those that have it in their ids."""
        found: list[LogResponse] = []
        async for files in pages(lambda page: self._client.files.list(page=page, size=_PAGE)):
            for file in files.records:
                if file.type != "dataset":
                    logs = await self._client.logs.list(file.id, ids=[beginning], size=limit)
                    found += [log for log in logs.records if log.id.startswith(beginning)]
        found.sort(key=lambda log: log.created_at or _LONG_AGO, reverse=True)
        return [log.id for log in found[:limit]]

    async def find_datapoint_ids(self, evaluation_id: str, beginning: str, *, limit: int = 20) -> list[str]:
        """Ids of datapoints in an evaluation's datasets that begin so. Raises NotFound."""
        runs = (await self._client.runs.list(evaluation_id)).runs
        datasets = {run.dataset.version_id: run.dataset.id for run in runs if run.dataset is not None}
        found: dict[str, None] = {}
        for version_id, dataset_id in datasets.items():
            dataset = await self._client.datasets.get(dataset_id, version_id=version_id, include_datapoints=True)
            ids = (datapoint.id for datapoint in dataset.datapoints or ())
            found |= dict.fromkeys(id for id in ids if id.startswith(beginning))
        return list(found)[:limit]

    async def _gather(
        self, evaluation_id: str, run_ids: list[str], evaluators: list[EvaluatorRow]
    ) -> list[GatheredLog]:
        gathered: list[GatheredLog] = []
        async for _, records in self._pages(evaluation_id, run_ids):
            for item in records:
                gathered.append(gather_log(item, len(gathered), evaluators))
        return gathered

    async def _pages(
        self, evaluation_id: str, run_ids: Sequence[str]
    ) -> AsyncIterator[tuple[int, list[EvaluationLogResponse]]]:
        """All logs of runs, page by page with the pages' numbers; progress is told after each.

        A log that newer ones move to the next page meanwhile comes once.
        """
        logs = self._client.evaluations.logs
        number = 0
        seen: set[tuple[str, str]] = set()
        async for page in pages(lambda page: logs(evaluation_id, page=page, size=_PAGE, run_ids=run_ids)):
            number += 1
            fresh = {(item.run_id, item.log.id): item for item in page.records}
            fresh = {key: item for key, item in fresh.items() if key not in seen}
            seen |= fresh.keys()
            yield number, list(fresh.values())
            self.logs_read += len(fresh)
            if self._progress is not None:
                await self._progress(len(seen), page.total)

    async def _find_again(
        self, evaluation_id: str, run_ids: Sequence[str], places: Sequence[Place]
    ) -> dict[Place, EvaluationLogResponse]:
        """The logs at places; newer logs may have moved them to a later page meanwhile. Raises NotFound."""
        wanted = {(place.run_id, place.log_id): place for place in places}
        found: dict[Place, EvaluationLogResponse] = {}
        number = 0
        while wanted:
            number = max(number + 1, min(place.page for place in wanted.values()))
            page = await self._client.evaluations.logs(evaluation_id, page=number, size=_PAGE, run_ids=run_ids)
            if not page.records:
                raise NotFound("A log that was to be shown is gone meanwhile. Ask again.")
            for item in page.records:
                place = wanted.pop((item.run_id, item.log.id), None)
                if place is not None:
                    found[place] = item
        return found

    async def _of_file(self, file_id: str, path: str) -> list[EvaluationRow]:
        evaluations = self._client.evaluations
        return [
            evaluation_row(evaluation, path, "", ())
            async for page in pages(lambda page: evaluations.list(file_id, page=page, size=50))
            for evaluation in page.records
        ]

    async def _with_headline(self, row: EvaluationRow) -> EvaluationRow:
        overview = await self.get_overview(row.id)
        return row.model_copy(update={"status": overview.evaluation.status, "headline": read_headline(overview)})


def _paged(logs_read: int) -> str:
    return f"Read by paging through {logs_read:,} logs: the server has only the documented API."


def _mentions(row: EvaluationRow, wanted: str) -> bool:
    named = [row.name or "", row.file_path or "", *row.evaluators]
    return row.id.lower().startswith(wanted) or any(wanted in text.lower() for text in named)
