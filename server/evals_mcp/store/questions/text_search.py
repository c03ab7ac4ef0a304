"""Conditions that look for a text in the texts of a row, whatever the case of its letters; nothing is read here."""

import json
from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, Text, and_, cast, func, literal, or_, select
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, JSONPATH


def contains_text(
    connection: Connection, text: str, plain: Sequence[ColumnElement[Any]], encoded: Sequence[ColumnElement[Any]]
) -> ColumnElement[bool]:
    """Whether a plain column, or any text in a JSON column (keys left out), contains a text.

    Letters match in either case; on SQLite letters outside of ASCII do so if the text has them all in one.
    """
    conditions = [_like(connection, column, text) for column in plain]
    escaped = json.dumps(text, ensure_ascii=False)[1:-1]
    # The whole JSON is looked at first, which is cheap and leaves few rows whose texts are taken out of it.
    conditions += [
        and_(_like(connection, cast(column, Text), escaped), _in_json(connection, column, text)) for column in encoded
    ]
    return or_(*conditions)


def _in_json(connection: Connection, column: ColumnElement[Any], text: str) -> ColumnElement[bool]:
    if connection.dialect.name == "sqlite":
        part = func.json_tree(column).table_valued("type", "atom")
        return select(1).select_from(part).where(part.c.type == "text", _like(connection, part.c.atom, text)).exists()
    texts = (
        func.jsonb_path_query(cast(column, JSONB), literal(_EVERY_TEXT, JSONPATH))
        .table_valued("value")
        .render_derived()
    )
    value = texts.c.value.op("#>>")(literal([], ARRAY(Text)))
    return select(1).select_from(texts).where(_like(connection, value, text)).exists()


_EVERY_TEXT = 'strict $.** ? (@.type() == "string")'


def _like(connection: Connection, column: ColumnElement[Any], text: str) -> ColumnElement[bool]:
    # SQLite's own LIKE does not mind the case of ASCII letters; wrapping both sides in lower() would only cost time.
    if connection.dialect.name == "sqlite":
        forms = [text] if text.isascii() else dict.fromkeys([text, text.lower(), text.upper(), text.capitalize()])
        return or_(*(column.like(_pattern(form), escape="/") for form in forms))
    return column.ilike(_pattern(text), escape="/")


def _pattern(text: str) -> str:
    return "%" + text.replace("/", "//").replace("%", "/%").replace("_", "/_") + "%"
