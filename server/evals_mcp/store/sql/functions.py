"""The functions and types that a reviewer's SQL may use, by the nodes of the parser."""

from collections.abc import Mapping
from typing import Any, Literal, NamedTuple

from sqlglot import exp

from evals_mcp.models.sql_views import ValueType


class Function(NamedTuple):
    """A function: its template, its arguments, what they are, and the type it gives (None: that of the first)."""

    template: str
    takes: Literal["number", "text"]
    gives: ValueType | None
    arguments: tuple[str, ...] = ("this",)
    ignored: tuple[str, ...] = ()


FUNCTIONS: Mapping[type[Any], Function] = {
    exp.Abs: Function("abs", "number", None),
    exp.Ceil: Function("ceil", "number", "integer"),
    exp.Floor: Function("floor", "number", "integer"),
    exp.Length: Function("length", "text", "integer"),
    exp.Ln: Function("ln", "number", "number"),
    exp.Lower: Function("lower", "text", "text"),
    exp.Sqrt: Function("sqrt", "number", "number"),
    exp.StrPosition: Function("instr", "text", "integer", ("this", "substr")),
    exp.Upper: Function("upper", "text", "text"),
}
AGGREGATES: Mapping[type[Any], str] = {
    exp.Avg: "avg",
    exp.Corr: "corr",
    exp.Count: "count",
    exp.LogicalAnd: "every",
    exp.LogicalOr: "some",
    exp.Max: "max",
    exp.Median: "median",
    exp.Min: "min",
    exp.Stddev: "stddev",
    exp.StddevSamp: "stddev",
    exp.Sum: "sum",
}
"""Templates of aggregates; a median is a percentile."""

_INTEGERS = (exp.DType.INT, exp.DType.BIGINT, exp.DType.SMALLINT)
_NUMBERS = (exp.DType.FLOAT, exp.DType.DOUBLE, exp.DType.DECIMAL)
_TEXTS = (exp.DType.TEXT, exp.DType.VARCHAR)
CASTS: Mapping[Any, ValueType] = {
    **dict.fromkeys(_INTEGERS, "integer"),
    **dict.fromkeys(_NUMBERS, "number"),
    **dict.fromkeys(_TEXTS, "text"),
    exp.DType.BOOLEAN: "boolean",
    exp.DType.JSON: "json",
    exp.DType.JSONB: "json",
}

NAMES = (
    *("abs", "avg", "bool_and", "bool_or", "ceil", "coalesce", "concat", "corr", "count", "date", "dense_rank"),
    *("floor", "iif", "instr", "json_extract", "lag", "lead", "left", "length", "ln", "lower", "max", "median", "min"),
    *("nullif", "percentile_cont", "rank", "replace", "round", "row_number", "sqrt", "stddev", "substr", "sum", "trim"),
    "upper",
)
"""What they are called."""
