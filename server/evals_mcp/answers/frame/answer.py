"""The frame of an answer: fits parts into a token budget and tells what is omitted.

Knows no nouns of the API. Each part takes its room from what earlier parts left, so add notes before the rows or the
passage that fill the rest. The estimate of the whole answer never exceeds the budget.
"""

from collections.abc import Callable, Sequence

from evals_mcp.answers.frame.detail import Row, cost, cut, fit_rows, squeeze
from evals_mcp.answers.frame.quoting import block
from evals_mcp.answers.frame.tokens import fit, whole_character

_RESERVE = 250  # tokens for rows and footers that lines never take
_SHORT = "Some lines were omitted. Raise max_tokens to see them."


class Answer:
    """Collects the parts of an answer. `text()` joins body, notes and footers, in this order."""

    def __init__(self, budget: int) -> None:
        self._left = budget
        self._reserve = min(budget // 2, _RESERVE)
        self._body: list[str] = []
        self._notes: list[str] = []
        self._footers: list[str] = []

    def head(self, text: str) -> None:
        """Add the opening. Cut it if it takes most of the budget."""
        self._take(self._body, cut(text, self._left - self._reserve))

    def line(self, text: str) -> bool:
        """Add one of our own lines to the body. Without room, the answer says so and this returns False."""
        return self._take_if_room(self._body, text)

    def note(self, text: str) -> bool:
        """Like `line`, but after all rows."""
        return self._take_if_room(self._notes, text)

    def rows(
        self,
        rows: Sequence[Row | str],
        footer: Callable[[int], str],
        *,
        header: str = "",
        on_cut: str = "",
        portion: float = 1.0,
    ) -> int:
        """Add as many whole rows as fit, at least one in little detail, and return their number.

        `footer(shown)` tells what is omitted after `shown` rows and the next call; "" if nothing is. Remaining room
        shows more data in the rows. `on_cut` tells how to read data that is still cut. `portion` is the share of the
        room for these rows.
        """
        if not rows:
            self._take(self._footers, cut(footer(0), self._left))
            return 0
        self._take(self._body, cut(header, self._left // 2))
        given = [row if isinstance(row, Row) else _fixed(row) for row in rows]
        shown = fit_rows(given, int(self._left * portion), lambda amount: cost(footer(amount)), cost(on_cut))
        amount = max(len(shown.texts), 1)
        below = footer(amount)
        if not shown.texts:
            below_rows = cost(below) + cost(on_cut)
            self._make_room(cost(given[0].render(0)) + below_rows)
            shown = squeeze(given[0], self._left - below_rows)
        self._body += shown.texts
        self._left -= shown.cost
        self._take(self._footers, cut(on_cut, self._left) if shown.is_cut else "")
        self._take(self._footers, cut(below, self._left))
        return amount

    def passage(self, text: str, offset: int, footer: Callable[[int], str]) -> int:
        """Add as much of a long text from `offset` as fits, as a block, and return its end.

        `footer(end)` tells how to read on from there; "" at the end of the text.
        """
        end = _passage_end(text, offset, self._left - cost(footer(len(text))))
        longest = max(cost(footer(offset)), cost(footer(len(text) - 1)))
        while end < len(text):
            end = _passage_end(text, offset, self._left - longest)
            if cost(footer(end)) <= longest:
                break
            longest = cost(footer(end))
        self._take(self._body, cut(block(text[offset:end]), self._left))
        self._take(self._footers, cut(footer(end), self._left))
        return end

    def text(self) -> str:
        """The whole answer. Its estimate is within the budget."""
        return "\n".join([*self._body, *self._notes, *self._footers])

    def _make_room(self, room: int) -> None:
        """Remove notes, last one first, until `room` tokens are left: rows and footers matter more."""
        while self._left < room and self._notes:
            self._left += cost(self._notes.pop())
        if self._left < room and _SHORT in self._footers:
            self._footers.remove(_SHORT)
            self._left += cost(_SHORT)

    def _take(self, part: list[str], text: str) -> None:
        if text:
            self._left -= cost(text)
            part.append(text)

    def _take_if_room(self, part: list[str], text: str) -> bool:
        has_room = cost(text) <= self._left - self._reserve
        if has_room:
            self._left -= cost(text)
            part.append(text)
        elif _SHORT not in self._footers:
            self._take(self._footers, cut(_SHORT, self._left))
        return has_room


def _fixed(text: str) -> Row:
    return Row(lambda _: text, 0)


def _passage_end(text: str, offset: int, room: int) -> int:
    """The end of the longest part of `text` whose block fits into `room`, at a line or word end if one is near."""
    rest = text[offset:]
    size = fit(rest, room)
    while size and (spent := cost(block(rest[:size]))) > room:
        size = whole_character(rest, min(size - 1, size * room // spent))
    end = min(offset + max(size, 1), len(text))
    if end == len(text):
        return end
    nearby = end - size // 5
    return 1 + text.rfind("\n", nearby, end) or 1 + text.rfind(" ", nearby, end) or end
