"""How often comparisons raise a false alarm, and how often their 95 % intervals hold the truth, over simulated runs.

`python -m benchmarks.calibration [REPEATS]` from the root of the repository compares 1,000 pairs of equal runs, and
600 of runs that truly differ, for each kind of judgment at 20, 50, 200 and 1,000 datapoints, in two to three minutes.
It prints shares in percent. With a true share of 5 % one cell has a standard error of 0.7 points and the largest of 48
is about 6.7 %: hence the limit of 6 % holds for a kind over all sizes (standard error 0.35), and a cell may exceed it.
"""

import math
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from itertools import product

from tests.statistics.simulated_runs import KINDS, Kind, Shares, simulate

SIZES = (20, 50, 200, 1000)
REPEATS = 1000
MOST_ALARMS = 0.06
LEAST_COVERED = 0.93
LONG_ENOUGH = 50


def measure(job: tuple[int, int, int]) -> tuple[Shares, Shares]:
    """What was found at a place in `KINDS`, for so many pairs and comparisons: of equal runs, and of others."""
    place, pairs, repeats = job
    differing = math.ceil(repeats * 0.6)
    return simulate(KINDS[place], pairs, repeats, False), simulate(KINDS[place], pairs, differing, True)


def line(kind: Kind, found: list[tuple[Shares, Shares]]) -> str:
    """A kind's shares at each size, and whether they are within the limits."""
    alarms = [equal.significant for equal, _ in found]
    covered = [other.covered for _, other in found]
    long_enough = [share for pairs, share in zip(SIZES, covered, strict=True) if pairs >= LONG_ENOUGH]
    verdict = "held" if sum(alarms) / len(alarms) <= MOST_ALARMS else "TOO MANY ALARMS"
    if not math.isnan(covered[-1]) and sum(long_enough) / len(long_enough) < LEAST_COVERED:
        verdict = "COVERS TOO LITTLE"
    cells = [alarms, covered, [other.significant for _, other in found]]
    shares = " | ".join(" ".join("    -" if math.isnan(x) else f"{x * 100:5.1f}" for x in row) for row in cells)
    return f"{kind.name:24} | {shares} | {verdict}"


def main() -> None:
    """Measure on two processes, and print a line for each kind as soon as it is known."""
    repeats = int(sys.argv[1]) if len(sys.argv) > 1 else REPEATS
    started = time.perf_counter()
    sizes = " ".join(f"{pairs:5}" for pairs in SIZES)
    print(f"{'%':24} | {'false alarms':23} | {'truth in the interval':23} | {'difference found':23} |")
    print(f"{'datapoints':24} | {sizes} | {sizes} | {sizes} |")
    with ProcessPoolExecutor(2) as pool:
        jobs = [(place, pairs, repeats) for place, pairs in product(range(len(KINDS)), SIZES)]
        results = pool.map(measure, jobs)
        for kind in KINDS:
            print(line(kind, [next(results) for _ in SIZES]), flush=True)
    print(
        f"Limits per kind: at most {MOST_ALARMS:.0%} false alarms over all sizes, at least {LEAST_COVERED:.0%} covered "
        f"over sizes from {LONG_ENOUGH} on. {time.perf_counter() - started:.0f} s."
    )


if __name__ == "__main__":
    main()
