"""Rows for reviews from a server that has only the documented API: by reading its pages."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

from evals_mcp.client.client import EvalsClient
from evals_mcp.client.paging import pages
from evals_mcp.excerpts import cut_texts
from evals_mcp.models.logs import LogResponse
from evals_mcp.models.review import (
    DatapointLog,
    DatapointQuestion,
    DatapointRow,
    DatapointRows,
    EvaluationRow,
    EvaluationRows,
    EvaluatorRow,
    LogQuestion,
    LogRows,
    Overview,
)
from evals_mcp.review.gathering import GatheredLog, evaluation_row, evaluator_rows, gather_log, run_rows
from evals_mcp.review.selection import select_logs

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

    async def list_evaluations(self, text: str | None, limit: int, offset: int) -> EvaluationRows:
        """Evaluations of every file by name, file or evaluator, the last changed first."""
        found: list[EvaluationRow] = []
        async for files in pages(lambda page: self._client.files.list(page=page, size=_PAGE)):
            for file in files.records:
                found += await self._of_file(file.id, file.path)
        wanted = (text or "").lower()
        matching = [row for row in found if not wanted or _mentions(row, wanted)]
        matching.sort(key=lambda row: row.changed_at, reverse=True)
        shown = [await self._with_status(row) for row in matching[offset : offset + limit]]
        return EvaluationRows(rows=shown, total=len(matching))

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

    async def find_logs(self, evaluation_id: str, question: LogQuestion) -> LogRows:
        """The logs that a question asks for: all of the runs are read. Raises NotFound."""
        evaluators = evaluator_rows(await self._client.evaluations.get(evaluation_id))
        gathered = await self._gather(evaluation_id, question.run_ids, evaluators)
        return select_logs(gathered, question, evaluators)

    async def find_datapoints(self, evaluation_id: str, question: DatapointQuestion) -> DatapointRows:
        """The datapoints that a question asks for: all logs of the runs are read. Raises NotFound."""
        evaluators = evaluator_rows(await self._client.evaluations.get(evaluation_id))
        runs = (await self._client.runs.list(evaluation_id)).runs
        dataset_id = next(
            run.dataset.id for run in runs if run.dataset and run.dataset.version_id == question.dataset_version_id
        )
        dataset = await self._client.datasets.get(
            dataset_id, version_id=question.dataset_version_id, include_datapoints=True
        )
        datapoints = dataset.datapoints or []
        shown = datapoints[question.offset : question.offset + question.limit]
        gathered = await self._gather(evaluation_id, question.run_ids, evaluators)
        rows = []
        for datapoint in shown:
            content = datapoint.model_dump(mode="json", exclude_none=True)
            cut, lengths = cut_texts(
                {name: content.get(name) for name in ("inputs", "messages", "target")}, question.characters
            )
            rows.append(
                DatapointRow(
                    id=datapoint.id,
                    inputs=cut["inputs"] or {},
                    messages=cut["messages"] or [],
                    target=cut["target"],
                    lengths=lengths,
                    logs=_logs_of(datapoint.id, question.run_ids, gathered),
                )
            )
        return DatapointRows(rows=rows, total=len(datapoints))

    async def find_log_ids(self, beginning: str, limit: int) -> list[str]:
        """Ids of logs that begin so, the newest first: every file is asked for those that have it in their ids."""
        found: list[LogResponse] = []
        async for files in pages(lambda page: self._client.files.list(page=page, size=_PAGE)):
            for file in files.records:
                if file.type != "dataset":
                    logs = await self._client.logs.list(file.id, ids=[beginning], size=limit)
                    found += [log for log in logs.records if log.id.startswith(beginning)]
        found.sort(key=lambda log: log.created_at or _LONG_AGO, reverse=True)
        return [log.id for log in found[:limit]]

    async def find_datapoint_ids(self, evaluation_id: str, beginning: str, limit: int) -> list[str]:
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
        logs = self._client.evaluations.logs
        async for page in pages(lambda page: logs(evaluation_id, page=page, size=_PAGE, run_ids=run_ids)):
            for item in page.records:
                gathered.append(gather_log(item, len(gathered), evaluators))
            self.logs_read += len(page.records)
            if self._progress is not None:
                await self._progress(len(gathered), page.total)
        return gathered

    async def _of_file(self, file_id: str, path: str) -> list[EvaluationRow]:
        evaluations = self._client.evaluations
        return [
            evaluation_row(evaluation, path, "", ())
            async for page in pages(lambda page: evaluations.list(file_id, page=page, size=50))
            for evaluation in page.records
        ]

    async def _with_status(self, row: EvaluationRow) -> EvaluationRow:
        stats = await self._client.evaluations.stats(row.id)
        return row.model_copy(update={"status": stats.status})


def _mentions(row: EvaluationRow, wanted: str) -> bool:
    named = [row.name or "", row.file_path or "", *row.evaluators]
    return row.id.lower().startswith(wanted) or any(wanted in text.lower() for text in named)


def _logs_of(datapoint_id: str, run_ids: list[str], gathered: list[GatheredLog]) -> list[DatapointLog]:
    """The logs of a datapoint in the order of the runs, then the oldest first."""
    found = [log for log in gathered if log.datapoint_id == datapoint_id]
    found.sort(key=lambda log: (run_ids.index(log.run_id), -log.position))
    return [
        DatapointLog(
            id=log.log.id,
            run_id=log.run_id,
            failed=log.log.error is not None,
            states="".join(judgment.state[0] for judgment in log.judgments),
            judgments=[judgment.judgment for judgment in log.judgments],
        )
        for log in found
    ]
