"""A list of rows with its header and footers: the tokens that it needs, and its texts in those it gets."""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import IntEnum
from functools import cache
from itertools import chain

from evals_mcp.answers.frame.allocation import Need
from evals_mcp.answers.frame.detail import LEAST, Rows, Shown, cost, cut, cut_above_call, fit_rows, no_call, squeeze
from evals_mcp.answers.frame.quoting import Quoted


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
        below = max(self._below(amount) for amount in {1, len(self.rows) - 1 or 1, len(self.rows)})
        return cost(self.header) + self.rows.cost(0, self.least) + below + cost(self.on_cut)

    def need(self, room: int) -> Need:
        """The tokens of the least that it shows, of each further row, of all rows in some detail, and of everything."""
        minimum = self.minimum
        whole = cost(self.header) + self._below(len(self.rows))
        everything = whole + self.rows.total(self.rows.top, room) if self.rows.fit_whole(room - whole) else room + 1
        around = minimum - self.rows.cost(0, self.least)
        if self.rank is Rank.VERDICTS:
            least = whole + self.rows.total(self.least, room) + cost(self.on_cut)
            return Need(0, least, (), everything, everything, self.rank)
        least = 0 if self.rank is Rank.EXTRA else minimum
        first = () if least and not self.waits else (max(minimum - self.bare, 0),)
        further = (self.rows.cost(index, self.least) for index in range(1, len(self.rows)))
        base = around + self.rows.total(max(self.least, LEAST), room)
        return Need(self.bare, least, chain(first, further), base, everything, self.rank)

    def fill(self, room: int, *, every: bool = True) -> tuple[list[Quoted], int]:
        """Fill `texts` from this room, of all but a row unless `every`. The lines to add at the end, and their tokens
        with the texts."""
        if self.rank is Rank.EXTRA and room < self.minimum:
            return [], 0
        whole, room = room, room - cost(header := self._header(room))
        smaller = self.rank is not Rank.VERDICTS and self.least >= LEAST
        shown = fit_rows(
            self.rows,
            room,
            self._below,
            cost(self.on_cut),
            self.least,
            smaller=smaller,
            every=every or len(self.rows) < 2,
        )
        if not shown.texts and self.waits:
            below = cut_above_call(self.footer(0), whole)
            return [below], cost(below)
        amount = max(len(shown.texts), 1)
        on_cut = self.on_cut
        if not shown.texts:
            header, on_cut, shown = self._first_row(whole)
            room = whole - cost(header)
        self.omits = amount < len(self.rows)
        left = room - shown.cost
        below = cut_above_call(self.footer(amount), left) if shown.texts else no_call(left)
        self.texts = [text for text in (header, *shown.texts) if text]
        if below.endswith(on_cut.rpartition(": ")[2]):  # the same advice
            on_cut = ""
        closings = [text for text in (on_cut if shown.is_cut else "", below) if text]
        return closings, cost(header) + shown.cost + sum(map(cost, closings))

    def _first_row(self, room: int) -> tuple[Quoted, Quoted, Shown]:
        """What is shown where the least detail of a row has no room: as much of the header as has room above the first
        row, which the call for the others passes over; `on_cut` if it has room; and the row, cut if even alone."""
        row, below = self.rows.rows[0], self._below(1)
        left = room - below - cost(row.render(0))
        on_cut = self.on_cut if cost(self.on_cut) <= left else ""
        header = cut(self.header, left - cost(on_cut))
        return header, on_cut, squeeze(row, room - below - cost(header) - cost(on_cut), self.least)

    def _header(self, room: int) -> Quoted:
        """The header: whole beside all rows, else cut so that the first row has room, but not to less than half."""
        most = max(room // 2, room - self.minimum + cost(self.header))
        if most < cost(self.header) <= room - self._below(len(self.rows)) - self.rows.total(self.least, room):
            return self.header
        return cut(self.header, most)
