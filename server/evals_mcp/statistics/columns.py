"""The logs of a run as columns: one row per log, one column per evaluator."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import blake2b
from itertools import chain
from typing import TYPE_CHECKING, Any, NamedTuple

from evals_mcp.models.comparisons import Measure
from evals_mcp.models.judgments import FAILED, JUDGED
from evals_mcp.statistics.pairing import OptionPairs, Profile

if TYPE_CHECKING:
    from numpy.typing import NDArray

OTHER_TYPE = 4
"""One more state: a judgment of another type than the evaluator returns now."""

MEASURES: tuple[Measure, ...] = ("latency", "tokens", "cost")
OUTPUT_COST = "output cost"
LENGTH = "length"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class JudgmentColumn:
    """One evaluator on each log of a run: the state, and the judgment in the form for its kind.

    `numbers` has numbers, and booleans as 0 and 1, else NaN. `labels` has indexes into `options`, else -1. Where
    several authors judged a log, its number is their mean, and its options have shares of the authors. `version_ids`
    are the evaluator versions that judged, sorted. `passes` has the evaluator's own verdicts beside its judgments, as 1
    and 0, the mean of several authors, or NaN; None if there are none. `given` are the states before missing judgments
    were counted as the worst; None if they are `states`.
    """

    states: NDArray[Any]
    numbers: NDArray[Any]
    labels: NDArray[Any]
    options: tuple[Profile, ...]
    version_ids: tuple[str, ...]
    passes: NDArray[Any] | None = None
    given: NDArray[Any] | None = None

    @property
    def failed(self) -> NDArray[Any]:
        """Whether the evaluator failed on each log, also where that counts as a judgment."""
        states = self.states if self.given is None else self.given
        failed: NDArray[Any] = states == FAILED
        return failed

    def only(self, mask: NDArray[Any]) -> JudgmentColumn:
        """The column of some of the logs."""
        passes, given = (None if values is None else values[mask] for values in (self.passes, self.given))
        columns = {name: getattr(self, name)[mask] for name in ("states", "numbers", "labels")}
        return replace(self, **columns, passes=passes, given=given)


class JudgedLogs(NamedTuple):
    """The logs that one evaluator judged: the keys of their datapoints, and judgments as in `JudgmentColumn`."""

    keys: NDArray[Any]
    numbers: NDArray[Any]
    labels: NDArray[Any]
    options: tuple[Profile, ...]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RunColumns:
    """The logs of a run, oldest first.

    `datapoints` has whole-number keys, the same in all compared runs, and -1 for a log without a datapoint. Unknown
    measures are NaN; a cost of the output only is under `OUTPUT_COST`, the characters of the output under `LENGTH`.
    Judgments are keyed by the attached evaluator
    version's id.
    """

    datapoints: NDArray[Any]
    failed: NDArray[Any]
    measures: Mapping[str, NDArray[Any]]
    judgments: Mapping[str, JudgmentColumn]

    def only(self, mask: NDArray[Any]) -> RunColumns:
        """The columns of some of the logs."""
        return RunColumns(
            datapoints=self.datapoints[mask],
            failed=self.failed[mask],
            measures={measure: column[mask] for measure, column in self.measures.items()},
            judgments={version_id: column.only(mask) for version_id, column in self.judgments.items()},
        )

    def digest(self, evaluator_version_ids: Iterable[str]) -> bytes:
        """A digest of the datapoints and of the judgments by these evaluators."""
        digest = blake2b(self.datapoints.tobytes(), digest_size=16)
        for column in map(self.judgments.__getitem__, evaluator_version_ids):
            for values in (column.states, column.numbers, column.labels):
                digest.update(values.tobytes())
            digest.update(repr(column.options).encode("utf-8", "surrogatepass"))
        return digest.digest()

    def judged(self, evaluator_version_id: str) -> JudgedLogs:
        """The logs with a datapoint and a judgment by an evaluator."""
        column = self.judgments[evaluator_version_id]
        mask = (column.states == JUDGED) & (self.datapoints >= 0)
        return JudgedLogs(self.datapoints[mask], column.numbers[mask], column.labels[mask], column.options)


class DatapointKeys:
    """Numbers datapoint ids in the order they appear. The same id always gets the same number."""

    def __init__(self) -> None:
        self._keys: dict[str | None, int] = {None: -1}
        self._ids: list[str] = []

    def __len__(self) -> int:
        """The number of ids with a key."""
        return len(self._ids)

    def column(self, ids: Iterable[str | None]) -> NDArray[Any]:
        """The keys of ids; -1 for None."""
        import numpy as np

        keys = self._keys
        column = []
        for datapoint_id in ids:
            key = keys.get(datapoint_id)
            if key is None:
                key = keys[datapoint_id] = len(self._ids)
                self._ids.append(str(datapoint_id))
            column.append(key)
        return np.array(column, dtype=np.int64)

    def id_of(self, key: int) -> str:
        """The id of a key."""
        return self._ids[key]


def option_shares(judged: JudgedLogs) -> dict[int, dict[str, float]]:
    """The options selected for each judged datapoint, as shares of its logs."""
    chosen: dict[int, list[Profile]] = {}
    for key, label in zip(judged.keys.tolist(), judged.labels.tolist(), strict=True):
        chosen.setdefault(key, []).append(judged.options[label])
    return {key: _mean_shares(profiles) for key, profiles in chosen.items()}


def pair_option_columns(baseline: JudgedLogs, candidate: JudgedLogs) -> OptionPairs:
    """Pair options, one or several per log. Without repeats, this only counts pairs of judgments."""
    import numpy as np

    repeated = [_repeated_keys(side) for side in (baseline, candidate)]
    if any(repeated):
        before, after = option_shares(baseline), option_shares(candidate)
        shared = [key for key in before if key in after]
        return OptionPairs(
            profiles=Counter((_profile(before[key]), _profile(after[key])) for key in shared),
            pairs=len(shared),
            only_baseline=len(before) - len(shared),
            only_candidate=len(after) - len(shared),
            ignored=0,
            averaged=not repeated[0].union(repeated[1]).isdisjoint(shared),
        )
    keys, at_left, at_right = np.intersect1d(baseline.keys, candidate.keys, assume_unique=True, return_indices=True)
    both = np.stack((baseline.labels[at_left], candidate.labels[at_right]))
    kinds, counts = np.unique(both, axis=1, return_counts=True)
    return OptionPairs(
        profiles={
            (baseline.options[before], candidate.options[after]): times
            for (before, after), times in zip(kinds.T.tolist(), counts.tolist(), strict=True)
        },
        pairs=len(keys),
        only_baseline=len(baseline.keys) - len(keys),
        only_candidate=len(candidate.keys) - len(keys),
        ignored=0,
        averaged=False,
    )


def profile_of(judgments: Sequence[str | Sequence[str]]) -> Profile:
    """The options in the judgments of a log: a text is one option; each option of a list counts once."""
    chosen = [{value} if isinstance(value, str) else set(value) for value in judgments]
    return _profile(_mean_shares([tuple((option, 1.0) for option in options) for options in chosen]))


def _repeated_keys(side: JudgedLogs) -> set[int]:
    import numpy as np

    keys, counts = np.unique(side.keys, return_counts=True)
    return set(keys[counts > 1].tolist())


def _profile(shares: Mapping[str, float]) -> Profile:
    return tuple(sorted(shares.items()))


def _mean_shares(profiles: Sequence[Profile]) -> dict[str, float]:
    totals: dict[str, float] = {}
    for option, share in chain.from_iterable(profiles):
        totals[option] = totals.get(option, 0.0) + share
    return {option: total / len(profiles) for option, total in totals.items()}
