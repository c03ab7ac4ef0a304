"""Compare two runs by an evaluator that selects one or several options. No pairing, no text."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

from evals_mcp.models.judgments import VALENCE_SCORES
from evals_mcp.statistics.booleans import boolean_pairs_needed, mcnemar
from evals_mcp.statistics.corrections import holm
from evals_mcp.statistics.distributions import chi_square_tail, noncentrality_for_power
from evals_mcp.statistics.numbers import number_pairs_needed
from evals_mcp.statistics.pairing import OptionPairs, Profile
from evals_mcp.statistics.results import (
    SIGNIFICANCE,
    Comparison,
    OptionShift,
    PairedTest,
    decide,
)
from evals_mcp.statistics.sign_flips import flip_test

if TYPE_CHECKING:
    from numpy.typing import NDArray

# The test inverts a matrix of at most this size. If more options shifted, it merges the rarest.
MOST_OPTIONS = 64

Valences = Mapping[str, str | None]


class ShiftTest(NamedTuple):
    """A p-value, its Monte-Carlo standard error (None: exact), its test, and the pairs needed for 80 % power."""

    p_value: float
    p_error: float | None
    test: PairedTest
    pairs_needed: int | None


def compare_selects(pairs: OptionPairs, valences: Valences) -> Comparison:
    """Compare how often each option is selected, with one test. `valences` are the declared options in order.

    Better and worse need options of different valence: a datapoint is better if it moved to a better option. A
    significant shift is better or worse if these datapoints also lean one way (exact sign test), else different.
    """
    result = _describe(pairs, valences, "select")
    if pairs.pairs:
        result = replace(result, **shift_test(pairs)._asdict())
    return decide(result)


def compare_multi_selects(pairs: OptionPairs, valences: Valences) -> Comparison:
    """Compare how often each option is selected, with one test per option and Holm's correction over the options.

    The overall p-value is the smallest adjusted one. `valences` as in `compare_selects`; a datapoint counts all its
    selected options. `pairs_needed` refers to the option that needs the fewest, without correction.
    """
    result = _describe(pairs, valences, "multi_select")
    changes = _changes_per_option(pairs)
    tests = {shift.option: _change_test(changes[shift.option], pairs.pairs) for shift in result.options}
    if not pairs.pairs or not tests:
        return decide(result)
    adjusted = dict(zip(tests, holm(test.p_value for test in tests.values()), strict=True))
    first = min(tests, key=lambda option: tests[option].p_value)
    error = tests[first].p_error
    shifts = tuple(
        replace(shift, p_value=tests[shift.option].p_value, adjusted_p=adjusted[shift.option])
        for shift in result.options
    )
    return decide(
        replace(
            result,
            options=shifts,
            test=PairedTest.PER_OPTION,
            p_value=adjusted[first],
            p_error=None if error is None else error * len(tests),
            pairs_needed=min((test.pairs_needed for test in tests.values() if test.pairs_needed), default=None),
        )
    )


def shift_test(pairs: OptionPairs) -> ShiftTest:
    """The Stuart-Maxwell test that both sides select the options equally often (Stuart 1955, Maxwell 1970).

    The statistic is D' S^+ D: D sums the differences between the two sides' shares of each option over the
    datapoints, S their outer products. With one log per datapoint this is the textbook formula. A singular S is
    inverted on its range, and its rank gives the degrees of freedom. With one degree, as for two options, the exact
    test replaces it. Pairs needed: noncentral chi-square with D and S growing with the pairs.
    """
    import numpy as np

    moves, weights = _moves(pairs)
    if not len(weights):
        return ShiftTest(1.0, None, PairedTest.STUART_MAXWELL, None)
    sizes, directions = np.linalg.eigh((moves * weights[:, None]).T @ moves)
    real = sizes > sizes[-1] * 1e-9
    degrees = int(real.sum())
    if degrees == 1:
        along = moves @ directions[:, -1]
        changes: Counter[float] = Counter()
        for change, weight in zip((along / np.abs(along).max()).tolist(), weights.tolist(), strict=True):
            changes[round(change, 12)] += weight
        return _change_test(changes, pairs.pairs)
    total = weights @ moves @ directions[:, real]
    statistic = float((total**2 / sizes[real]).sum())
    needed = noncentrality_for_power(degrees) * pairs.pairs / statistic if statistic > 1e-9 else None
    return ShiftTest(
        chi_square_tail(statistic, degrees),
        None,
        PairedTest.STUART_MAXWELL,
        None if needed is None else math.ceil(needed),
    )


def _change_test(changes: Mapping[float, int], pairs: int) -> ShiftTest:
    """Test changes of one share, from the number of datapoints with each nonzero change."""
    import numpy as np

    if set(changes) <= {-1.0, 1.0}:
        gained, lost = changes.get(1.0, 0), changes.get(-1.0, 0)
        needed = boolean_pairs_needed(gained, lost, pairs)
        return ShiftTest(mcnemar(gained, lost), None, PairedTest.MCNEMAR, needed)
    differences = np.repeat(list(changes), list(changes.values()))
    test = flip_test(differences)
    unchanged = np.zeros(pairs - len(differences))
    needed = number_pairs_needed(np.concatenate((differences, unchanged)))
    return ShiftTest(test.p_value, test.p_error, PairedTest.SIGN_FLIP, needed)


def _describe(pairs: OptionPairs, valences: Valences, kind: str) -> Comparison:
    """The shift of each option, and how many datapoints changed in each direction. No test."""
    result = pairs.begin(kind)
    if not pairs.pairs:
        return result
    better, worse, changed = _outcomes(pairs, valences)
    directed = len({VALENCE_SCORES.get(valence or "", 0) for valence in valences.values()}) > 1
    leans = directed and mcnemar(better, worse) <= SIGNIFICANCE
    return replace(
        result,
        options=_shifts(pairs, valences),
        better=better if directed else None,
        worse=worse if directed else None,
        changed=changed,
        same=pairs.pairs - changed,
        direction=((better > worse) - (better < worse)) if leans else 0,
    )


def _outcomes(pairs: OptionPairs, valences: Valences) -> tuple[int, int, int]:
    """The numbers of better, worse and changed datapoints."""
    scores = {option: VALENCE_SCORES.get(valence or "", 0) for option, valence in valences.items()}
    better = worse = changed = 0
    for (before, after), count in pairs.profiles.items():
        changed += count if before != after else 0
        gain = math.fsum(share * scores.get(option, 0) for option, share in after)
        gain -= math.fsum(share * scores.get(option, 0) for option, share in before)
        better += count if gain > 1e-9 else 0
        worse += count if gain < -1e-9 else 0
    return better, worse, changed


def _shifts(pairs: OptionPairs, valences: Valences) -> tuple[OptionShift, ...]:
    totals: list[defaultdict[str, float]] = [defaultdict(float), defaultdict(float)]
    for profiles, count in pairs.profiles.items():
        for total, profile in zip(totals, profiles, strict=True):
            for option, share in profile:
                total[option] += share * count
    before, after = totals
    others = sorted({*before, *after} - {*valences})
    return tuple(
        OptionShift(
            option=option,
            valence=valences.get(option),
            baseline=before[option],
            candidate=after[option],
            baseline_share=before[option] / pairs.pairs,
            candidate_share=after[option] / pairs.pairs,
            difference=(after[option] - before[option]) / pairs.pairs,
        )
        for option in (*valences, *others)
    )


def _move(before: Profile, after: Profile) -> dict[str, float]:
    """The gain or loss of each option, without unchanged ones."""
    gains = dict(after)
    for option, share in before:
        gains[option] = round(gains.get(option, 0.0) - share, 12)
    return {option: gain for option, gain in gains.items() if gain}


def _changes_per_option(pairs: OptionPairs) -> defaultdict[str, Counter[float]]:
    changes: defaultdict[str, Counter[float]] = defaultdict(Counter)
    for (before, after), count in pairs.profiles.items():
        for option, gain in _move(before, after).items():
            changes[option][round(gain, 12)] += count
    return changes


def _moves(pairs: OptionPairs) -> tuple[NDArray[Any], NDArray[Any]]:
    """A row per kind of change, a column per shifted option, and the number of datapoints with each change."""
    import numpy as np

    moves = Counter[tuple[tuple[str, float], ...]]()
    for (before, after), count in pairs.profiles.items():
        if before != after:
            moves[tuple(sorted(_move(before, after).items()))] += count
    sizes: Counter[str] = Counter()
    for move, count in moves.items():
        for option, _ in move:
            sizes[option] += count
    ranked = sorted(sizes, key=lambda option: (-sizes[option], option))
    columns = {option: min(position, MOST_OPTIONS - 1) for position, option in enumerate(ranked)}
    matrix = np.zeros((len(moves), min(len(ranked), MOST_OPTIONS)))
    for row, move in enumerate(moves):
        for option, gain in move:
            matrix[row, columns[option]] += gain
    return matrix, np.array(list(moves.values()), dtype=int)
