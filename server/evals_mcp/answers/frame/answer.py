"""The frame of an answer: what is shown within a budget of tokens, and what is said to be left out.

No nouns of the API here. Each part takes its room from what the parts before it left, so notes are given before
the rows or the passage that fill the rest. The estimate of the whole never exceeds the budget.
"""

from collections.abc import Callable, Sequence

from evals_mcp.answers.frame.detail import Row, cost, cut, fit_rows, squeeze
from evals_mcp.answers.frame.quoting import block
from evals_mcp.answers.frame.tokens import fit, whole_character

_KEPT_BACK = 250  # tokens for rows and footers that lines never take
_SHORT = "Some lines are left out: they come with a higher max_tokens."
_CHARACTERS_PER_TOKEN = 10  # at most


class Answer:
    """Collects the parts of an answer; `text()` joins the body, the notes, and what was left out, in this order."""

    def __init__(self, budget: int) -> None:
        self._left = budget
        self._kept_back = min(budget // 2, _KEPT_BACK)
        self._body: list[str] = []
        self._notes: list[str] = []
        self._footers: list[str] = []

    def head(self, text: str) -> None:
        """Say what the answer is about; cut if it takes most of the budget by itself."""
        self._take(self._body, cut(text, self._left - self._kept_back))

    def line(self, text: str) -> bool:
        """Add a line of our own to the body. If there is no room for it, the answer says so and this is False."""
        return self._take_if_room(self._body, text)

    def note(self, text: str) -> bool:
        """Like `line`, but it stands behind all rows."""
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
        """Add as many rows as fit, each whole, and say how many; at least one, in as little detail as it takes.

        `footer(shown)` says what is left out behind so many rows and the next call; it is "" if that is nothing.
        Room that remains shows more of the data in the rows, and `on_cut` tells how to read what is cut even so.
        `portion` is the part of the room that these rows may take.
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
        """Add a long text as a block, from `offset` on as far as there is room, and say where it ended.

        `footer(end)` tells how to read on from there; it is "" at the end of the text.
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
        """The whole answer; its estimate is within the budget."""
        return "\n".join([*self._body, *self._notes, *self._footers])

    def _make_room(self, room: int) -> None:
        """Take notes back, the last one first, until so many tokens are left: rows and the way on come before them."""
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
        has_room = cost(text) <= self._left - self._kept_back
        if has_room:
            self._left -= cost(text)
            part.append(text)
        elif _SHORT not in self._footers:
            self._take(self._footers, cut(_SHORT, self._left))
        return has_room


def _fixed(text: str) -> Row:
    return Row(lambda _: text, 0)


def _passage_end(text: str, offset: int, room: int) -> int:
    """Where the part of `text` ends whose block costs at most `room`: at a line or word if one ends nearby."""
    rest = text[offset : offset + max(room, 0) * _CHARACTERS_PER_TOKEN]
    size = fit(rest, room)
    while size and (spent := cost(block(rest[:size]))) > room:
        size = whole_character(rest, min(size - 1, size * room // spent))
    end = min(offset + max(size, 1), len(text))
    if end == len(text):
        return end
    nearby = end - size // 5
    return 1 + text.rfind("\n", nearby, end) or 1 + text.rfind(" ", nearby, end) or end
