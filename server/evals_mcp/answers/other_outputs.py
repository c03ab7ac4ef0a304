"""The outputs of the other candidates for a datapoint: below those of the baseline and the shown candidate."""

from collections.abc import Sequence
from typing import NamedTuple

from evals_mcp.answers.comparison_notes import Compared
from evals_mcp.answers.frame.detail import Row
from evals_mcp.answers.frame.figures import count, listed
from evals_mcp.answers.frame.quoting import Quoted
from evals_mcp.answers.frame.tokens import share
from evals_mcp.answers.judgments import joined_judgments
from evals_mcp.answers.outputs import Part, other_output
from evals_mcp.models.comparisons import ComparedDatapoint, OtherRun
from evals_mcp.models.rows import LogRow

_EACH = 150  # characters of each text before any gets more
_LEAST = 24  # characters; less of an output is not worth its label
_JUDGED = 2
_NAMED = 6


class OtherOutputs(NamedTuple):
    """A row for each run whose output can be shown, how many cannot, and the line of runs without a log."""

    rows: list[Row]
    unread: int
    below: list[Quoted]

    def lines(self, rooms: Sequence[int]) -> list[Quoted]:
        """The first rows in these rooms, and how many more there are."""
        left = len(self.rows) - len(rooms) + self.unread
        shown: list[Quoted] = [row.render(room) for row, room in zip(self.rows, rooms, strict=False)]
        more: list[Quoted] = [f"  (+{count(left, 'more output')})"] if left else []
        return [*shown, *more, *self.below]


def other_outputs(compared: Compared, datapoint: ComparedDatapoint, versions: Sequence[str]) -> OtherOutputs:
    """The outputs of the candidates that are not shown, with their judgments by these evaluators."""
    sides: list[tuple[Quoted, LogRow | None]] = [("baseline", datapoint.baseline), ("candidate", datapoint.candidate)]
    known = [(side, log) for side, log in sides if log is not None]
    rows: list[Row] = []
    for other in datapoint.other_runs:
        if other.log is not None:
            run = compared.run(other.run_id)
            label = f"{run} ({', '.join(_details(compared, other, other.log, versions))})".removesuffix(" ()")
            rows.append(_lines_of(other_output(label, other.log, datapoint.baseline, known)))
            known.append((run, other.log))
    unread = sum(other.log is None and other.logs > 0 for other in datapoint.other_runs)
    without = [compared.run(other.run_id) for other in datapoint.other_runs if not other.logs]
    below: list[Quoted] = [f"  no log: {listed(without, _NAMED)}"] if without else []
    return OtherOutputs(rows, unread, below)


def share_outputs(room: int, needs: Sequence[int], others: Sequence[int]) -> tuple[list[int], list[int]]:
    """Split `room` over texts, and over as many of the first others as have room for something.

    Each text gets a little, then each other; what is left is shared by all. More room never gives less to any.
    """
    mine = share(room, [min(need, _EACH) for need in needs])
    left = room - sum(mine)
    theirs: list[int] = []
    for need in others:
        if left < min(need, _LEAST):
            return mine, theirs
        theirs.append(min(need, _EACH, left))
        left -= theirs[-1]
    given = [*mine, *theirs]
    more = share(left, [need - part for need, part in zip([*needs, *others], given, strict=True)])
    given = [part + extra for part, extra in zip(given, more, strict=True)]
    return given[: len(mine)], given[len(mine) :]


def _details(compared: Compared, other: OtherRun, log: LogRow, versions: Sequence[str]) -> list[Quoted]:
    """The judgments of the log, and of how many it is one."""
    words: list[Quoted] = [
        f"{compared.evaluator(version_id)} "
        + joined_judgments((row.state, row.judgment) for row in log.judgments if row.evaluator_version_id == version_id)
        for version_id in versions[:_JUDGED]
    ]
    return [*words, f"newest of {count(other.logs, 'log')}"] if other.logs > 1 else words


def _lines_of(parts: Sequence[Part]) -> Row:
    """Parts as lines that share the room."""
    needs = [part.need for _, part in parts]

    def render(limit: int) -> Quoted:
        lines: list[Quoted] = [
            f"  {label}: {part.render(room)}" for (label, part), room in zip(parts, share(limit, needs), strict=True)
        ]
        return "\n".join(lines)

    return Row(render, sum(needs))
