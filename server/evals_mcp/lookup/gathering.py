"""What the documented API answers, as rows for reviews; no requests."""

from collections.abc import Sequence
from dataclasses import dataclass

from evals_mcp.models.datasets import DatasetResponse
from evals_mcp.models.evaluations import EvaluationLogResponse, EvaluationResponse
from evals_mcp.models.evaluators import EvaluatorResponse
from evals_mcp.models.logs import EvaluatorLogResponse, LogResponse, log_cost, log_latency, log_output
from evals_mcp.models.review import (
    DatapointLog,
    EvaluationRow,
    EvaluatorFigures,
    EvaluatorRow,
    JudgmentRow,
    JudgmentState,
    RunRow,
)
from evals_mcp.models.runs import EvaluationRunResponse
from evals_mcp.models.stats import (
    BooleanEvaluatorStatsResponse,
    EvaluationStats,
    EvaluatorStatsResponse,
    NumericEvaluatorStatsResponse,
    RunStatsResponse,
    SelectEvaluatorStatsResponse,
)


@dataclass(frozen=True, slots=True)
class GatheredLog:
    """A whole log in a run, and where it stood in the server's list (0 is the first, which is the newest)."""

    position: int
    run_id: str
    log: LogResponse
    datapoint_id: str | None
    judgments: tuple[JudgmentRow, ...]

    @property
    def output(self) -> str | None:
        """The output, or the text of the output message."""
        return log_output(self.log)

    @property
    def latency(self) -> float | None:
        """Seconds: the provider's where it is known, else from start to end."""
        return log_latency(self.log)

    @property
    def cost(self) -> float | None:
        """US dollars for prompt and output together, as far as they are known."""
        return log_cost(self.log)

    def by_judgments(self) -> DatapointLog:
        """The log by its judgments alone."""
        return DatapointLog(
            id=self.log.id,
            run_id=self.run_id,
            failed=self.log.error is not None,
            states="".join(judgment.state[0] for judgment in self.judgments),
            judgments=[judgment.judgment for judgment in self.judgments],
        )


def gather_log(item: EvaluationLogResponse, position: int, evaluators: Sequence[EvaluatorRow]) -> GatheredLog:
    """One record of an evaluation's logs; of several judgments by one evaluator the last counts."""
    return GatheredLog(
        position=position,
        run_id=item.run_id,
        log=item.log,
        datapoint_id=datapoint_id_of(item),
        judgments=tuple(_judgment(row, counting_log(item, row, evaluators)) for row in evaluators),
    )


def datapoint_id_of(item: EvaluationLogResponse) -> str | None:
    """The id of the datapoint that a log in a run is for."""
    return item.datapoint.id if item.datapoint is not None else item.log.source_datapoint_id


def counting_log(
    item: EvaluationLogResponse, row: EvaluatorRow, evaluators: Sequence[EvaluatorRow]
) -> EvaluatorLogResponse | None:
    """What an evaluator said of a log: its last judgment, by the attached version only if several are attached."""
    sole = sum(other.id == row.id for other in evaluators) == 1
    for log in reversed(item.evaluator_logs):
        if isinstance(log, EvaluatorLogResponse) and (
            log.evaluator.id == row.id if sole else log.evaluator.version_id == row.version_id
        ):
            return log
    return None


def evaluator_rows(evaluation: EvaluationResponse) -> list[EvaluatorRow]:
    """The evaluators attached to an evaluation."""
    return [_evaluator_row(item.version) for item in evaluation.evaluators]


def run_rows(
    runs: Sequence[EvaluationRunResponse], stats: EvaluationStats, evaluators: Sequence[EvaluatorRow]
) -> list[RunRow]:
    """The runs of an evaluation, the oldest first, with the statistics of its evaluators in their order."""
    by_run = {item.run_id: item for item in stats.run_stats}
    rows = [_run_row(run, by_run.get(run.id), evaluators) for run in runs]
    rows.reverse()
    return sorted(rows, key=lambda row: row.created_at)


def evaluation_row(
    evaluation: EvaluationResponse, file_path: str | None, status: str, runs: Sequence[RunRow]
) -> EvaluationRow:
    """An evaluation in a list."""
    return EvaluationRow(
        id=evaluation.id,
        name=evaluation.name,
        file_id=evaluation.file_id,
        file_path=file_path or next((run.file_path for run in runs if run.file_path), None),
        runs_count=evaluation.runs_count,
        evaluators=[item.version.path for item in evaluation.evaluators],
        status=status,
        created_at=evaluation.created_at,
        changed_at=max([evaluation.updated_at, *(run.created_at for run in runs)]),
    )


def _judgment(row: EvaluatorRow, log: EvaluatorLogResponse | None) -> JudgmentRow:
    if log is None:
        return JudgmentRow(evaluator_version_id=row.version_id, state="missing")
    state: JudgmentState = "failed" if log.error is not None else "abstained" if log.judgment is None else "judged"
    return JudgmentRow(
        evaluator_version_id=row.version_id,
        state=state,
        judgment=None if state == "failed" else log.judgment,
        explanation=log_output(log),
        error=log.error,
    )


def _evaluator_row(version: EvaluatorResponse) -> EvaluatorRow:
    spec = version.spec.model_dump(mode="json")
    options = spec.get("options") or []
    limits = spec.get("number_limits") or {}
    return EvaluatorRow(
        id=version.id,
        version_id=version.version_id,
        path=version.path,
        return_type=spec["return_type"],
        evaluator_type=spec.get("evaluator_type"),
        options=[option["name"] for option in options],
        valences={option["name"]: option["valence"] for option in options if option.get("valence")},
        low=limits.get("min"),
        high=limits.get("max"),
        lower_is_better=spec.get("number_valence") == "negative",
        neutral=spec.get("number_valence") == "neutral",
        has_valence=spec.get("number_valence") is not None,
    )


def _run_row(run: EvaluationRunResponse, stats: RunStatsResponse | None, evaluators: Sequence[EvaluatorRow]) -> RunRow:
    by_version = {item.evaluator_version_id: item for item in (stats.evaluator_stats if stats else ())}
    dataset = run.dataset if isinstance(run.dataset, DatasetResponse) else None
    return RunRow(
        id=run.id,
        version_id=run.version.version_id if run.version else None,
        version_name=run.version.version_name if run.version else None,
        file_path=run.version.path if run.version else None,
        dataset_version_id=dataset.version_id if dataset else None,
        dataset_path=dataset.path if dataset else None,
        datapoints_count=dataset.datapoints_count if dataset else None,
        logs_count=stats.num_logs if stats else 0,
        status=run.status,
        control=run.control,
        created_at=run.created_at,
        stats=[evaluator_figures(by_version.get(row.version_id)) for row in evaluators],
    )


def evaluator_figures(stats: EvaluatorStatsResponse | None) -> EvaluatorFigures:
    """An evaluator's figures out of its statistics as the API shows them; None is an evaluator without any."""
    if stats is None:
        return EvaluatorFigures(0, 0, 0, 0)
    counts = (stats.total_logs, stats.num_judgments, stats.num_nulls, stats.num_errors)
    match stats:
        case BooleanEvaluatorStatsResponse():
            return EvaluatorFigures(*counts, num_true=stats.num_true)
        case NumericEvaluatorStatsResponse(percentiles=percentiles):
            return EvaluatorFigures(*counts, mean=stats.mean, low=percentiles.get("0"), high=percentiles.get("100"))
        case SelectEvaluatorStatsResponse():
            return EvaluatorFigures(*counts, options=stats.num_judgments_per_option)
    return EvaluatorFigures(*counts)
