"""How the lists and lines of an answer share its tokens; no texts."""

from collections.abc import Sequence
from typing import NamedTuple

from evals_mcp.answers.frame.tokens import share


class Need(NamedTuple):
    """The tokens of a list: of a call alone, of the least that it shows, of all its rows, of these in some detail, and
    of everything.

    Lists of a lower `rank` get their least first. `bare` is 0 unless a call alone will do. `whole` may be any number
    above the room if it is larger.
    """

    bare: int
    least: int
    rows: int
    base: int
    whole: int
    rank: int


def allocate(room: int, lines: int, least_of_lines: int, needs: Sequence[Need]) -> tuple[int, list[int]]:
    """The tokens of the lines, and of each list.

    Everything if it fits. Else the least of each; then the lines and all rows; then the detail of the lowest rank, and
    that of the others. What needs less than an equal share gets it whole, so a larger room gives nothing less.
    """
    if lines + sum(need.whole for need in needs) <= room:
        return lines, [need.whole for need in needs]
    for_lines = least_of_lines
    left = room - for_lines
    rooms = [0] * len(needs)
    later = sum(need.bare or need.least for need in needs)
    for index, need in sorted(enumerate(needs), key=lambda item: item[1].rank):
        later -= need.bare or need.least
        most = max(left - later, left // 2)
        rooms[index] = need.bare if need.bare and need.least > most else min(need.least, most)
        left -= rooms[index]
    first = min((need.rank for need in needs), default=0)
    stages: tuple[tuple[str, bool], ...] = (("rows", False), ("base", True), ("base", False), ("whole", False))
    for part, only_first in stages:
        wanted = [
            0 if only_first and need.rank > first else getattr(need, part) - given
            for need, given in zip(needs, rooms, strict=True)
        ]
        wanted.insert(0, lines - for_lines)
        more, *shares = share(left, [max(want, 0) for want in wanted])
        for_lines += more
        rooms = [given + more for given, more in zip(rooms, shares, strict=True)]
        left -= more + sum(shares)
    return for_lines, rooms
