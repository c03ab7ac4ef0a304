"""The CSV of promptfoo: a row per test, with a column for each variable, and columns for each provider and prompt.

Until 2025 a cell holds the verdict, the scores, the output and the reason, or the verdict and the output beside columns
with the reason and a comment. Later the verdict and the scores have columns of their own. Scores have two digits.
"""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from evals_mcp.importers.formats import Format, Report
from evals_mcp.importers.promptfoo import case_key, test_set_of, version_of
from evals_mcp.importers.promptfoo_files import require_no_whole_file
from evals_mcp.importers.results import Case, Location, Result, Run, Score
from evals_mcp.importers.tables.cells import as_number
from evals_mcp.importers.tables.columns import Chosen
from evals_mcp.importers.tables.rows import cells_of
from evals_mcp.importers.text_files import encoding_of, read_head

_VERDICT = re.compile(r"\[(PASS|FAIL|ERROR)\](?: \(([^)\n]*)\))?\s*")
_LABEL = re.compile(r"\[([^\]]+)\] (.*)", re.DOTALL)
_REASON = re.compile(r"\n\n\s*(?:Pass|Fail|Error) Reason: (.*)\Z", re.DOTALL)
_FIRST = re.compile(r'(?:^|[,"\n])\[(?:PASS|FAIL|ERROR)\][ (]|,Status,Score,Named Scores,')
_ABOUT = ("Status", "Score", "Named Scores", "Grader Reason", "Comment")
_SAMPLE_ROWS = 200
_PASSED = {"PASS": True, "FAIL": False}
_METRIC = "Metric: "


@dataclass(slots=True)
class _Prompt:
    """The columns of one provider and prompt: its output, and by header those that follow it."""

    label: str
    output: int
    others: dict[str, int] = field(default_factory=dict)


@dataclass(slots=True)
class _Cell:
    """What a row says of one output."""

    verdict: str
    output: str
    scores: dict[str, float]
    reason: str | None
    comment: str | None = None


def _recognises(path: Path) -> bool:
    if path.suffix.lower() != ".csv":
        return False
    head = read_head(path)
    return b"\x00" not in head and _FIRST.search(head.decode(encoding_of(path), errors="replace")) is not None


def _read(path: Path, chosen: Chosen, report: Report) -> Iterator[Result]:
    require_no_whole_file(path)
    rows = cells_of(path)
    _, header = next(rows)
    prompts = _prompts(header, [cells for _, cells in islice(rows, _SAMPLE_ROWS)])
    first = min((prompt.output for prompt in prompts), default=0)
    yield from _Table(header[:first], prompts, path, report).results()


class _Table:
    """The rows of one file, and what its metrics are."""

    def __init__(self, variables: Sequence[str], prompts: Sequence[_Prompt], path: Path, report: Report) -> None:
        self._variables = variables
        self._prompts = prompts
        self._path = path
        self._sums: set[str] = set()
        self._graded: set[str] = set()
        cases: set[bytes] = set()
        for _, cells in self._rows():
            cases.add(case_key(self._inputs(cells)))
            for prompt in prompts:
                cell = _cell(prompt, cells)
                self._sums.update(name for name, score in cell.scores.items() if name and not 0 <= score <= 1)
                self._graded.update(name for name, score in cell.scores.items() if score not in (0, 1))
                if cell.verdict in _PASSED and cell.scores.get("") not in (None, _PASSED[cell.verdict]):
                    self._graded.add("")
        self._test_set = test_set_of(cases)
        for name in sorted(self._sums):
            report.note(f"{path.name}: {name} is left out, because it adds up the scores of several assertions.")

    def results(self) -> Iterator[Result]:
        several = len({prompt for _, prompt in map(_provider_and_prompt, self._prompts)}) > 1
        for line, cells in self._rows():
            for prompt in self._prompts:
                cell = _cell(prompt, cells)
                if cell.verdict == "ERROR" or cell.verdict in _PASSED:
                    yield self._result(prompt, cell, cells, f"line {line}", several)

    def _rows(self) -> Iterator[tuple[int, list[str]]]:
        rows = cells_of(self._path)
        next(rows)
        return rows

    def _inputs(self, cells: Sequence[str]) -> dict[str, str]:
        named = zip(self._variables, cells, strict=False)
        return {name: cell for name, cell in named if name != "Description"}

    def _result(self, prompt: _Prompt, cell: _Cell, cells: Sequence[str], at: str, several_prompts: bool) -> Result:
        failed = cell.verdict == "ERROR"
        description = dict(zip(self._variables, cells, strict=False)).get("Description")
        return Result(
            version=version_of(*_provider_and_prompt(prompt), several_prompts=several_prompts),
            case=Case(inputs=self._inputs(cells), metadata={"description": description or None}),
            location=Location(self._path.name, at),
            scores=[] if failed else list(self._scores(cell)),
            output=None if failed else cell.output,
            error=(cell.reason or cell.output or "The provider failed.") if failed else None,
            metadata={"comment": cell.comment},
            evaluation=self._path.stem,
            test_set=self._test_set,
            run=Run(self._path.name),
        )

    def _scores(self, cell: _Cell) -> Iterator[Score]:
        """Whether it passed, its score unless that only repeats it, and each metric: true or false, or a number."""
        yield Score("passed", _PASSED[cell.verdict], cell.reason)
        for name, score in cell.scores.items():
            if name in self._graded - self._sums:
                yield Score(name or "score", score, higher_is_better=True)
            elif name and name not in self._sums:
                yield Score(name, bool(score))


def _prompts(header: Sequence[str], rows: Sequence[Sequence[str]]) -> list[_Prompt]:
    """The columns that hold outputs, each with the columns about it."""
    found: list[_Prompt] = []
    for index, name in enumerate(header):
        if name in _ABOUT or name.startswith(_METRIC):
            if found:
                found[-1].others.setdefault(name, index)
        elif header[index + 1 : index + 2] == ["Status"] or _is_judged(index, rows):
            found.append(_Prompt(name, index))
    return found


def _is_judged(column: int, rows: Sequence[Sequence[str]]) -> bool:
    cells = [cells[column] for cells in rows if len(cells) > column and cells[column]]
    return bool(cells) and all(_VERDICT.match(cell) for cell in cells)


def _cell(prompt: _Prompt, cells: Sequence[str]) -> _Cell:
    def other(name: str) -> str:
        index = prompt.others.get(name)
        return cells[index] if index is not None and index < len(cells) else ""

    text = cells[prompt.output] if prompt.output < len(cells) else ""
    if "Status" in prompt.others:
        found = {_METRIC + name: value for name, value in _named_scores(other("Named Scores")).items()}
        found |= {name: other(name) for name in prompt.others if name.startswith(_METRIC)}
        named = {"": other("Score"), **{name.removeprefix(_METRIC): value for name, value in found.items()}}
        return _Cell(other("Status"), text, _numbers(named), other("Grader Reason") or None, other("Comment") or None)
    verdict = _VERDICT.match(text)
    if verdict is None:
        return _Cell("", "", {}, None)
    parts = [part.rpartition(": ") for part in (verdict[2] or "").split(", ") if part]
    reason = other("Grader Reason") or None
    output = text[verdict.end() :] if verdict[2] is not None else text[len(verdict[1]) + 3 :]
    ended = _REASON.search(output) if "Grader Reason" not in prompt.others else None
    if ended:
        output, reason = output[: ended.start()], ended[1].strip()
        output = output.removeprefix(f"{reason}\n---\n")
    return _Cell(
        verdict[1], output, _numbers({name: score for name, _, score in parts}), reason, other("Comment") or None
    )


def _named_scores(text: str) -> dict[str, str]:
    try:
        scores = json.loads(text or "{}")
    except ValueError:
        return {}
    return {str(name): str(score) for name, score in scores.items()} if isinstance(scores, dict) else {}


def _numbers(texts: dict[str, str]) -> dict[str, float]:
    numbers = {name: as_number(text) for name, text in texts.items()}
    return {name: number for name, number in numbers.items() if number is not None}


def _provider_and_prompt(prompt: _Prompt) -> tuple[str, str]:
    match = _LABEL.fullmatch(prompt.label)
    return (match[1], match[2]) if match else ("", prompt.label)


FORMAT = Format("promptfoo", _recognises, _read, names_evaluations=True)
