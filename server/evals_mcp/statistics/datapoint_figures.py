"""Figures of a run with repeated logs or several authors: each datapoint counts once, as in a comparison. No I/O."""

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from evals_mcp.statistics.pairing import is_number


class CountedJudgment(NamedTuple):
    """A judgment of a datapoint's logs, and how many of them have it. Without a datapoint, each log stands alone.

    Of a log that several authors judged, each has a part.
    """

    datapoint_id: str | None
    judgment: bool | float | str | Sequence[str]
    times: float


def average_by_datapoint(judged: Iterable[CountedJudgment]) -> float | None:
    """The mean over datapoints of the mean over their logs, of numbers or of true; None without a finite number."""
    of_datapoints: dict[str | None, list[tuple[float, float]]] = defaultdict(list)
    for datapoint_id, judgment, times in judged:
        if not isinstance(judgment, bool) and not is_number(judgment):
            continue
        of_datapoints[datapoint_id].append((float(judgment), times))
    alone = of_datapoints.pop(None, [])
    means = [
        math.fsum(value * times for value, times in found) / math.fsum(times for _, times in found)
        for found in of_datapoints.values()
    ]
    amount = len(means) + math.fsum(times for _, times in alone)
    return math.fsum([*means, *(value * times for value, times in alone)]) / amount if amount else None


def shares_by_datapoint(judged: Iterable[CountedJudgment]) -> dict[str, float]:
    """How often each option was selected: the mean over datapoints of its share of their logs."""
    logs: dict[str | None, list[tuple[set[str], float]]] = defaultdict(list)
    for datapoint_id, judgment, times in judged:
        chosen = {judgment} if isinstance(judgment, str) else set(judgment) if isinstance(judgment, Sequence) else set()
        logs[datapoint_id].append((chosen, times))
    shares: dict[str, list[float]] = defaultdict(list)
    amount = 0.0
    for datapoint_id, found in logs.items():
        total = math.fsum(times for _, times in found)
        amount += total if datapoint_id is None else 1
        for chosen, times in found:
            for option in chosen:
                shares[option].append(times if datapoint_id is None else times / total)
    return {option: math.fsum(parts) / amount for option, parts in sorted(shares.items())}
