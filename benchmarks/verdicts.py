"""How often the one verdict is right, and what people's labels are worth, over planted evaluations.

`python -m benchmarks.verdicts` from the root of the repository judges 2,300 evaluations whose true differences by
people are known, on two processes, and corrects 1,200 rates. It prints shares in percent and takes one to two minutes.

A verdict is wrong if it ships a loss beyond the margin, overall or in the planted slice, or refuses without one. Judges
err alike on both runs, except for those of a favour. A favour without labels cannot be known: its line is no part of
the 1,000 evaluations.
"""

import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from itertools import product

import numpy as np
from tests.statistics.planted_evaluations import KINDS, UNKNOWABLE, any_plan, decisive_plan, equal_plan, plant
from tests.statistics.simulated_labels import correct_rates

from evals_mcp.statistics.verdicts import Decision

EACH = 100
DECISIVE = ("differences", "judge errors", "labels")
NONE = "no difference"
Counts = Counter[str]


def judge(job: tuple[str, float, int]) -> Counts:
    """What the verdicts on so many evaluations of a kind are: `multiple` is 0 for any differences."""
    kind, multiple, seed = job
    chance = np.random.default_rng([seed, *kind.encode()])
    counts = Counts()
    for _ in range(EACH):
        plan = equal_plan(chance) if kind == NONE else decisive_plan(chance, kind, multiple) if multiple else None
        found = plant(chance, plan or any_plan(chance, kind))
        decision = found.verdict.decision
        counts[decision] += 1
        counts["wrong"] += not found.is_right
        counts["wrong ship"] += decision is Decision.SHIP and not found.is_right
        counts["located"] += bool(found.found.located)
    return counts


def line(name: str, counts: Counts, of: int) -> str:
    """The shares of a kind, and of what is shipped the share that is wrong."""
    words = (Decision.SHIP, Decision.DO_NOT_SHIP, Decision.CANNOT_TELL, "wrong", "wrong ship", "located")
    shares = " ".join(f"{counts[word] / of * 100:11.1f}" for word in words)
    return f"{name:38} {of:5} {shares} {counts['wrong ship'] / max(1, counts[Decision.SHIP]) * 100:13.1f}"


def main() -> None:
    """Print the figures of corrected rates and of verdicts."""
    started = time.perf_counter()
    for logs, labels in ((2_000, 60), (2_000, 200), (400, 60)):
        rate = correct_rates(logs, labels, 400)
        print(
            f"Corrected rate, {logs} logs, {labels} labels, correlation 0.7: covers {rate.covered:.1%} of 400 "
            f"(at least 93%), {rate.width:.2f} of the width of the labels alone (at most 0.85)."
        )
    print(f"\n{'%':38} {'n':>5} ", end="")
    print(
        " ".join(f"{word:>11}" for word in ("ship", "do not ship", "cannot tell", "wrong", "wrong ship", "located")),
        "  wrong of ships",
    )
    with ProcessPoolExecutor(2) as pool:
        jobs = [(kind, 0.0, seed) for kind, seed in product((*KINDS, UNKNOWABLE), (0, 1))]
        jobs += [(kind, multiple, 2) for multiple, kind in product((-2.0, 2.0), DECISIVE)]
        jobs += [(NONE, 0.0, seed) for seed in range(5)]
        found = dict(zip(jobs, pool.map(judge, jobs), strict=True))
    together = Counts()
    for kind in KINDS:
        counts = found[kind, 0.0, 0] + found[kind, 0.0, 1]
        together += counts
        print(line(kind, counts, 2 * EACH))
    print(line("all (wrong at most 5)", together, 2 * EACH * len(KINDS)))
    for multiple, kind in product((-2.0, 2.0), DECISIVE):
        name = f"{'loss' if multiple < 0 else 'gain'} of 2 × detectable, {kind}"
        print(line(name, found[kind, multiple, 2], EACH))
    equal = sum((found[NONE, 0.0, seed] for seed in range(5)), Counts())
    print(line(f"{NONE} (located at most 6)", equal, 5 * EACH))
    print(line(UNKNOWABLE, found[UNKNOWABLE, 0.0, 0] + found[UNKNOWABLE, 0.0, 1], 2 * EACH))
    print(f"{time.perf_counter() - started:.0f} s")


if __name__ == "__main__":
    main()
