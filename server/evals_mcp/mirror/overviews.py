"""An evaluation from the documented routes: rows for questions before any log is read. No requests."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from hashlib import blake2b
from itertools import accumulate
from typing import Any, NamedTuple, TypeVar

from pydantic import ValidationError

from evals_mcp.importers.api_records import Unreadable, is_readable, read_run, read_version
from evals_mcp.models.evaluations import EvaluationEvaluatorResponse, EvaluationResponse
from evals_mcp.models.figures import evaluator_figures
from evals_mcp.models.model import JsonObject, Model
from evals_mcp.models.rows import EvaluationRow, EvaluatorRow, Overview, RunRow, evaluator_row
from evals_mcp.models.run_differences import RunSubject, run_differences
from evals_mcp.models.runs import EvaluationRunResponse, evaluation_status
from evals_mcp.models.stats import RunStatsResponse

Answer = TypeVar("Answer", bound=Model)

_AS_SHOWN = (
    *("version_name", "differences", "file_path", "dataset_version_id", "dataset_path", "datapoints_count"),
    *("status", "control", "reported"),
)
_FEW_LOGS = 1_000


@dataclass(frozen=True, slots=True)
class Definition:
    """An evaluation without its logs. Runs are sorted oldest first; JSON is in API form.

    A run's sign changes when the run visibly changes. Without statistics it has no sign and no figures. `unreadable`
    has the ids of the excluded runs and evaluators.
    """

    overview: Overview
    evaluation: JsonObject
    evaluators: list[JsonObject]
    runs: list[JsonObject]
    signs: Mapping[str, str]
    unreadable: list[str]

    @property
    def id(self) -> str:
        """The id of the evaluation."""
        return self.overview.evaluation.id

    @property
    def datasets(self) -> dict[str, JsonObject]:
        """The dataset versions of the runs, by version id."""
        return {run["dataset"]["version_id"]: run["dataset"] for run in self.runs if run.get("dataset")}

    def dataset_id(self, run_id: str) -> str | None:
        """The dataset of a run's datapoints: its own, or another run's if it has none."""
        ids = {run["id"]: run["dataset"]["id"] for run in self.runs if run.get("dataset")}
        return ids.get(run_id) or next(iter(ids.values()), None)


def read_definition(
    evaluation: JsonObject, runs: Sequence[Any], stats: JsonObject | None, file_path: str | None
) -> Definition:
    """Build the evaluation from the responses for it, its runs and its statistics.

    Raises ValidationError if the evaluation itself is not as documented.
    """
    about = EvaluationResponse.model_validate({**evaluation, "evaluators": []})
    attached = [(item, _read_evaluator(item)) for item in evaluation.get("evaluators") or []]
    # The list has the newest first; runs of the same time keep that order.
    listed = [(item, _read_run(item)) for item in reversed(runs)]
    known = sorted((run for _, run in listed if run is not None), key=lambda run: run.row.created_at)
    counted = {item.run_id: item for item in _run_stats(stats)}
    evaluators = [
        evaluator_row(
            item.version.id, item.version.version_id, item.version.path, item.version.spec.model_dump(mode="json")
        ).model_copy(update={"for_review": bool(item.for_review)})
        for _, item in attached
        if item is not None
    ]
    differences = _differences(known)
    rows = [
        _run_row(run.row, counted.get(run.row.id), evaluators, parts)
        for run, parts in zip(known, differences, strict=True)
    ]
    status = evaluation_status([row.status for row in rows])
    changed = about.updated_at.isoformat()
    return Definition(
        Overview(
            evaluation=_evaluation_row(about, file_path, status, evaluators, rows), evaluators=evaluators, runs=rows
        ),
        evaluation,
        [item["version"] for item, read in attached if read is not None],
        [run.json for run in known],
        {run.row.id: _sign(changed, run.row, counted[run.row.id]) for run in known if run.row.id in counted},
        [_id_of(item) for item, read in (*attached, *listed) if read is None],
    )


class _Run(NamedTuple):
    """A run in our models and in API form, without unreadable parts."""

    row: EvaluationRunResponse
    json: JsonObject


def _read(model: type[Answer], item: Any) -> Answer | None:
    try:
        return model.model_validate(item)
    except ValidationError:
        return None


def _read_evaluator(item: Any) -> EvaluationEvaluatorResponse | None:
    found = _read(EvaluationEvaluatorResponse, item)
    return found if found is not None and is_readable(item["version"]) else None


def _read_run(run: Any) -> _Run | None:
    """Read a run, without its version or dataset if those are unreadable."""
    if not isinstance(run, dict):
        return None
    shown = {**run, **{name: None for name in ("version", "dataset") if not is_readable(run.get(name))}}
    found = _read(EvaluationRunResponse, shown)
    with suppress(Unreadable):
        read_run(shown, [], None)
        return None if found is None else _Run(found, shown)
    return None


def _run_stats(stats: JsonObject | None) -> list[RunStatsResponse]:
    items = (stats or {}).get("run_stats")
    found = [_read(RunStatsResponse, item) for item in (items if isinstance(items, list) else [])]
    return [item for item in found if item is not None]


def _sign(changed: str, run: EvaluationRunResponse, stats: RunStatsResponse) -> str:
    """A value that stays the same until the run visibly changes."""
    state = (changed, run.status, stats.model_dump_json())
    return blake2b(repr(state).encode(), digest_size=12).hexdigest()


def _id_of(item: Any) -> str:
    """The id of an attached evaluator's version or of a run."""
    if not isinstance(item, dict):
        return "without an id"
    version = item.get("version")
    return str(item.get("id") or (version.get("version_id") if isinstance(version, dict) else None) or "without an id")


def _evaluation_row(
    about: EvaluationResponse,
    file_path: str | None,
    status: str,
    evaluators: Sequence[EvaluatorRow],
    runs: Sequence[RunRow],
) -> EvaluationRow:
    return EvaluationRow(
        id=about.id,
        name=about.name,
        file_id=about.file_id,
        file_path=file_path or next((run.file_path for run in runs if run.file_path), None),
        runs_count=about.runs_count,
        evaluators=[row.path for row in evaluators],
        status=status,
        created_at=about.created_at,
        changed_at=max([about.updated_at, *(run.created_at for run in runs)]),
    )


def _differences(runs: Sequence[_Run]) -> list[list[str]]:
    """What tells the versions of the runs apart, if one of them has no name."""
    if all(row.version.version_name for row, _ in runs if row.version):
        return [[] for _ in runs]
    return run_differences([_subject(run) for run in runs])


def _subject(run: _Run) -> RunSubject:
    version, dataset = run.row.version, run.row.dataset
    return RunSubject(
        version.version_id if version else None,
        read_version(run.json["version"]).content if version else None,
        version.path if version else None,
        dataset.version_id if dataset else None,
        dataset.path if dataset else None,
        dataset.datapoints_count if dataset else None,
    )


def _run_row(
    run: EvaluationRunResponse,
    stats: RunStatsResponse | None,
    evaluators: Sequence[EvaluatorRow],
    differences: list[str],
) -> RunRow:
    by_version = {item.evaluator_version_id: item for item in (stats.evaluator_stats if stats else ())}
    return RunRow(
        id=run.id,
        version_id=run.version.version_id if run.version else None,
        version_name=run.version.version_name if run.version else None,
        differences=differences,
        file_path=run.version.path if run.version else None,
        dataset_version_id=run.dataset.version_id if run.dataset else None,
        dataset_path=run.dataset.path if run.dataset else None,
        datapoints_count=run.dataset.datapoints_count if run.dataset else None,
        logs_count=stats.num_logs if stats else 0,
        status=run.status,
        control=run.control,
        created_at=run.created_at,
        stats=[evaluator_figures(by_version.get(row.version_id)) for row in evaluators],
        reported=run.reported_figures or [],
    )


def may_be_errors(runs: Sequence[RunRow]) -> list[str]:
    """The ids of the first runs whose logs nobody judged, of few logs in all."""
    unjudged = [run for run in runs if run.logs_count and not any(stats.judged_logs for stats in run.stats)]
    logs = accumulate(run.logs_count for run in unjudged)
    return [run.id for run, amount in zip(unjudged, logs, strict=True) if amount <= _FEW_LOGS]


def as_shown(row: RunRow, shown: RunRow) -> RunRow:
    """A run's row from the scratch workspace, with the server's own facts about the run."""
    return row.model_copy(update={name: getattr(shown, name) for name in _AS_SHOWN})
