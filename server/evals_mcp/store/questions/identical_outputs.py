"""The judgments of outputs that are identical in both of two compared runs."""

from collections.abc import Iterable, Sequence
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Text, bindparam, cast, select

from evals_mcp.models.comparisons import IdenticalOutputs
from evals_mcp.models.questions import ComparisonQuestion
from evals_mcp.statistics.identical_outputs import compare_identical, equally_long
from evals_mcp.store.database.pages import batches
from evals_mcp.store.database.tables import logs
from evals_mcp.store.questions.evaluation_states import AttachedEvaluator, EvaluationState
from evals_mcp.store.questions.filter_conditions import FilterConditions
from evals_mcp.store.questions.filtered_columns import filter_revisions
from evals_mcp.store.questions.run_columns import RunsAsColumns
from evals_mcp.store.revision_cache import RevisionCache

if TYPE_CHECKING:
    from numpy.typing import NDArray

_OUTPUTS = select(logs.c.number, logs.c.output, cast(logs.c.output_message, Text)).where(
    logs.c.number.in_(bindparam("numbers", expanding=True))
)
_DIGEST = 16  # bytes


class IdenticalOutputJudgments:
    """Compares the judgments of identical outputs. Reads only outputs that are equally long, and keeps digests."""

    def __init__(self, cache: RevisionCache) -> None:
        self._cache = cache

    def find(
        self,
        connection: Connection,
        question: ComparisonQuestion,
        evaluation: EvaluationState,
        conditions: FilterConditions,
        evaluators: Sequence[AttachedEvaluator],
        found: RunsAsColumns,
    ) -> list[IdenticalOutputs]:
        """A row for each candidate and evaluator that judged identical outputs of both runs."""
        run_ids = [question.baseline_run_id, *question.candidate_run_ids]
        rows: list[IdenticalOutputs] = self._cache.get(
            "judgments of identical outputs",
            (evaluation.id, run_ids, question.filter, question.missing, [item.key for item in evaluators]),
            (evaluation.revisions(evaluation.find_runs(run_ids)), filter_revisions(conditions, evaluation)),
            lambda: _compare(connection, run_ids, evaluators, found),
        )
        return rows


def _compare(
    connection: Connection, run_ids: Sequence[str], evaluators: Sequence[AttachedEvaluator], found: RunsAsColumns
) -> list[IdenticalOutputs]:
    import numpy as np

    baseline, *candidates = run_ids
    columns = found.columns
    alike = {run_id: equally_long(columns[baseline], columns[run_id]) for run_id in candidates}
    logs_of = {run_id: _logs_of(found, run_id, keys) for run_id, keys in alike.items()}
    logs_of[baseline] = _logs_of(found, baseline, np.unique(np.concatenate([*alike.values()])))
    digests = _digests(connection, {number for of_run in logs_of.values() for _, number in of_run})
    identical = {}
    for run_id, keys in alike.items():
        outputs: dict[int, set[bytes | None]] = {key: set() for key in keys.tolist()}
        for key, number in (*logs_of[baseline], *logs_of[run_id]):
            if key in outputs:
                outputs[key].add(digests.get(number))
        same = [key for key, of_key in outputs.items() if len(of_key) == 1 and None not in of_key]
        identical[run_id] = np.array(same, dtype=np.int64)
    return compare_identical([item.row for item in evaluators], columns[baseline], columns, identical)


def _logs_of(found: RunsAsColumns, run_id: str, keys: "NDArray[Any]") -> list[tuple[int, int]]:
    """The key and number of a run's logs for the datapoints with these keys."""
    import numpy as np

    datapoints = found.columns[run_id].datapoints
    chosen = np.isin(datapoints, keys)
    return list(zip(datapoints[chosen].tolist(), found.numbers[run_id][chosen].tolist(), strict=True))


def _digests(connection: Connection, numbers: Iterable[int]) -> dict[int, bytes]:
    """Digests of the outputs of the logs with these numbers; not of those without one."""
    found = {}
    for part in batches(sorted(numbers)):
        for number, output, message in connection.execute(_OUTPUTS, {"numbers": part}):
            if output is not None or message is not None:
                found[number] = blake2b(repr((output, message)).encode(), digest_size=_DIGEST).digest()
    return found
