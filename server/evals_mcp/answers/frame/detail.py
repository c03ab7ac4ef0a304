"""How much each row of a list shows in a given room of tokens; what rows say and what follows them is not here."""

from bisect import bisect_right
from collections.abc import Callable, Sequence
from itertools import accumulate
from typing import NamedTuple

from evals_mcp.answers.frame.tokens import estimate, fit, share

_LEAST = 60  # characters of its data that a row shows before a further row is left out
_SMALLER = (30, 12, 0)
_ROUNDS = 5
_AIM, _FULL_ENOUGH = 0.97, 0.92  # of the room
_TOKENS_PER_CHARACTER = 0.3  # to begin with
_CAUTIOUS = 0.36  # tokens per character, for a first guess
_ROWS_DIFFER = 1.1  # how much more than the first row others may cost besides their data
_FEW = 3  # rows that a guess is made from


class Row(NamedTuple):
    """A row that can be shown in more or less detail.

    `render(limit)` gives its text with about `limit` characters of data; with `need` of them nothing is cut.
    """

    render: Callable[[int], str]
    need: int


class Shown(NamedTuple):
    """The texts of the rows that fit, from the first on, what they cost, and whether data in them is cut."""

    texts: list[str]
    cost: int
    is_cut: bool


def cost(text: str) -> int:
    """The tokens of a text and the line break behind it; nothing for no text."""
    return estimate(text) + 1 if text else 0


def cut(text: str, room: int) -> str:
    """The text, or as much of its beginning as costs at most `room`, behind it `…`."""
    if cost(text) <= room:
        return text
    return text[: fit(text, room - 3)] + "…" if room >= 3 else ""


def fit_rows(rows: Sequence[Row], room: int, footer_cost: Callable[[int], int], cut_cost: int) -> Shown:
    """Show as many rows as fit into `room` beside the footer that goes with so many, and each as fully as it can be.

    All rows show the same number of characters, save those that need fewer. `cut_cost` is kept free when data in
    them is cut. There are no texts if not even the first row fits.
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
    """One row in as much detail as costs at most `room`; cut when even its smallest form costs more."""
    for limit in (_LEAST, *_SMALLER):
        text = row.render(limit)
        if cost(text) <= room:
            break
    text = cut(text, room)
    return Shown([text] if text else [], cost(text), row.need > 0)


def _guessed(rows: Sequence[Row], room: int, cut_cost: int) -> Shown | None:
    """All rows at a level of detail guessed from a few, and nearer to the room after that; None if it was too much.

    Most lists fit whole, and rendering them at the least level first would be for nothing.
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
    """The level of detail that fills what is spare for data, if all rows cost what a few of them do."""
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
    """Raise the level of detail from the one reached towards the whole; a round or two come close to the room."""
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
