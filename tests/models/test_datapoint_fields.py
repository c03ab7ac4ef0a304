"""Which fields a datapoint has."""

from typing import Any

import pytest

from evals_mcp.models.datapoint_fields import INPUT, METADATA, MOST_FIELDS, TARGET, DatapointField, datapoint_fields


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("", ("", None, True)),
        ("Law", ("Law", None, True)),
        ("ä" * 200, ("ä" * 200, None, True)),
        ("x" * 201, ("x" * 200, None, False)),
        (True, ("true", 1.0, True)),
        (False, ("false", 0.0, True)),
        ("true", ("true", None, True)),
        (7, ("7", 7.0, True)),
        (7.0, ("7", 7.0, True)),
        (-0.5, ("-0.5", -0.5, True)),
        (1e300, ("1e+300", 1e300, True)),
        (10**400, ("1" + "0" * 199, None, False)),
        ("7.50", ("7.50", 7.5, True)),
        ("-1e3", ("-1e3", -1000.0, True)),
        ("1e999", ("1e999", None, True)),
        ("007", ("007", None, True)),
        ("7 days", ("7 days", None, True)),
        ("٣", ("٣", None, True)),
        ("NaN", ("NaN", None, True)),
    ],
)
def test_a_scalar_is_text_and_maybe_a_number(value: Any, expected: tuple[str, float | None, bool]) -> None:
    """Text as it is, other scalars as JSON, cut at 200 characters; numbers in text are those of JSON."""
    assert datapoint_fields({"inputs": {"x": value}}) == [DatapointField(INPUT, "x", *expected)]


def test_fields_are_flat_and_leave_out_what_is_no_scalar() -> None:
    """Objects down to three names, in any order of keys; no nulls, lists, messages, long keys or deeper objects."""
    content = {
        "metadata": {"b": {"c": {"d": 1, "e": {"f": 1}}}, "a": None, "k" * 201: 1},
        "inputs": {"z": "1", "a.b": "flat", "a": {"b": "nested"}, "list": [1], "empty": {}},
        "target": "B",
        "messages": [{"role": "user", "content": "x"}],
        "tags": ["t"],
    }
    assert [field[:3] for field in datapoint_fields(content)] == [
        (INPUT, "a.b", "nested"),
        (INPUT, "z", "1"),
        (TARGET, "", "B"),
        (METADATA, "b.c.d", "1"),
    ]
    turned = {key: dict(reversed(list(value.items()))) for key, value in content.items() if isinstance(value, dict)}
    assert datapoint_fields({**content, **turned}) == datapoint_fields(content)


def test_a_part_has_a_bounded_number_of_fields() -> None:
    """The first by key, in each part."""
    many = {f"k{number:03}": number for number in reversed(range(500))}
    found = datapoint_fields({"inputs": many, "metadata": {"split": "test", "many": many}})
    assert [field.key for field in found if field.part == INPUT] == [f"k{number:03}" for number in range(MOST_FIELDS)]
    assert sum(field.part == METADATA for field in found) == MOST_FIELDS
