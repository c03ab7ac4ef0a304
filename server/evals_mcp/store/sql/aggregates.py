"""Write aggregates and windows."""

from collections.abc import Mapping
from typing import Any

from sqlglot import exp

from evals_mcp.errors import Invalid
from evals_mcp.models.sql_views import ValueType
from evals_mcp.store.sql.expressions import Expressions, Handler, only, words
from evals_mcp.store.sql.functions import AGGREGATES
from evals_mcp.store.sql.scopes import Scope
from evals_mcp.store.sql.terms import Term, joined, number_literal

_RANKS: Mapping[type[Any], str] = {exp.RowNumber: "row_number", exp.Rank: "rank", exp.DenseRank: "dense_rank"}
_OVER_ROWS = ("avg", "count", "every", "max", "min", "some", "sum")


def _aggregate(writer: Expressions, node: exp.Expr, scope: Scope) -> Term:
    """An aggregate over the rows of a group."""
    return _of_group(_aggregate_call(writer, node, scope), node)


def _of_group(term: Term, node: exp.Expr) -> Term:
    """An aggregate, which reads no single row."""
    if term.has_aggregate or term.has_window:
        raise Invalid(f"sql: {words(node)} is an aggregate of an aggregate. Use a subquery.")
    return term._replace(columns=frozenset(), has_aggregate=True)


def _aggregate_call(writer: Expressions, node: exp.Expr, scope: Scope) -> Term:
    """The call of an aggregate, with what its argument reads."""
    template = AGGREGATES[type(node)]
    only(node, "this", "expression", "big_int")
    argument, is_distinct = node.this, isinstance(node.this, exp.Distinct)
    if isinstance(argument, exp.Star) and template == "count":
        return Term("count(*)", "integer")
    if is_distinct:
        only(argument, "expressions")
        if len(argument.expressions) != 1 or template not in ("count", "sum", "avg"):
            raise Invalid(f"sql: {words(node)} cannot use DISTINCT. count, sum and avg can, of one value.")
        (argument,) = argument.expressions
    term = _argument(writer, argument, template, scope)
    if template == "avg":
        term = joined(f"CAST({term.sql} AS double precision)", "number", term)
    parts = [term._replace(sql=f"DISTINCT {term.sql}") if is_distinct else term]
    if template == "median":
        template, parts = "percentile", [*parts, Term("0.5", "number")]
    if template == "corr":
        parts.append(writer.write_number(node.expression, scope))
    return writer.fill(template, _given(template, term), *parts)


def _argument(writer: Expressions, node: exp.Expr, template: str, scope: Scope) -> Term:
    """What an aggregate is of."""
    if template in ("every", "some"):
        return writer.write_condition(node, scope)
    if template in ("count", "min", "max"):
        term = writer.write_term(node, scope)
        is_plain = template == "count" or term.type != "boolean"
        return term if is_plain else writer.number(term, words(node))
    return writer.write_number(node, scope)


def _percentile(writer: Expressions, node: exp.WithinGroup, scope: Scope) -> Term:
    only(node, "this", "expression")
    order = node.expression.expressions if isinstance(node.expression, exp.Order) else []
    share = node.this.this if isinstance(node.this, exp.PercentileCont) else None
    value = share.this if isinstance(share, exp.Literal) and not share.is_string else "2"
    if float(value) > 1 or len(order) != 1 or order[0].args.get("desc"):
        raise Invalid("sql: write percentile_cont(0.9) WITHIN GROUP (ORDER BY latency).")
    term = writer.write_number(order[0].this, scope)
    return _of_group(writer.fill("percentile", "number", term, Term(value, "number")), node)


def _filtered(writer: Expressions, node: exp.Filter, scope: Scope) -> Term:
    is_percentile = isinstance(node.this, exp.WithinGroup)
    if not is_percentile and type(node.this) not in AGGREGATES:
        raise Invalid(f"sql: {words(node)}: FILTER belongs to an aggregate.")
    return _with_filter(writer, writer.write_term(node.this, scope), node, scope)


def _with_filter(writer: Expressions, term: Term, node: exp.Filter, scope: Scope) -> Term:
    condition = writer.write_condition(node.expression.this, scope)
    if condition.has_aggregate or condition.has_window:
        raise Invalid(f"sql: {words(node)} has an aggregate in its condition.")
    return term._replace(sql=f"{term.sql} FILTER (WHERE {condition.sql})")


def _window(writer: Expressions, node: exp.Window, scope: Scope) -> Term:
    only(node, "this", "partition_by", "order", "over")
    term = _windowed(writer, node.this, scope)
    partition = writer.write_all(node.args.get("partition_by") or (), scope)
    order = node.args.get("order")
    ordered = [writer.ordered(part, scope) for part in (order.expressions if order else ())]
    parts = [f"PARTITION BY {', '.join(part.sql for part in partition)}"] if partition else []
    parts += [f"ORDER BY {', '.join(part.sql for part in ordered)}"] if ordered else []
    whole = joined(f"{term.sql} OVER ({' '.join(parts)})", term.type, term, *partition, *ordered)
    if whole.has_window:
        raise Invalid(f"sql: {words(node)} is a window in a window. Use a subquery.")
    return whole._replace(has_window=True)


def _windowed(writer: Expressions, node: exp.Expr, scope: Scope) -> Term:
    """The function of a window: a rank, a neighbour, or an aggregate of the window's rows."""
    if (rank := _RANKS.get(type(node))) is not None:
        only(node)
        return Term(writer.dialect.templates[rank], "integer")
    if isinstance(node, exp.Lag | exp.Lead):
        only(node, "this", "offset")
        offset = node.args.get("offset") or exp.Literal.number(1)
        amount = number_literal(offset.this) if isinstance(offset, exp.Literal) and not offset.is_string else None
        if amount is None or amount.type != "integer":
            raise Invalid(f"sql: {words(node)} needs a number of rows.")
        value = writer.write_term(node.this, scope)
        return writer.fill("lag" if isinstance(node, exp.Lag) else "lead", value.type, value, amount)
    if isinstance(node, exp.Filter):
        return _with_filter(writer, _windowed(writer, node.this, scope), node, scope)
    is_distinct = isinstance(node.args.get("this"), exp.Distinct)
    if is_distinct or AGGREGATES.get(type(node)) not in _OVER_ROWS:
        raise Invalid(f"sql: {words(node)} cannot be used with OVER.")
    return _aggregate_call(writer, node, scope)


def _given(template: str, term: Term) -> ValueType:
    """The type that an aggregate of a term has."""
    if template in ("min", "max"):
        return term.type
    if template in ("every", "some"):
        return "boolean"
    if template == "sum":
        return term.type if term.is_number else "integer"
    return "integer" if template == "count" else "number"


AGGREGATE_CALLS: Mapping[type[Any], Handler] = {
    **dict.fromkeys(AGGREGATES, _aggregate),
    exp.Filter: _filtered,
    exp.Window: _window,
    exp.WithinGroup: _percentile,
}
