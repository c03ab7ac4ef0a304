"""Where a difference sits: the groups whose difference is real and is not that of the other datapoints.

A group is told if two tests agree: its own difference (McNemar's exact test, or the sign-flip test) and its difference
from that of the rest (Welch's t). P is the larger one, Holm-adjusted over all groups of all fields and candidates.
Without any effect, the first test alone keeps the level, whatever the spread in a group. The second keeps a difference
that is everywhere from being told as one of a group. A group with so few changed pairs that its own test can never
reach the corrected level does not count (Tarone 1990). The same group in several fields counts once.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from evals_mcp.statistics.booleans import mcnemar
from evals_mcp.statistics.corrections import holm
from evals_mcp.statistics.distributions import student_tail
from evals_mcp.statistics.results import SIGNIFICANCE
from evals_mcp.statistics.sign_flips import flip_test

if TYPE_CHECKING:
    from numpy.typing import NDArray

LEAST = 5
"""Smaller groups, and groups that leave out fewer, are not tested."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Located:
    """A group that differs: the index of its field, its code, and the mean difference in it and in the rest."""

    subject: str
    field: int
    code: int
    pairs: int
    others: int
    difference: float
    rest: float
    rest_p: float
    adjusted_p: float


@dataclass(frozen=True, slots=True)
class _Group:
    subject: str
    field: int
    code: int
    inside: NDArray[Any]
    outside: NDArray[Any]


def locate(differences: Mapping[str, NDArray[Any]], codes: Mapping[str, Sequence[NDArray[Any]]]) -> list[Located]:
    """The groups where a difference sits, largest first, of each subject (a candidate).

    `differences` has an item per pair, `codes` for each field the group of each of these pairs; -1 has none.
    """
    groups = [group for subject, found in differences.items() for group in _groups(subject, found, codes[subject])]
    groups = _testable(groups)
    adjusted = holm([_p_value(group) for group in groups])
    told = [
        Located(
            subject=group.subject,
            field=group.field,
            code=group.code,
            pairs=len(group.inside),
            others=len(group.outside),
            difference=_mean(group.inside),
            rest=_mean(group.outside),
            rest_p=_own(group.outside),
            adjusted_p=p_value,
        )
        for group, p_value in zip(groups, adjusted, strict=True)
        if p_value is not None and p_value <= SIGNIFICANCE and abs(_mean(group.inside)) > abs(_mean(group.outside))
    ]
    return sorted(told, key=lambda item: -abs(item.difference))


def _groups(subject: str, differences: NDArray[Any], fields: Sequence[NDArray[Any]]) -> list[_Group]:
    """The groups of all fields that are large enough, each once."""
    import numpy as np

    found: dict[bytes, _Group] = {}
    for field, codes in enumerate(fields):
        for code in np.unique(codes[codes >= 0]).tolist():
            inside = codes == code
            if LEAST <= inside.sum() <= len(inside) - LEAST:
                group = _Group(subject, field, code, differences[inside], differences[~inside])
                found.setdefault(inside.tobytes(), group)
    return list(found.values())


def _testable(groups: Sequence[_Group]) -> list[_Group]:
    """The groups whose own test can reach the level that is corrected over them."""
    least = [_least_p(group) for group in groups]
    for amount in range(1, len(groups) + 1):
        found = [group for group, p_value in zip(groups, least, strict=True) if p_value <= SIGNIFICANCE / amount]
        if len(found) <= amount:
            return found
    return []


def _least_p(group: _Group) -> float:
    return 2.0 ** (1 - min(int((group.inside != 0).sum()), 1_000))


def _p_value(group: _Group) -> float:
    """The larger p of both tests. The costlier one is omitted if the other finds nothing."""
    rest = _welch(group.inside, group.outside)
    if rest > SIGNIFICANCE:
        return rest
    return max(rest, _own(group.inside))


def _own(differences: NDArray[Any]) -> float:
    """P of a mean difference of zero."""
    import numpy as np

    if np.isin(differences, (-1.0, 0.0, 1.0)).all():
        return mcnemar(int((differences > 0).sum()), int((differences < 0).sum()))
    return flip_test(differences).p_value


def _welch(inside: NDArray[Any], outside: NDArray[Any]) -> float:
    """Welch's two-sided p that two means are equal. A side that does not vary counts as varying like both together."""
    import numpy as np

    whole = float(np.concatenate((inside, outside)).var(ddof=1))
    first, second = ((float(side.var(ddof=1)) or whole) / len(side) for side in (inside, outside))
    variance = first + second
    if variance <= 0:
        return 1.0
    freedom = variance**2 / (first**2 / (len(inside) - 1) + second**2 / (len(outside) - 1))
    return student_tail(abs(_mean(inside) - _mean(outside)) / math.sqrt(variance), freedom)


def _mean(values: NDArray[Any]) -> float:
    return math.fsum(values.tolist()) / len(values)
