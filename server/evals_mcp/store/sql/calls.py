"""Write functions of single values: of numbers, texts and JSON."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlglot import exp

from evals_mcp.errors import Invalid
from evals_mcp.store.sql.expressions import Expressions, Handler, only, words
from evals_mcp.store.sql.functions import CASTS, FUNCTIONS
from evals_mcp.store.sql.scopes import Scope
from evals_mcp.store.sql.sqlite_functions import is_number
from evals_mcp.store.sql.terms import Term, check_size, joined

_LONGEST_PATTERN = 200
_LONGEST_REPLACED = 100


def _function(writer: Expressions, node: exp.Expr, scope: Scope) -> Term:
    """A function that takes numbers or texts."""
    function = FUNCTIONS[type(node)]
    only(node, *function.arguments, *function.ignored)
    make = writer.write_number if function.takes == "number" else writer.write_text
    terms = [make(node.args[name], scope) for name in function.arguments]
    return writer.fill(function.template, function.gives or terms[0].type, *terms)


def _like(writer: Expressions, node: exp.Binary, scope: Scope) -> Term:
    only(node, "this", "expression", "negate")
    subject, pattern = writer.write_text(node.this, scope), writer.write_term(node.expression, scope)
    if pattern.literal is None:
        raise Invalid("sql: a pattern must be a text such as '%refund%'. For two columns, use instr(a, b) > 0.")
    if len(pattern.literal) > _LONGEST_PATTERN or pattern.literal.replace("\\\\", "").endswith("\\"):
        raise Invalid(f"sql: a pattern has at most {_LONGEST_PATTERN} characters and no backslash at its end.")
    if isinstance(node, exp.ILike):
        subject, pattern = (writer.fill("lower", "text", term) for term in (subject, pattern))
    return writer.fill("like", "boolean", subject, pattern)


def _concat(writer: Expressions, node: exp.Expr, scope: Scope) -> Term:
    """`||`, where null makes all null, or `concat`, where it is no text."""
    if isinstance(node, exp.DPipe):
        only(node, "this", "expression", "safe")
        parts = [writer.text(term) for term in writer.write_all((node.this, node.expression), scope)]
    else:
        only(node, "expressions", "safe", "coalesce")
        parts = [writer.text(term) for term in writer.write_all(node.expressions, scope)]
        parts = [joined(f"coalesce({part.sql}, '')", "text", part) for part in parts]
    whole = parts[0]
    for part in parts[1:]:
        whole = writer.fill("concat", "text", whole, part)
    return whole


def _replace(writer: Expressions, node: exp.Replace, scope: Scope) -> Term:
    only(node, "this", "expression", "replacement")
    parts = (node.expression, node.args.get("replacement") or exp.Literal.string(""))
    terms = [writer.write_text(node.this, scope), *(writer.write_term(part, scope) for part in parts)]
    if any(term.literal is None or len(term.literal) > _LONGEST_REPLACED for term in terms[1:]):
        raise Invalid(f"sql: replace takes two texts of at most {_LONGEST_REPLACED} characters.")
    return writer.fill("replace", "text", *terms)


def _substring(writer: Expressions, node: exp.Expr, scope: Scope) -> Term:
    """`substr`, or `left`."""
    is_left = isinstance(node, exp.Left)
    only(node, "this", *(("expression",) if is_left else ("start", "length")))
    first = Term("1", "integer") if is_left else writer.write_number(node.args["start"], scope)
    amount = node.expression if is_left else node.args.get("length")
    terms = [writer.write_text(node.this, scope), writer.fill("at_least", "integer", first, Term("1", "integer"))]
    if amount is not None:
        length = writer.write_number(amount, scope)
        terms.append(writer.fill("at_least", "integer", length, Term("0", "integer")))
    if any(term.type == "number" for term in terms[1:]):
        raise Invalid(f"sql: {words(node)} counts in integers.")
    return joined(f"substr({', '.join(term.sql for term in terms)})", "text", *terms)


def _trim(writer: Expressions, node: exp.Trim, scope: Scope) -> Term:
    only(node, "this", "position")
    sides = {"LEADING": "ltrim", "TRAILING": "rtrim"}
    side = sides.get(str(node.args.get("position")).upper(), "trim")
    return writer.fill(side, "text", writer.write_text(node.this, scope))


def _round(writer: Expressions, node: exp.Round, scope: Scope) -> Term:
    only(node, "this", "decimals", "casts_non_integer_decimals")
    places = node.args.get("decimals") or exp.Literal.number(0)
    if not isinstance(places, exp.Literal) or places.is_string or places.this not in map(str, range(16)):
        raise Invalid("sql: round takes a number of decimals from 0 to 15.")
    return writer.fill("round", "number", writer.write_number(node.this, scope), Term(places.this, "integer"))


def _date(writer: Expressions, node: exp.Expr, scope: Scope) -> Term:
    only(node, "this")
    term = writer.write_text(node.this, scope)
    return joined(f"substr({term.sql}, 1, 10)", "text", term)


def _json(writer: Expressions, node: exp.Expr, scope: Scope) -> Term:
    """A value in JSON, by a path of keys and indexes."""
    as_json = isinstance(node, exp.JSONExtract) and bool(node.args.get("only_json_types"))
    steps: list[str | int] = []
    source: exp.Expr = node
    while isinstance(source, exp.JSONExtract | exp.JSONExtractScalar):
        only(source, "this", "expression", "only_json_types")
        steps = _steps(source.expression) + steps
        source = source.this
        while isinstance(source, exp.Paren):
            source = source.this
    json = writer.write_term(source, scope)
    if not json.is_text:
        raise Invalid(f"sql: {words(source)} is not JSON.")
    if not steps:
        return json
    repeated = [json] * writer.dialect.json_repeats
    check_size(sum(term.size for term in repeated))
    value = writer.dialect.json_value(json.sql, steps, is_json=json.type == "json", as_json=as_json)
    return joined(f"({value})", "json" if as_json else "text", *repeated)


_BOOLEANS = {
    **dict.fromkeys(("true", "t", "yes", "y", "on", "1"), "TRUE"),
    **dict.fromkeys(("false", "f", "no", "n", "off", "0"), "FALSE"),
}
"""The texts that are booleans in PostgreSQL. Others are null, as texts that are no numbers."""


def _cast(writer: Expressions, node: exp.Cast, scope: Scope) -> Term:
    only(node, "this", "to")
    target = CASTS.get(node.to.this)
    if target is None or node.to.args.get("nested"):
        raise Invalid("sql: CAST makes INTEGER, REAL, TEXT, BOOLEAN or JSON.")
    term = writer.write_term(node.this, scope)
    if target == "json":
        return writer.text(term)
    if target == "text":
        return writer.text(term)._replace(type=target, literal=None)
    if target == "boolean":
        if term.is_text:
            cases = " ".join(f"WHEN '{word}' THEN {value}" for word, value in _BOOLEANS.items())
            return joined(f"(CASE lower(trim({term.sql})) {cases} END)", "boolean", term)
        return writer.condition(term, words(node.this))
    if term.literal is not None and not is_number(term.literal):
        return Term("NULL", target)  # PostgreSQL would compute it before the CASE that avoids this
    number = writer.fill("text_to_number", "number", term) if term.is_text else writer.number(term, words(node.this))
    if target == "integer":
        return writer.fill("number_to_integer", "integer", number) if number.type == "number" else number
    return joined(f"CAST({number.sql} AS double precision)", "number", number)


def _steps(path: exp.Expr) -> list[str | int]:
    """The keys and indexes of a path. Raises Invalid for other parts, such as wildcards."""
    parts: Sequence[Any] = path.expressions if isinstance(path, exp.JSONPath) else ()
    steps: list[str | int] = []
    for part in parts:
        value = part.this if isinstance(part, exp.JSONPathKey | exp.JSONPathSubscript) else None
        if isinstance(value, str) or (isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 10**6):
            steps.append(value)
        elif not isinstance(part, exp.JSONPathRoot):
            raise Invalid("sql: a path into JSON has keys and indexes from 0, such as input->'items'->0->>'name'.")
    if not parts:
        raise Invalid("sql: a path into JSON is written as in input->>'lang' or json_extract(input, '$.lang').")
    return steps


CALLS: Mapping[type[Any], Handler] = {
    **dict.fromkeys(FUNCTIONS, _function),
    **dict.fromkeys((exp.Concat, exp.DPipe), _concat),
    **dict.fromkeys((exp.ILike, exp.Like), _like),
    **dict.fromkeys((exp.JSONExtract, exp.JSONExtractScalar), _json),
    **dict.fromkeys((exp.Left, exp.Substring), _substring),
    exp.Cast: _cast,
    exp.Date: _date,
    exp.Replace: _replace,
    exp.Round: _round,
    exp.Trim: _trim,
}
