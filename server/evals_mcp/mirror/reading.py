"""One call's questions to a mirrored server: read the needed rows first, then answer from the scratch workspace."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import asynccontextmanager, suppress
from typing import TypeVar

from evals_mcp.answers.frame.quoting import Quoted
from evals_mcp.client.reviews import Reviews
from evals_mcp.client.row_sources import Progress
from evals_mcp.errors import EvalsError, Invalid, NotFound, Unauthorized, Unavailable
from evals_mcp.importers.api_records import key_of, read_evaluation, read_run
from evals_mcp.mirror.definitions import fetch_definition
from evals_mcp.mirror.notes import age_note, datapoints_note, files_note, run_notes, unreadable_note
from evals_mcp.mirror.overviews import Definition, as_shown, may_be_errors
from evals_mcp.mirror.paging import for_each
from evals_mcp.mirror.run_reading import is_current, read_runs
from evals_mcp.mirror.run_rows import RunRows
from evals_mcp.mirror.state import MirrorState
from evals_mcp.mirror.time_limit import TimeLimit
from evals_mcp.models.agreement import AgreementRows
from evals_mcp.models.comparisons import Comparisons
from evals_mcp.models.evaluation_document import RunEvaluation
from evals_mcp.models.failures import FailureRows
from evals_mcp.models.field_rows import FieldRows
from evals_mcp.models.groups import ChosenRunFigures, GroupedComparison, GroupedComparisonQuestion, RunFiguresQuestion
from evals_mcp.models.model import JsonObject
from evals_mcp.models.questions import (
    AgreementQuestion,
    ComparisonQuestion,
    DatapointQuestion,
    FailureQuestion,
    LogQuestion,
    Question,
    RankingQuestion,
    RelationQuestion,
    RepeatQuestion,
)
from evals_mcp.models.rankings import RankingRows
from evals_mcp.models.relations import RelationRows
from evals_mcp.models.repeats import RepeatRows
from evals_mcp.models.resolved import ResolvedEvaluation, resolve
from evals_mcp.models.rows import DatapointContent, DatapointRows, EvaluationRow, EvaluationRows, LogRows
from evals_mcp.models.run_labels import run_labels
from evals_mcp.models.sql import SqlQuestion, SqlRows
from evals_mcp.statistics.leaders import read_headline

_MOST_DESCRIBED = 100  # search a longer list by name
_TOO_SLOW = "The server is slow: the needed rows could not be read in time. Ask again in a minute."


Asked = TypeVar("Asked", bound=Question)
Rows = TypeVar("Rows")


class Reading:
    """Answers like `Reviews`. Afterwards, `notes` tells what is missing in the rows.

    All its questions share one time limit, which starts now. Every method raises EvalsError.
    """

    def __init__(self, state: MirrorState, seconds: float, progress: Progress | None) -> None:
        self._state = state
        self._progress = progress
        self._limit = TimeLimit(seconds, state.clock)
        self._started = state.clock()
        self._definitions: dict[str, Definition] = {}
        self._rows: dict[str, RunRows] = {}
        self._unread_datasets: dict[str, EvalsError | None] = {}
        self._has_listed = False

    async def list_evaluations(
        self, text: str | None = None, *, limit: int = 20, offset: int = 0, following: Sequence[int] | None = None
    ) -> EvaluationRows:
        """Evaluations by name, file or evaluator, most recently changed first if the server gives change times."""
        await self._list()
        catalog = self._state.catalog
        found = await catalog.reviews.list_evaluations(text, limit=limit, offset=offset)
        notes = [files_note(catalog.unread)] if catalog.unread else []
        if notes and not found.rows:
            raise Unavailable(notes[0])
        rows = {row.id: row.model_copy(update={"status": "unknown"}) for row in found.rows}

        async def describe(row: EvaluationRow) -> None:
            try:
                overview = (await self._resolved(row.id)).overview
            except Unauthorized:
                raise
            except EvalsError:
                return
            known = {"file_path": row.file_path, "headline": read_headline(overview)}
            rows[row.id] = overview.evaluation.model_copy(update=known)

        if limit <= _MOST_DESCRIBED:
            with self._limit.scope():
                await for_each(found.rows, describe)
        return EvaluationRows(rows=list(rows.values()), total=found.total).noted(*notes)

    async def get_evaluation(self, word: str) -> ResolvedEvaluation:
        """An evaluation by id, unique name or file. Its figures are the server's until its logs are read.

        Reads the logs of small runs without judgments: only they tell whether all are errors. Raises NotFound.
        """
        definition = await self._find(word)
        runs = definition.overview.runs
        unknown = [run.id for run in runs] if not definition.signs else may_be_errors(runs)
        if unknown:
            async with self._with_logs(definition.id, unknown):
                return await self._resolved(definition.id)
        return await self._resolved(definition.id)

    async def find_logs(
        self, evaluation: ResolvedEvaluation, question: LogQuestion
    ) -> tuple[ResolvedEvaluation, LogRows]:
        """The logs for a question. Raises NotFound."""
        async with self._with_logs(evaluation.id, _run_ids(evaluation, question)) as (reviews, scratch):
            return await self._resolved(evaluation.id), (await reviews.find_logs(scratch, question))[1]

    async def find_datapoints(
        self, evaluation: ResolvedEvaluation, question: DatapointQuestion
    ) -> tuple[ResolvedEvaluation, DatapointRows]:
        """The datapoints for a question. Raises NotFound."""
        async with self._with_logs(evaluation.id, _run_ids(evaluation, question)) as (reviews, scratch):
            known = (await self._define(evaluation.id)).datasets
            self._require(filter(None, map(known.get, question.dataset_version_ids)))
            return await self._resolved(evaluation.id), (await reviews.find_datapoints(scratch, question))[1]

    async def compare_runs(
        self, evaluation: ResolvedEvaluation, question: ComparisonQuestion
    ) -> tuple[ResolvedEvaluation, Comparisons]:
        """The comparison for a question. Raises NotFound. The asked runs are read before others of the family."""
        run_ids = [question.baseline_run_id, *question.candidate_run_ids, *question.filter.tested_run_ids]
        if question.family == "evaluation":
            run_ids += [run.id for run in evaluation.runs]
        async with self._with_logs(evaluation.id, run_ids) as (reviews, scratch):
            return await self._resolved(evaluation.id), (await reviews.compare_runs(scratch, question))[1]

    async def query(self, evaluation: ResolvedEvaluation, question: SqlQuestion) -> tuple[ResolvedEvaluation, SqlRows]:
        """The rows of a SELECT over all runs. Raises NotFound and Invalid."""
        async with self._with_logs(evaluation.id, [run.id for run in evaluation.runs]) as (reviews, scratch):
            resolved = await self._resolved(evaluation.id)
            labeled = question.model_copy(update={"run_labels": resolved.run_labels})
            return resolved, (await reviews.query(scratch, labeled))[1]

    async def find_agreement(
        self, evaluation: ResolvedEvaluation, question: AgreementQuestion
    ) -> tuple[ResolvedEvaluation, AgreementRows]:
        """How evaluators agree. Raises NotFound."""
        return await self._of_logs(evaluation, question, self._state.scratch.reviews.find_agreement)

    async def find_relations(
        self, evaluation: ResolvedEvaluation, question: RelationQuestion
    ) -> tuple[ResolvedEvaluation, RelationRows]:
        """How judgments relate to other numbers. Raises NotFound."""
        return await self._of_logs(evaluation, question, self._state.scratch.reviews.find_relations)

    async def find_repeats(
        self, evaluation: ResolvedEvaluation, question: RepeatQuestion
    ) -> tuple[ResolvedEvaluation, RepeatRows]:
        """The figures of repeated logs. Raises NotFound."""
        return await self._of_logs(evaluation, question, self._state.scratch.reviews.find_repeats)

    async def rank_runs(
        self, evaluation: ResolvedEvaluation, question: RankingQuestion
    ) -> tuple[ResolvedEvaluation, RankingRows]:
        """The ranks of runs. Raises NotFound."""
        return await self._of_logs(evaluation, question, self._state.scratch.reviews.rank_runs)

    async def find_failures(
        self, evaluation: ResolvedEvaluation, question: FailureQuestion
    ) -> tuple[ResolvedEvaluation, FailureRows]:
        """The failing logs in groups. Raises NotFound."""
        return await self._of_logs(evaluation, question, self._state.scratch.reviews.find_failures)

    async def compare_groups(
        self, evaluation: ResolvedEvaluation, question: GroupedComparisonQuestion
    ) -> tuple[ResolvedEvaluation, GroupedComparison]:
        """A comparison in groups of datapoints. Raises NotFound and Invalid, and Unavailable for a dataset not read."""
        run_ids = [question.baseline_run_id, *question.candidate_run_ids]
        async with self._with_logs(evaluation.id, run_ids) as (reviews, scratch):
            if question.group_by.kind == "field":
                self._require((await self._define(evaluation.id)).datasets.values())
            return await self._resolved(evaluation.id), (await reviews.compare_groups(scratch, question))[1]

    async def find_run_figures(
        self, evaluation: ResolvedEvaluation, question: RunFiguresQuestion
    ) -> tuple[ResolvedEvaluation, ChosenRunFigures]:
        """The figures of runs over some logs. Raises NotFound and Invalid, and Unavailable for a dataset not read."""
        async with self._with_logs(evaluation.id, _run_ids(evaluation, question)) as (reviews, scratch):
            if question.group_by is not None and question.group_by.kind == "field":
                self._require((await self._define(evaluation.id)).datasets.values())
            return await self._resolved(evaluation.id), (await reviews.find_run_figures(scratch, question))[1]

    async def find_log_ids(self, beginning: str, *, limit: int = 20) -> list[str]:
        """Ids of logs with this prefix, newest first. Searches the logs of each file by id."""
        found: list[tuple[str, str]] = []

        async def ask(file_id: str) -> None:
            page = await self._state.raw.file_logs(file_id, beginning, limit)
            logs = [(str(log.get("created_at")), id) for log in page.records if (id := key_of(log)) is not None]
            found.extend(log for log in logs if log[1].startswith(beginning))

        with self._limit.scope() as scope:
            await self._state.catalog.refresh_files()
            await for_each(self._state.catalog.file_ids, ask)
        if scope.cancelled_caught:
            raise Unavailable(_TOO_SLOW)
        return [id for _, id in sorted(found, reverse=True)][:limit]

    async def get_datapoint(self, id: str) -> DatapointContent:
        """A datapoint of the datasets that were read. Raises NotFound."""
        return await self._state.scratch.reviews.get_datapoint(id)

    async def find_datapoint_ids(self, evaluation_id: str, beginning: str, *, limit: int = 20) -> list[str]:
        """Ids of datapoints in an evaluation's datasets with this prefix. Raises NotFound."""
        async with self._with_logs(evaluation_id, []) as (reviews, _):
            return await reviews.find_datapoint_ids(evaluation_id, beginning, limit=limit)

    async def find_fields(self, evaluation_id: str) -> FieldRows:
        """The fields that an evaluation's datapoints have. Raises NotFound, and Unavailable for a dataset not read."""
        async with self._with_logs(evaluation_id, []) as (reviews, _):
            self._require((await self._define(evaluation_id)).datasets.values())
            return await reviews.find_fields(evaluation_id)

    async def _define(self, evaluation_id: str, *, again: bool = False) -> Definition:
        """The current evaluation, fetched once per call unless `again` is set."""
        if again or evaluation_id not in self._definitions:
            with self._limit.scope() as scope:
                path_of = self._state.catalog.path
                self._definitions[evaluation_id] = await fetch_definition(self._state.raw, evaluation_id, path_of)
            if scope.cancelled_caught and evaluation_id not in self._definitions:
                raise Unavailable(_TOO_SLOW)
        return self._definitions[evaluation_id]

    async def _find(self, word: str) -> Definition:
        """The evaluation with this id, or the only one with this name or file. Raises NotFound."""
        found = self._state.catalog.find(word)
        if len(found) == 1:
            with suppress(NotFound):
                definition = await self._define(found[0], again=True)
                if word in (definition.id, definition.overview.evaluation.name):
                    return definition
        else:
            with suppress(NotFound, Invalid):
                return await self._define(word, again=True)
        await self._list()
        found = self._state.catalog.find(word)
        if len(found) != 1:
            raise NotFound(f"No evaluation, or more than one, has the name `{word[:200]}`.")
        return await self._define(found[0])

    async def _list(self) -> None:
        """Read the list of evaluations, once per call."""
        catalog = self._state.catalog
        async with self._state.turn("", self._limit):
            if self._has_listed:
                return
            with self._limit.scope() as scope:
                await catalog.refresh()
            if scope.cancelled_caught and not catalog.file_ids:
                raise Unavailable(_TOO_SLOW)
            await catalog.publish()
            self._has_listed = True

    async def _resolved(self, evaluation_id: str) -> ResolvedEvaluation:
        """The current evaluation, with the scratch workspace's figures of the runs in it."""
        definition = await self._define(evaluation_id)
        overview = definition.overview
        if self._current_runs(definition):
            known = (await self._state.scratch.reviews.get_evaluation(evaluation_id)).overview
            if [row.version_id for row in known.evaluators] == [row.version_id for row in overview.evaluators]:
                rows = {row.id: row for row in known.runs if row.id in self._current_runs(definition)}
                runs = [as_shown(rows[run.id], run) if run.id in rows else run for run in overview.runs]
                overview = overview.model_copy(update={"runs": runs})
        return resolve(overview, notes=self._notes(definition))

    def _current_runs(self, definition: Definition) -> set[str]:
        runs = definition.overview.runs
        return {run.id for run in runs if is_current(self._state, definition, run.id, self._started)}

    def _notes(self, definition: Definition) -> list[Quoted]:
        """Notes on missing rows, and on the age of rows from earlier calls."""
        labels = run_labels(definition.overview.runs)
        rows = [rows for run_id, rows in self._rows.items() if run_id in labels]
        notes = run_notes(rows, labels)
        notes += [datapoints_note(path, error) for path, error in self._unread_datasets.items()]
        if definition.unreadable:
            notes.append(unreadable_note(definition.unreadable))
        before = [item.read_at for item in rows if item.read_at < self._started]
        return [*notes, age_note(self._state.clock() - min(before))] if before else notes

    async def _put(self, definition: Definition) -> None:
        """Put the evaluation with its runs and datasets into the scratch workspace, if needed."""
        state = self._state
        versions = [run["version"] for run in definition.runs if run.get("version")]
        await state.scratch.put_versions([*definition.evaluators, *versions])
        await state.scratch.put_changed([read_evaluation(definition.evaluation, definition.evaluators, None)])
        for version_id, dataset in definition.datasets.items():
            if not state.datasets.has(version_id):
                await self._read_dataset(dataset)
        records = []
        for run in definition.runs:
            in_evaluations = state.evaluations_of_run.setdefault(run["id"], {})
            in_evaluations[definition.id] = RunEvaluation(evaluation_id=definition.id, control=run["control"])
            dataset = run.get("dataset") or {}
            known = state.datasets.has(dataset.get("version_id"))
            records.append(read_run(run, list(in_evaluations.values()), dataset["version_id"] if known else None))
        await state.scratch.put_changed(records)

    async def _read_dataset(self, dataset: JsonObject) -> None:
        self._unread_datasets[dataset["path"]] = None
        with self._limit.scope():
            try:
                await self._state.datasets.read(dataset)
                del self._unread_datasets[dataset["path"]]
            except Unauthorized:
                raise
            except EvalsError as error:
                self._unread_datasets[dataset["path"]] = error

    def _require(self, datasets: Iterable[JsonObject]) -> None:
        """Raise the reason if one of these datasets could not be read."""
        for dataset in datasets:
            if dataset["path"] in self._unread_datasets:
                raise self._unread_datasets[dataset["path"]] or Unavailable(_TOO_SLOW)

    @asynccontextmanager
    async def _with_logs(
        self, evaluation_id: str, run_ids: Sequence[str]
    ) -> AsyncIterator[tuple[Reviews, ResolvedEvaluation]]:
        """The scratch workspace with the logs of these runs, and its evaluation. No other question reads meanwhile."""
        async with self._state.turn(evaluation_id, self._limit):
            definition = await self._define(evaluation_id)
            await self._put(definition)

            async def define() -> Definition:
                return await self._define(evaluation_id, again=True)

            rows = await read_runs(self._state, self._limit, definition, run_ids, define, self._progress, self._started)
            self._rows |= {item.run_id: item for item in rows}
            reviews = self._state.scratch.reviews
            yield reviews, await reviews.get_evaluation(evaluation_id)

    async def _of_logs(
        self,
        evaluation: ResolvedEvaluation,
        question: Asked,
        ask: Callable[[ResolvedEvaluation, Asked], Awaitable[tuple[ResolvedEvaluation, Rows]]],
    ) -> tuple[ResolvedEvaluation, Rows]:
        """The answer of the scratch workspace to a question about the logs of the runs in its filter."""
        async with self._with_logs(evaluation.id, _run_ids(evaluation, question)) as (_, scratch):
            return await self._resolved(evaluation.id), (await ask(scratch, question))[1]


def _run_ids(evaluation: ResolvedEvaluation, question: Question) -> list[str]:
    """The runs of a question: those of its filter, else all; and those that its conditions test."""
    named = question.filter.run_ids
    chosen = [run.id for run in evaluation.runs] if named is None else named
    return list(dict.fromkeys([*chosen, *question.filter.tested_run_ids]))
