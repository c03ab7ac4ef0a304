"""The order of the log lines of an export: oldest first, traces before the logs that are steps of them."""

from collections.abc import Iterator, Sequence
from datetime import UTC
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

from evals_mcp.errors import Invalid
from evals_mcp.importers.results import time_of
from evals_mcp.importers.text_files import LONGEST_LINE
from evals_mcp.models.model import JsonObject

_MOST_OPEN = 32


class LogLine(NamedTuple):
    """Where a log is: the file, the offset and number of its line, and whether it is a log of an evaluation's run."""

    path: Path
    offset: int
    number: int
    in_evaluation: bool
    run_id: str | None
    log_id: str
    root_id: str | None
    seconds: float


def log_line(path: Path, offset: int, number: int, item: JsonObject, *, in_evaluation: bool) -> LogLine:
    """The line of an item: a log with its run, or a log alone. Raises KeyError and TypeError for anything else."""
    log = item["log"] if in_evaluation else item
    root_id = log.get("trace_id") if log.get("trace_parent_id") is not None else None
    time = log.get("created_at") or log.get("start_time")
    return LogLine(path, offset, number, in_evaluation, item.get("run_id"), log["id"], root_id, _seconds(time))


def ordered(lines: Sequence[LogLine], *, newest_first: bool) -> list[LogLine]:
    """The lines, oldest first by their times. With `newest_first`, lines of a run keep the order that they have."""
    times = _rising(lines) if newest_first else [line.seconds for line in lines]
    order = sorted(range(len(lines)), key=lambda at: (times[at], -at if newest_first else at))
    rank: dict[str, int] = {}
    for position, at in enumerate(order):
        rank.setdefault(lines[at].log_id, position)
    own = {at: position for position, at in enumerate(order)}

    def after_root(at: int) -> tuple[int, bool, int]:
        root = rank.get(lines[at].root_id or "", own[at])
        return max(root, own[at]), root > own[at], own[at]

    return [lines[at] for at in sorted(order, key=after_root)]


def _rising(lines: Sequence[LogLine]) -> list[float]:
    """The time of each line, or of an older one in its run if that is later."""
    latest: dict[Any, float] = {}
    times = [0.0] * len(lines)
    for at in reversed(range(len(lines))):
        line = lines[at]
        of = (line.path.parent, line.run_id)
        times[at] = latest[of] = max(line.seconds, latest.get(of, line.seconds))
    return times


def lines_in(path: Path) -> Iterator[tuple[int, int, bytes]]:
    """The lines of a file, each with its offset and its number from 1. Raises Invalid for one that is too long."""
    offset = number = 0
    with path.open("rb") as file:
        while line := file.readline(LONGEST_LINE + 1):
            number += 1
            if len(line) > LONGEST_LINE:
                raise Invalid(f"{path.name}, line {number} is longer than {LONGEST_LINE:,} bytes.")
            yield offset, number, line
            offset += len(line)


class LogFiles:
    """Reads lines of many files in any order. The files that were read last stay open; close it to close them."""

    def __init__(self) -> None:
        self._open: dict[Path, BinaryIO] = {}

    def read(self, line: LogLine) -> bytes:
        """The text of a line."""
        file = self._open.pop(line.path, None) or line.path.open("rb")
        self._open[line.path] = file
        if len(self._open) > _MOST_OPEN:
            self._open.pop(next(iter(self._open))).close()
        file.seek(line.offset)
        return file.readline()

    def close(self) -> None:
        """Close all files."""
        while self._open:
            self._open.popitem()[1].close()


def page_order(path: Path) -> tuple[str, int]:
    """The sort key of `1.jsonl`, `2.jsonl`, …, `10.jsonl`."""
    return str(path.parent), int(path.stem) if path.stem.isdigit() else 0


def _seconds(time: Any) -> float:
    moment = time_of(time)
    if moment is None:
        return 0.0
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
