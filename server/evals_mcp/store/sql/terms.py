"""Terms: pieces of checked SQL with their type, and how one type becomes another. Parses nothing."""

import math
import re
from collections.abc import Iterable
from typing import NamedTuple

from evals_mcp.errors import Invalid
from evals_mcp.models.sql_views import ValueType
from evals_mcp.store.sql.dialects import Dialect
from evals_mcp.store.sql.sqlite_functions import is_number

_MOST_PARTS = 10_000
_BOOLEANS = {"true": True, "t": True, "false": False, "f": False}


class Term(NamedTuple):
    """A piece of SQL.

    `columns` are those it reads outside of an aggregate. `literal` is the value of a text literal.
    `size` counts its parts, as they are when the databases put the columns of subqueries into each other.
    """

    sql: str
    type: ValueType
    columns: frozenset[str] = frozenset()
    has_aggregate: bool = False
    has_window: bool = False
    literal: str | None = None
    size: int = 1

    @property
    def is_number(self) -> bool:
        """Whether it is an integer or a number."""
        return self.type in ("integer", "number")

    @property
    def is_text(self) -> bool:
        """Whether it is a text, or a text that is JSON."""
        return self.type in ("text", "json")


def check_size(size: int) -> int:
    """The size, unless it is too large: what repeats its parts, in itself, can make little SQL grow without end."""
    if size > _MOST_PARTS:
        raise Invalid("sql: its subqueries or functions repeat too many parts. Ask in several parts.")
    return size


def joined(sql: str, type: ValueType, *terms: Term) -> Term:
    """A term made of others. Raises Invalid if it is too large."""
    return Term(
        sql,
        type,
        frozenset().union(*(term.columns for term in terms)),
        any(term.has_aggregate for term in terms),
        any(term.has_window for term in terms),
        size=check_size(1 + sum(term.size for term in terms)),
    )


def number_literal(text: str) -> Term:
    """A number as SQL writes it. Raises Invalid."""
    if re.fullmatch(r"[0-9]{1,18}", text):
        return Term(text if int(text) < 2**15 else f"CAST({text} AS bigint)", "integer")
    if not is_number(text) or not math.isfinite(float(text)):
        raise Invalid(f"sql: `{text[:60]}` is not a number that can be computed with.")
    return Term(f"CAST({float(text)!r} AS double precision)", "number")


class Coercion:
    """Makes terms fit each other in a dialect."""

    def __init__(self, dialect: Dialect) -> None:
        self.dialect = dialect

    def fill(self, template: str, type: ValueType, *terms: Term) -> Term:
        """A term from a template of the dialect, which may repeat a term. Raises Invalid if it is too large."""
        written = self.dialect.templates[template]
        repeated = [term for at, term in enumerate(terms) for _ in range(max(1, written.count(f"{{{at}}}")))]
        check_size(sum(term.size for term in repeated))
        return joined(written.format(*(term.sql for term in terms)), type, *repeated)

    def condition(self, term: Term, words: object) -> Term:
        """The term as a condition. Raises Invalid for a text; `words` name it in the message."""
        if term.is_text:
            raise Invalid(f"sql: {words} is a text, not a condition. Compare it with something.")
        return joined(f"({term.sql} <> 0)", "boolean", term) if term.is_number else term

    def number(self, term: Term, words: object) -> Term:
        """The term as a number; true is 1. Raises Invalid for a text."""
        if term.type == "boolean":
            return self.fill("boolean_to_integer", "integer", term)
        if term.is_text:
            if term.literal is not None and is_number(term.literal):
                return self.fill("text_to_number", "number", term)
            raise Invalid(f"sql: {words} is a text, not a number. Write CAST({words} AS REAL).")
        return term

    def text(self, term: Term) -> Term:
        """The term as a text."""
        if term.is_text or term.type == "null":
            return term
        return self.fill(f"{term.type}_to_text", "text", term)

    def alike(self, terms: Iterable[Term], words: object) -> list[Term]:
        """The terms as one type, so that they can be compared or take turns. Raises Invalid if they have none."""
        terms = list(terms)
        types = {term.type for term in terms} - {"null"}
        if types <= {"boolean"} or types <= {"text", "json"} or types <= {"integer", "number"}:
            return terms
        if not types & {"text", "json"}:
            return [self.number(term, words) for term in terms]
        if types == {"boolean", "text"} and (known := [self._as_boolean(term) for term in terms]) and all(known):
            return [term for term in known if term is not None]
        if all(not term.is_text or (term.literal and is_number(term.literal)) for term in terms):
            return [self.number(term, words) for term in terms]
        raise Invalid(f"sql: {words} mixes a text with another type. Use CAST(… AS REAL), or compare it with a text.")

    def _as_boolean(self, term: Term) -> Term | None:
        if not term.is_text:
            return term
        value = _BOOLEANS.get((term.literal or "").lower())
        return None if value is None else Term("TRUE" if value else "FALSE", "boolean")


def common_type(terms: Iterable[Term]) -> ValueType:
    """The type of terms that are alike."""
    types = [term.type for term in terms if term.type != "null"]
    if not types:
        return "null"
    if len(set(types)) == 1:
        return types[0]
    return "number" if "number" in types else "text"
