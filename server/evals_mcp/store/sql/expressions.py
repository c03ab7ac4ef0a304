"""Write the expressions of a reviewer's SQL anew. What has no handler cannot be written at all.

The handlers are in `operators`, `calls` and `aggregates`.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple, TypeAlias

from sqlglot import exp
from sqlglot.errors import ErrorLevel

from evals_mcp.errors import Invalid
from evals_mcp.models.sql_views import ValueType
from evals_mcp.store.sql.dialects import Dialect
from evals_mcp.store.sql.functions import NAMES
from evals_mcp.store.sql.names import nearest
from evals_mcp.store.sql.parsing import Reviewed
from evals_mcp.store.sql.scopes import Scope
from evals_mcp.store.sql.terms import Coercion, Term


class Subquery(NamedTuple):
    """A written subquery: its SQL, the types of its columns, what it reads of the queries around it, and its size."""

    sql: str
    types: list[ValueType]
    reads: frozenset[str]
    size: int


Handler: TypeAlias = Callable[["Expressions", Any, Scope], Term]
"""Writes one kind of expression. Raises Invalid."""

_NEGATED = (exp.Between, exp.ILike, exp.In, exp.Is, exp.Like)


class Words:
    """A part of the SQL in a message. The text is made only when it is shown, since that takes longer than checking.

    Making it may change the node, so write the node before.
    """

    def __init__(self, node: exp.Expr) -> None:
        self._node = node

    def __str__(self) -> str:
        text = self._node.sql(Reviewed, copy=False, normalize_functions="lower", unsupported_level=ErrorLevel.IGNORE)
        return f"`{text[:60]}{'…' if len(text) > 60 else ''}`"


def words(node: exp.Expr) -> Words:
    """A part of the SQL in a message, which ends the writing, or as a name of what is written."""
    return Words(node)


_WORDS = {
    "spec": "a frame (ROWS or RANGE)",
    "db": "the name of a schema",
    "catalog": "the name of a database",
    "locks": "FOR UPDATE",
    "laterals": "LATERAL",
    "expression": "a second argument",
    "expressions": "a list",
}
"""What the parser's names of parts mean, where they are no words of SQL."""


def only(node: exp.Expr, *names: str) -> None:
    """Raise Invalid if a node has other parts than these."""
    for name, part in node.args.items():
        if part and name not in names:
            word = _WORDS.get(name, name.strip("_").upper())
            raise Invalid(f"sql: {word} cannot be used in {words(node)}.")


class Expressions(Coercion):
    """Writes expressions, each kind by its handler. `query` writes a subquery in a scope."""

    def __init__(
        self,
        dialect: Dialect,
        query: Callable[[exp.Expr, Scope], Subquery],
        handlers: Mapping[type[Any], Handler],
    ) -> None:
        super().__init__(dialect)
        self.query = query
        self._handlers = handlers

    def write_term(self, node: exp.Expr, scope: Scope) -> Term:
        """The term of an expression. Raises Invalid for what is not allowed."""
        handler = self._handlers.get(type(node))
        if handler is None:
            raise Invalid(f"sql: {words(node)} cannot be used. {_hint(node)}")
        term = handler(self, node, scope)
        if node.args.get("negate") and type(node) in _NEGATED:
            term = term._replace(sql=f"(NOT {term.sql})")
        return term._replace(columns=frozenset()) if term.sql in scope.groups else term

    def write_condition(self, node: exp.Expr, scope: Scope) -> Term:
        """The term of a condition. Raises Invalid."""
        return self.condition(self.write_term(node, scope), words(node))

    def write_number(self, node: exp.Expr, scope: Scope) -> Term:
        """The term of a number. Raises Invalid."""
        return self.number(self.write_term(node, scope), words(node))

    def write_text(self, node: exp.Expr, scope: Scope) -> Term:
        """The term of a text. Raises Invalid."""
        term = self.write_term(node, scope)
        if not term.is_text and term.type != "null":
            raise Invalid(f"sql: {words(node)} is not a text. Write CAST({words(node)} AS TEXT).")
        return term

    def write_all(self, nodes: Iterable[exp.Expr], scope: Scope) -> list[Term]:
        """The terms of several expressions. Raises Invalid."""
        return [self.write_term(node, scope) for node in nodes]

    def write_subquery(self, node: exp.Expr, scope: Scope) -> Term:
        """A subquery in an expression: one column."""
        only(node, "this") if isinstance(node, exp.Subquery) else None
        found = self.query(node.this if isinstance(node, exp.Subquery) else node, scope)
        if len(found.types) != 1:
            raise Invalid("sql: a subquery in an expression must give one column.")
        return Term(f"({found.sql})", found.types[0], found.reads, size=found.size)

    def ordered(self, node: exp.Expr, scope: Scope, term: Term | None = None) -> Term:
        """A part of an ORDER BY, by an expression or by a term that stands for it."""
        assert isinstance(node, exp.Ordered)
        only(node, "this", "desc", "nulls_first")
        term = self.write_term(node.this, scope) if term is None else term
        nulls = "FIRST" if node.args.get("nulls_first") else "LAST"
        return term._replace(sql=f"{term.sql} {'DESC' if node.args.get('desc') else 'ASC'} NULLS {nulls}")


def _hint(node: exp.Expr) -> str:
    name = node.name if isinstance(node, exp.Anonymous) else node.key
    if not isinstance(node, exp.Func):
        return "docs/sql.md lists what can."
    return f"Functions: {nearest(name, NAMES, everything=True)}"
