"""What changed from one version to another."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from tests.models.test_run_differences import BRIEF, CITED, subject

from evals_mcp.models.version_changes import FieldChange, LineChange, version_changes

_MUCH = 10**9


def _changes(old: dict[str, Any], new: dict[str, Any], characters: int = _MUCH) -> list[FieldChange]:
    return version_changes(subject(old), subject(new), characters)


def test_values_stand_side_by_side_and_texts_by_line() -> None:
    """The model first, long texts last; what is absent is null."""
    old = {"model": "gpt-4o", "temperature": 0.7, "stop": ["a"], "template": BRIEF}
    new = {"model": "gpt-4o-mini", "temperature": 0.7, "top_p": 0.5, "template": CITED}
    assert _changes(old, new) == [
        FieldChange(field="model", before="gpt-4o", after="gpt-4o-mini"),
        FieldChange(field="stop", before='["a"]', after=None),
        FieldChange(field="top_p", before=None, after="0.5"),
        FieldChange(
            field="template",
            size="+2 -1 lines",
            lines=[
                LineChange(line=2, removed=["Be brief."], added=["Cite a source."]),
                LineChange(line=4, removed=[], added=["End with a summary."]),
            ],
        ),
    ]


def test_a_field_without_a_value_is_no_change() -> None:
    """Some servers and clients write every field of a version, null where it has none."""
    assert _changes({"model": "m", "spec": {"url": None}}, {"model": "m", "tool_type": None}) == []


def test_a_text_that_only_one_version_has_is_added_or_removed() -> None:
    """All its lines."""
    (added,) = _changes({"model": "m"}, {"model": "m", "template": BRIEF})
    assert added.size == "+3 -0 lines"
    assert added.lines == [LineChange(line=1, removed=[], added=BRIEF.splitlines())]


def test_another_file_and_another_dataset_are_changes() -> None:
    """Each with what tells it: the path; the path, version and size."""
    before = subject({"model": "m"})
    after = subject({"model": "m"}, file_path="b/prompt", dataset_version_id="dsv_2", datapoints_count=15)
    assert version_changes(before, after, _MUCH) == [
        FieldChange(field="file", before="a/prompt", after="b/prompt"),
        FieldChange(
            field="dataset",
            before="a/questions (dsv_1, 12 datapoints)",
            after="a/questions (dsv_2, 15 datapoints)",
        ),
    ]


def test_a_run_without_a_version_is_not_compared() -> None:
    """Its logs may be of any version."""
    assert version_changes(subject(None), subject({"model": "m"}), _MUCH) == []


_lines = st.lists(st.sampled_from(["", "a", "b", "a longer line of text", "the last of the lines"]), max_size=12)


@given(_lines, _lines, st.integers(0, 60))
def test_changed_lines_lead_from_the_old_text_to_the_new_one(old: list[str], new: list[str], characters: int) -> None:
    """Whole changes only, so many as fit, and the number of the others."""
    texts = ["\n".join(["first", *lines, "x" * 50]) for lines in (old, new)]
    whole = _changes({"template": texts[0]}, {"template": texts[1]})
    assert bool(whole) == (texts[0] != texts[1])
    for change in whole:
        lines = texts[0].splitlines()
        for line in change.lines:
            start = line.line - 1
            assert lines[start : start + len(line.removed)] == line.removed
            lines[start : start + len(line.removed)] = line.added
        assert lines == texts[1].splitlines()
        (cut,) = _changes({"template": texts[0]}, {"template": texts[1]}, characters)
        assert cut.lines == change.lines[: len(cut.lines)]
        assert sum(len(text) for line in cut.lines for text in (*line.removed, *line.added)) <= characters
        assert cut.more == sum(len(line.removed) + len(line.added) for line in change.lines[len(cut.lines) :])


def test_texts_of_many_lines_are_compared_in_bounded_time() -> None:
    """Thousands of lines that repeat, all in another order."""
    old = "\n".join(f"line {number % 7}" for number in range(20_000))
    new = "\n".join(f"line {number % 11}" for number in range(20_000))
    (change,) = _changes({"template": old}, {"template": new})
    assert len(change.lines) == 1
