"""What changed from one version to another: short values side by side, long texts by line."""

from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher

from pydantic import Field

from evals_mcp.models.model import Defaulted, Model
from evals_mcp.models.run_differences import RunSubject, change_size
from evals_mcp.models.version_fields import is_long, version_fields

_MOST_LINES = 400  # of texts that are aligned; the changed middle of longer ones is one change


class LineChange(Model):
    """Lines removed and added at one line (from 1) of the new text."""

    line: int
    removed: list[str]
    added: list[str]


class FieldChange(Model):
    """A field whose values differ. Null is absent.

    A long text has a `size` (`+3 -1 lines`) and `lines` instead of values; `more` counts the changed lines left out.
    """

    field: str
    before: str | None = None
    after: str | None = None
    size: str | None = None
    lines: Defaulted[list[LineChange]] = Field(default_factory=list)
    more: Defaulted[int] = 0


def version_changes(before: RunSubject, after: RunSubject, characters: int) -> list[FieldChange]:
    """The changed fields, the most telling first, long texts last. All lines have at most so many `characters`.

    If a run has no version, only their datasets are compared.
    """
    pairs: dict[str, list[str | None]] = {}
    if before.version_id is not None and after.version_id is not None:
        pairs = {"file": [before.file_path, after.file_path], **version_fields([before.content, after.content])}
    if before.dataset_version_id != after.dataset_version_id:
        pairs["dataset"] = [_dataset(before), _dataset(after)]
    changes = []
    for name, (old, new) in pairs.items():
        if old == new:
            continue
        if not is_long([old, new]) or name in ("file", "dataset"):
            changes.append(FieldChange(field=name, before=old, after=new))
            continue
        change = _text_change(name, old or "", new or "", characters)
        characters -= sum(map(_characters, change.lines))
        changes.append(change)
    return changes


def _text_change(field: str, old: str, new: str, characters: int) -> FieldChange:
    lines = list(_line_changes(old.splitlines(), new.splitlines()))
    shown: list[LineChange] = []
    for change in lines:
        characters -= _characters(change)
        if characters < 0:
            break
        shown.append(change)
    more = sum(len(change.removed) + len(change.added) for change in lines[len(shown) :])
    return FieldChange(field=field, size=change_size(old, new), lines=shown, more=more)


def _line_changes(old: Sequence[str], new: Sequence[str]) -> Iterator[LineChange]:
    """The changes between two lists of lines, in order, in bounded time."""
    start = _common(old, new)
    end = _common(old[start:][::-1], new[start:][::-1])
    old, new = old[start : len(old) - end], new[start : len(new) - end]
    if max(len(old), len(new)) > _MOST_LINES:
        yield LineChange(line=start + 1, removed=list(old), added=list(new))
        return
    for tag, first, last, to_first, to_last in SequenceMatcher(None, old, new).get_opcodes():
        if tag != "equal":
            removed, added = list(old[first:last]), list(new[to_first:to_last])
            yield LineChange(line=start + to_first + 1, removed=removed, added=added)


def _common(old: Sequence[str], new: Sequence[str]) -> int:
    """The number of equal lines at the beginning."""
    pairs = zip(old, new, strict=False)
    return next((index for index, (a, b) in enumerate(pairs) if a != b), min(len(old), len(new)))


def _characters(change: LineChange) -> int:
    return sum(map(len, (*change.removed, *change.added)))


def _dataset(subject: RunSubject) -> str | None:
    if subject.dataset_version_id is None:
        return None
    return f"{subject.dataset_path} ({subject.dataset_version_id}, {subject.datapoints_count} datapoints)"
