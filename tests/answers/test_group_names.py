"""The names of bins: each says its numbers, and no two of a table are the same."""

import pytest

from evals_mcp.answers.group_names import group_words
from evals_mcp.models.groups import GroupBy, GroupName


@pytest.mark.parametrize(
    ("kind", "low", "high", "words"),
    [
        ("field", 10**15 + 1, 10**15 + 24, "1000000000000001 to 1000000000000024"),
        ("field", 1000.001, 1000.004, "1000.001 to 1000.004"),
        ("field", 3, 3, "3"),
        ("field", -13.714, -10.286, "-13.71 to -10.29"),
        ("length", 1200, 1800, "1,200 to 1,800"),
        ("latency", 2.1, 2.9, "2.1 s to 2.9 s"),
        ("latency", 2.101, 2.104, "2.101 s to 2.104 s"),
    ],
)
def test_a_bin_has_as_many_digits_as_tell_its_ends_apart(kind: str, low: float, high: float, words: str) -> None:
    """Also where both round to the same number, as times in milliseconds since 1970 do."""
    by = GroupBy.model_validate({"kind": kind, **({"part": "metadata", "key": "at"} if kind == "field" else {})})
    assert group_words(GroupName(kind="range", low=low, high=high), by) == words
