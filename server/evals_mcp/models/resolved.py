"""An evaluation resolved for one tool call: its overview, and a label for each run and evaluator."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, LiteralString

from evals_mcp.models.path_labels import path_labels
from evals_mcp.models.rows import EvaluatorRow, Overview, RunRow
from evals_mcp.models.run_labels import run_labels


@dataclass(frozen=True, slots=True)
class ResolvedEvaluation:
    """The evaluation of a call. Labels are keyed by run id and by evaluator version id.

    `token` identifies the state of the overview. `notes` tell a reader how its rows were read. `kept` is for
    `kept.once`.
    """

    overview: Overview
    token: str
    run_labels: dict[str, str]
    evaluator_labels: dict[str, str]
    notes: tuple[LiteralString, ...] = ()
    kept: dict[object, Any] = field(default_factory=dict, init=False, repr=False, compare=False)

    @property
    def id(self) -> str:
        """The id of the evaluation."""
        return self.overview.evaluation.id

    @property
    def runs(self) -> list[RunRow]:
        """Its runs, oldest first."""
        return self.overview.runs

    @property
    def evaluators(self) -> list[EvaluatorRow]:
        """The evaluators attached to it."""
        return self.overview.evaluators

    @property
    def reference_run(self) -> RunRow:
        """The run to compare others with: the control, else the oldest. There must be a run."""
        return next((run for run in self.runs if run.control), self.runs[0])

    def run(self, run_id: str) -> RunRow:
        """The run with this id."""
        return next(run for run in self.runs if run.id == run_id)

    def index_of(self, version_id: str) -> int:
        """The index of an evaluator version in the evaluators, and of its figures in each run's `stats`."""
        return next(index for index, row in enumerate(self.evaluators) if row.version_id == version_id)


def resolve(overview: Overview, token: str = "", notes: Sequence[LiteralString] = ()) -> ResolvedEvaluation:
    """Add labels to an overview."""
    return ResolvedEvaluation(
        overview, token, run_labels(overview.runs), evaluator_labels(overview.evaluators), tuple(notes)
    )


def evaluator_labels(evaluators: Sequence[EvaluatorRow]) -> dict[str, str]:
    """A label for each evaluator, by version id: the end of its path, and the version if it has several."""
    called = path_labels(row.path for row in evaluators)
    times = Counter(row.path for row in evaluators)
    return {
        row.version_id: called[row.path] if times[row.path] == 1 else f"{called[row.path]}@{row.version_id}"
        for row in evaluators
    }
