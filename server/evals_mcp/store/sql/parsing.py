"""Parse a reviewer's SQL into one statement, or say where it breaks. Checks no names."""

from collections.abc import Sequence

import sqlglot
from sqlglot import exp
from sqlglot.dialects.postgres import Postgres
from sqlglot.errors import ParseError, TokenError
from sqlglot.parsers.postgres import PostgresParser

from evals_mcp.errors import Invalid

_MOST_NODES = 2_000
_MOST_NESTED = 40
_MOST_STEPS = 30_000
_TOO_DEEP = "sql: it is too long or nested too deeply. Ask in several parts."


class Reviewed(Postgres):
    """The SQL of PostgreSQL, with nulls last in every order, unless the SQL says otherwise."""

    NULL_ORDERING = "nulls_are_last"

    class Parser(PostgresParser):
        """Takes a limited number of steps: it reads some nested parts, such as arrays, anew at each level."""

        _steps = 0

        def _advance(self, times: int = 1) -> None:
            self._steps += 1
            if self._steps > _MOST_STEPS:
                raise Invalid(_TOO_DEEP)
            super()._advance(times)


def parse(sql: str) -> exp.Expr:
    """The only statement of a text. Raises Invalid."""
    try:
        sql.encode()
        found = [statement for statement in sqlglot.parse(sql, dialect=Reviewed) if statement is not None]
    except ParseError as error:
        raise Invalid(f"sql: {_where(error.errors)}") from None
    except (TokenError, UnicodeEncodeError):
        raise Invalid(
            "sql: a quote, comment or character cannot be read. Close all quotes, and use plain text."
        ) from None
    except RecursionError:
        raise Invalid(_TOO_DEEP) from None
    if len(found) != 1:
        raise Invalid("sql: write exactly one SELECT.")
    _check_size(found[0])
    return found[0]


def _where(errors: Sequence[dict[str, object]]) -> str:
    first = errors[0]
    near = f"{str(first['start_context'])[-30:]}{first['highlight']}{str(first['end_context'])[:20]}"
    return f"syntax error in line {first['line']}, column {first['col']}, near `{near}`."


def _check_size(statement: exp.Expr) -> None:
    """Raise Invalid for SQL that is too long or too deep. Walks without recursion."""
    level, depth, nodes = [statement], 0, 0
    while level:
        depth, nodes = depth + 1, nodes + len(level)
        if depth > _MOST_NESTED or nodes > _MOST_NODES:
            raise Invalid(_TOO_DEEP)
        level = [child for node in level for child in node.iter_expressions()]
