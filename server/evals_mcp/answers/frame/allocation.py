"""How the lists and lines of an answer share its tokens; no texts.

An answer grows in steps whose order does not depend on its tokens: it has the steps that fit before the first one that
does not, and as much of that one as fits. So a larger answer has all that a smaller one has.
"""

from collections.abc import Iterable, Sequence
from heapq import heapify, heappop, heappush
from typing import NamedTuple

from evals_mcp.answers.frame.tokens import share


class Need(NamedTuple):
    """The tokens of a list: of a call alone, of the least that it shows, of each further row, of all rows in some
    detail, and of everything.

    Lists of a lower `rank` get their least and their detail first. `bare` is 0 unless a call alone will do. `base` and
    `whole` may be any number above the room if they are larger.
    """

    bare: int
    least: int
    rows: Iterable[int]
    base: int
    whole: int
    rank: int


def allocate(room: int, lines: Sequence[int], reserve: int, needs: Sequence[Need]) -> tuple[int, list[int]]:
    """The tokens of all lines, and of each list.

    Everything if it fits. Else the least of each list; then lines and rows, always of the part that has taken least;
    then detail: of the lowest rank, some of the others, and the rest. `reserve` is kept for a line that tells what is
    omitted. What needs less than an equal share gets it whole.
    """
    if sum(lines) + sum(need.whole for need in needs) <= room:
        return sum(lines), [need.whole for need in needs]
    rooms, left = _least(max(room - reserve, 0), needs)
    if any(given < (need.bare or need.least) for given, need in zip(rooms, needs, strict=True)):
        return 0, rooms
    taken, left = _grow(left, [lines, *(need.rows for need in needs)])
    for_lines, *further = taken
    rooms = [given + more for given, more in zip(rooms, further, strict=True)]
    first = min((need.rank for need in needs), default=0)
    stages = [
        [need.base if need.rank == first else 0 for need in needs],
        [need.base for need in needs],
        [need.whole for need in needs],
    ]
    for wanted in stages:
        shares = share(left, [max(want - given, 0) for want, given in zip(wanted, rooms, strict=True)])
        rooms = [given + more for given, more in zip(rooms, shares, strict=True)]
        left -= sum(shares)
    return for_lines, rooms


def _least(left: int, needs: Sequence[Need]) -> tuple[list[int], int]:
    """The least of each list, those of a lower rank first, and what is left."""
    rooms = [0] * len(needs)
    later = sum(need.bare or need.least for need in needs)
    for index, need in sorted(enumerate(needs), key=lambda item: item[1].rank):
        least = need.bare or need.least
        later -= least
        rooms[index] = min(least, max(left - later, left // 2))
        left -= rooms[index]
    return rooms, left


def _grow(left: int, parts: Sequence[Iterable[int]]) -> tuple[list[int], int]:
    """What each part takes of `left`, step after step, and the rest. The step without room takes all that is left."""
    taken = [0] * len(parts)
    waiting = [iter(steps) for steps in parts]
    following = [(step, index) for index, steps in enumerate(waiting) if (step := next(steps, None)) is not None]
    heapify(following)
    while following:
        wanted, index = heappop(following)
        given = min(wanted - taken[index], left)
        taken[index] += given
        left -= given
        if taken[index] < wanted:
            break
        if (step := next(waiting[index], None)) is not None:
            heappush(following, (wanted + step, index))
    return taken, left
