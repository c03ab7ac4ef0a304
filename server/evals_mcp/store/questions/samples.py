"""An even sample of the logs of runs across one evaluator's judgments. Reads no texts.

Its data is cached by run, so that only changed runs are read again.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from functools import partial
from hashlib import blake2b
from itertools import accumulate
from operator import xor
from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import Connection, Row, Select, bindparam, select

from evals_mcp.models.judgments import JUDGED
from evals_mcp.statistics.sampling import Label, label_groups, label_of, rank, sample_key, take_turns
from evals_mcp.store.database.tables import judgments, run_logs
from evals_mcp.store.evaluations.run_status import judgments_of
from evals_mcp.store.logs.judgments import judgment_value
from evals_mcp.store.questions.evaluation_states import AttachedEvaluator
from evals_mcp.store.questions.filter_conditions import FilterConditions
from evals_mcp.store.questions.keys import RunLogKey
from evals_mcp.store.revision_cache import RevisionCache

if TYPE_CHECKING:
    from numpy.typing import NDArray


class Sample(NamedTuple):
    """The first logs of a sample, and the number of logs sampled from."""

    logs: list[RunLogKey]
    total: int


class RankedLogs(NamedTuple):
    """The logs of a run, oldest first: their numbers, and the keys that decide which come first."""

    numbers: "NDArray[Any]"
    ranks: "NDArray[Any]"


class _JudgedAs(NamedTuple):
    """An evaluator's judgments of a run's logs, as indexes into `labels`."""

    codes: "NDArray[Any]"
    labels: list[Label]


class LogSamples:
    """Samples the logs of an evaluation."""

    def __init__(self, cache: RevisionCache) -> None:
        self._cache = cache

    def take(
        self,
        connection: Connection,
        runs: Sequence[Row[Any]],
        evaluator: AttachedEvaluator,
        conditions: FilterConditions,
        matching: Select[Any] | None,
        size: int,
    ) -> Sample:
        """The first `size` logs of an even sample of the logs that match a filter.

        `matching` is the filter's statement for the numbers of a run's logs (`run_id`); None if all match.
        """
        logs, judged = [], []
        for run in runs:
            of_run = ranked_logs(connection, self._cache, run)
            read_judged = partial(_read_judged, connection, run.id, evaluator, of_run.numbers)
            codes, labels = self._cache.get("labelled logs", (run.id, evaluator.key), run, read_judged)
            if matching is not None:
                numbers = self._cache.get(
                    "logs that match",
                    conditions.filter.model_copy(update={"run_ids": [run.id]}),
                    conditions.revisions([run]),
                    partial(_read_matching, connection, run.id, matching),
                )
                indexes = of_run.numbers.searchsorted(numbers)
                of_run, codes = RankedLogs(of_run.numbers[indexes], of_run.ranks[indexes]), codes[indexes]
            logs.append(of_run)
            judged.append(_JudgedAs(codes, labels))
        chosen = _first_of_all(logs, judged, size)
        return Sample(_logs_at(chosen, runs, logs), sum(len(of_run.numbers) for of_run in logs))


def marks_of_beginnings(logs: Iterable[RunLogKey]) -> list[int]:
    """For each number of logs from 0, what tells the first ones from other logs, in any order."""
    # A checksum would not do: those of the logs 1 and 2 combine to the same as those of 4 and 7.
    return [*accumulate(map(_mark, logs), xor, initial=0)]


def _mark(log: RunLogKey) -> int:
    return int.from_bytes(blake2b(f"{log.run_id} {log.log_number}".encode(), digest_size=4).digest())


_LOGS = (
    select(run_logs.c.log_number, run_logs.c.datapoint_id)
    .where(run_logs.c.run_id == bindparam("run_id"))
    .order_by(run_logs.c.log_number)
)


def ranked_logs(connection: Connection, cache: RevisionCache, run: Row[Any]) -> RankedLogs:
    """The logs of a run. Ranks them again only when there are others, not after a judgment."""
    found: RankedLogs = cache.get("ranked logs", run.id, run, partial(_read_logs, connection, cache, run.id))
    return found


def _read_logs(connection: Connection, cache: RevisionCache, run_id: str) -> RankedLogs:
    rows = [tuple(row) for row in connection.execute(_LOGS, {"run_id": run_id})]
    content = blake2b(repr(rows).encode("utf-8", "surrogatepass"), digest_size=16).digest()
    ranked: RankedLogs = cache.get("ranks of logs", run_id, content, lambda: _rank(run_id, rows))
    return ranked


def _rank(run_id: str, rows: Sequence[tuple[int, str | None]]) -> RankedLogs:
    import numpy as np

    seen: Counter[str | None] = Counter()
    ranks = []
    for _, datapoint_id in rows:
        ranks.append(rank(sample_key(run_id, datapoint_id, seen[datapoint_id])))
        seen[datapoint_id] += 1
    return RankedLogs(np.array([number for number, _ in rows], np.int64), np.array(ranks, np.uint64))


def _read_judged(
    connection: Connection, run_id: str, evaluator: AttachedEvaluator, numbers: "NDArray[Any]"
) -> _JudgedAs:
    import numpy as np

    statement = select(judgments.c.log_number, judgments.c.number, judgments.c.label).where(
        judgments.c.run_id == run_id, *judgments_of(evaluator.attachment), judgments.c.state == JUDGED
    )
    if evaluator.attachment.is_shared:
        statement = statement.order_by(judgments.c.evaluator_log_number)  # a log goes by its newest judgment
    kind = evaluator.row.return_type
    labels = {label_of(None): 0}
    found = [
        (log_number, labels.setdefault(label_of(judgment_value(number, label, kind)), len(labels)))
        for log_number, number, label in connection.execute(statement).all()
    ]
    rows = np.array(found, np.int64).reshape(-1, 2)
    codes = np.zeros(len(numbers), np.int32)
    codes[numbers.searchsorted(rows[:, 0])] = rows[:, 1]
    return _JudgedAs(codes, list(labels))


def _read_matching(connection: Connection, run_id: str, matching: Select[Any]) -> "NDArray[Any]":
    import numpy as np

    return np.array(connection.execute(matching, {"run_id": run_id}).scalars().all(), np.int64)


def _first_of_all(logs: Sequence[RankedLogs], judged: Sequence[_JudgedAs], size: int) -> list[int]:
    """The first logs of a sample, as indexes into the concatenated logs of all runs."""
    import numpy as np

    counts: Counter[Label] = Counter()
    for codes, labels in judged:
        times = np.bincount(codes, minlength=len(labels)).tolist()
        counts.update({label: amount for label, amount in zip(labels, times, strict=True) if amount})
    if not counts:
        return []
    group_of = {label: index for index, group in enumerate(label_groups(counts)) for label in group}
    groups = np.concatenate(
        [np.array([group_of.get(label, -1) for label in labels], np.int16)[codes] for codes, labels in judged]
    )
    ranks = np.concatenate([of_run.ranks for of_run in logs])
    queues = []
    for group in range(groups.max() + 1):
        indexes = np.flatnonzero(groups == group)
        if len(indexes) > size:
            indexes = indexes[np.argpartition(ranks[indexes], size - 1)[:size]]
        queues.append(indexes[np.argsort(ranks[indexes], kind="stable")].tolist())
    return take_turns(queues, size)


def _logs_at(indexes: Sequence[int], runs: Sequence[Row[Any]], logs: Sequence[RankedLogs]) -> list[RunLogKey]:
    import numpy as np

    ends = np.cumsum([len(of_run.numbers) for of_run in logs])
    found = []
    for index, at in zip(indexes, np.searchsorted(ends, indexes, side="right").tolist(), strict=True):
        numbers = logs[at].numbers
        found.append(RunLogKey(runs[at].id, int(numbers[index - ends[at]])))
    return found
