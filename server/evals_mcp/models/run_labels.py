"""A short label for each run of an evaluation, and the words that mean the run."""

from collections import Counter
from collections.abc import Mapping, Sequence

from evals_mcp.models.rows import RunRow
from evals_mcp.models.run_differences import telling_fields

_LONGEST = 40
_ID_PART = 4


def run_labels(runs: Sequence[RunRow]) -> dict[str, str]:
    """A label for each run (oldest first), by id, all different.

    It is the version's name, else what tells the version apart (`model=gpt-4o`), else `run 3 (Lz3t)`. Several runs of
    one label are numbered: `v2#1`.
    """
    described = _descriptions(runs)
    labels = {run.id: run.version_name or described.get(run.id, "") for run in runs}
    versions = Counter(label for label, _ in {(labels[run.id], run.version_id) for run in runs})
    for number, run in enumerate(runs, start=1):
        label = labels[run.id]
        if not run.version_name and (not label or versions[label] > 1):
            labels[run.id] = f"run {number} ({run.id.rpartition('_')[2][:_ID_PART]})"
    return _distinct(runs, labels)


def run_words(run: RunRow, label: str) -> list[str]:
    """The words that mean a run: ids, names, and each part of its description, whole and in short."""
    words = [run.id, label, run.version_name, run.version_id]
    for part in [*([] if run.version_name else [label]), *run.differences]:
        words += [part, part.partition("=")[2], part.partition(" (")[0]]
    return [word for word in words if word]


def changed_parts(runs: Sequence[RunRow]) -> dict[str, list[str]]:
    """By run id, the differences of its version from the oldest run's; all differences of the oldest run itself."""
    known = [run for run in runs if run.differences]
    return {run.id: _changed(run.differences, known[0].differences) for run in known}


def _changed(parts: list[str], first: list[str]) -> list[str]:
    return [part for part, other in zip(parts, first, strict=True) if part != other] or parts


def _descriptions(runs: Sequence[RunRow]) -> dict[str, str]:
    """By run id, what tells its version apart: what changed since the oldest run, if that fits in a label.

    The oldest run has as many of its parts as fit.
    """
    known = [run for run in runs if run.differences]
    chosen = telling_fields([run.differences for run in known])
    rows = [[run.differences[index] for index in chosen] for run in known]
    found: dict[str, str] = {}
    for run, row in zip(known, rows, strict=True):
        parts = _changed(row, rows[0])
        forms = [parts, [_in_short(part) for part in parts]]
        if row == rows[0]:
            forms += [parts[:amount] for amount in range(len(parts) - 1, 0, -1)]
        labels = [" ".join(form) for form in forms]
        found[run.id] = next((label for label in labels if len(label) <= _LONGEST), "")
    return found


def _in_short(part: str) -> str:
    """A numbered text without the size of its change."""
    return part if "=" in part else part.partition(" (")[0]


def _distinct(runs: Sequence[RunRow], labels: Mapping[str, str]) -> dict[str, str]:
    """Number equal labels. A label that would still mean another run gives way to the run's id."""
    times = Counter(labels.values())
    seen: Counter[str] = Counter()
    taken = {run.id for run in runs}
    has_control = any(run.control for run in runs)
    distinct: dict[str, str] = {}
    for run in runs:
        label = labels[run.id]
        seen[label] += 1
        if times[label] > 1:
            label = f"{label}#{seen[label]}"
        means_control = has_control and not run.control and label.casefold() == "control"
        distinct[run.id] = run.id if label in taken or means_control else label
        taken.add(label)
    return distinct
