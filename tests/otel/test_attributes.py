"""Flat attributes to nested values, and text to the values it was made of."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evals_mcp.otel.attributes import nested, read_literal, read_schema, with_lists

_keys = st.text(st.characters(codec="utf-8", exclude_characters=".\x00"), min_size=1, max_size=4).filter(
    lambda key: not key.isdecimal()
)
_values = st.recursive(
    st.text(max_size=5),
    lambda below: st.dictionaries(_keys, below, min_size=1, max_size=3) | st.lists(below, min_size=1, max_size=3),
    max_leaves=8,
)


def _flat(value: Any, name: str = "root") -> dict[str, str]:
    """As the SDK flattens: names with dots, lists by number."""
    if isinstance(value, dict):
        pairs = value.items()
    elif isinstance(value, list):
        pairs = {str(index): item for index, item in enumerate(value)}.items()
    else:
        return {name: value}
    return {key: text for part, item in pairs for key, text in _flat(item, f"{name}.{part}").items()}


@settings(max_examples=60)
@given(_values)
def test_what_was_flattened_is_nested_again(value: Any) -> None:
    """Objects and lists of text come back as they were."""
    assert with_lists(nested(_flat(value))) == {"root": value}


def test_a_longer_name_wins() -> None:
    """In whatever order the two come."""
    for attributes in ({"a": "x", "a.b": "y"}, {"a.b": "y", "a": "x"}):
        assert nested(attributes) == {"a": {"b": "y"}}


def test_a_name_of_very_many_parts_stays_shallow() -> None:
    """Its end is one name, so nobody can make values too deep to handle."""
    depth, value = 0, nested({".".join("a" * 5000): "x"})
    while isinstance(value, dict):
        depth, value = depth + 1, next(iter(value.values()))
    assert depth == 41


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("True", True),
        ("False", False),
        ("None", None),
        ("1", 1),
        ("0.5", 0.5),
        ("('a', 'b')", ["a", "b"]),
        ("('a',)", ["a"]),
        ("()", []),
        ('["a"]', ["a"]),
        ("true", True),
        ("{'a': (1,)}", {"a": [1]}),
        ("hello", "hello"),
        ("", ""),
        ("'\\x00'", "'\\x00'"),
        ("'\\ud800'", "'\\ud800'"),
        ("1e999", "1e999"),
        ("b'x'", "b'x'"),
        ("(" * 1000, "(" * 1000),
        ("f()", "f()"),
    ],
)
def test_literals_are_read(text: str, value: Any) -> None:
    """Python's and JSON's writing; whatever could not be kept stays text."""
    assert read_literal(text) == value
    assert type(read_literal(text)) is type(value)


@settings(max_examples=60)
@given(st.text(max_size=40))
def test_any_text_can_be_read(text: str) -> None:
    """As a literal or as itself."""
    read_literal(text)
    assert read_literal("x" * 200_000) == "x" * 200_000


def test_a_schema_gets_its_types_back() -> None:
    """Keywords have types; names of properties that look like keywords do not."""
    schema = {
        "type": "object",
        "additionalProperties": "False",
        "required": "('type', 'n')",
        "description": "1",
        "properties": {
            "required": {"type": "boolean", "default": "True"},
            "type": {"type": "('string', 'null')", "enum": "('1', 'a')", "minLength": "2"},
            "n": {"anyOf": {"0": {"type": "integer", "minimum": "0"}, "1": {"type": "number"}}},
            "list": {"type": "array", "items": {"type": "string"}},
            "pair": {"type": "array", "items": {"0": {"type": "string"}, "1": {"type": "integer"}}},
        },
    }
    assert read_schema(schema) == {
        "type": "object",
        "additionalProperties": False,
        "required": ["type", "n"],
        "description": "1",
        "properties": {
            "required": {"type": "boolean", "default": True},
            "type": {"type": ["string", "null"], "enum": ["1", "a"], "minLength": 2},
            "n": {"anyOf": [{"type": "integer", "minimum": 0}, {"type": "number"}]},
            "list": {"type": "array", "items": {"type": "string"}},
            "pair": {"type": "array", "items": [{"type": "string"}, {"type": "integer"}]},
        },
    }
