"""Large JSON is made compact in pieces exactly as in one piece, and what is no JSON is never taken for it."""

import json
import tracemalloc
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic_core import to_json

from evals_mcp.errors import TooManyValues
from evals_mcp.models.json_structure import count_values, most_values
from evals_mcp.models.large_json import CompactJson, read_large

_TEXTS = st.text('a"\\[]{},:é\u2028😀 ', max_size=4)
_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | _TEXTS,
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(_TEXTS, inner, max_size=5),
    max_leaves=40,
)
_BODIES = st.dictionaries(st.sampled_from(["inputs", "metadata", "output", "x"]), _VALUES, max_size=4)
_FREE = ("inputs", "metadata")
_INDENTS = st.sampled_from([None, 0, 1])


def _read(body: bytes, at_once: int) -> Any:
    return read_large(body, {"inputs", "metadata"}, large=1, at_once=at_once)


def _texts(content: Any) -> dict[str, str | None]:
    return {name: value.text if isinstance(value, CompactJson) else None for name, value in content.items()}


@given(_BODIES, _INDENTS, st.booleans(), st.integers(1, 40))
def test_pieces_are_as_the_whole(body: dict[str, Any], indent: int | None, ascii_only: bool, at_once: int) -> None:
    """Wherever they are cut; objects of the given names are compact, all others are as a parser reads them."""
    found = _read(json.dumps(body, indent=indent, ensure_ascii=ascii_only).encode(), at_once)
    if not body:
        assert found is None
        return
    assert found == body
    are_compact = {name for name in ("inputs", "metadata") if isinstance(body.get(name), dict)}
    assert _texts(found) == {name: to_json(body[name]).decode() if name in are_compact else None for name in body}


@given(_BODIES, st.integers(0, 400), st.sampled_from(["", *'[]{},:"\\a0 \v']), st.integers(1, 40))
def test_what_is_no_json_is_left_to_a_parser(body: dict[str, Any], at: int, changed: str, at_once: int) -> None:
    """A character is changed, added or left out. What is still JSON is read as before."""
    text = json.dumps(body)
    for spoiled in (text[:at] + changed + text[at + 1 :], text[:at] + changed + text[at:]):
        found = _read(spoiled.encode(), at_once)
        try:
            whole = json.loads(spoiled)
        except ValueError:
            assert found is None
        else:
            assert found is None or found == whole


def test_values_never_are_objects_all_at_once() -> None:
    """They would take twenty times the memory of their bytes."""
    body = json.dumps({"inputs": {"rows": [[]] * 200_000}}).encode()
    tracemalloc.start()
    try:
        assert _read(body, 1 << 13) is not None
        pieces = tracemalloc.get_traced_memory()[1]
        tracemalloc.reset_peak()
        json.loads(body)
        whole = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert pieces < 5 * len(body) < 15 * len(body) < whole


@pytest.mark.parametrize(
    "inputs",
    [
        '{"a": 1, "b": [1, 2], "a": [3, 4]}',
        '{"a": [{"b": 1, "c": 2}, 1], "a": 2}',
        '{"a": {"b": 1, "c": [2, 3], "b": [4, 5]}}',
        '{"a": 1, "b": 2, "c": {"a": 1, "a": 2}}',
    ],
)
def test_of_two_values_of_one_name_the_last_counts(inputs: str) -> None:
    """As with a parser, also where they are in two pieces."""
    body = f'{{"inputs": {inputs}}}'
    for at_once in range(1, len(body)):
        found = _read(body.encode(), at_once)
        assert found is None or found["inputs"].text == to_json(json.loads(inputs)).decode()


@pytest.mark.parametrize("inputs", ["[1, 2,]", "[,1]", "[1,,2]", '{"a": 1, }', '{"a": [1e999, 2]}', "{1: 2}", "[1, 2"])
def test_odd_commas_numbers_and_ends_are_left_to_a_parser(inputs: str) -> None:
    """Wherever pieces end."""
    body = f'{{"inputs": {{"x": [0, {inputs}, 0], "y": 0}}, "z": 0}}'
    assert [at_once for at_once in range(1, len(body)) if _read(body.encode(), at_once) is not None] == []


@given(_VALUES, _INDENTS, st.booleans(), st.integers(1, 40))
def test_values_are_counted_as_a_parser_finds_them(value: Any, indent: int | None, ascii_only: bool, cut: int) -> None:
    """Alone and in two lines, however the body is cut; and the fast count is never below."""
    line = json.dumps(value, ensure_ascii=ascii_only)
    for body, times in ((json.dumps(value, indent=indent, ensure_ascii=ascii_only), 1), (f"{line}\n{line}", 2)):
        found = count_values(body.encode(), at_once=cut)
        assert found == times * _count(json.loads(line))
        assert most_values(body.encode()) >= found


@given(_BODIES, st.integers(0, 12))
def test_large_fields_do_not_count(body: dict[str, Any], most: int) -> None:
    """What becomes objects counts, and above the bound nothing does."""
    rest = {name: value for name, value in body.items() if not (name in _FREE and isinstance(value, dict))}
    sent = json.dumps(body).encode()
    if body and _count(rest) > most:
        with pytest.raises(TooManyValues, match=f"has {_count(rest)} JSON values"):
            read_large(sent, _FREE, most=most, large=1)
    else:
        assert read_large(sent, _FREE, most=most, large=1) == (body or None)


def _count(value: Any) -> int:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return 1 + sum(map(_count, inner))
