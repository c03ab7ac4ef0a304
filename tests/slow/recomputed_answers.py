"""Answers recomputed in Python from the documented API's own records, to hold those of the store against."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

from evals_mcp.folding import fold
from evals_mcp.models.conditions import JudgmentCondition
from evals_mcp.models.logs import EvaluatorLogResponse, LogResponse, log_latency, log_output
from evals_mcp.models.questions import DatapointQuestion, Filter, LogQuestion
from evals_mcp.models.rows import Overview
from evals_mcp.models.usage import log_usage
from evals_mcp.statistics.agreement import JudgmentReading, judgment_fails
from evals_mcp.store.store import Store
from evals_mcp.truncation import texts_of

_MISSING = ("missing", None)


@dataclass(frozen=True)
class RunLog:
    """A log in a run; judgments are states and values by the attached evaluator's version."""

    run_id: str
    log: LogResponse
    datapoint_id: str | None
    judgments: dict[str, list[tuple[str, Any]]]


class Recomputed:
    """An evaluation as the documented API gives it."""

    def __init__(self, store: Store, overview: Overview, dataset_version_id: str) -> None:
        self.evaluators = {row.version_id: row for row in overview.evaluators}
        self.runs = {run.id: run for run in overview.runs}
        dataset = next(run.dataset_path for run in overview.runs if run.dataset_version_id == dataset_version_id)
        file_id = store.files.retrieve_by_path(str(dataset)).id
        self.datapoints = store.datasets.get(file_id, dataset_version_id, include_datapoints=True).datapoints or []
        self.logs = []
        for record in store.runs.logs(overview.evaluation.id, [], 1, 1000).records:
            judged = {version_id: self._counting(version_id, record.evaluator_logs) for version_id in self.evaluators}
            self.logs.append(RunLog(record.run_id, record.log, record.log.source_datapoint_id, judged))

    def _counting(self, version_id: str, found: Sequence[LogResponse]) -> list[tuple[str, Any]]:
        file_id = self.evaluators[version_id].id
        sole = sum(row.id == file_id for row in self.evaluators.values()) == 1
        by_author: dict[str | None, tuple[str, Any]] = {}
        for log in found:
            assert isinstance(log, EvaluatorLogResponse)
            if log.evaluator.id == file_id if sole else log.evaluator.version_id == version_id:
                state = "failed" if log.error is not None else "abstained" if log.judgment is None else "judged"
                by_author[log.user] = (state, log.judgment)
        return list(by_author.values())

    def matching(self, question: LogQuestion) -> set[tuple[str, str]]:
        """The logs that a question means, as run and log id."""
        found = [log for log in self.logs if self._meets(log, question.filter)]
        match question.sort:
            case "worst":
                by = str(question.evaluator_version_id)
                if question.filter.names() in ([], ["run_ids"]) or self._able(question.filter.judgment) == [by]:
                    found = [log for log in found if any(self._has_score(by, each) for each in log.judgments[by])]
            case "latency":
                found = [log for log in found if log_latency(log.log) is not None]
            case "cost":
                found = [log for log in found if log_usage(log.log).cost is not None]
        return {(log.run_id, log.log.id) for log in found}

    def _able(self, condition: JudgmentCondition | None) -> list[str]:
        """The evaluators that may give such a judgment."""
        if condition is None or condition.state == "missing":
            return []
        named = [id for id in self.evaluators if condition.evaluator_version_id in (None, id)]
        types = {"boolean": ("boolean",), "label": ("select", "multi_select")}
        given = condition.model_dump(exclude_none=True, exclude={"evaluator_version_id", "state"})
        allowed = [type for field in given for type in types.get(field, ("number",))]
        return [id for id in named if not given or self.evaluators[id].return_type in allowed]

    def _has_score(self, version_id: str, judgment: tuple[str, Any]) -> bool:
        state, value = judgment
        row = self.evaluators[version_id]
        if isinstance(value, bool | int | float):
            in_order = not row.neutral
        else:
            in_order = row.is_directed if isinstance(value, list) else value in row.valences
        return state == "judged" and in_order

    def _meets(self, log: RunLog, wanted: Filter, *, but: Iterable[str] = ()) -> bool:
        if wanted.run_ids is not None and log.run_id not in wanted.run_ids:
            return False
        if "datapoint_id" not in but and wanted.datapoint_id and log.datapoint_id != wanted.datapoint_id:
            return False
        if wanted.errors_only and log.log.error is None:
            return False
        texts: list[Any] = [log_output(log.log), log.log.error, log.log.inputs]
        texts += [text for judge in log.log.evaluator_logs for text in (log_output(judge), judge.error, judge.judgment)]
        texts += [
            part
            for datapoint in self.datapoints
            if datapoint.id == log.datapoint_id
            for part in (datapoint.inputs, datapoint.messages, datapoint.target)
        ]
        if "text" not in but and wanted.text and not _holds(texts, wanted.text):
            return False
        condition = wanted.judgment
        able = self.evaluators if condition is None or condition.state == "missing" else self._able(condition)
        return condition is None or any(
            _is_so(judgment, condition)
            for version_id, judgments in log.judgments.items()
            for judgment in judgments or [_MISSING]
            if condition.evaluator_version_id in (None, version_id) and version_id in able
        )

    def chosen(self, question: DatapointQuestion) -> list[str]:
        """The ids of the datapoints that a question means, in order."""
        wanted, found = question.filter, []
        for datapoint in self.datapoints:
            logs = [log for log in self.logs if log.datapoint_id == datapoint.id]
            content = [datapoint.inputs, datapoint.messages, datapoint.target]
            if wanted.datapoint_id and wanted.datapoint_id != datapoint.id:
                continue
            if wanted.text and not _holds(content, wanted.text):
                continue
            of_logs = wanted.judgment or wanted.errors_only
            if of_logs and not any(self._meets(log, wanted, but=("text", "datapoint_id")) for log in logs):
                continue
            run_ids = list(self.runs) if wanted.run_ids is None else wanted.run_ids
            if self._shows(question, [log for log in logs if log.run_id in run_ids], run_ids):
                found.append(datapoint.id)
        return found

    def _shows(self, question: DatapointQuestion, logs: Sequence[RunLog], run_ids: Sequence[str]) -> bool:
        readings = {scale.evaluator_version_id: scale for scale in question.scales}
        by = {id: JudgmentReading(scale, self.evaluators[id]) for id, scale in readings.items()}
        match question.show:
            case "all":
                return True
            case "missing":
                over = [id for id in run_ids if self.runs[id].dataset_version_id == question.dataset_version_id]
                lacking = any(not log.judgments[id] for log in logs for id in by)
                return lacking or any(all(log.run_id != run_id for log in logs) for run_id in over)
            case "failed" | "abstained":
                return any(state == question.show for log in logs for id in by for state, _ in log.judgments[id])
            case "disagreement":
                party = question.evaluator_version_id
                alone = [reading.disagree(_values(logs, id)) for id, reading in by.items() if party in (None, id)]
                return any(alone) or any(_contradicted(log, by, party) for log in logs)
        sound = [log for log in logs if log.log.error is None]
        failed = bool(logs) and not sound
        return failed or any(reading.all_fail(_values(sound, id)) for id, reading in by.items())


def _holds(texts: Any, searched: str) -> bool:
    return any(fold(searched) in fold(text) for text in texts_of(texts))


def _values(logs: Sequence[RunLog], version_id: str) -> list[Any]:
    return [value for log in logs for state, value in log.judgments[version_id] if state == "judged"]


def _contradicted(log: RunLog, by: dict[str, JudgmentReading], party: str | None) -> bool:
    judged = [(id, value) for id in by for value in _values([log], id)]
    pairs = [(one, other) for one, other in combinations(judged, 2) if party in (None, one[0], other[0])]
    return any(_contradict(by[id], value, by[other], theirs) for (id, value), (other, theirs) in pairs)


def _contradict(reading: JudgmentReading, value: Any, other: JudgmentReading, theirs: Any) -> bool:
    verdicts = {judgment_fails(value, reading.failing), judgment_fails(theirs, other.failing)}
    both_select = reading.return_type == other.return_type == "select"
    same = both_select and reading.options and reading.options == other.options
    return verdicts == {True, False} or bool(same and value != theirs)


def _is_so(judgment: tuple[str, Any], condition: JudgmentCondition) -> bool:
    state, value = judgment
    if state != condition.state or state != "judged":
        return state == condition.state
    number = value if isinstance(value, bool | int | float) else None
    if condition.label is not None and condition.label not in (value if isinstance(value, list) else [value]):
        return False
    if condition.boolean is not None and number != condition.boolean:
        return False
    bounds = [condition.at_least, condition.above, condition.at_most, condition.below]
    if all(bound is None for bound in bounds):
        return True
    low, above, high, below = bounds
    return number is not None and not (
        (low is not None and number < low)
        or (above is not None and number <= above)
        or (high is not None and number > high)
        or (below is not None and number >= below)
    )
