"""How much data each row of a list shows in a given number of tokens."""

from bisect import bisect_right
from collections.abc import Callable, Sequence
from itertools import accumulate
from typing import NamedTuple

from evals_mcp.answers.frame.quoting import closed
from evals_mcp.answers.frame.tokens import estimate, fit, share

_CLOSING = 4  # tokens of `…"`
_LEAST = 60  # characters of data per row before rows are omitted
_SMALLER = (30, 12, 0)
_ROUNDS = 5
_AIM, _FULL_ENOUGH = 0.97, 0.92  # of the room
_TOKENS_PER_CHARACTER = 0.25  # first estimate
_CAUTIOUS = 0.32  # tokens per character, for a first guess
_ROWS_DIFFER = 1.1  # factor by which other rows may cost more than the first, without their data
_FEW = 3  # rows to guess from


class Row(NamedTuple):
    """A row with a variable level of detail.

    `render(limit)` returns its text with about `limit` characters of data. With `need` characters, nothing is cut.
    """

    render: Callable[[int], str]
    need: int


class Shown(NamedTuple):
    """The texts of the first rows that fit, their cost, and whether their data is cut."""

    texts: list[str]
    cost: int
    is_cut: bool


def cost(text: str) -> int:
    """The tokens of a text and its line break; 0 for an empty text."""
    return estimate(text) + 1 if text else 0


def cut(text: str, room: int) -> str:
    """The text, or as much of its beginning as fits into `room`, with `…`. An open quote is closed."""
    if cost(text) <= room:
        return text
    return closed(text[: fit(text, room - _CLOSING)]) if room >= _CLOSING else ""


def fit_rows(rows: Sequence[Row], room: int, footer_cost: Callable[[int], int], cut_cost: int) -> Shown:
    """Show as many rows as fit into `room` with their footer, each in as much detail as possible.

    All rows show the same number of characters, unless they need fewer. Reserves `cut_cost` if data is cut. Returns no
    texts if not even the first row fits.
    """
    whole_room = room - footer_cost(len(rows))
    if (guessed := _guessed(rows, whole_room, cut_cost)) is not None:
        return guessed
    texts = _least_texts(rows, room)
    costs = list(accumulate(map(cost, texts)))
    amount = len(texts)
    while amount and costs[amount - 1] + (taken := footer_cost(amount) + cut_cost) > room:
        amount = min(amount - 1, bisect_right(costs, room - taken))
    if not amount:
        return Shown([], 0, False)
    return _detailed(rows[:amount], texts[:amount], room - footer_cost(amount), cut_cost)


def squeeze(row: Row, room: int) -> Shown:
    """One row in as much detail as fits into `room`. Cut if even its smallest form is too long."""
    for limit in (_LEAST, *_SMALLER):
        text = row.render(limit)
        if cost(text) <= room:
            break
    text = cut(text, room)
    return Shown([text] if text else [], cost(text), row.need > 0)


def _guessed(rows: Sequence[Row], room: int, cut_cost: int) -> Shown | None:
    """Show all rows at a level of detail guessed from a few rows, then refined; None if they do not fit.

    Most lists fit whole, so rendering them at the lowest level first would be a waste.
    """
    needs = [row.need for row in rows]
    top = max(needs)
    beside_data = cost(rows[0].render(0))
    spare = room - cut_cost - beside_data * _ROWS_DIFFER * len(rows)
    cautious = max(share(max(int(spare / _CAUTIOUS), 0), needs))
    if cautious < min(_LEAST, top):
        return None
    for level in dict.fromkeys((_bolder(rows, cautious, spare - (1 - _AIM) * room, beside_data), cautious)):
        texts = [row.render(level) for row in rows]
        spent = sum(map(cost, texts))
        if spent > room - (cut_cost if level < top else 0):
            continue
        if level >= top or spent >= _FULL_ENOUGH * room - cut_cost:
            return Shown(texts, spent, level < top)
        return _detailed(rows, texts, room, cut_cost, level)
    return None


def _bolder(rows: Sequence[Row], level: int, spare: float, beside_data: int) -> int:
    """The level of detail that fills `spare`, if all rows cost as much as a few of them."""
    needs = [row.need for row in rows]
    if level >= max(needs):
        return level
    few = rows[:: -(-len(rows) // _FEW)]
    spent = sum(cost(row.render(level)) - beside_data for row in few)
    per_character = max(spent, 1) / max(sum(min(row.need, level) for row in few), 1)
    return max(level, *share(max(int(spare / per_character), 0), needs))


def _least_texts(rows: Sequence[Row], room: int) -> list[str]:
    texts = []
    for row in rows:
        text = row.render(_LEAST)
        room -= cost(text)
        if room < 0:
            break
        texts.append(text)
    return texts


def _detailed(rows: Sequence[Row], texts: list[str], room: int, cut_cost: int, reached: int = _LEAST) -> Shown:
    """Raise the level of detail until the room is nearly full, which takes a round or two."""
    needs = [row.need for row in rows]
    top = max(needs)
    low, high = min(reached, top), top + 1
    spent, per_character = sum(map(cost, texts)), _TOKENS_PER_CHARACTER
    for _ in range(_ROUNDS):
        if low == top or spent >= _FULL_ENOUGH * room - cut_cost:
            break
        shown = sum(min(need, low) for need in needs)
        level = max(share(shown + int((_AIM * room - cut_cost - spent) / per_character), needs))
        if not low < level < high:
            level = (low + high) // 2
        tried = [text if row.need <= low else row.render(level) for row, text in zip(rows, texts, strict=True)]
        tried_cost = sum(map(cost, tried))
        per_character = max(tried_cost - spent, 1) / max(sum(min(need, level) for need in needs) - shown, 1)
        if tried_cost > room - (cut_cost if level < top else 0):
            high = level
        else:
            texts, low, spent = tried, level, tried_cost
    return Shown(texts, spent, low < top)
