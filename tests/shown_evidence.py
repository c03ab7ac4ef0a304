"""What an answer shows of the evidence: rows, the lines below them, verdicts and changes; without notes and calls."""

import re
from collections.abc import Collection
from typing import NamedTuple

_OWN = ("run", "also different", "status", "logs", "id")
_MEASURES = ("latency", "tokens", "cost")
_ROW = re.compile(r"(?:log|dp)_\w+(?=[;:] | \| |$)|[^\s|\"]+(?= \| )")
_LINE = re.compile(r"  ([^\s(][^:\"]*?)(?: \(.*?\))?: ")
_CHANGE = re.compile(r"(\S+): .*lines:$")
_CANDIDATE = re.compile(r"^Candidate (\S+) against baseline ", re.MULTILINE)


class Words(NamedTuple):
    """The labels of an evaluation's runs and evaluators."""

    runs: Collection[str]
    evaluators: Collection[str]


def read_words(listed_runs: str) -> Words:
    """From a whole answer of `list_runs`."""
    header, *rows = [line.split(" | ") for line in listed_runs.splitlines() if " | " in line]
    runs = [row[0].removesuffix(" (control)") for row in rows]
    return Words(runs, [label for label in header if label not in _OWN] + list(_MEASURES))


def shown_evidence(answer: str, words: Words) -> set[tuple[str, ...]]:
    """A key for each row, line below a datapoint, verdict on a run by an evaluator, and changed text.

    The table of a single candidate names it above: a row by an evaluator is a verdict on this run.
    """
    shown: set[tuple[str, ...]] = set()
    row = ""
    candidate = _CANDIDATE.search(answer)
    for line in answer.splitlines():
        if found := _ROW.match(line):
            row = found[0]
            shown.add((row,))
            shown |= _verdicts(line, words)
            if candidate and row in words.evaluators:
                shown.add(("verdict", candidate[1], row))
        elif row and (found := _LINE.match(line)):
            shown.add((row, found[1]))
        elif found := _CHANGE.match(line):
            shown.add(("change", found[1]))
        else:
            row = row if line.startswith(" ") else ""
            shown |= _verdicts(line, words)
    return shown


def _verdicts(line: str, words: Words) -> set[tuple[str, ...]]:
    run = next((run for run in words.runs if re.match(rf"{re.escape(run)}(?: \(control\))?(?:: | \| |, )", line)), "")
    if not run or line.startswith(f"{run} and the baseline"):
        return set()
    return {("verdict", run, label) for label in words.evaluators if re.search(rf"\b{re.escape(label)}\b", line)}
