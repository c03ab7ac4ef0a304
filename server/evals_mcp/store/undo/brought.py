"""What an import brought, read from its batches: spans of numbers, keys of other rows, and the runs that it changed."""

from bisect import bisect_right
from collections import defaultdict
from typing import Any

from sqlalchemy import Connection, Table, select

from evals_mcp.store.database.tables import evaluations, logs, runs, versions
from evals_mcp.store.journal.entries import rows_of


class Spans:
    """Numbers of rows, as ranges in ascending order."""

    def __init__(self) -> None:
        self.ranges: list[tuple[int, int]] = []

    def add(self, first: int, last: int) -> None:
        """Add a range after all others."""
        if self.ranges and self.ranges[-1][1] + 1 == first:
            first = self.ranges.pop()[0]
        self.ranges.append((first, last))

    def __contains__(self, number: int) -> bool:
        at = bisect_right(self.ranges, (number, float("inf"))) - 1
        return at >= 0 and number <= self.ranges[at][1]


class Brought:
    """The rows of an import. `changed_runs` has the settings of existing runs before and after it."""

    def __init__(self, connection: Connection, entry: int) -> None:
        self._connection = connection
        self.spans: dict[str, Spans] = defaultdict(Spans)
        self.keys: dict[str, list[Any]] = defaultdict(list)
        self.changed_runs: dict[str, list[list[Any]]] = {}
        for content in rows_of(connection, entry, "import"):
            for run_id, (before, after) in content.pop("changed_runs", {}).items():
                first = self.changed_runs.get(run_id, [before])[0]
                self.changed_runs[run_id] = [first, after]
            for name, brought in content.items():
                if name in _NUMBERED:
                    self.spans[name].add(*brought)
                else:
                    self.keys[name] += brought
        self.runs = self.ids(runs)
        self.versions = self.ids(versions)
        self.evaluations = self.ids(evaluations)

    def ids(self, table: Table) -> set[str]:
        """The ids of the rows in a table with numbers that are still there."""
        found: set[str] = set()
        for first, last in self.spans[table.name].ranges:
            of_range = select(table.c.id).where(table.c.number.between(first, last))
            found |= set(self._connection.execute(of_range).scalars())
        return found

    def has_log(self, number: int) -> bool:
        """Whether the import brought the log with this number."""
        return number in self.spans["logs"]


_NUMBERED = {table.name for table in (evaluations, runs, logs, versions)}
