"""Where the differences of compared runs sit: the fields that are looked at, and what is found in them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import Connection

from evals_mcp.models.comparisons import LocatedDifference
from evals_mcp.models.field_rows import FieldRow, field_labels, groupable_labels
from evals_mcp.models.questions import ComparisonQuestion
from evals_mcp.statistics.columns import RunColumns
from evals_mcp.statistics.located_differences import locate
from evals_mcp.statistics.pairing import NumberPairs, pair_columns
from evals_mcp.store.questions.evaluation_states import AttachedEvaluator, EvaluationState
from evals_mcp.store.questions.field_columns import FieldColumn, FieldColumns
from evals_mcp.store.questions.fields import dataset_versions, read_fields
from evals_mcp.store.questions.filter_conditions import FilterConditions
from evals_mcp.store.questions.run_columns import RunsAsColumns
from evals_mcp.store.revision_cache import RevisionCache

if TYPE_CHECKING:
    from numpy.typing import NDArray

_MOST_VALUES = 20
_MOST_FIELDS = 20


class Located(NamedTuple):
    """Where differences sit, and the names of the fields to group by."""

    located: list[LocatedDifference]
    groupable: list[str]


class LocatedDifferences:
    """Looks for groups of datapoints with a difference of their own, by one evaluator."""

    def __init__(self, cache: RevisionCache) -> None:
        self._cache = cache
        self._fields = FieldColumns(cache)

    def find(
        self,
        connection: Connection,
        question: ComparisonQuestion,
        evaluation: EvaluationState,
        conditions: FilterConditions,
        evaluators: Sequence[AttachedEvaluator],
        found: RunsAsColumns,
    ) -> Located:
        """Look in the fields with few values, by the first evaluator with a direction that changed."""
        fields = read_fields(connection, self._cache, dataset_versions(evaluation)).rows
        labels = field_labels(fields)
        groupable = [label for _, label in groupable_labels(fields)]
        few = [row for row, label in zip(fields, labels, strict=True) if label and _has_few_values(row)]
        if not few:
            return Located([], groupable)
        runs = [question.baseline_run_id, *question.candidate_run_ids]
        located: list[LocatedDifference] = self._cache.get(
            "located differences",
            (evaluation.id, question.filter, question.missing, runs, [item.key for item in evaluators]),
            conditions.revisions(evaluation.runs),
            lambda: self._look(connection, evaluation, runs, evaluators, few[:_MOST_FIELDS], found),
        )
        return Located(located, groupable)

    def _look(
        self,
        connection: Connection,
        evaluation: EvaluationState,
        run_ids: Sequence[str],
        evaluators: Sequence[AttachedEvaluator],
        fields: Sequence[FieldRow],
        found: RunsAsColumns,
    ) -> list[LocatedDifference]:
        import numpy as np

        chosen = _first_informative(evaluators, run_ids, found.columns)
        if chosen is None:
            return []
        evaluator, pairs = chosen
        columns = self._columns(connection, evaluation, fields, found.columns[run_ids[0]], found)
        codes = {
            run_id: [by_key[np.array(item.keys, dtype=np.int64)] for _, by_key in columns]
            for run_id, item in pairs.items()
        }
        return [
            LocatedDifference(
                run_id=item.subject,
                evaluator_version_id=evaluator.version_id,
                part=fields[item.field].part,
                key=fields[item.field].key,
                value=columns[item.field][0].labels[item.code],
                pairs=item.pairs,
                others=item.others,
                difference=item.difference,
                rest=item.rest,
                rest_p=item.rest_p,
                adjusted_p=item.adjusted_p,
            )
            for item in locate({run_id: item.differences() for run_id, item in pairs.items()}, codes)
        ]

    def _columns(
        self,
        connection: Connection,
        evaluation: EvaluationState,
        fields: Sequence[FieldRow],
        baseline: RunColumns,
        found: RunsAsColumns,
    ) -> list[tuple[FieldColumn, NDArray[Any]]]:
        """Each field, and its codes by the keys of the baseline's datapoints."""
        import numpy as np

        keys = np.unique(baseline.datapoints[baseline.datapoints >= 0])
        ids = [found.keys.id_of(key) for key in keys.tolist()]
        versions = dataset_versions(evaluation)
        columns = []
        for row in fields:
            column = self._fields.of_datapoints(connection, versions, row.part, row.key, ids)
            by_key = np.full(int(keys.max(initial=-1)) + 1, -1)
            by_key[keys] = column.codes
            columns.append((column, by_key))
        return columns


def _has_few_values(row: FieldRow) -> bool:
    return 2 <= row.values_count <= _MOST_VALUES and not row.has_cut_values


def _first_informative(
    evaluators: Sequence[AttachedEvaluator], run_ids: Sequence[str], columns: Mapping[str, RunColumns]
) -> tuple[AttachedEvaluator, dict[str, NumberPairs]] | None:
    """The first evaluator of numbers or booleans with a direction that changed, and its pairs by candidate."""
    for item in evaluators:
        if item.row.return_type not in ("boolean", "number") or not item.row.is_directed:
            continue
        baseline, *others = (columns[run_id].judged(item.version_id) for run_id in run_ids)
        pairs = {
            run_id: pair_columns(baseline.keys, baseline.numbers, other.keys, other.numbers)
            for run_id, other in zip(run_ids[1:], others, strict=True)
        }
        if any(found.differences().any() for found in pairs.values()):
            return item, pairs
    return None
