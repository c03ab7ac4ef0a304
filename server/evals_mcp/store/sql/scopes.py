"""Which columns a name may mean in a part of a reviewer's SQL. Writes no SQL but the names of columns."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from sqlglot import exp

from evals_mcp.errors import Invalid
from evals_mcp.models.sql_views import VIEWS, ValueType
from evals_mcp.store.sql.names import nearest
from evals_mcp.store.sql.terms import Term


class Output(NamedTuple):
    """A column that a query gives: as the SQL calls it, its type, its name in the SQL that we write, and its size."""

    name: str
    type: ValueType
    column: str
    size: int = 1


class Source(NamedTuple):
    """What FROM names: as the SQL calls it, its name in the SQL that we write, its columns, and which are read."""

    name: str
    alias: str
    columns: Sequence[Output]
    read: set[str]

    def find(self, name: str) -> list[Term]:
        """The columns with a name."""
        found = [item for item in self.columns if item.name.lower() == name]
        return [self.term(item) for item in found]

    def term(self, column: Output) -> Term:
        """A column as a term, which reads it."""
        self.read.add(column.column)
        sql = f'{self.alias}."{column.column}"'
        return Term(sql, column.type, frozenset((sql,)), size=column.size)


@dataclass
class Scope:
    """The sources of a query, and those around it. `using` has columns that joined sources share, and
    `reads` what their conditions read. `size` counts the parts of the sources.

    `groups` are expressions of GROUP BY, which may stand outside of aggregates. `aliases` are expressions of SELECT.
    """

    outer: "Scope | None" = None
    sources: list[Source] = field(default_factory=list)
    using: set[str] = field(default_factory=set)
    reads: frozenset[str] = frozenset()
    size: int = 1
    groups: frozenset[str] = frozenset()
    aliases: Mapping[str, Term] = field(default_factory=dict)

    def column(self, node: exp.Column) -> Term:
        """The column that is meant. Raises Invalid for none or several, with the nearest and all of the view."""
        name, table = node.name.lower(), node.table.lower()
        scope: Scope | None = self
        while scope is not None:
            found = scope._find(name, table)
            if len(found) > 1:
                raise Invalid(f"sql: `{node.name}` is in several of FROM. Write {_choices(scope, name)}.")
            if found:
                return found[0]
            scope = scope.outer
        raise Invalid(self._missing(node.name, table))

    def source(self, table: str) -> Source:
        """The source with a name. Raises Invalid."""
        for source in self.sources:
            if source.name == table.lower():
                return source
        raise Invalid(self._no_source(table))

    def _no_source(self, table: str) -> str:
        names = ", ".join(source.name for source in self.sources if source.name)
        return f"sql: FROM has no `{table[:60]}`, only {names or 'none'}."

    def _find(self, name: str, table: str) -> list[Term]:
        if table:
            return [term for source in self.sources if source.name == table for term in source.find(name)]
        found = [term for source in self.sources for term in source.find(name)]
        if name in self.using:
            return found[:1]
        return found or ([self.aliases[name]] if name in self.aliases else [])

    def _missing(self, name: str, table: str) -> str:
        sources = [source for source in self.sources if not table or source.name == table]
        if not sources:
            is_json = any(column.name == table and column.type == "json" for column in self._columns())
            hint = f"sql: `{table[:60]}` is JSON. Write `{table[:60]}->>'{name[:60]}'`."
            return hint if is_json else self._no_source(table or name)
        known = [item.name for source in sources for item in source.columns]
        lists = "; ".join(f"{item.name} has {', '.join(column.name for column in item.columns)}" for item in sources)
        close = self._elsewhere(name) or nearest(name, dict.fromkeys(known))
        json = next((column.name for column in self._columns() if column.type == "json"), "")
        if json and not close:
            close = f"Fields are in JSON, as in `{json}->>'{name[:60]}'`."
        return " ".join(filter(None, [f"sql: no column is named `{name[:60]}`.", close, f"{lists}."]))

    def _columns(self) -> list[Output]:
        return [column for source in self.sources for column in source.columns]

    def _elsewhere(self, name: str) -> str:
        """Which view has a column that the sources do not have, and how to join it."""
        known = {column.name for column in self._columns()}
        for view, keys in _KEYS.items():
            is_there = any(column.name == name.lower() for column in VIEWS[view].columns)
            if is_there and name.lower() not in known and known.issuperset(keys):
                return f"JOIN {view} USING ({', '.join(keys)}) has it."
        return ""


_KEYS = {"datapoints": ("datapoint",), "runs": ("run",), "logs": ("log", "run"), "judgments": ("log", "run")}


def _choices(scope: Scope, name: str) -> str:
    return " or ".join(f"{source.name}.{name}" for source in scope.sources if source.find(name))
