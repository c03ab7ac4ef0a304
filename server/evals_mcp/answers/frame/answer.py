"""The frame of an answer: shares a token budget among its parts and tells what is omitted.

Knows no nouns of the API. `text()` decides what each part gets (docs/design/budget.md): heads, the verdicts, the first
row of each list, lines and notes, the other rows, and last as much detail in the rows as fits. The estimate of the
whole answer never exceeds the budget.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from evals_mcp.answers.frame.allocation import allocate
from evals_mcp.answers.frame.detail import LEAST, SHORTEST_LINE, Row, Rows, cost, cut, cut_above_call, fixed
from evals_mcp.answers.frame.lists import List, Rank
from evals_mcp.answers.frame.quoting import Quoted, block
from evals_mcp.answers.frame.tokens import fit, whole_character

_RESERVE = 250  # tokens for rows and footers that heads never take
_OMITTED: Quoted = "Some lines were omitted."
_SHORT: Quoted = f"{_OMITTED} Raise max_tokens."
_UNUSED = 0.13  # of the budget; lines get what is more, if the next row does not fit


@dataclass
class _Line:
    text: Quoted
    divisible: bool


class Answer:
    """Collects the parts of an answer. `text()` joins body, notes and footers, in this order."""

    def __init__(self, budget: int) -> None:
        self._left = self._budget = budget
        self._reserve = min(budget // 2, _RESERVE)
        self._body: list[Quoted | _Line | List] = []
        self._notes: list[_Line] = []
        self._footers: list[Quoted] = []

    def head(self, text: Quoted) -> None:
        """Add a line that the answer cannot do without. Cut it if it takes most of the budget."""
        self._take(self._body, cut(text, self._left - self._reserve))

    def line(self, text: Quoted) -> None:
        """Add one of our own lines to the body. Without room, the answer says so."""
        self._body.append(_Line(text, divisible=True))

    def note(self, text: Quoted) -> None:
        """Like `line`, but after all rows."""
        self._notes.append(_Line(text, divisible=True))

    def offer(self, text: Quoted) -> None:
        """Like `note`, for a line with a call, which is never cut."""
        self._notes.append(_Line(text, divisible=False))

    def rows(
        self,
        rows: Sequence[Row | Quoted],
        footer: Callable[[int], Quoted],
        *,
        header: Quoted = "",
        on_cut: Quoted = "",
        rank: Rank = Rank.EVIDENCE,
        least: int = LEAST,
        waits: bool = False,
    ) -> None:
        """Add as many whole rows as fit, at least one in little detail.

        `footer(shown)` tells what is omitted after `shown` rows and the next call; "" if nothing is. Remaining room
        shows more data in the rows. `on_cut` tells how to read data that is still cut. `least` is the detail that all
        rows get before any gets more. `rank` is what comes first among several lists. A list that `waits` takes nothing
        from verdicts: it is omitted while they are not all shown, and can be its `footer(0)` alone.
        """
        if rows:
            given = Rows([row if isinstance(row, Row) else fixed(row) for row in rows])
            self._body.append(List(given, footer, header, on_cut, rank, least, waits))
        else:
            self._take(self._footers, cut_above_call(footer(0), self._left))

    def passage(self, text: str, offset: int, footer: Callable[[int], Quoted]) -> int:
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
        self._take(self._footers, cut_above_call(footer(end), self._left))
        return end

    def text(self) -> Quoted:
        """The whole answer. Its estimate is within the budget."""
        lists = [part for part in self._body if isinstance(part, List)]
        lines = [part for part in (*self._body, *self._notes) if isinstance(part, _Line)]
        reserve = cost(_SHORT) if lines or any(item.rank is Rank.EXTRA for item in lists) else 0
        for_lines, rooms = self._allocate(lists, [cost(line.text) for line in lines], reserve)
        unused = self._left - for_lines - sum(rooms)
        closings: dict[int, list[Quoted]] = {}
        for index in sorted(range(len(lists)), key=lambda at: lists[at].rank):
            waiting = sum(room for room, item in zip(rooms, lists, strict=True) if item.waits)
            closings[index], spent = self._fill(lists, index, rooms[index], waiting)
            unused += rooms[index] - spent
        for index, item in enumerate(lists):
            if not item.texts and item.rank is Rank.EVIDENCE and not item.waits:
                unused += sum(map(cost, closings[index]))
                closings[index], spent = self._fill(lists, index, unused)
                unused -= spent
        for_lines += unused if unused - reserve > _UNUSED * self._budget else min(unused, reserve)
        self._fill_lines(lines, for_lines, omitted=any(item.rank is Rank.EXTRA and not item.texts for item in lists))
        body = [text for part in (*self._body, *self._notes) for text in _texts(part)]
        extra_first = sorted(range(len(lists)), key=lambda at: lists[at].rank is not Rank.EXTRA)
        below = [text for index in extra_first for text in closings[index]]
        footers = self._footers
        if any("raise max_tokens" in text for text in below):
            footers = [_OMITTED if text == _SHORT else text for text in footers]
        return "\n".join([*body, *footers, *below])

    def _allocate(self, lists: Sequence[List], lines: Sequence[int], reserve: int) -> tuple[int, list[int]]:
        """The tokens of all lines, and of each list. A single list takes no time to find its needs beside few lines."""
        first, wanted = lists[0] if lists else None, sum(lines)
        if first and len(lists) == 1 and not first.waits and wanted <= (self._left - reserve - first.minimum) // 2:
            return wanted, [self._left - wanted]
        return allocate(self._left, lines, reserve, [item.need(self._left) for item in lists])

    def _fill(self, lists: Sequence[List], index: int, room: int, waiting: int = 0) -> tuple[list[Quoted], int]:
        """Fill a list. Verdicts that are not all shown take the room of the lists that wait for them."""
        item = lists[index]
        if item.waits and any(other.rank is Rank.VERDICTS and other.omits for other in lists):
            return [], 0
        filled = item.fill(room)
        if item.rank is Rank.VERDICTS and item.omits:
            return item.fill(room + waiting, every=False)  # one is left for the call, which has no room beside all
        return filled

    def _fill_lines(self, lines: Sequence[_Line], room: int, *, omitted: bool) -> None:
        """Cut the lines that have no room, and say so, also if a list is `omitted`."""
        if not omitted and sum(cost(line.text) for line in lines) <= room:
            return
        self._footers.append(cut(_SHORT, room))
        room -= cost(_SHORT)
        for line in lines:
            spent = cost(line.text)
            if spent > room:
                line.text = cut(line.text, room) if line.divisible and room >= SHORTEST_LINE else ""
                spent = room
            room -= spent

    def _take(self, part: list[Any], text: Quoted) -> None:
        if text:
            self._left -= cost(text)
            part.append(text)


def _texts(part: Quoted | _Line | List) -> list[Quoted]:
    """The texts of a part that has its tokens."""
    if isinstance(part, List):
        return part.texts
    text = part.text if isinstance(part, _Line) else part
    return [text] if text else []


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
