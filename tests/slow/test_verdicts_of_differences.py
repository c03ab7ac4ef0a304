"""The one verdict on evaluations with planted differences and nothing else: how often it is right, and decides.

`test_verdicts` adds slices, errors of judges and people's labels.
"""

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from evals_mcp.models.comparisons import ComparedCandidate, ComparedRun, ComparisonRow, Comparisons, Tally
from evals_mcp.models.rows import EvaluatorRow
from evals_mcp.statistics.booleans import compare_booleans
from evals_mcp.statistics.numbers import compare_numbers
from evals_mcp.statistics.pairing import pair_columns
from evals_mcp.statistics.results import Comparison
from evals_mcp.statistics.run_comparisons import PairComparison, correct_families
from evals_mcp.statistics.verdicts import DEVIATIONS_MARGIN, RATE_MARGIN, Decision, best_verdict

Array = NDArray[np.float64]
DETECTABLE = 2.8015852  # standard errors: a difference that is significant in 80 % of evaluations
CHANGED = 0.3  # of booleans
NOISE = 0.8  # of numbers


class Planted(NamedTuple):
    """An evaluation: the verdict, and whether each candidate has a loss beyond the margin by some evaluator."""

    decision: Decision
    is_lossy: bool


def draw(chance: np.random.Generator, kind: str, pairs: int, multiple: float) -> tuple[Comparison, bool]:
    """A comparison with a true difference of so many detectable ones, and whether that is a loss beyond the margin.

    Up to a fifth of the baseline's judgments is missing.
    """
    kept = chance.random(pairs) >= chance.uniform(0, 0.2)
    keys = np.arange(pairs)
    if kind == "boolean":
        difference = min(multiple * DETECTABLE * np.sqrt(CHANGED / kept.sum()), 0.9 * CHANGED)
        difference = max(difference, -0.9 * CHANGED)
        fate, same = chance.random(pairs), (chance.random(pairs) < 0.7).astype(float)
        gained, lost = fate < (CHANGED + difference) / 2, (fate > 1 - (CHANGED - difference) / 2)
        baseline = np.where(gained, 0.0, np.where(lost, 1.0, same))
        candidate = np.where(gained, 1.0, np.where(lost, 0.0, same))
        found = compare_booleans(pair_columns(keys[kept], baseline[kept], keys, candidate))
        return found, difference < -RATE_MARGIN
    baseline = 5.0 - chance.exponential(1.0, pairs)
    difference = multiple * DETECTABLE * NOISE / np.sqrt(kept.sum())
    candidate = baseline + chance.normal(difference, NOISE, pairs)
    margin = DEVIATIONS_MARGIN * np.sqrt((1 + 1 + NOISE**2) / 2)
    found = compare_numbers(pair_columns(keys[kept], baseline[kept], keys, candidate))
    return found, difference < -margin


def plant(chance: np.random.Generator, pairs: int, multiples: list[list[float]]) -> Planted:
    """An evaluation of candidates (rows) by evaluators (columns) with these true differences."""
    kinds = [("boolean", "number")[int(chance.integers(2))] for _ in multiples[0]]
    evaluators = {
        f"v{at}": EvaluatorRow(id=f"v{at}", version_id=f"v{at}", path=f"v{at}", return_type=kind)
        for at, kind in enumerate(kinds)
    }
    drawn = [
        [draw(chance, kind, pairs, multiple) for kind, multiple in zip(kinds, row, strict=True)] for row in multiples
    ]
    corrected = correct_families(
        {
            f"c{number}": PairComparison(
                comparisons={f"v{at}": found for at, (found, _) in enumerate(row)}, passes={}, measures={}
            )
            for number, row in enumerate(drawn)
        }
    )
    candidates = [candidate_of(id, pair, pairs) for id, pair in corrected.items()]
    found = Comparisons(
        baseline=run_of("b", list(evaluators), pairs), candidates=candidates, shown_run_id="c0", datapoints=[], total=0
    )
    verdict = best_verdict(found, evaluators)
    return Planted(verdict.decision, any(lossy for _, lossy in drawn[candidates.index(verdict.candidate)]))


def run_of(id: str, evaluators: Sequence[str], pairs: int) -> ComparedRun:
    """A run without failed logs."""
    tallies = [
        Tally(evaluator_version_id=id, judged=pairs, abstained=0, failed=0, missing=0, other_type=0, version_ids=[id])
        for id in evaluators
    ]
    return ComparedRun(
        run_id=id, logs=pairs, failed_logs=0, unpaired_logs=0, datapoints=pairs, shared=pairs, tallies=tallies
    )


def candidate_of(id: str, pair: PairComparison, pairs: int) -> ComparedCandidate:
    """A candidate with these comparisons."""
    rows = []
    for version_id, comparison in pair.comparisons.items():
        facts = {name: getattr(comparison, name) for name in ComparisonRow.model_fields if hasattr(comparison, name)}
        rows.append(ComparisonRow(**{**facts, "options": [], "evaluator_version_id": version_id}))
    run = run_of(id, list(pair.comparisons), pairs)
    return ComparedCandidate(**dict(run), comparisons=rows, measures=[])


def test_the_verdict_is_right_or_cannot_tell() -> None:
    """Of 1,000 evaluations of 1 to 3 candidates by 1 to 4 evaluators, at most 5 % get a wrong verdict, of "ship", too.

    Differences are none, small, detectable or twice that, in either direction, and judgments are missing.
    """
    chance = np.random.default_rng(11)
    verdicts: Counter[Planted] = Counter()
    for _ in range(1_000):
        pairs = int(chance.choice([30, 60, 120, 250, 500, 1000, 2500]))
        shape = (int(chance.integers(1, 4)), int(chance.integers(1, 5)))
        multiples = chance.choice([-2, -1, -0.5, 0, 0, 0.5, 1, 2], shape)
        verdicts[plant(chance, pairs, multiples.tolist())] += 1
    wrong_ship = verdicts[Planted(Decision.SHIP, True)]
    wrong_refusal = verdicts[Planted(Decision.DO_NOT_SHIP, False)]
    assert wrong_ship <= 50
    assert wrong_ship <= 0.05 * (wrong_ship + verdicts[Planted(Decision.SHIP, False)])
    assert wrong_ship + wrong_refusal <= 50


def test_equal_candidates_are_seldom_refused() -> None:
    """Without any difference, at most 3 % of 1,000 evaluations get "do not ship"."""
    chance = np.random.default_rng(12)
    decisions: Counter[Decision] = Counter()
    for _ in range(1_000):
        pairs = int(chance.choice([30, 60, 120, 250, 500]))
        decisions[plant(chance, pairs, [[0.0] * int(chance.integers(1, 5))]).decision] += 1
    assert decisions[Decision.DO_NOT_SHIP] <= 30


def test_twice_the_detectable_difference_is_decided() -> None:
    """A loss by one of several evaluators is refused, and a gain by all is shipped, in at least 80 % of evaluations."""
    chance = np.random.default_rng(13)
    losses, gains = Counter[Decision](), Counter[Decision]()
    for repeat in range(500):
        pairs = (60, 120, 250, 500, 1000)[repeat % 5]
        evaluators = int(chance.integers(1, 5))
        losses[plant(chance, pairs, [[-2.0, *[0.0] * (evaluators - 1)]]).decision] += 1
        gains[plant(chance, pairs, [[2.0] * evaluators]).decision] += 1
    assert losses[Decision.DO_NOT_SHIP] >= 400
    assert losses[Decision.SHIP] == 0
    assert gains[Decision.SHIP] >= 400
