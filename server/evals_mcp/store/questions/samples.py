"""An even sample of the logs of runs across one evaluator's judgments; no texts are read.

What it takes is kept in memory by run, so that after a change only the runs that changed are read again.
"""

from collections import Counter
from collections.abc import Hashable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import Connection, Row, Select, bindparam, select

from evals_mcp.statistics.sampling import Label, label_groups, label_of, rank, sample_key, take_turns
from evals_mcp.store.database.tables import judgments, run_logs
from evals_mcp.store.evaluations.run_status import Attachment, judgments_of
from evals_mcp.store.logs.judgments import JUDGED, judgment_value
from evals_mcp.store.questions.cache import Kept

if TYPE_CHECKING:
    from numpy.typing import NDArray

_KEPT_BYTES = 8 * 2**20  # for each of three kinds
_LABEL_BYTES = 200


class SampledLog(NamedTuple):
    """A log in a run."""

    run_id: str
    log_number: int


class Sample(NamedTuple):
    """The first logs of a sample, and how many it is taken from."""

    logs: list[SampledLog]
    total: int


class Matching(NamedTuple):
    """Which logs a sample is taken from: a statement for their numbers in a run (`run_id`), and what it depends on."""

    numbers: Select[Any]
    key: Hashable


class _Logs(NamedTuple):
    """The logs of a run from the oldest on: their numbers, and what decides which are taken first."""

    numbers: "NDArray[Any]"
    ranks: "NDArray[Any]"


class _Said(NamedTuple):
    """What an evaluator said of each log of a run, as places in `labels`."""

    codes: "NDArray[Any]"
    labels: list[Label]


class SampledLogs:
    """Takes samples."""

    def __init__(self) -> None:
        self._logs: Kept[str, _Logs] = Kept(_KEPT_BYTES)
        self._said: Kept[tuple[str, str, bool], _Said] = Kept(_KEPT_BYTES)
        self._matching: Kept[tuple[str, Hashable], NDArray[Any]] = Kept(_KEPT_BYTES)

    def take(
        self,
        connection: Connection,
        runs: Sequence[Row[Any]],
        matching: Matching | None,
        attachment: Attachment,
        return_type: str,
        size: int,
    ) -> Sample:
        """The first `size` logs of an even sample of the logs of runs, of all of them unless it is said which."""
        logs, said = [], []
        for run in runs:
            of_run = self._read_logs(connection, run)
            codes, labels = self._read_said(connection, run, attachment, return_type, of_run.numbers)
            if matching is not None:
                places = of_run.numbers.searchsorted(self._read_matching(connection, run, matching))
                of_run, codes = _Logs(of_run.numbers[places], of_run.ranks[places]), codes[places]
            logs.append(of_run)
            said.append(_Said(codes, labels))
        chosen = _places(logs, said, size)
        return Sample(_logs_at(chosen, runs, logs), sum(len(of_run.numbers) for of_run in logs))

    def _read_logs(self, connection: Connection, run: Row[Any]) -> _Logs:
        import numpy as np

        logs = self._logs.get(run.id, run.revision)
        if logs is None:
            seen: Counter[str | None] = Counter()
            numbers, ranks = [], []
            for number, datapoint_id in connection.execute(_LOGS, {"run_id": run.id}).all():
                numbers.append(number)
                ranks.append(rank(sample_key(run.id, datapoint_id, seen[datapoint_id])))
                seen[datapoint_id] += 1
            logs = _Logs(np.array(numbers, np.int64), np.array(ranks, np.uint64))
            self._logs.put(run.id, run.revision, logs, logs.numbers.nbytes + logs.ranks.nbytes)
        return logs

    def _read_said(
        self,
        connection: Connection,
        run: Row[Any],
        attachment: Attachment,
        return_type: str,
        numbers: "NDArray[Any]",
    ) -> _Said:
        import numpy as np

        key = (run.id, attachment.evaluator_version_id, attachment.sole)
        said = self._said.get(key, run.revision)
        if said is None:
            statement = select(judgments.c.log_number, judgments.c.number, judgments.c.label).where(
                judgments.c.run_id == run.id, *judgments_of(attachment), judgments.c.state == JUDGED
            )
            places = {label_of(None): 0}
            found = [
                (log_number, places.setdefault(label_of(judgment_value(number, label, return_type)), len(places)))
                for log_number, number, label in connection.execute(statement).all()
            ]
            rows = np.array(found, np.int64).reshape(-1, 2)
            codes = np.zeros(len(numbers), np.int32)
            codes[numbers.searchsorted(rows[:, 0])] = rows[:, 1]
            said = _Said(codes, list(places))
            self._said.put(key, run.revision, said, codes.nbytes + _LABEL_BYTES * len(places))
        return said

    def _read_matching(self, connection: Connection, run: Row[Any], matching: Matching) -> "NDArray[Any]":
        import numpy as np

        key = (run.id, matching.key)
        numbers = self._matching.get(key, run.revision)
        if numbers is None:
            rows = connection.execute(matching.numbers, {"run_id": run.id}).scalars().all()
            numbers = np.array(rows, np.int64)
            self._matching.put(key, run.revision, numbers, numbers.nbytes)
        return numbers


_LOGS = (
    select(run_logs.c.log_number, run_logs.c.datapoint_id)
    .where(run_logs.c.run_id == bindparam("run_id"))
    .order_by(run_logs.c.log_number)
)


def _places(logs: Sequence[_Logs], said: Sequence[_Said], size: int) -> list[int]:
    """The first places of a sample among the logs of all runs, put one behind the other."""
    import numpy as np

    counts: Counter[Label] = Counter()
    for codes, labels in said:
        times = np.bincount(codes, minlength=len(labels)).tolist()
        counts.update({label: amount for label, amount in zip(labels, times, strict=True) if amount})
    if not counts:
        return []
    group_of = {label: place for place, group in enumerate(label_groups(counts)) for label in group}
    groups = np.concatenate(
        [np.array([group_of.get(label, -1) for label in labels], np.int16)[codes] for codes, labels in said]
    )
    ranks = np.concatenate([of_run.ranks for of_run in logs])
    queues = []
    for group in range(groups.max() + 1):
        places = np.flatnonzero(groups == group)
        if len(places) > size:
            places = places[np.argpartition(ranks[places], size - 1)[:size]]
        queues.append(places[np.argsort(ranks[places], kind="stable")].tolist())
    return take_turns(queues, size)


def _logs_at(places: Sequence[int], runs: Sequence[Row[Any]], logs: Sequence[_Logs]) -> list[SampledLog]:
    import numpy as np

    ends = np.cumsum([len(of_run.numbers) for of_run in logs])
    found = []
    for place, at in zip(places, np.searchsorted(ends, places, side="right").tolist(), strict=True):
        numbers = logs[at].numbers
        found.append(SampledLog(runs[at].id, int(numbers[place - ends[at]])))
    return found
