"""Figures of a run with repeated logs: each datapoint counts once, as in a comparison. No I/O."""

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from evals_mcp.statistics.pairing import is_number


class CountedJudgment(NamedTuple):
    """A judgment of a datapoint's logs, and how many of them have it. Without a datapoint, each log stands alone."""

    datapoint_id: str | None
    judgment: bool | float | str | Sequence[str]
    times: int


def average_by_datapoint(judged: Iterable[CountedJudgment]) -> float | None:
    """The mean over datapoints of the mean over their logs, of numbers or of true; None without a finite number."""
    alone: list[float] = []
    of_datapoints: dict[str, list[tuple[float, int]]] = defaultdict(list)
    for datapoint_id, judgment, times in judged:
        if not isinstance(judgment, bool) and not is_number(judgment):
            continue
        if datapoint_id is None:
            alone += [float(judgment)] * times
        else:
            of_datapoints[datapoint_id].append((float(judgment), times))
    means = [
        math.fsum(value * times for value, times in found) / sum(times for _, times in found)
        for found in of_datapoints.values()
    ]
    return math.fsum([*means, *alone]) / (len(means) + len(alone)) if means or alone else None


def shares_by_datapoint(judged: Iterable[CountedJudgment]) -> dict[str, float]:
    """How often each option was selected: the mean over datapoints of its share of their logs."""
    logs: dict[str | int, list[tuple[set[str], int]]] = defaultdict(list)
    for datapoint_id, judgment, times in judged:
        chosen = {judgment} if isinstance(judgment, str) else set(judgment) if isinstance(judgment, Sequence) else set()
        if datapoint_id is None:
            logs |= {len(logs) + number: [(chosen, 1)] for number in range(times)}
        else:
            logs[datapoint_id].append((chosen, times))
    shares: dict[str, list[float]] = defaultdict(list)
    for found in logs.values():
        total = sum(times for _, times in found)
        for chosen, times in found:
            for option in chosen:
                shares[option].append(times / total)
    return {option: math.fsum(parts) / len(logs) for option, parts in sorted(shares.items())}
