"""Conditions that search for a text in the texts of a row, compared by `fold` on all databases. Reads nothing.

SQLite calls Python, except for ASCII texts, which its LIKE compares in the same way. PostgreSQL gets a regular
expression with all forms of each letter, so that its version and locale do not matter.
"""

import json
import re
import sqlite3
from collections.abc import Iterable
from functools import cache
from typing import Any
from unicodedata import category, normalize

from sqlalchemy import (
    ColumnElement,
    Connection,
    LargeBinary,
    Text,
    and_,
    case,
    cast,
    func,
    literal,
    literal_column,
    or_,
    select,
    type_coerce,
)

from evals_mcp.errors import Invalid
from evals_mcp.folding import FREQUENT, fold
from evals_mcp.truncation import texts_of

MOST_CHARACTERS = 5_000
"""The longest text to search for."""


def contains_text(
    connection: Connection,
    text: str,
    plain: Iterable[ColumnElement[Any]],
    encoded: Iterable[ColumnElement[Any]] = (),
    length: ColumnElement[Any] | None = None,
) -> ColumnElement[bool]:
    """Whether a plain column, or any text in a JSON column (except keys), contains a text.

    `length`, if known, has the characters of every plain column that is not null, so that SQLite need not count them.

    Raises Invalid for a text of more than `MOST_CHARACTERS`.
    """
    wanted = fold(text)
    if len(wanted) > MOST_CHARACTERS:
        raise Invalid(
            f"The text to search for has {len(wanted):,} characters. At most {MOST_CHARACTERS:,} are allowed."
        )
    if connection.dialect.name != "sqlite":
        in_plain = [_postgresql_holds(column, wanted) for column in plain]
        return or_(*in_plain, *(_postgresql_in_json(column, wanted) for column in encoded))
    in_plain = [_sqlite_holds(column, wanted, length) for column in plain]
    return or_(*in_plain, *(_sqlite_in_json(column, wanted) for column in encoded))


def _json_part(wanted: str) -> str:
    """The longest part of a folded text that also appears in the folded JSON of texts that contain it.

    JSON escapes some characters, and a mark after an escape combines with its last letter.
    """
    parts = re.split(r'[\x00-\x1f"\\]', wanted)
    return max((part[_marks(part) :] for part in parts), key=len)


def _marks(text: str) -> int:
    """How many leading characters of a text may combine with the character before it."""
    return next((at for at, char in enumerate(text) if category(char)[0] != "M" and not "ᅠ" <= char <= "ᇿ"), len(text))


def add_functions(connection: sqlite3.Connection) -> None:
    """Add the functions of the conditions to a SQLite connection."""
    connection.create_function("holds_folded", 2, _holds, deterministic=True)
    connection.create_function("json_holds_folded", 3, _json_holds, deterministic=True)


def _holds(text: str | None, wanted: str) -> bool:
    return text is not None and wanted in fold(text)


def _json_holds(encoded: str | None, part: str, wanted: str) -> bool:
    if encoded is None:
        return False
    # Search the whole JSON first. This is cheap and leaves few texts to extract.
    return part in fold(encoded) and any(wanted in fold(text) for text in texts_of(json.loads(encoded)))


def _sqlite_holds(column: ColumnElement[Any], wanted: str, length: ColumnElement[Any] | None) -> ColumnElement[bool]:
    return column.is_not(None) & case(
        (_is_ascii(column, length), column.like(_pattern(wanted), escape="/")),
        else_=func.holds_folded(column, wanted) == 1,
    )


def _sqlite_in_json(column: ColumnElement[Any], wanted: str) -> ColumnElement[bool]:
    encoded, part = type_coerce(column, Text), _json_part(wanted)
    like = encoded.like(_pattern(json.dumps(wanted, ensure_ascii=False)[1:-1]), escape="/")
    return and_(
        column.is_not(None),
        func.instr(encoded, '"') > 0,  # a number or a boolean has no texts
        case((_is_ascii(encoded), like), else_=True),
        func.json_holds_folded(encoded, part, wanted) == 1,
    )


def _is_ascii(column: ColumnElement[Any], length: ColumnElement[Any] | None = None) -> ColumnElement[bool]:
    return (func.length(column) if length is None else length) == func.length(cast(column, LargeBinary))


def _pattern(text: str) -> str:
    return "%" + text.replace("/", "//").replace("%", "/%").replace("_", "/_") + "%"


def _postgresql_holds(column: ColumnElement[Any], wanted: str) -> ColumnElement[bool]:
    return _normalized(column).op("~")("".join(map(_any_form, wanted)))


def _postgresql_in_json(column: ColumnElement[Any], wanted: str) -> ColumnElement[bool]:
    from sqlalchemy.dialects.postgresql import ARRAY, JSONB, JSONPATH

    texts = (
        func.jsonb_path_query(cast(column, JSONB), literal(_EVERY_TEXT, JSONPATH))
        .table_valued("value")
        .render_derived()
    )
    value = texts.c.value.op("#>>")(literal([], ARRAY(Text)))
    in_texts = select(1).select_from(texts).where(_postgresql_holds(value, wanted)).exists()
    return and_(_postgresql_holds(cast(column, Text), _json_part(wanted)), in_texts)


_EVERY_TEXT = 'strict $.** ? (@.type() == "string")'
STABLE = (
    r"\u0001-\u007f\u00a1-\u00a7\u00a9\u00ab-\u00ae\u00b0\u00b1\u00b6\u00b7\u00bb\u00bf-\u0131\u0134-\u013e"
    r"\u0141-\u0148\u014a-\u017e\u0180-\u01c3\u01cd-\u01f0\u01f4-\u02af\u0386\u0388-\u03cf\u03fa-\u0482\u048a-\u052f"
    r"\u05d0-\u05ea\u0620-\u064a\u0660-\u066f\u2010\u2012-\u2016\u2018-\u2023\u2030-\u2032\u20a9-\u20c0\u2190-\u222b"
    r"\u2500-\u2a0b\u3001-\u3029\u3041-\u3096\u30a0-\u30fe\u3400-\u9fff\uac00-\ud7a3\U0001f300-\U0001f6d7"
    r"\U0001f900-\U0001fa53"
)
"""Frequent characters that NFKC does not change next to each other, as ranges."""


def _normalized(column: ColumnElement[Any]) -> ColumnElement[str]:
    """A text after `fold`'s steps before and after lower case. Runs NFKC, which is slow, only if it matters."""
    # Replacing is enough if only the frequent characters occur.
    single = {character: form for character, form in FREQUENT if len(form) == 1}
    replaced = func.translate(column, "".join(single), "".join(single.values()))
    for character, form in FREQUENT:
        if character not in single:
            replaced = func.replace(replaced, character, form)
    frequent = "".join(character for character, _ in FREQUENT)
    unstable = column.op("~")(f"[^{STABLE}{frequent}]")
    composed: ColumnElement[str] = case((unstable, func.normalize(column, literal_column("NFKC"))), else_=replaced)
    for letter, spelling in (("ß", "ss"), ("ẞ", "ss"), ("\u0307", "")):
        composed = func.replace(composed, letter, spelling)
    return case((func.octet_length(column) == func.char_length(column), column), else_=composed)


def _any_form(letter: str) -> str:
    """A regular expression for all forms of a folded letter."""
    if forms := _forms().get(letter):
        return f"[{letter}{forms}]"
    return f"\\{letter}" if letter.isascii() and not letter.isalnum() else letter


@cache
def _forms() -> dict[str, str]:
    """The NFKC letters that `fold` changes to another letter, by that letter."""
    forms: dict[str, str] = {}
    for letter in map(chr, range(_CASED)):
        if letter.lower() != letter or letter in "ςı":
            folded = fold(letter)
            if len(folded) == 1 and normalize("NFKC", letter) == letter:
                forms[folded] = forms.get(folded, "") + letter
    return forms


_CASED = 0x1E944  # letters from here on have one case
