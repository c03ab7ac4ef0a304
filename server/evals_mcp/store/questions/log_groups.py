"""The groups of the logs of runs: by a field of their datapoints, or by what the logs gave."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Row

from evals_mcp.errors import Invalid
from evals_mcp.models.field_rows import MOST_VALUES
from evals_mcp.models.groups import GroupBy
from evals_mcp.models.judgments import JUDGED
from evals_mcp.statistics.columns import JudgmentColumn
from evals_mcp.statistics.groups import Groups, number_groups, value_groups
from evals_mcp.store.questions.evaluation_states import EvaluationState
from evals_mcp.store.questions.field_columns import FieldColumns
from evals_mcp.store.questions.fields import dataset_versions
from evals_mcp.store.questions.run_columns import RunsAsColumns
from evals_mcp.store.revision_cache import RevisionCache

if TYPE_CHECKING:
    from numpy.typing import NDArray

_TRUTH = ("false", "true", "mixed")


class LogGroups:
    """Reads the groups of logs."""

    def __init__(self, cache: RevisionCache) -> None:
        self._fields = FieldColumns(cache)

    def read(
        self,
        connection: Connection,
        group_by: GroupBy,
        evaluation: EvaluationState,
        runs: Sequence[Row[Any]],
        found: RunsAsColumns,
    ) -> Groups:
        """The groups of the logs of these runs, one run after the other. Raises Invalid for too many values."""
        import numpy as np

        columns = [found.columns[run.id] for run in runs]
        match group_by.kind:
            case "field":
                datapoints = np.concatenate([column.datapoints for column in columns])
                return self._of_field(connection, group_by, evaluation, datapoints, found)
            case "judgment":
                version_id = group_by.evaluator_version_id or ""
                (evaluator,) = evaluation.find_evaluators([version_id])
                return _of_judgments(evaluator.row.return_type, [column.judgments[version_id] for column in columns])
            case "error":
                return value_groups(np.concatenate([column.failed for column in columns]).astype(int), _TRUTH)
            case measure:
                return number_groups(np.concatenate([column.measures[measure] for column in columns]))

    def _of_field(
        self,
        connection: Connection,
        group_by: GroupBy,
        evaluation: EvaluationState,
        datapoints: NDArray[Any],
        found: RunsAsColumns,
    ) -> Groups:
        import numpy as np

        assert group_by.part is not None
        versions = dataset_versions(evaluation)
        keys, positions = np.unique(datapoints, return_inverse=True)
        ids = [found.keys.id_of(key) if key >= 0 else None for key in keys.tolist()]
        column = self._fields.of_datapoints(connection, versions, group_by.part, group_by.key, ids)
        if column.is_number and not set(column.labels) <= set(_TRUTH):
            return number_groups(column.numbers[positions])
        groups = value_groups(column.codes[positions], column.labels)
        if len(groups.names) > MOST_VALUES:
            raise Invalid(
                f"The field has {len(groups.names):,} different values; groups need at most {MOST_VALUES}.",
                ("body", "group_by"),
            )
        return groups


def _of_judgments(return_type: str, columns: Sequence[JudgmentColumn]) -> Groups:
    """Groups by the judgments of logs. What is not judged has no value."""
    import numpy as np

    judged = np.concatenate([column.states == JUDGED for column in columns])
    if return_type in ("boolean", "number"):
        numbers = np.where(judged, np.concatenate([column.numbers for column in columns]), np.nan)
        if return_type == "number":
            return number_groups(numbers)
        return value_groups(np.select([numbers == 0, numbers == 1, judged], [0, 1, 2], -1), _TRUTH)
    codes: dict[str, int] = {}
    of_logs = []
    for column in columns:
        texts = [", ".join(option for option, _ in profile) for profile in column.options]
        of_options = np.array([*(codes.setdefault(text, len(codes)) for text in texts), -1])
        of_logs.append(of_options[column.labels])
    groups = value_groups(np.where(judged, np.concatenate(of_logs), -1), list(codes))
    if len(groups.names) > MOST_VALUES:
        raise Invalid(f"The evaluator gives more than {MOST_VALUES} different judgments.", ("body", "group_by"))
    return groups
