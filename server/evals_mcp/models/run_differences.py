"""What tells the versions of an evaluation's runs apart, in a few short words per run."""

from collections import Counter
from collections.abc import Hashable, Mapping, Sequence
from typing import NamedTuple

from evals_mcp.models.model import JsonObject
from evals_mcp.models.path_labels import path_labels
from evals_mcp.models.version_fields import is_long, version_fields

_MOST_FIELDS = 8
_LONGEST_NAME = 24
_ABSENT = "(none)"


class RunSubject(NamedTuple):
    """What a run evaluates: a version (its id, content and file), over a version of a dataset."""

    version_id: str | None
    content: JsonObject | None
    file_path: str | None
    dataset_version_id: str | None
    dataset_path: str | None
    datapoints_count: int | None


def run_differences(subjects: Sequence[RunSubject]) -> list[list[str]]:
    """For each run (oldest first) a part for each field that differs: `model=gpt-4o`, `template 2 (+3 -1 lines)`.

    The fields are the same for all runs, those first that tell most runs apart; at most eight. A run without a version
    has none. Long texts are numbered from the oldest run's, with the size of the change since that.
    """
    known = [subject for subject in subjects if subject.version_id is not None]
    columns = [parts for parts in _differing(known) if len(set(parts)) > 1]
    chosen = telling_fields(list(zip(*columns, strict=True)))
    others = [index for index in range(len(columns)) if index not in chosen]
    rows = zip(*(columns[index] for index in [*chosen, *others][:_MOST_FIELDS]), strict=True)
    return [[] if subject.version_id is None else list(next(rows, ())) for subject in subjects]


def telling_fields(rows: Sequence[Sequence[Hashable]]) -> list[int]:
    """The indexes of the first fields that together tell apart all rows that differ at all."""
    chosen: list[int] = []
    groups = 1
    for index in range(len(rows[0]) if rows else 0):
        now = len({tuple(row[i] for i in (*chosen, index)) for row in rows})
        if now > groups:
            chosen.append(index)
            groups = now
    return chosen


def change_size(old: str, new: str) -> str:
    """The size of a change, as added and removed lines, or words of texts of one line: `+3 -1 lines`."""
    unit = "lines" if "\n" in old or "\n" in new else "words"
    before, after = (Counter(text.splitlines() if unit == "lines" else text.split()) for text in (old, new))
    return f"+{(after - before).total()} -{(before - after).total()} {unit}"


def _differing(subjects: Sequence[RunSubject]) -> list[list[str]]:
    """The parts of each field in each run, some of them the same in all runs."""
    fields: Mapping[str, list[str | None]] = version_fields([subject.content for subject in subjects])
    columns = [_column("file", _ends([subject.file_path for subject in subjects]))]
    columns += [_column(name, texts) for name, texts in fields.items() if len(set(texts)) > 1]
    versions = {subject.version_id for subject in subjects}
    if len(versions) < len({(subject.version_id, subject.dataset_version_id) for subject in subjects}):
        columns.append(_datasets(subjects))
    return columns


def _column(name: str, texts: Sequence[str | None]) -> list[str]:
    """A field's part in each run. It has no characters that nobody can type."""
    return [_printable(part) for part in _parts(name, texts)]


def _printable(text: str) -> str:
    return "".join(character if character.isprintable() else "?" for character in text)


def _parts(name: str, texts: Sequence[str | None]) -> list[str]:
    name = name if len(name) <= _LONGEST_NAME else f"{name[: _LONGEST_NAME - 1]}…"
    if not is_long(texts):
        return [f"{name}={_ABSENT if text is None else text}" for text in texts]
    different = list(dict.fromkeys(text for text in texts if text is not None))
    parts: dict[str | None, str] = {None: f"{name}={_ABSENT}"}
    for number, text in enumerate(different, start=1):
        size = "" if number == 1 else f" ({change_size(different[0], text)})"
        parts[text] = f"{name} {number}{size}"
    return [parts[text] for text in texts]


def _ends(paths: Sequence[str | None]) -> list[str | None]:
    """The paths by as many of their last names as tell them apart."""
    labels = path_labels(path for path in paths if path is not None)
    return [None if path is None else labels[path] for path in paths]


def _datasets(subjects: Sequence[RunSubject]) -> list[str]:
    """The dataset of each run: by its path if that is enough, else numbered from the oldest run's."""
    ids = [subject.dataset_version_id for subject in subjects]
    numbers = {id: number for number, id in enumerate(dict.fromkeys(filter(None, ids)), start=1)}
    if len({subject.dataset_path for subject in subjects}) == len(set(ids)):
        return _column("dataset", _ends([subject.dataset_path for subject in subjects]))
    return [
        f"dataset={_ABSENT}" if id is None else f"dataset {numbers[id]} ({subject.datapoints_count or 0} datapoints)"
        for id, subject in zip(ids, subjects, strict=True)
    ]
