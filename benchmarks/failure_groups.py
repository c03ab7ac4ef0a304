"""What it takes to group 10,000 failing logs, of 400 characters of explanations and 200 of inputs each.

`OPENBLAS_NUM_THREADS=1 python benchmarks/failure_groups.py` (the server sets this, too) plants five groups and prints
the median seconds of the processor and the clock, how many groups are found, and the share of logs in their own; with
fewer logs, too. It must stay under a second of the processor for 10,000.
"""

import random
import statistics
import time

from evals_mcp.statistics.failure_groups import group_texts

SIZES = (100, 1_000, 10_000)
ROUNDS = 5
MOST_SECONDS = 1.0
_SHARES = (5, 3, 2, 1, 1)
_COMMON = [f"word{number}" for number in range(3_000)]
_OFTEN = [1 / (number + 1) for number in range(3_000)]


def planted(amount: int) -> tuple[list[int], list[list[str]]]:
    """The group of each log, and its explanation (a fifth of it says the group) and input (which does not)."""
    source = random.Random(1)
    truth = [source.choices(range(len(_SHARES)), _SHARES)[0] for _ in range(amount)]

    def text(words: list[str], length: int) -> str:
        return " ".join(words + source.choices(_COMMON, _OFTEN, k=60))[:length]

    said = [text([f"g{group}x{source.randrange(12)}" for _ in range(12)], 400) for group in truth]
    return truth, [said, [text([], 200) for _ in truth]]


def main() -> bool:
    """Measure and print; whether the largest size stays under the limit."""
    processor = 0.0
    for size in SIZES:
        truth, parts = planted(size)
        spent = []
        for _ in range(ROUNDS):
            started = time.process_time(), time.perf_counter()
            found = group_texts(parts)
            spent.append((time.process_time() - started[0], time.perf_counter() - started[1]))
        pairs = list(zip(truth, found.groups.tolist(), strict=True))
        own = sum(max(pairs.count((group, other)) for other in range(len(found.terms))) for group in set(truth))
        processor, seconds = (statistics.median(column) for column in zip(*spent, strict=True))
        print(
            f"{size:>6} logs: {processor:.2f} s of the processor, {seconds:.2f} s of the clock; "
            f"{len(found.terms)} groups, {own / size:.1%} in their own"
        )
    return processor <= MOST_SECONDS


if __name__ == "__main__":
    raise SystemExit(0 if main() else 1)
