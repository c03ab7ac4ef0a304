"""Write operators, comparisons and choices. Functions are in `calls` and `aggregates`."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlglot import exp

from evals_mcp.errors import Invalid
from evals_mcp.store.sql.expressions import Expressions, Handler, only, words
from evals_mcp.store.sql.scopes import Scope
from evals_mcp.store.sql.terms import Term, check_size, common_type, joined, number_literal

_COMPARISONS: Mapping[type[Any], str] = {
    exp.EQ: "=",
    exp.NEQ: "<>",
    exp.LT: "<",
    exp.LTE: "<=",
    exp.GT: ">",
    exp.GTE: ">=",
}
_ARITHMETIC: Mapping[type[Any], str] = {exp.Add: "+", exp.Sub: "-", exp.Mul: "*"}


def _compared(writer: Expressions, node: exp.Expr, scope: Scope) -> Term:
    only(node, "this", "expression")
    left, right = writer.alike(writer.write_all((node.this, node.expression), scope), words(node))
    return joined(f"({left.sql} {_COMPARISONS[type(node)]} {right.sql})", "boolean", left, right)


def _computed(writer: Expressions, node: exp.Expr, scope: Scope) -> Term:
    only(node, "this", "expression")
    left, right = (writer.write_number(part, scope) for part in (node.this, node.expression))
    return joined(f"({left.sql} {_ARITHMETIC[type(node)]} {right.sql})", common_type((left, right)), left, right)


def _column(writer: Expressions, node: exp.Column, scope: Scope) -> Term:
    only(node, "this", "table")
    if isinstance(node.this, exp.Star):
        raise Invalid("sql: `*` stands only in SELECT and count(*).")
    return scope.column(node)


def _literal(writer: Expressions, node: exp.Literal, scope: Scope) -> Term:
    if node.is_string:
        return Term(writer.dialect.text(node.this), "text", literal=node.this)
    return number_literal(node.this)


def _boolean(writer: Expressions, node: exp.Boolean, scope: Scope) -> Term:
    return Term("TRUE" if node.this else "FALSE", "boolean")


def _null(writer: Expressions, node: exp.Null, scope: Scope) -> Term:
    return Term("NULL", "null")


def _paren(writer: Expressions, node: exp.Paren, scope: Scope) -> Term:
    term = writer.write_term(node.this, scope)
    return term._replace(sql=f"({term.sql})")


def _negative(writer: Expressions, node: exp.Neg, scope: Scope) -> Term:
    term = writer.write_number(node.this, scope)
    return joined(f"(- {term.sql})", term.type, term)


def _connected(writer: Expressions, node: exp.Connector, scope: Scope) -> Term:
    only(node, "this", "expression")
    word = "AND" if isinstance(node, exp.And) else "OR"
    left, right = (writer.write_condition(part, scope) for part in (node.this, node.expression))
    return joined(f"({left.sql} {word} {right.sql})", "boolean", left, right)


def _not(writer: Expressions, node: exp.Not, scope: Scope) -> Term:
    term = writer.write_condition(node.this, scope)
    return joined(f"(NOT {term.sql})", "boolean", term)


def _is(writer: Expressions, node: exp.Binary, scope: Scope) -> Term:
    only(node, "this", "expression", "negate")
    left, right = writer.alike(writer.write_all((node.this, node.expression), scope), words(node))
    term = writer.fill("is", "boolean", left, right)
    return term._replace(sql=f"(NOT {term.sql})") if isinstance(node, exp.NullSafeNEQ) else term


def _divided(writer: Expressions, node: exp.Div, scope: Scope) -> Term:
    only(node, "this", "expression", "typed", "safe")
    return writer.fill("div", "number", *(writer.write_number(part, scope) for part in (node.this, node.expression)))


def _modulo(writer: Expressions, node: exp.Mod, scope: Scope) -> Term:
    only(node, "this", "expression")
    terms = [writer.write_number(part, scope) for part in (node.this, node.expression)]
    if any(term.type == "number" for term in terms):
        raise Invalid(f"sql: {words(node)} needs integers. Use CAST(… AS INTEGER).")
    return writer.fill("mod", "integer", *terms)


def _between(writer: Expressions, node: exp.Between, scope: Scope) -> Term:
    only(node, "this", "low", "high", "negate")
    terms = writer.alike(writer.write_all((node.this, node.args["low"], node.args["high"]), scope), words(node))
    it, low, high = (term.sql for term in terms)
    return joined(f"({it} BETWEEN {low} AND {high})", "boolean", *terms)


def _in(writer: Expressions, node: exp.In, scope: Scope) -> Term:
    only(node, "this", "expressions", "query", "negate")
    if query := node.args.get("query"):
        it = writer.write_term(node.this, scope)
        found = writer.write_subquery(query, scope)
        if writer.alike((it, found), words(node)) != [it, found]:
            raise Invalid(f"sql: {words(node)} compares different types. Use CAST in the subquery.")
        return joined(f"({it.sql} IN {found.sql})", "boolean", it, found)
    it, *others = writer.alike(writer.write_all((node.this, *node.expressions), scope), words(node))
    if not others:
        raise Invalid(f"sql: {words(node)} needs values in the brackets.")
    return joined(f"({it.sql} IN ({', '.join(term.sql for term in others)}))", "boolean", it, *others)


def _exists(writer: Expressions, node: exp.Exists, scope: Scope) -> Term:
    query = node.this.this if isinstance(node.this, exp.Subquery) else node.this
    found = writer.query(query, scope)
    return Term(f"EXISTS ({found.sql})", "boolean", found.reads, size=found.size)


def _case(writer: Expressions, node: exp.Case, scope: Scope) -> Term:
    only(node, "this", "ifs", "default")
    branches: Sequence[exp.If] = node.args["ifs"]
    if node.this:
        subject, *values = writer.alike(
            writer.write_all((node.this, *(branch.this for branch in branches)), scope), words(node)
        )
        check_size(subject.size * len(values))
        conditions = [joined(f"{subject.sql} = {value.sql}", "boolean", subject, value) for value in values]
    else:
        conditions = [writer.write_condition(branch.this, scope) for branch in branches]
    results = [branch.args["true"] for branch in branches] + [node.args.get("default") or exp.Null()]
    return _chosen(writer, conditions, writer.alike(writer.write_all(results, scope), words(node)))


def _if(writer: Expressions, node: exp.If, scope: Scope) -> Term:
    only(node, "this", "true", "false")
    results = (node.args["true"], node.args.get("false") or exp.Null())
    return _chosen(
        writer, [writer.write_condition(node.this, scope)], writer.alike(writer.write_all(results, scope), words(node))
    )


def _chosen(writer: Expressions, conditions: Sequence[Term], results: Sequence[Term]) -> Term:
    whens = " ".join(
        f"WHEN {condition.sql} THEN {result.sql}" for condition, result in zip(conditions, results, strict=False)
    )
    return joined(f"CASE {whens} ELSE {results[-1].sql} END", common_type(results), *conditions, *results)


def _coalesce(writer: Expressions, node: exp.Coalesce, scope: Scope) -> Term:
    only(node, "this", "expressions")
    terms = writer.alike(writer.write_all((node.this, *node.expressions), scope), words(node))
    if len(terms) < 2:
        return terms[0]
    return joined(f"coalesce({', '.join(term.sql for term in terms)})", common_type(terms), *terms)


def _nullif(writer: Expressions, node: exp.Nullif, scope: Scope) -> Term:
    only(node, "this", "expression")
    left, right = writer.alike(writer.write_all((node.this, node.expression), scope), words(node))
    return writer.fill("nullif", left.type, left, right)


def _scalar(writer: Expressions, node: exp.Subquery, scope: Scope) -> Term:
    return writer.write_subquery(node, scope)


OPERATORS: Mapping[type[Any], Handler] = {
    **dict.fromkeys(_COMPARISONS, _compared),
    **dict.fromkeys(_ARITHMETIC, _computed),
    **dict.fromkeys((exp.And, exp.Or), _connected),
    **dict.fromkeys((exp.Is, exp.NullSafeEQ, exp.NullSafeNEQ), _is),
    exp.Between: _between,
    exp.Boolean: _boolean,
    exp.Case: _case,
    exp.Coalesce: _coalesce,
    exp.Column: _column,
    exp.Div: _divided,
    exp.Exists: _exists,
    exp.If: _if,
    exp.In: _in,
    exp.Literal: _literal,
    exp.Mod: _modulo,
    exp.Neg: _negative,
    exp.Not: _not,
    exp.Null: _null,
    exp.Nullif: _nullif,
    exp.Paren: _paren,
    exp.Subquery: _scalar,
}
