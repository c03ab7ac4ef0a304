"""Generated SELECTs: both databases give the same rows, or both refuse with a sentence."""

from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.store.sql.conftest import Asked, both, postgresql_asked, served, sqlite_asked

from evals_mcp.errors import Invalid
from evals_mcp.models.sql import SqlRows
from evals_mcp.models.sql_views import VIEWS

__all__ = ["both", "postgresql_asked", "served", "sqlite_asked"]

_COLUMNS = sorted({column.name for view in VIEWS.values() for column in view.columns})
_LITERALS = st.sampled_from(["0", "1", "2.5", "'a'", "''", "'%e%'", "'true'", "NULL", "TRUE", "'12'", "'v1-baseline'"])


def _grown(part: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    two = st.tuples(part, part)
    operators = st.sampled_from(
        ["=", "<>", "<", ">=", "+", "-", "*", "/", "%", "||", "AND", "OR", "IS", "IS DISTINCT FROM"]
    )
    names = ["abs", "round", "length", "lower", "upper", "avg", "sum", "count", "min", "max", "median", "trim", "date"]
    names += ["pg_sleep", "load_extension", "current_setting", "sqrt", "floor", "bool_or", "stddev"]
    return st.one_of(
        st.tuples(two, operators).map(lambda it: f"({it[0][0]} {it[1]} {it[0][1]})"),
        st.tuples(st.sampled_from(names), part).map(lambda it: f"{it[0]}({it[1]})"),
        two.map(lambda it: f"CASE WHEN {it[0]} THEN {it[1]} END"),
        two.map(lambda it: f"coalesce({it[0]}, {it[1]})"),
        two.map(lambda it: f"{it[0]} IN ({it[1]}, {it[1]})"),
        part.map(lambda it: f"{it} LIKE '%a%'"),
        part.map(lambda it: f"{it}->>'question'"),
        part.map(lambda it: f"NOT {it}"),
        st.tuples(part, st.sampled_from(["REAL", "INTEGER", "TEXT", "BOOLEAN"])).map(
            lambda it: f"CAST({it[0]} AS {it[1]})"
        ),
    )


_EXPRESSIONS = st.recursive(st.one_of(st.sampled_from(_COLUMNS), _LITERALS), _grown, max_leaves=5)


@given(
    st.sampled_from([*VIEWS, "api_keys", "judgments JOIN logs USING (log, run)", "run_logs"]),
    st.lists(_EXPRESSIONS, min_size=1, max_size=3),
    st.one_of(st.none(), _EXPRESSIONS),
    st.booleans(),
)
@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_both_databases_agree_or_both_refuse(
    both: Callable[..., SqlRows], sqlite_asked: Asked, table: str, columns: list[str], where: str | None, grouped: bool
) -> None:
    """No SQL makes an error other than a sentence."""
    sql = f"SELECT {', '.join(columns)} FROM {table}" + (f" WHERE {where}" if where else "")
    numbers = ", ".join(map(str, range(1, len(columns) + 1)))
    sql += f" GROUP BY {numbers} ORDER BY {numbers}" if grouped else f" ORDER BY {numbers}"
    try:
        sqlite_asked.ask(sql, limit=1000)
    except Invalid:
        with pytest.raises(Invalid, match=r"^sql: "):
            both(sql, limit=1000)
    else:
        assert both(sql, limit=1000).columns
