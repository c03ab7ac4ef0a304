"""What a document holds of each evaluation, counted."""

from collections import Counter
from collections.abc import Iterable, Sequence

from evals_mcp.models.evaluation_document import (
    EvaluationRecord,
    JudgmentRecord,
    LogRecord,
    Record,
    RunRecord,
    VersionRecord,
)
from evals_mcp.models.imports import ImportedEvaluation


def counted(document: Iterable[Record]) -> list[ImportedEvaluation]:
    """The evaluations of a document, with the numbers of their runs, datapoints, logs and judgments."""
    counts = _Counts()
    for record in document:
        counts.add(record)
    return list(counts.evaluations.values())


class _Counts:
    """Counts what a document holds of each evaluation."""

    def __init__(self) -> None:
        self.evaluations: dict[str, ImportedEvaluation] = {}
        self._evaluations_of: dict[str, list[str]] = {}
        self._runs_of: dict[str, list[str]] = {}
        self._labels: dict[str, str] = {}
        self._datapoints: dict[str, int] = {}

    def add(self, record: Record) -> None:
        """Count one record."""
        match record:
            case VersionRecord():
                self._labels[record.id] = record.name or record.id
                self._datapoints[record.id] = len(record.datapoint_ids)
            case EvaluationRecord():
                name = record.name or record.id
                self.evaluations[record.id] = ImportedEvaluation(name, [], 0, 0, 0, Counter())
            case RunRecord():
                self._evaluations_of[record.id] = [item.evaluation_id for item in record.evaluations]
                for evaluation in self._named([record.id]):
                    evaluation.runs.append(self._labels.get(record.version_id or "", record.id))
                    points = self._datapoints.get(record.dataset_version_id or "", 0)
                    evaluation.datapoints = max(evaluation.datapoints, points)
            case LogRecord():
                self._runs_of.setdefault(record.id, []).extend(record.run_ids)
                for evaluation in self._named(record.run_ids):
                    evaluation.logs += 1
                    evaluation.errors += record.error is not None
            case JudgmentRecord():
                state = "failed" if record.error is not None else "abstained" if record.judgment is None else "judged"
                for evaluation in self._named(self._runs_of.get(record.judged_log_id, [])):
                    evaluation.judgments[state] += 1

    def _named(self, run_ids: Sequence[str]) -> list[ImportedEvaluation]:
        ids = {id for run_id in run_ids for id in self._evaluations_of.get(run_id, [])}
        return [self.evaluations[id] for id in ids if id in self.evaluations]
