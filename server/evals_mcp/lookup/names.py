"""What people call things, and what they meant: labels of runs and evaluators, and finding one by a word; pure."""

import re
from collections import Counter
from collections.abc import Callable, Sequence
from difflib import get_close_matches
from typing import TypeVar

from evals_mcp.errors import Invalid, NotFound
from evals_mcp.models.review import EvaluatorRow, RunRow, run_labels

_CANDIDATES = 8
_RANDOM_ID = re.compile(r"[a-z]+_[0-9A-Za-z]{16,}")  # a part of one means nothing
Thing = TypeVar("Thing")


def evaluator_labels(evaluators: Sequence[EvaluatorRow]) -> dict[str, str]:
    """A word for each evaluator, by version id: the end of its path, or the whole path where ends are the same."""
    ends = Counter(row.path.rpartition("/")[2] for row in evaluators)
    paths = Counter(row.path for row in evaluators)
    labels: dict[str, str] = {}
    for row in evaluators:
        end = row.path.rpartition("/")[2]
        label = end if ends[end] == 1 else row.path
        labels[row.version_id] = label if paths[row.path] == 1 else f"{label}@{row.version_id}"
    return labels


def find_run(runs: Sequence[RunRow], word: str) -> RunRow:
    """The run that a word names: id, label, version name or id, `control`, or the start of one of these.

    Raises Invalid if it fits several, with these listed from the newest, and NotFound with the nearest names.
    """
    labels = run_labels(runs)
    newest_first = list(reversed(runs))
    if word.lower() == "control" and any(run.control for run in runs):
        return next(run for run in runs if run.control)
    return pick(
        newest_first,
        word,
        "run",
        lambda run: [run.id, labels[run.id], run.version_name or "", run.version_id or ""],
        lambda run: labels[run.id],
    )


def find_evaluator(evaluators: Sequence[EvaluatorRow], word: str) -> EvaluatorRow:
    """The evaluator that a word names: its id, version id, path, the end of its path, or the start of one of these.

    Raises Invalid if it fits several, with the one attached last listed first, and NotFound with the nearest names.
    """
    labels = evaluator_labels(evaluators)
    return pick(
        list(reversed(evaluators)),
        word,
        "evaluator",
        lambda row: [row.version_id, row.id, row.path, labels[row.version_id], row.path.rpartition("/")[2]],
        lambda row: labels[row.version_id],
    )


def pick(
    things: Sequence[Thing],
    word: str,
    argument: str,
    names: Callable[[Thing], list[str]],
    label: Callable[[Thing], str],
) -> Thing:
    """The one thing that has `word` as a name, else (whatever the case) as a name, as its start, or as a part of it.

    Raises Invalid if several have, NotFound if none has; both name what there is.
    """
    wanted = word.strip()
    folded = wanted.casefold()
    for fits in (
        lambda name: name == wanted,
        lambda name: name.casefold() == folded,
        lambda name: bool(folded) and name.casefold().startswith(folded),
        lambda name: bool(folded) and folded in name.casefold() and not _RANDOM_ID.fullmatch(name),
    ):
        found = [thing for thing in things if any(fits(name) for name in names(thing))]
        if len(found) == 1:
            return found[0]
        if found:
            listed = _listed([label(thing) for thing in found])
            raise Invalid(f"{argument}: {shown(word)} fits {len(found)} of them, newest first: {listed}. Name one.")
    raise NotFound(
        f"{argument}: there is none called {shown(word)}. {nearest(word, [label(thing) for thing in things])}"
    )


def only(ids: Sequence[str], word: str, argument: str) -> str:
    """The only one of the ids that a word begins. Raises Invalid if there are several, and names them."""
    if len(ids) > 1:
        listed = ", ".join(id if id.isprintable() else shown(id) for id in ids[:_CANDIDATES])
        more = ", …" if len(ids) > _CANDIDATES else ""
        raise Invalid(f"{argument}: {shown(word)} begins several ids: {listed}{more}. Write more of the one you mean.")
    return ids[0]


def nearest(word: str, labels: Sequence[str]) -> str:
    """A sentence that says which names exist, those like `word` first."""
    if not labels:
        return "There are none."
    folded = {label.casefold(): label for label in labels}
    close = [folded[name] for name in get_close_matches(word.casefold()[:200], list(folded), n=_CANDIDATES, cutoff=0.4)]
    inside = [label for label in labels if word.strip() and word.casefold()[:200] in label.casefold()]
    ordered = list(dict.fromkeys([*inside, *close]))
    if ordered:
        return f"Nearest: {_listed(ordered)}."
    return f"There are: {_listed(labels)}."


def shown(word: str) -> str:
    """A word of the caller's, short and in quotes, for a message."""
    text = word if len(word) <= 60 else word[:60] + "…"
    return '"' + "".join(c if c.isprintable() and c != '"' else "?" for c in text) + '"'


def _listed(labels: Sequence[str]) -> str:
    parts = [label if label.isprintable() and len(label) <= 80 else shown(label) for label in labels[:_CANDIDATES]]
    more = len(labels) - len(parts)
    return ", ".join(parts) + (f" and {more:,} more" if more > 0 else "")
