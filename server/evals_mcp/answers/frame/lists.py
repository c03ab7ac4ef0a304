"""A list of rows with its header and footers: the tokens that it needs, and its texts in those it gets."""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import IntEnum
from functools import cache

from evals_mcp.answers.frame.allocation import Need
from evals_mcp.answers.frame.detail import LEAST, Rows, cost, cut, fit_rows, squeeze
from evals_mcp.answers.frame.quoting import Quoted

_LEAST_PER_CHARACTER = 1 / 16  # tokens, for nearly any text


class Rank(IntEnum):
    """What comes first: all rows of verdicts, then one row of evidence; extra lists need no row."""

    VERDICTS = 0
    EVIDENCE = 1
    EXTRA = 2


@dataclass
class List:
    """Rows with their header and footers. `fill` makes the texts."""

    rows: Rows
    footer: Callable[[int], Quoted]
    header: Quoted
    on_cut: Quoted
    rank: Rank
    least: int
    waits: bool = False
    texts: list[Quoted] = field(default_factory=list)
    omits: bool = False

    def __post_init__(self) -> None:
        self.footer = cache(self.footer)  # a call with a cursor takes time, and its tokens are asked for again
        self._below = cache(lambda amount: cost(self.footer(amount)))

    @property
    def bare(self) -> int:
        """The tokens of the call that reaches all rows, without any of them; 0 if one row must be shown."""
        return self._below(0) if self.waits else 0

    @property
    def minimum(self) -> int:
        """The tokens of the first row in the least detail, with header and footers."""
        below = max(self._below(amount) for amount in {1, len(self.rows) - 1 or 1})
        return cost(self.header) + self.rows.cost(0, self.least) + below + cost(self.on_cut)

    def need(self, room: int, *, whole: bool = True) -> Need:
        """The tokens of the least that it shows, of all rows, of these in some detail, and of everything.

        Without `whole`, all but the first count as more than the room.
        """
        first, minimum = self.rows.cost(0, self.least), self.minimum
        if not whole:
            return Need(self.bare, minimum, room + 1, room + 1, room + 1, self.rank)
        everything = room + 1
        if sum(row.need for row in self.rows.rows) * _LEAST_PER_CHARACTER <= room:
            everything = cost(self.header) + self._below(len(self.rows)) + self.rows.total(self.rows.top, room)
        if self.rank is Rank.EXTRA:
            rows = minimum - first + self.rows.total(self.least, room)
            return Need(0, 0, rows, rows, everything, self.rank)
        if self.rank is Rank.VERDICTS:
            least = minimum - first + self.rows.total(self.least, room)
            return Need(0, least, least, everything, everything, self.rank)
        rows, base = (minimum - first + self.rows.total(level, room) for level in (self.least, LEAST))
        return Need(self.bare, minimum, rows, base, everything, self.rank)

    def fill(self, room: int) -> tuple[list[Quoted], int]:
        """Fill `texts` from this room. The lines to add at the end, and the tokens of all."""
        if self.rank is Rank.EXTRA and room < self.minimum:
            return [], 0
        whole, room = room, room - cost(header := cut(self.header, room // 2))
        smaller = self.rank is not Rank.VERDICTS
        shown = fit_rows(self.rows, room, self._below, cost(self.on_cut), self.least, smaller=smaller)
        if not shown.texts and self.waits:
            below = cut(self.footer(0), whole)
            return [below], cost(below)
        amount = max(len(shown.texts), 1)
        on_cut = self.on_cut
        if not shown.texts:
            on_cut = ""
            shown = squeeze(self.rows.rows[0], room - self._below(amount), self.least)
        self.omits = amount < len(self.rows)
        below = cut(self.footer(amount), room - shown.cost)
        self.texts = [text for text in (header, *shown.texts) if text]
        closings = [text for text in (on_cut if shown.is_cut else "", below) if text]
        return closings, cost(header) + shown.cost + sum(map(cost, closings))
