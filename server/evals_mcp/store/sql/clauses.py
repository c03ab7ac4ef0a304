"""Parts of a SELECT around its expressions: groups, limits, numbers of columns."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from sqlglot import exp

from evals_mcp.errors import Invalid
from evals_mcp.models.sql_views import ValueType
from evals_mcp.store.sql.expressions import only
from evals_mcp.store.sql.scopes import Output
from evals_mcp.store.sql.terms import Term


class Chosen(NamedTuple):
    """A column of SELECT."""

    name: str
    term: Term


def check_groups(chosen: Sequence[Chosen], others: Sequence[Term], *, has_groups: bool) -> None:
    """Raise Invalid for a column that has no single value in a group."""
    terms = [*(item.term for item in chosen), *others]
    if not has_groups and not any(term.has_aggregate for term in terms):
        return
    for item in chosen:
        if item.term.columns:
            raise Invalid(f"sql: `{item.name[:60]}` needs an aggregate, or must be in GROUP BY.")
    if any(term.columns for term in others):
        raise Invalid("sql: HAVING and ORDER BY need aggregates, or what is in GROUP BY.")


def limits(node: exp.Expr) -> list[str]:
    """LIMIT and OFFSET, which are whole numbers."""
    written = []
    for name in ("limit", "offset"):
        part: Any = node.args.get(name)
        if part is None:
            continue
        only(part, "expression")
        if (amount := ordinal(part.expression)) is None:
            raise Invalid(f"sql: {name.upper()} needs a whole number.")
        if name == "offset" and not node.args.get("limit"):
            written.append(f"LIMIT {2**31 - 1}")
        written.append(f"{name.upper()} {amount}")
    return written


def ordinal(node: exp.Expr) -> int | None:
    """The whole number that an expression is; None for all else."""
    is_whole = isinstance(node, exp.Literal) and not node.is_string and node.this.isascii() and node.this.isdigit()
    return int(node.this) if is_whole and len(node.this) < 10 else None


def chosen_index(node: exp.Expr, chosen: Sequence[Chosen]) -> int | None:
    """The index of the column of SELECT that ORDER BY names, by its number or name."""
    if (number := ordinal(node)) is not None:
        if not 1 <= number <= len(chosen):
            raise Invalid(f"sql: ORDER BY {number}: SELECT has {len(chosen)} columns.")
        return number - 1
    if isinstance(node, exp.Column) and not node.table:
        return next((at for at, item in enumerate(chosen) if item.name.lower() == node.name.lower()), None)
    return None


def wider(one: ValueType, other: ValueType) -> ValueType:
    """The type of a column that has values of both types."""
    types = {one, other} - {"null"}
    if len(types) < 2:
        return next(iter(types), "null")
    return "number" if "number" in types else "text"


_TYPES: Mapping[ValueType, str] = {"integer": "bigint", "number": "double precision", "boolean": "boolean"}


def side_columns(side: Sequence[Output], whole: Sequence[Output]) -> str:
    """The columns of one side of a UNION. PostgreSQL takes null for a text, so it gets the type of the other side."""
    return ", ".join(
        f"CAST(u.{one.column} AS {_TYPES.get(both.type, 'text')}) AS {one.column}" if one.type == "null" else one.column
        for one, both in zip(side, whole, strict=True)
    )
