"""Check a reviewer's SELECT and write it anew, over the views that a database has for it. Runs nothing.

Only what these modules list is written, with names of our own for all tables and columns. So SQL that reads anything
but the views cannot come out, however it is spelled.
"""

from collections.abc import Mapping, Sequence
from itertools import count
from typing import Any, NamedTuple

from sqlglot import exp

from evals_mcp.errors import Invalid
from evals_mcp.models.sql_views import VIEWS
from evals_mcp.store.sql.aggregates import AGGREGATE_CALLS
from evals_mcp.store.sql.calls import CALLS
from evals_mcp.store.sql.clauses import (
    Chosen,
    check_groups,
    chosen_index,
    limits,
    ordinal,
    side_columns,
    wider,
)
from evals_mcp.store.sql.dialects import Dialect
from evals_mcp.store.sql.expressions import Expressions, Subquery, only, words
from evals_mcp.store.sql.joins import Table, write_tables
from evals_mcp.store.sql.names import nearest
from evals_mcp.store.sql.operators import OPERATORS
from evals_mcp.store.sql.scopes import Output, Scope, Source
from evals_mcp.store.sql.terms import Term, check_size, joined

_MOST_COLUMNS = 100
_MOST_SOURCES = 20
_CHARACTERS_PER_PART = 200  # of the SQL of a view, which has a few for each run
_SET_OPERATIONS: Mapping[type[Any], str] = {exp.Union: "UNION", exp.Intersect: "INTERSECT", exp.Except: "EXCEPT"}
_JOINS = {"": "JOIN", "INNER": "JOIN", "LEFT": "LEFT JOIN", "CROSS": "CROSS JOIN"}


class Query(NamedTuple):
    """A written SELECT: its SQL, its columns in order, what it reads of the queries around it, and its size."""

    sql: str
    columns: list[Output]
    reads: frozenset[str] = frozenset()
    size: int = 1


class Selects:
    """Writes one statement. FROM reads a view by its SQL in `names`, which a database replaces by that in `views`."""

    def __init__(self, dialect: Dialect, names: Mapping[str, str], views: Mapping[str, str]) -> None:
        self._names = names
        self._views = views
        self._numbers = count(1)
        self._expressions = Expressions(dialect, self._subquery, {**OPERATORS, **CALLS, **AGGREGATE_CALLS})
        self._known: dict[str, Query] = {}

    def write(self, statement: exp.Expr) -> Query:
        """The statement anew. Raises Invalid for what is not allowed."""
        if not isinstance(statement, exp.Query) or isinstance(statement, exp.Subquery):
            raise Invalid("sql: only a SELECT can be run. It reads and never writes.")
        return self._query(statement, None)

    def _subquery(self, node: exp.Expr, scope: Scope) -> Subquery:
        found = self._query(node, scope)
        return Subquery(found.sql, [column.type for column in found.columns], found.reads, found.size)

    def _query(self, node: exp.Expr, outer: Scope | None) -> Query:
        """A SELECT or several combined, with the queries that WITH names before it."""
        before = dict(self._known)
        with_sql, with_size = self._with(node.args.get("with_"))
        while isinstance(node, exp.Subquery) and not node.alias:
            only(node, "this")
            node = node.this
        if isinstance(node, exp.Select):
            found = self._select(node, outer)
        elif type(node) in _SET_OPERATIONS:
            found = self._combined(node, outer)
        else:
            raise Invalid(f"sql: {words(node)} cannot be used. Write a SELECT.")
        self._known = before
        return found._replace(sql=f"{with_sql}{found.sql}", size=check_size(with_size + found.size))

    def _with(self, node: exp.With | None) -> tuple[str, int]:
        """The queries that WITH names, and their size."""
        if node is None:
            return "", 0
        only(node, "expressions")  # none that is recursive
        written, size = [], 0
        for item in node.expressions:
            only(item, "this", "alias", "materialized")
            name = item.alias.lower()
            if name in VIEWS or name in self._known:
                raise Invalid(f"sql: WITH cannot name a query `{item.alias[:60]}`: that name is taken.")
            found = self._renamed(self._query(item.this, None), item.args["alias"])
            alias = f"w{next(self._numbers)}"
            written.append(f"{alias} AS ({found.sql})")
            size = check_size(size + found.size)
            self._known[name] = found._replace(sql=alias)
        return f"WITH {', '.join(written)} ", size

    def _renamed(self, query: Query, alias: exp.TableAlias) -> Query:
        """A query whose columns have the names of an alias, such as in `t(a, b)`."""
        only(alias, "this", "columns")
        names = alias.args.get("columns")
        if not names:
            return query
        if len(names) != len(query.columns):
            raise Invalid(f"sql: {words(alias)} names {len(names)} columns of {len(query.columns)}.")
        columns = [column._replace(name=name.name) for column, name in zip(query.columns, names, strict=True)]
        return query._replace(columns=columns)

    def _select(self, node: exp.Select, outer: Scope | None) -> Query:
        parts = ("with_", "expressions", "from_", "joins", "where", "group", "having", "order", "limit", "offset")
        only(node, *parts, "distinct")
        if (distinct := node.args.get("distinct")) is not None:
            only(distinct)
        scope = Scope(outer)
        tables = self._from(node, scope)
        where = self._where(node.args.get("where"), scope)
        groups = self._groups(node, scope)
        scope.groups = frozenset(term.sql for term in groups)
        chosen = self._columns(node, scope)
        scope.aliases = {item.name.lower(): item.term for item in chosen}
        having = self._having(node.args.get("having"), scope)
        order = self._order(node.args.get("order"), chosen, scope, only_chosen=distinct is not None)
        check_groups(chosen, [*([having] if having else []), *order], has_groups=bool(groups))
        columns = [Output(item.name, item.term.type, f"c{at}", item.term.size) for at, item in enumerate(chosen, 1)]
        sql = [
            f"SELECT {'DISTINCT ' if distinct else ''}"
            + ", ".join(f"{item.term.sql} AS {column.column}" for item, column in zip(chosen, columns, strict=True)),
            write_tables(tables, is_sqlite=self._expressions.dialect.is_sqlite),
            f"WHERE {where.sql}" if where else "",
            f"GROUP BY {', '.join(term.sql for term in groups)}" if groups else "",
            f"HAVING {having.sql}" if having else "",
            f"ORDER BY {', '.join(term.sql for term in order)}" if order else "",
            *limits(node),
        ]
        own = {f'{source.alias}."{column.column}"' for source in scope.sources for column in source.columns}
        terms = [*(item.term for item in chosen), *groups, *order, *filter(None, (where, having))]
        whole = joined("", "null", *terms)
        size = check_size(whole.size + scope.size)
        return Query(" ".join(filter(None, sql)), columns, (whole.columns | scope.reads) - own, size)

    def _from(self, node: exp.Select, scope: Scope) -> list[Table]:
        """The tables of FROM, which the scope then knows."""
        first = node.args.get("from_")
        if first is None:
            return []
        only(first, "this")
        tables = [self._table(first.this, scope)]
        for join in node.args.get("joins") or ():
            only(join, "this", "on", "using", "side", "kind")
            kind = " ".join(filter(None, (join.side, join.kind))).upper().replace(" OUTER", "")
            if kind not in _JOINS:
                raise Invalid(f"sql: {kind} JOIN cannot be used, only JOIN, LEFT JOIN and CROSS JOIN.")
            table = self._table(join.this, scope)
            tables.append(table._replace(join=_JOINS[kind], on=self._on(join, scope)))
        return tables

    def _on(self, join: exp.Join, scope: Scope) -> str:
        using, condition = join.args.get("using"), join.args.get("on")
        is_cross = join.kind == "CROSS"
        if using:
            left, right = Scope(sources=scope.sources[:-1], using=scope.using), scope.sources[-1]
            pairs = []
            for name in using:
                one = left.column(exp.column(name.name))
                other = Scope(sources=[right]).column(exp.column(name.name))
                pairs.append(f"{one.sql} = {other.sql}")
                scope.using.add(name.name.lower())
            return f" ON ({' AND '.join(pairs)})"
        if condition is not None:
            term = self._expressions.write_condition(condition, scope)
            if term.has_aggregate or term.has_window:
                raise Invalid("sql: ON cannot have an aggregate.")
            scope.reads |= term.columns
            scope.size += term.size
            return f" ON ({term.sql})"
        return "" if is_cross else " ON (TRUE)"

    def _table(self, node: exp.Expr, scope: Scope) -> Table:
        """A view, a query that WITH names, or a subquery."""
        if len(scope.sources) >= _MOST_SOURCES:
            raise Invalid(f"sql: FROM can have at most {_MOST_SOURCES} tables.")
        alias = f"t{next(self._numbers)}"
        if isinstance(node, exp.Subquery):
            only(node, "this", "alias", "with_")
            query = self._query(node.this, None)
            sql, name = f"({query.sql})", node.alias
        elif isinstance(node, exp.Table):
            only(node, "this", "alias")
            query = self._named(node)
            sql, name = query.sql, node.alias or node.name
        else:
            raise Invalid(f"sql: {words(node)} cannot stand in FROM, only {', '.join(VIEWS)} and subqueries.")
        if node.args.get("alias"):
            query = self._renamed(query, node.args["alias"])
        if name and any(source.name == name.lower() for source in scope.sources):
            raise Invalid(f"sql: FROM has `{name[:60]}` twice. Name one with AS.")
        scope.size = check_size(scope.size + query.size)
        scope.sources.append(Source(name.lower(), alias, query.columns, set()))
        view = next((view for view, known in self._names.items() if known == sql), None)
        return Table(sql, scope.sources[-1], view)

    def _named(self, node: exp.Table) -> Query:
        """A query that WITH names, or a view. Raises Invalid with the nearest."""
        name = node.name.lower() if isinstance(node.this, exp.Identifier) else ""
        if name in self._known:
            return self._known[name]
        if name in VIEWS:
            columns = [Output(column.name, column.type, column.name) for column in VIEWS[name].columns]
            return Query(self._names[name], columns, size=1 + len(self._views[name]) // _CHARACTERS_PER_PART)
        close = nearest(name, [*self._known, *VIEWS])
        raise Invalid(f"sql: {words(node)} does not exist. {close + ' ' if close else ''}Views: {', '.join(VIEWS)}.")

    def _where(self, node: exp.Where | None, scope: Scope) -> Term | None:
        if node is None:
            return None
        term = self._expressions.write_condition(node.this, scope)
        if term.has_aggregate or term.has_window:
            raise Invalid("sql: WHERE cannot have an aggregate or OVER. Use HAVING or a subquery.")
        return term

    def _having(self, node: exp.Having | None, scope: Scope) -> Term | None:
        if node is None:
            return None
        term = self._expressions.write_condition(node.this, scope)
        if term.has_window:
            raise Invalid("sql: HAVING cannot have OVER. Use a subquery.")
        return term

    def _groups(self, node: exp.Select, scope: Scope) -> list[Term]:
        """The terms of GROUP BY: expressions, numbers of columns, or names of columns in SELECT."""
        group = node.args.get("group")
        if group is None:
            return []
        only(group, "expressions")
        named = {item.alias.lower(): item.this for item in node.expressions if isinstance(item, exp.Alias)}
        terms = []
        for item in group.expressions:
            if (at := ordinal(item)) is not None:
                if not 1 <= at <= len(node.expressions):
                    raise Invalid(f"sql: GROUP BY {at}: SELECT has {len(node.expressions)} columns.")
                item = node.expressions[at - 1]
                item = item.this if isinstance(item, exp.Alias) else item
            elif isinstance(item, exp.Column) and not item.table and item.name.lower() in named:
                own = any(source.find(item.name.lower()) for source in scope.sources)
                item = item if own else named[item.name.lower()]
            term = self._expressions.write_term(item, scope)
            if term.has_aggregate or term.has_window:
                raise Invalid("sql: GROUP BY cannot have an aggregate or OVER.")
            terms.append(term)
        return terms

    def _columns(self, node: exp.Select, scope: Scope) -> list[Chosen]:
        """The columns of SELECT, with those of `*`."""
        chosen: list[Chosen] = []
        for item in node.expressions:
            if isinstance(item, exp.Star):
                only(item)
                chosen += self._starred(scope, scope.sources)
            elif isinstance(item, exp.Column) and isinstance(item.this, exp.Star):
                only(item.this)
                chosen += self._starred(Scope(), [scope.source(item.table)])
            else:
                body = item.this if isinstance(item, exp.Alias) else item
                name = item.alias if isinstance(item, exp.Alias) else item.name if isinstance(item, exp.Column) else ""
                term = self._expressions.write_term(body, scope)
                # To write an expression takes long, and a name in a subquery of a value is never read.
                unnamed = name or ("?column?" if scope.outer else str(words(body)).strip("`"))
                chosen.append(Chosen(unnamed, term))
        if not 0 < len(chosen) <= _MOST_COLUMNS:
            raise Invalid(f"sql: SELECT needs 1 to {_MOST_COLUMNS} columns.")
        return chosen

    def _starred(self, scope: Scope, sources: Sequence[Source]) -> list[Chosen]:
        if not sources:
            raise Invalid("sql: SELECT * needs FROM.")
        seen: set[str] = set()
        chosen = []
        for source in sources:
            for column in source.columns:
                if column.name.lower() in scope.using and column.name.lower() in seen:
                    continue
                seen.add(column.name.lower())
                term = source.term(column)
                grouped = term._replace(columns=frozenset()) if term.sql in scope.groups else term
                chosen.append(Chosen(column.name, grouped))
        return chosen

    def _order(
        self, node: exp.Order | None, chosen: Sequence[Chosen], scope: Scope, *, only_chosen: bool
    ) -> list[Term]:
        """The terms of ORDER BY: a number for what SELECT has, too."""
        if node is None:
            return []
        only(node, "expressions")
        terms = []
        for item in node.expressions:
            at = chosen_index(item.this, chosen)
            term = self._expressions.write_term(item.this, scope) if at is None else chosen[at].term
            same = [number for number, other in enumerate(chosen, 1) if other.term.sql == term.sql]
            if not same and only_chosen:
                raise Invalid("sql: ORDER BY of SELECT DISTINCT needs a column of SELECT.")
            number = term._replace(sql=str(same[0])) if same else term
            terms.append(self._expressions.ordered(item, scope, number))
        return terms

    def _combined(self, node: exp.Expr, outer: Scope | None) -> Query:
        """SELECTs combined by UNION, INTERSECT or EXCEPT."""
        only(node, "with_", "this", "expression", "distinct", "order", "limit", "offset")
        left, right = (self._query(part, outer) for part in (node.this, node.expression))
        if len(left.columns) != len(right.columns):
            raise Invalid(f"sql: both sides of {_SET_OPERATIONS[type(node)]} need the same number of columns.")
        columns = []
        for one, other in zip(left.columns, right.columns, strict=True):
            pair = [Term("", one.type), Term("", other.type)]
            if self._expressions.alike(pair, f"column `{one.name}`") != pair:
                raise Invalid(f"sql: column `{one.name}` has another type on the other side. Use CAST.")
            columns.append(one._replace(type=wider(one.type, other.type), size=max(one.size, other.size)))
        chosen = [Chosen(column.name, Term(column.column, column.type)) for column in columns]
        order = []
        for item in node.args["order"].expressions if node.args.get("order") else ():
            if (at := chosen_index(item.this, chosen)) is None:
                raise Invalid("sql: ORDER BY after UNION needs the name or number of a column.")
            order.append(self._expressions.ordered(item, Scope(), Term(str(at + 1), "integer")))
        word = _SET_OPERATIONS[type(node)] + ("" if node.args.get("distinct") else " ALL")
        if word.endswith("ALL") and not isinstance(node, exp.Union):
            raise Invalid(f"sql: {word} cannot be used.")
        sides = [f"SELECT {side_columns(side.columns, columns)} FROM ({side.sql}) AS u" for side in (left, right)]
        sql = [
            f" {word} ".join(sides),
            f"ORDER BY {', '.join(term.sql for term in order)}" if order else "",
            *limits(node),
        ]
        return Query(" ".join(filter(None, sql)), columns, left.reads | right.reads, check_size(left.size + right.size))
