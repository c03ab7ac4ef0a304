"""Comparing runs out of logs from the documented API: little of each log is kept, and where it was read."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from evals_mcp.lookup.gathering import counting_log, datapoint_id_of, gather_log
from evals_mcp.lookup.selection import log_row
from evals_mcp.models.comparisons import ComparedDatapoint
from evals_mcp.models.evaluations import EvaluationLogResponse
from evals_mcp.models.logs import log_cost, log_latency
from evals_mcp.models.review import EvaluatorRow
from evals_mcp.statistics.columns import (
    ABSTAINED,
    FAILED,
    JUDGED,
    MISSING,
    OTHER_TYPE,
    DatapointKeys,
    RunColumns,
    judgment_column,
)
from evals_mcp.truncation import cut_texts

_PARTS = ("inputs", "messages", "target")


class Place(NamedTuple):
    """A log, its run, and the page of the list on which it was."""

    run_id: str
    log_id: str
    page: int


class _Said(NamedTuple):
    """What an evaluator said of a log, and by which of its versions."""

    state: int
    judgment: object
    version_id: str | None


_NOTHING = _Said(MISSING, None, None)


@dataclass(slots=True)
class _Run:
    """Facts of a run's logs in the order of the list, which is the newest first."""

    places: list[Place] = field(default_factory=list)
    datapoint_ids: list[str | None] = field(default_factory=list)
    failed: list[bool] = field(default_factory=list)
    measures: list[tuple[float | None, float | None, float | None]] = field(default_factory=list)
    said: list[list[_Said]] = field(default_factory=list)


class ColumnsGathered:
    """Collects pages of logs; `asked` are the evaluators to compare by, out of all that are attached."""

    def __init__(self, run_ids: Sequence[str], asked: Sequence[EvaluatorRow], attached: Sequence[EvaluatorRow]) -> None:
        self.keys = DatapointKeys()
        self._asked = asked
        self._attached = attached
        self._runs = {run_id: _Run() for run_id in run_ids}

    def add(self, item: EvaluationLogResponse, page: int) -> None:
        """Take what is needed of a log, which was on this page."""
        run, log = self._runs[item.run_id], item.log
        tokens = [getattr(log, name, None) for name in ("prompt_tokens", "output_tokens")]
        known = [amount for amount in tokens if amount is not None]
        run.places.append(Place(item.run_id, log.id, page))
        run.datapoint_ids.append(datapoint_id_of(item))
        run.failed.append(log.error is not None)
        run.measures.append((log_latency(log), sum(known) if known else None, log_cost(log)))
        run.said.append([self._said(item, row) for row in self._asked])

    def columns(self) -> dict[str, RunColumns]:
        """The runs as columns, by run id."""
        return {run_id: self._columns(run) for run_id, run in self._runs.items()}

    def places(self, run_id: str) -> list[Place]:
        """Where the logs of a run are, in the order of its columns."""
        return self._runs[run_id].places[::-1]

    def _said(self, item: EvaluationLogResponse, row: EvaluatorRow) -> _Said:
        log = counting_log(item, row, self._attached)
        if log is None:
            return _NOTHING
        if log.error is not None:
            return _Said(FAILED, None, log.evaluator.version_id)
        if log.judgment is None:
            return _Said(ABSTAINED, None, log.evaluator.version_id)
        same = log.evaluator.spec.return_type == row.return_type
        return _Said(JUDGED if same else OTHER_TYPE, log.judgment, log.evaluator.version_id)

    def _columns(self, run: _Run) -> RunColumns:
        import numpy as np

        measures = np.array(run.measures[::-1], dtype=float).reshape(-1, 3)
        return RunColumns(
            datapoints=self.keys.column(run.datapoint_ids[::-1]),
            failed=np.array(run.failed[::-1], dtype=bool),
            measures={"latency": measures[:, 0], "tokens": measures[:, 1], "cost": measures[:, 2]},
            judgments={
                row.version_id: judgment_column(
                    row.return_type,
                    [said[place].state for said in reversed(run.said)],
                    [said[place].judgment for said in reversed(run.said)],
                    {version_id for said in run.said if (version_id := said[place].version_id) is not None},
                )
                for place, row in enumerate(self._asked)
            },
        )


def compared_datapoint(
    id: str,
    evaluators: list[str],
    sides: Sequence[Sequence[EvaluationLogResponse]],
    attached: Sequence[EvaluatorRow],
    characters: int,
) -> ComparedDatapoint:
    """A datapoint with its logs in the baseline and in the candidate, on each side the one to show first."""
    logs = [[gather_log(item, 0, attached) for item in side] for side in sides]
    known = next((item.datapoint for side in sides for item in side if item.datapoint is not None), None)
    content = {} if known is None else known.model_dump(mode="json", exclude_none=True)
    cut, lengths = cut_texts({part: content.get(part) for part in _PARTS}, characters)
    baseline, candidate = (log_row(side[0], characters) if side else None for side in logs)
    return ComparedDatapoint(
        id=id,
        inputs=cut["inputs"] or {},
        messages=cut["messages"] or [],
        target=cut["target"],
        lengths=lengths,
        evaluators=evaluators,
        baseline=baseline,
        candidate=candidate,
        other_logs=[log.by_judgments() for side in logs for log in side[1:]],
    )
