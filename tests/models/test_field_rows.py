"""Which fields groups can be by, and in which order."""

import pytest

from evals_mcp.models.datapoint_fields import Part
from evals_mcp.models.field_rows import FieldRow, groupable_labels


def _row(part: Part, key: str, values: int = 2) -> FieldRow:
    return FieldRow(part=part, key=key, datapoints_count=40, values_count=values, common=[])


@pytest.mark.parametrize(
    ("rows", "labels"),
    [
        (
            [
                _row("input", "question", 40),
                _row("input", "size"),
                _row("target", "expected"),
                _row("metadata", "topic"),
            ],
            ["size", "topic", "expected"],
        ),
        ([_row("input", "answer"), _row("input", "size"), _row("target", "answer")], ["size", "answer"]),
        (
            [_row("input", "answer"), _row("target", "answer", 3), _row("metadata", "topic")],
            ["input.answer", "topic", "target.answer"],
        ),
    ],
)
def test_the_target_comes_last(rows: list[FieldRow], labels: list[str]) -> None:
    """Also where it is a column of the inputs, too; fields with too many values are no groups."""
    assert [label for _, label in groupable_labels(rows)] == labels
