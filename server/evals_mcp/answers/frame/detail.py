"""How much data each row of a list shows in a given number of tokens.

Detail grows along a fixed scale of levels, row after row from the first to the last. So more room never shows less of
any row, and rows differ by at most one level.
"""

from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from itertools import accumulate, islice, pairwise
from typing import NamedTuple

from evals_mcp.answers.frame.figures import count
from evals_mcp.answers.frame.quoting import Quoted, closed
from evals_mcp.answers.frame.tokens import estimate, fit, share

LEAST = 60
"""Characters of data that each row shows before rows are omitted."""

SHORTEST_LINE = 30
"""Tokens; less of a line says nothing."""

_NO_CALL: Quoted = "More: raise max_tokens."
_CLOSING = 14  # tokens of `…" (+1,234 characters)`
_SMALLER = (30, 12, 0)
_STEP = 1.25  # from a level to the next
_HIGHEST = 2_000_000
_TOKENS_PER_CHARACTER = 0.25  # first estimate
_LEAST_PER_CHARACTER = 1 / 16  # tokens, for nearly any text
_FEW = 2  # rows to guess from
_BISECTIONS = 4
_WORTHWHILE = 0.02  # of the room; less of it is left unused
_ENOUGH = 0.87  # of the room


class Row(NamedTuple):
    """A row with a variable level of detail.

    `render(limit)` returns its text with about `limit` characters of data. With `need` characters, nothing is cut.
    """

    render: Callable[[int], Quoted]
    need: int


class Shown(NamedTuple):
    """The texts of the first rows that fit, their cost, and whether their data is cut."""

    texts: list[Quoted]
    cost: int
    is_cut: bool


def fixed(text: Quoted) -> Row:
    """A row without data to cut."""
    return Row(lambda _: text, 0)


def cost(text: str) -> int:
    """The tokens of a text and its line break; 0 for an empty text."""
    return estimate(text) + 1 if text else 0


def cut(text: Quoted, room: int) -> Quoted:
    """The text, or as much of its beginning as fits into `room`, with `…` and the number of its other characters.

    An open quote is closed.
    """
    if cost(text) <= room:
        return text
    end = fit(text, room - _CLOSING) if room > _CLOSING else 0
    return f"{closed(text, end)} (+{count(len(text) - end, 'character')})" if end else ""


def cut_above_call(text: Quoted, room: int) -> Quoted:
    """Like `cut`, but a call at the end stays whole, and what stands above it is cut.

    A call that has no room by itself is left out, and said to be; a call that is cut could not be made.
    """
    if cost(text) <= room or not text.endswith(")"):
        return cut(text, room)
    above, _, call = text.rpartition("\n")
    left = room - cost(call)
    if left < 0:
        return no_call(room)
    above = cut(above, left) if left >= SHORTEST_LINE else ""
    return f"{above}\n{call}" if above else call


def no_call(room: int) -> Quoted:
    """What stands in the place of a call that is missing; "" without room."""
    return _NO_CALL if cost(_NO_CALL) <= room else ""


class Rows:
    """Rows, each rendered and counted once at a level."""

    def __init__(self, rows: Sequence[Row]) -> None:
        self.rows = rows
        self.top = max(row.need for row in rows)
        self._texts: dict[tuple[int, int], tuple[Quoted, int]] = {}

    def __len__(self) -> int:
        return len(self.rows)

    def text(self, index: int, level: int) -> Quoted:
        """The text of a row."""
        return self._at(index, level)[0]

    def cost(self, index: int, level: int) -> int:
        """The tokens of a row."""
        return self._at(index, level)[1]

    def costs(self, level: int, amount: int | None = None) -> Iterator[int]:
        """The tokens of the first row, of the first two, and so on."""
        return accumulate(self.cost(index, level) for index in range(len(self) if amount is None else amount))

    def total(self, level: int, most: int, amount: int | None = None) -> int:
        """The tokens of the first rows at a level; if they are more than `most`, of some of them."""
        total = 0
        for total in self.costs(level, amount):
            if total > most:
                break
        return total

    def fit(self, level: int, room: int, amount: int | None = None) -> bool:
        """Whether the first rows, or all, fit at a level."""
        return self.total(level, room, amount) <= room

    def fit_whole(self, room: int) -> bool:
        """Whether all rows fit with all of their data. Renders none if that is far from it."""
        return sum(row.need for row in self.rows) * _LEAST_PER_CHARACTER <= room and self.fit(self.top, room)

    def _at(self, index: int, level: int) -> tuple[Quoted, int]:
        row = self.rows[index]
        key = (index, min(level, row.need))
        if key not in self._texts:
            text = row.render(level)
            self._texts[key] = (text, cost(text))
        return self._texts[key]


def fit_rows(
    rows: Rows,
    room: int,
    footer_cost: Callable[[int], int],
    cut_cost: int,
    least: int = LEAST,
    *,
    smaller: bool = True,
    every: bool = True,
) -> Shown:
    """Show as many rows as fit into `room` with their footer at the level `least`, then in more detail.

    One row may be `smaller` than that, and the others then use what is left. Unless `every`, one row is left. Reserves
    `cut_cost` if data is cut. Returns no texts if not even the first row fits.
    """
    whole = room - footer_cost(len(rows))
    if every and rows.fit_whole(whole):
        return _shown(rows, [rows.top] * len(rows))
    levels = [*(level for level in _LEVELS if least <= level < rows.top), rows.top]
    index = _guess(rows, levels, whole - cut_cost) if every else -1
    while index >= 0 and not rows.fit(levels[index], whole if index == len(levels) - 1 else whole - cut_cost):
        index -= 1
    if index < 0:
        return _first_rows(rows, room, footer_cost, cut_cost, levels, _SMALLER if smaller else ())
    return _shown(rows, _grown(rows, len(rows), levels[index:], whole - cut_cost, whole))


def squeeze(row: Row, room: int, least: int = LEAST) -> Shown:
    """One row in at most the detail `least`, as fits into `room`. Cut if even its smallest form is too long."""
    for limit in (least, *(level for level in reversed(_LEVELS) if 0 < level < least), *_SMALLER):
        text = row.render(limit)
        if cost(text) <= room:
            break
    text = cut(text, room)
    return Shown([text] if text else [], cost(text), row.need > 0)


def _levels() -> Iterator[int]:
    yield 0
    level = float(LEAST)
    while level < _HIGHEST:
        yield int(level)
        level *= _STEP


_LEVELS = tuple(_levels())


def _guess(rows: Rows, levels: Sequence[int], room: int) -> int:
    """The index of the level that fills the room, if all rows cost as much as a few of them."""
    few = range(0, len(rows), -(-len(rows) // _FEW))
    needs = [row.need for row in rows.rows]
    bare = sum(rows.cost(index, 0) for index in few) * len(rows) // len(few)
    per_character, level = _TOKENS_PER_CHARACTER, 0
    for _ in range(2):
        level = max(share(max(int((room - bare) / per_character), 0), needs))
        level = levels[max(bisect_right(levels, level) - 1, 0)]
        data = sum(rows.cost(index, level) - rows.cost(index, 0) for index in few)
        per_character = max(data, 1) / max(sum(min(needs[index], level) for index in few), 1)
    return levels.index(level)


def _grown(rows: Rows, amount: int, levels: Sequence[int], room: int, whole: int) -> list[int]:
    """The levels of the first rows, all of which fit at the first level: as high as fit into `room`, row after row.

    At the last level nothing is cut. There they may take `whole`.
    """
    chosen = [levels[0]] * amount
    left = room - rows.total(levels[0], whole, amount)
    for low, high in pairwise(levels):
        if high == levels[-1] and rows.fit(high, whole, amount):
            return [high] * amount
        for index in range(amount):
            extra = rows.cost(index, high) - rows.cost(index, low)
            if extra > left:
                if left > _WORTHWHILE * room:
                    chosen[index] = _between(rows, index, low, high, left + rows.cost(index, low))
                return chosen
            chosen[index] = high
            left -= extra
    return chosen


def _between(rows: Rows, index: int, low: int, high: int, room: int) -> int:
    high = min(high, rows.rows[index].need)
    for _ in range(_BISECTIONS):
        middle = (low + high) // 2
        low, high = (middle, high) if rows.cost(index, middle) <= room else (low, middle)
    return low


def _first_rows(
    rows: Rows,
    room: int,
    footer_cost: Callable[[int], int],
    cut_cost: int,
    levels: Sequence[int],
    smaller_levels: Sequence[int],
) -> Shown:
    """As many rows as fit at the least level, a smaller one below them, and more detail if room stays unused."""
    least = levels[0]
    costs = list(islice(_while_within(rows.costs(least), room), len(rows) - 1))
    amount = len(costs)
    while amount and costs[amount - 1] + footer_cost(amount) + cut_cost > room:
        amount -= 1
    spent = costs[amount - 1] if amount else 0
    smaller: list[int] = []
    if amount + 1 < len(rows):
        left = room - spent - footer_cost(amount + 1) - cut_cost
        smaller = [level for level in smaller_levels if level < least and rows.cost(amount, level) <= left][:1]
        spent += sum(rows.cost(amount, level) for level in smaller)
    if not amount + len(smaller):
        return Shown([], 0, False)
    if not smaller_levels:
        return _shown(rows, [least] * amount)
    unused = int(_ENOUGH * room) - footer_cost(amount + len(smaller)) - cut_cost - spent
    chosen = [least] * amount
    if unused > 0 and amount:
        enough = costs[amount - 1] + unused
        chosen = _grown(rows, amount, levels, enough, enough)
    return _shown(rows, [*chosen, *smaller])


def _while_within(costs: Iterator[int], room: int) -> Iterator[int]:
    for spent in costs:
        if spent > room:
            return
        yield spent


def _shown(rows: Rows, levels: Sequence[int]) -> Shown:
    texts = [rows.text(index, level) for index, level in enumerate(levels)]
    spent = sum(rows.cost(index, level) for index, level in enumerate(levels))
    return Shown(texts, spent, any(level < row.need for level, row in zip(levels, rows.rows, strict=False)))
