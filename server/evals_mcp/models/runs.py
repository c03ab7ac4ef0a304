"""Runs of an evaluation."""

from collections.abc import Sequence
from typing import Any

from evals_mcp.models.datasets import DatasetResponse
from evals_mcp.models.enums import EvaluationStatus, OpenEvaluationStatus
from evals_mcp.models.files import RunVersionResponse
from evals_mcp.models.model import Added, Defaulted, Model, UtcDatetime
from evals_mcp.models.references import VersionReference
from evals_mcp.models.reported_figures import ReportedFigure


class CreateRunRequest(Model):
    """A run to create. With `orchestrated` false, the caller posts the logs. `reported_figures` are our own."""

    dataset: VersionReference | None = None
    version: VersionReference | None = None
    orchestrated: Defaulted[bool] = True
    use_existing_logs: Defaulted[bool] = False
    reported_figures: list[ReportedFigure] | None = None


class UpdateRunRequest(Model):
    """Changes of a run: its status, whether it is the control, all its reported figures. Null fields stay unchanged."""

    control: bool | None = None
    status: EvaluationStatus | None = None
    reported_figures: list[ReportedFigure] | None = None


class AddLogsRequest(Model):
    """Ids of logs to add to a run.

    Our extension `only_matching` refuses logs of another version, and of datapoints that are not in the run's dataset.
    With `dry_run`, ours too, the logs are only checked.
    """

    log_ids: list[str]
    only_matching: Defaulted[bool] = False
    dry_run: Defaulted[bool] = False


class EvaluationRunResponse(Model):
    """One version's pass over a dataset. `added_at` is when it was added to this evaluation.

    Our own `added_logs_count` says how many logs a request added to it.
    """

    id: str
    orchestrated: bool
    added_at: UtcDatetime
    created_at: UtcDatetime
    status: OpenEvaluationStatus
    control: bool
    dataset: DatasetResponse | None = None
    version: RunVersionResponse | None = None
    created_by: Any = None
    reported_figures: Added[list[ReportedFigure]] = None
    added_logs_count: Added[int] = None


def evaluation_status(statuses: Sequence[str]) -> str:
    """The status of an evaluation with these runs: pending without runs, running until all runs are done."""
    if not statuses:
        return "pending"
    if any(status in ("pending", "running") for status in statuses):
        return "running"
    return "cancelled" if set(statuses) == {"cancelled"} else "completed"


class EvaluationRunsResponse(Model):
    """All runs of an evaluation."""

    runs: list[EvaluationRunResponse]
