"""Span attributes: dotted names to nested values, and text to the original values. No I/O."""

import ast
import json
from collections.abc import Mapping
from typing import Any

from evals_mcp.models.json_values import storable

_DEEPEST_NAME = 40
_LONGEST_LITERAL = 100_000
_SCHEMAS = ("properties", "patternProperties", "$defs", "definitions", "dependentSchemas")
_SCHEMA = ("items", "additionalProperties", "not", "contains", "propertyNames", "if", "then", "else")
_SCHEMA_LISTS = ("anyOf", "allOf", "oneOf", "prefixItems")
_TEXTS = ("description", "title", "format", "pattern", "$ref", "$comment", "$id", "$schema")


def nested(attributes: Mapping[str, Any]) -> dict[str, Any]:
    """Nest values by the parts of their names. A longer name overrides a value at its prefix."""
    tree: dict[str, Any] = {}
    for name, value in attributes.items():
        *path, last = name.split(".", _DEEPEST_NAME)
        node = tree
        for part in path:
            below = node.get(part)
            if not isinstance(below, dict):
                below = node[part] = {}
            node = below
        if not isinstance(node.get(last), dict):
            node[last] = value
    return tree


def with_lists(value: Any) -> Any:
    """Replace objects with the keys 0, 1, 2 and so on by lists."""
    if not isinstance(value, dict):
        return value
    if value and set(value) == {str(index) for index in range(len(value))}:
        return [with_lists(value[str(index)]) for index in range(len(value))]
    return {key: with_lists(item) for key, item in value.items()}


def read_literal(value: Any) -> Any:
    """Parse text as a Python or JSON literal (`True`, `('a', 'b')`, `[1]`), else return the text."""
    if not isinstance(value, str) or len(value) > _LONGEST_LITERAL:
        return value
    for read in (ast.literal_eval, json.loads):
        try:
            return storable(read(value))
        except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
            continue
    return value


def read_schema(value: Any) -> Any:
    """Restore the types in a JSON schema whose values are all text."""
    if not isinstance(value, dict):
        return read_literal(value)
    return {key: _read_keyword(key, item) for key, item in value.items()}


def _read_keyword(key: str, value: Any) -> Any:
    if key in _SCHEMAS and isinstance(value, dict):
        return {name: read_schema(schema) for name, schema in value.items()}
    if key in (*_SCHEMA, *_SCHEMA_LISTS):
        if key in _SCHEMA_LISTS or (isinstance(value, dict) and isinstance(with_lists(value), list)):
            items = with_lists(value)
            return [read_schema(item) for item in items] if isinstance(items, list) else read_literal(value)
        return read_schema(value)
    if key in _TEXTS:
        return value
    if key == "type" and isinstance(value, str) and not value.startswith(("(", "[")):
        return value
    return read_literal(with_lists(value))
