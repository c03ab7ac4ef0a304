"""Compare runs by their columns. Reads texts only for the shown datapoints."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from sqlalchemy import Connection, Row, bindparam, select

from evals_mcp.errors import Invalid
from evals_mcp.models.comparisons import (
    ComparedCandidate,
    ComparedDatapoint,
    Comparisons,
    CorrectedDifference,
    OtherRun,
)
from evals_mcp.models.questions import ComparisonQuestion
from evals_mcp.models.rows import DatapointLog, EvaluatorRow, JudgmentRow
from evals_mcp.statistics.datapoint_changes import DatapointChange
from evals_mcp.statistics.even_labels import only_even
from evals_mcp.statistics.judge_corrections import are_same_question, correct_differences
from evals_mcp.statistics.run_comparisons import PairComparison, compare_pair, compare_runs
from evals_mcp.steps import told
from evals_mcp.store.database.database import Database
from evals_mcp.store.database.tables import datapoints, logs
from evals_mcp.store.evaluations.run_status import Attachment
from evals_mcp.store.questions.compared_pages import read_page
from evals_mcp.store.questions.evaluation_states import AttachedEvaluator, EvaluationState, EvaluationStates
from evals_mcp.store.questions.even_samples import read_even_sample, sample_revision
from evals_mcp.store.questions.example_logs import example_datapoints
from evals_mcp.store.questions.filter_conditions import FilterConditions, searched_version
from evals_mcp.store.questions.filtered_columns import FilteredColumns, check_filter, filter_revisions
from evals_mcp.store.questions.identical_outputs import IdenticalOutputJudgments
from evals_mcp.store.questions.keys import RunLogKey
from evals_mcp.store.questions.located_differences import LocatedDifferences
from evals_mcp.store.questions.log_rows import read_judgment_rows, read_log_rows
from evals_mcp.store.questions.overviews import Overviews
from evals_mcp.store.questions.run_columns import RunsAsColumns
from evals_mcp.store.questions.run_subjects import read_version_changes
from evals_mcp.store.revision_cache import RevisionCache
from evals_mcp.truncation import cut_datapoint


class ComparisonQuestions:
    """Answers questions that compare runs."""

    def __init__(
        self,
        database: Database,
        evaluations: EvaluationStates,
        overviews: Overviews,
        cache: RevisionCache,
        columns: FilteredColumns,
    ) -> None:
        self._database = database
        self._overviews = overviews
        self._evaluations = evaluations
        self._cache = cache
        self._columns = columns
        self._located = LocatedDifferences(cache)
        self._identical = IdenticalOutputJudgments(cache)

    def answer(self, evaluation_id: str, question: ComparisonQuestion, known: str | None = None) -> Comparisons:
        """Answer a question that compares runs of an evaluation.

        `known` is the token of the caller's overview: if it is an older one, the newest comes with the comparison.
        Raises NotFound and Invalid.
        """
        question = question.model_copy(update={"candidate_run_ids": list(dict.fromkeys(question.candidate_run_ids))})
        run_ids = [question.baseline_run_id, *question.candidate_run_ids]
        if question.shown_run_id is not None and question.shown_run_id not in question.candidate_run_ids:
            raise Invalid("`shown_run_id` must be one of the candidates.", ("body", "shown_run_id"))
        version = searched_version(self._database, question.filter)
        with self._database.read() as connection:
            evaluation = self._evaluations.read(connection, evaluation_id)
            runs = {row.id: row for row in evaluation.find_runs(run_ids)}
            evaluators = evaluation.find_evaluators(question.evaluator_version_ids)
            conditions = FilterConditions(connection, question.filter, evaluation, version)
            check_filter(conditions, len(question.candidate_run_ids))
            asked = {id: runs[id] for id in run_ids}
            found = self._columns.read(connection, conditions, asked, evaluators, evaluation, question.missing)
            family = self._family(connection, conditions, question, evaluation)
            answer, ranking = compare_runs(question, [item.row for item in evaluators], found.columns, family)
            sides = (question.baseline_run_id, answer.shown_run_id)
            offset, shown, after = read_page(question, ranking, [found.numbers[run_id] for run_id in sides])
            rows = _datapoints(connection, sides, shown, found, evaluators, evaluation.attachments, question.characters)
            changes = read_version_changes(connection, self._cache, [runs[id] for id in run_ids], question.characters)
            candidates = [
                candidate.model_copy(update={"changes": changed})
                for candidate, changed in zip(answer.candidates, changes, strict=True)
            ]
            others = [run_id for run_id in question.candidate_run_ids if run_id != answer.shown_run_id]
            logs_of = _other_runs(connection, others, shown, found, evaluation.attachments, question.characters)
            rows = [row.model_copy(update={"other_runs": runs}) for row, runs in zip(rows, logs_of, strict=True)]
            located = self._located.find(connection, question, evaluation, conditions, evaluators, found)
            corrected = self._corrected(connection, question, evaluation, conditions, asked, answer.candidates)
            identical = self._identical.find(connection, question, evaluation, conditions, evaluators, found)
            newest = self._overviews.newest(connection, evaluation, known)
            changed: dict[str, Any] = {
                "candidates": candidates,
                "datapoints": rows,
                "offset": offset,
                "after": after,
                "corrected": corrected,
                "identical": identical,
                "newest": newest,
            }
            return answer.model_copy(update={**changed, **located._asdict()})

    def _corrected(
        self,
        connection: Connection,
        question: ComparisonQuestion,
        evaluation: EvaluationState,
        conditions: FilterConditions,
        runs: Mapping[str, Row[Any]],
        candidates: Sequence[ComparedCandidate],
    ) -> list[CorrectedDifference]:
        """The differences by judges, corrected by people's labels. None where missing judgments count."""
        people = [item for item in evaluation.evaluators if item.row.evaluator_type == "human"]
        judges = [
            item for item in evaluation.evaluators if any(are_same_question(item.row, human.row) for human in people)
        ]
        if not judges or question.missing != "exclude":
            return []
        asked = question.baseline_run_id, question.candidate_run_ids, question.evaluator_version_ids
        corrected: list[CorrectedDifference] = self._cache.get(
            "corrected differences",
            (evaluation.id, question.filter, asked, [item.key for item in evaluation.evaluators]),
            (conditions.revisions(evaluation.runs), sample_revision(connection, evaluation)),
            lambda: self._correct(
                question, candidates, [item.row for item in judges], [item.row for item in people],
                self._columns.read(connection, conditions, runs, [*judges, *people], evaluation),
                connection, evaluation,
            ),
        )  # fmt: skip
        return corrected

    def _correct(
        self,
        question: ComparisonQuestion,
        candidates: Sequence[ComparedCandidate],
        judges: Sequence[EvaluatorRow],
        people: Sequence[EvaluatorRow],
        found: RunsAsColumns,
        connection: Connection,
        evaluation: EvaluationState,
    ) -> list[CorrectedDifference]:
        examples = {
            judge.version_id: found.keys.column(sorted(example_datapoints(connection, judge.examples)))
            for judge in judges
            if judge.examples
        }
        sample = read_even_sample(connection, self._cache, evaluation)
        columns, even = only_even(found.columns, found.numbers, people, sample)
        rows = correct_differences(judges, people, question.baseline_run_id, candidates, columns, examples)
        return [row.model_copy(update={"is_even": row.human_version_id in even}) for row in rows]

    def _family(
        self,
        connection: Connection,
        conditions: FilterConditions,
        question: ComparisonQuestion,
        evaluation: EvaluationState,
    ) -> dict[str, PairComparison]:
        """The pairs to correct over, by candidate. A pair is cached whole, so that all questions share it."""
        runs = {row.id: row for row in reversed(evaluation.runs)}
        baseline, asked = runs[question.baseline_run_id], question.candidate_run_ids
        if question.family == "evaluation":
            asked = [run_id for run_id in runs if run_id != baseline.id or run_id in asked]
        keys = [item.key for item in evaluation.evaluators]
        pairs = {
            run_id: self._cache.get(
                "compared pair",
                (baseline.id, run_id, question.filter, question.missing, keys),
                (baseline, runs[run_id], filter_revisions(conditions, evaluation)),
                partial(self._compare, connection, conditions, question, evaluation, baseline, runs[run_id]),
            )
            for run_id in told(asked, "Comparing run")
        }
        if question.family == "asked":
            return {run_id: pair.only(question.evaluator_version_ids) for run_id, pair in pairs.items()}
        return pairs

    def _compare(
        self,
        connection: Connection,
        conditions: FilterConditions,
        question: ComparisonQuestion,
        evaluation: EvaluationState,
        baseline: Row[Any],
        candidate: Row[Any],
    ) -> PairComparison:
        """A candidate against a baseline by all evaluators."""
        runs = {baseline.id: baseline, candidate.id: candidate}
        found = self._columns.read(connection, conditions, runs, evaluation.evaluators, evaluation, question.missing)
        rows = [item.row for item in evaluation.evaluators]
        return compare_pair(rows, found.columns[baseline.id], found.columns[candidate.id])


_MOST_OTHERS = 2_000  # logs of other candidates in an answer

_DATAPOINTS = select(datapoints.c.id, datapoints.c.content).where(datapoints.c.id.in_(bindparam("ids", expanding=True)))
_LOG_IDS = select(logs.c.number, logs.c.id, logs.c.error.is_not(None).label("failed")).where(
    logs.c.number.in_(bindparam("numbers", expanding=True))
)


def _datapoints(
    connection: Connection,
    run_ids: tuple[str, str],
    shown: Sequence[DatapointChange],
    found: RunsAsColumns,
    evaluators: Sequence[AttachedEvaluator],
    attachments: Sequence[Attachment],
    characters: int,
) -> list[ComparedDatapoint]:
    """The shown datapoints, with the texts of one log of each run (baseline, candidate)."""
    ids = [found.keys.id_of(change.key) for change in shown]
    contents = {row.id: row.content for row in connection.execute(_DATAPOINTS, {"ids": ids})}
    logs_of = [
        [
            [RunLogKey(run_id, int(found.numbers[run_id][index])) for index in logs_of_run]
            for run_id, logs_of_run in zip(run_ids, (change.baseline, change.candidate), strict=True)
        ]
        for change in shown
    ]
    first = [side[0] for sides in logs_of for side in sides if side]
    whole = dict(zip(first, read_log_rows(connection, first, attachments, characters), strict=True))
    others = _other_logs(connection, [key for sides in logs_of for side in sides for key in side[1:]], attachments)
    rows = []
    for id, change, sides in zip(ids, shown, logs_of, strict=True):
        baseline, candidate = (whole[side[0]] if side else None for side in sides)
        rows.append(
            ComparedDatapoint(
                id=id,
                **cut_datapoint(contents.get(id, {}), characters),
                evaluators=[evaluators[index].version_id for index in change.evaluators],
                baseline=baseline,
                candidate=candidate,
                other_logs=[others[key] for side in sides for key in side[1:]],
            )
        )
    return rows


def _other_runs(
    connection: Connection,
    run_ids: Sequence[str],
    shown: Sequence[DatapointChange],
    found: RunsAsColumns,
    attachments: Sequence[Attachment],
    characters: int,
) -> list[list[OtherRun]]:
    """For each shown datapoint, the logs of these runs: how many, and the newest with its texts."""
    if not run_ids:
        return [[] for _ in shown]
    numbers = [[found.log_numbers(run_id, change.key) for run_id in run_ids] for change in shown]
    newest = [
        RunLogKey(run_id, logs_of_run[-1])
        for of_runs in numbers
        for run_id, logs_of_run in [*zip(run_ids, of_runs, strict=True)][: _MOST_OTHERS // len(shown)]
        if logs_of_run
    ]
    whole = dict(zip(newest, read_log_rows(connection, newest, attachments, characters), strict=True))
    return [
        [
            OtherRun(run_id=run_id, logs=len(of_run), log=whole.get(RunLogKey(run_id, of_run[-1])) if of_run else None)
            for run_id, of_run in zip(run_ids, of_runs, strict=True)
        ]
        for of_runs in numbers
    ]


def _other_logs(
    connection: Connection, keys: Sequence[RunLogKey], attachments: Sequence[Attachment]
) -> dict[RunLogKey, DatapointLog]:
    """The logs that show only judgments."""
    if not keys:
        return {}
    numbers = {"numbers": [key.log_number for key in keys]}
    found = {row.number: row for row in connection.execute(_LOG_IDS, numbers)}
    judged = read_judgment_rows(connection, keys, attachments, 0)
    return {key: _with_judgments(found[key.log_number], key.run_id, judged.get(key, {}), attachments) for key in keys}


def _with_judgments(
    row: Any, run_id: str, judged: dict[str, list[JudgmentRow]], attachments: Sequence[Attachment]
) -> DatapointLog:
    rows = [judged.get(item.evaluator_version_id) for item in attachments]
    others = [(index, item.state[0], item.judgment) for index, found in enumerate(rows) for item in (found or ())[1:]]
    return DatapointLog(
        id=row.id,
        run_id=run_id,
        failed=row.failed,
        states="".join(found[0].state[0] if found else "m" for found in rows),
        judgments=[found[0].judgment if found else None for found in rows],
        others=others or None,
    )
