"""What the columns of a table hold: guessed from their names and values, or named by the caller."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from evals_mcp.errors import Invalid
from evals_mcp.importers.results import NoResults
from evals_mcp.importers.tables.cells import as_number, column_key, is_missing
from evals_mcp.importers.tables.column_names import NAMES, Role, has_role, rest_of, run_in
from evals_mcp.importers.tables.numbers import Numbers, numbers_in
from evals_mcp.importers.tables.pass_counts import PassCounts, find_pass_counts
from evals_mcp.importers.tables.score_columns import (
    OF_NUMBER,
    ScoreColumn,
    is_part,
    names_score,
    parts_beside,
    score_choice,
    tells_state,
)
from evals_mcp.importers.tables.score_types import METADATA, ScoreType, names_a_score, score_type

_SAMPLE_ROWS = 2_000


_EXPLAINS = re.compile(r"(.+?)[\s_.:-]+(reason|reasoning|explanation|comment|rationale|feedback)$", re.IGNORECASE)
OF_DATAPOINT = "metadata.datapoint."


@dataclass(slots=True)
class RunColumns:
    """The columns of one run. `label` is None where a column names each row's run, or the file is one run."""

    label: str | None
    output: str | None
    scores: list[ScoreColumn] = field(default_factory=list)
    error: str | None = None
    latency: str | None = None
    cost: str | None = None


@dataclass(slots=True)
class Columns:
    """What each column of a table holds, and all columns that were seen. Others are metadata.

    Columns of a datapoint's metadata begin with `OF_DATAPOINT` in a table that `evals-mcp export` wrote, with those of
    its id and tags. `numbers` tells how columns of latency, cost and tokens write numbers.
    """

    datapoint: str | None = None
    run: str | None = None
    inputs: list[str] = field(default_factory=list)
    targets: list[str] = field(default_factory=list)
    metadata: list[str] = field(default_factory=list)
    datapoint_metadata: list[str] = field(default_factory=list)
    runs: list[RunColumns] = field(default_factory=list)
    prompt_tokens: str | None = None
    output_tokens: str | None = None
    pass_counts: PassCounts | None = None
    numbers: dict[str, Numbers] = field(default_factory=dict)
    seen: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Chosen:
    """Columns that the caller names, and the sheet of a spreadsheet. A score is `name`, `name:type` or
    `name:type:higher`, also `lower`: which is better.

    Empty where it is to be guessed.
    """

    inputs: Sequence[str] = ()
    outputs: Sequence[str] = ()
    targets: Sequence[str] = ()
    run: str | None = None
    datapoint: str | None = None
    scores: Sequence[str] = ()
    metadata: Sequence[str] = ()
    latency: str | None = None
    cost: str | None = None
    sheet: str | None = None


def guess_columns(
    rows: Iterable[Mapping[str, Any]], chosen: Chosen, file: str, *, decimal_commas: bool = False
) -> Columns:
    """Guess what the columns hold from up to 2,000 rows. `decimal_commas` if numbers are likely to have them.

    Raises Invalid where no column holds outputs or scores.
    """
    sample = list(islice(rows, _SAMPLE_ROWS))
    values: dict[str, list[Any]] = {}
    for row in sample:
        for name, cell in row.items():
            values.setdefault(name, []).append(cell)
    numbers = {name: numbers_in(cells, decimal_commas=decimal_commas) for name, cells in values.items()}
    values = {name: [numbers[name].plain(cell) for cell in cells] for name, cells in values.items()}
    columns = _Guess(sample, values, chosen, file, None if chosen.scores else find_pass_counts(sample)).columns()
    for run in columns.runs:
        for score in run.scores:
            score.numbers = numbers.get(score.column, Numbers())
        figures = (run.latency, run.cost, columns.prompt_tokens, columns.output_tokens)
        columns.numbers |= {name: numbers[name] for name in figures if name is not None}
    return columns


class _Guess:
    def __init__(
        self,
        sample: Sequence[Mapping[str, Any]],
        values: dict[str, list[Any]],
        chosen: Chosen,
        file: str,
        pass_counts: PassCounts | None,
    ) -> None:
        self._sample = sample
        self._values = values
        self._chosen = chosen
        self._file = file
        self._pass_counts = pass_counts
        self._left = dict.fromkeys(values)
        self._is_export = {"run", "datapoint", "log", "output"} <= values.keys()
        for named in [*chosen.inputs, *chosen.outputs, *chosen.targets, *chosen.metadata]:
            self._require(named)

    def columns(self) -> Columns:
        """Take the columns role by role. What nobody takes is a score if it can be one, else metadata."""
        chosen = self._chosen
        columns = Columns(seen=frozenset(self._values))
        columns.run = self._one("run", chosen.run)
        columns.targets = self._several("target", chosen.targets)
        columns.runs = self._runs()
        columns.prompt_tokens = self._take_named("prompt_tokens", "input_tokens")
        columns.output_tokens = self._take_named("output_tokens", "completion_tokens")
        columns.inputs = self._several("input", chosen.inputs)
        columns.datapoint = self._one("datapoint", chosen.datapoint)
        if self._is_export and chosen.datapoint is None:
            own = [column for column in self._left if column.startswith(OF_DATAPOINT)]
            columns.datapoint_metadata = [self._take(column) for column in own]
        columns.metadata = [self._take(name) for name in chosen.metadata]
        if self._pass_counts is not None and all(column in self._left for column in self._pass_counts.columns):
            columns.pass_counts = self._pass_counts
            for column in self._pass_counts.columns:
                self._take(column)
        if not chosen.scores:
            columns.datapoint_metadata += [self._take(column) for column in self._about_datapoints(columns)]
        if len(columns.runs) == 1:
            columns.runs[0].scores.extend(self._scores())
        columns.metadata += list(self._left)
        if columns.pass_counts is None and not any(run.output or run.scores for run in columns.runs):
            names = ", ".join(map(repr, self._values))
            raise NoResults(
                f"{self._file} has no column of outputs or scores: {names}. Name one, with --output or --score."
            )
        return columns

    def _about_datapoints(self, columns: Columns) -> list[str]:
        """The options that differ between datapoints only: no judgments of their outputs, such as a category."""
        key = [columns.datapoint] if columns.datapoint else columns.inputs
        cases: dict[str, list[Mapping[str, Any]]] = {}
        for row in self._sample if key else ():
            cases.setdefault(repr([row.get(column) for column in key]), []).append(row)
        repeated = [rows for rows in cases.values() if len(rows) > 1]
        options = [name for name in self._left if self._score_type(name) == "select" and not names_a_score(name)]
        return [
            name
            for name in options
            if repeated and all(len({repr(row.get(name)) for row in rows}) == 1 for rows in repeated)
        ]

    def _runs(self) -> list[RunColumns]:
        named = list(self._chosen.outputs)
        wide = self._wide_outputs()
        if len(wide) > 1:
            return [self._wide(label, self._take(column), list(wide)) for label, column in wide.items()]
        output = self._take(named[0]) if named else next(iter(self._by_role("output")), None)
        if output is not None:
            self._left.pop(output, None)
        return [
            RunColumns(
                label=None,
                output=output,
                error=self._one("error", None),
                latency=self._one("latency", self._chosen.latency),
                cost=self._one("cost", self._chosen.cost),
            )
        ]

    def _wide_outputs(self) -> dict[str, str]:
        """The output columns by the runs that they name, such as `answer_b` or `gpt-4o output`."""
        named = self._chosen.outputs
        if not named and self._by_role("output"):
            return {}
        labels = {column: run_in(column) for column in named or self._own_columns()}
        wide = {label: column for column, label in labels.items() if label is not None}
        return wide if len(wide) > 1 or len(named) < 2 else {column: column for column in named}

    def _own_columns(self) -> list[str]:
        """The columns that are left and no keys of the table's metadata."""
        return [column for column in self._left if not METADATA.fullmatch(column)]

    def _wide(self, label: str, output: str, labels: Sequence[str]) -> RunColumns:
        run = RunColumns(label=label, output=output)
        for column in self._own_columns():
            word = rest_of(column, label)
            if word is None:
                continue
            if word in NAMES["error"]:
                run.error = self._take(column)
            elif word in NAMES["latency"]:
                run.latency = self._take(column)
            elif word in NAMES["cost"]:
                run.cost = self._take(column)
            elif (type := self._score_type(*self._alike(word, labels))) is not None:
                run.scores.append(ScoreColumn(self._take(column), type, name=word))
        return run

    def _alike(self, word: str, labels: Sequence[str]) -> list[str]:
        """The columns of one evaluator in all runs, which have one type: `score_a` and `score_b`."""
        return [column for column in self._values for label in labels if rest_of(column, label) == word]

    def _scores(self) -> list[ScoreColumn]:
        asked = dict(score_choice(text) for text in self._chosen.scores)
        for name in asked:
            self._require(name)
        if self._is_export and not asked:
            self._add_unjudged()
        explanations = {}
        for column in list(self._left):
            match = _EXPLAINS.fullmatch(column)
            if match and match[1] in self._left:
                explanations[match[1]] = column
        scores = []
        for column in sorted(self._left, key=self._is_part):
            if column in explanations.values() or (asked and column not in asked) or column not in self._left:
                continue
            beside = parts_beside(column, self._left, is_export=self._is_export)
            type = asked.get(column) or self._number_type(column, beside) or self._score_type(column)
            if type is None and names_score(column):
                type = "text" if self._is_judged(column) else "number"
            if type is not None:
                for other in (explanation := explanations.get(column), *beside.values()):
                    self._take(other or column)
                scores.append(ScoreColumn(self._take(column), type, explanation, None, beside))
        return scores

    def _is_part(self, column: str) -> bool:
        return tells_state(column) or (self._is_export and is_part(column, self._values))

    def _is_judged(self, column: str) -> bool:
        return any(not is_missing(value) for value in self._values[column])

    def _number_type(self, column: str, beside: Mapping[str, str]) -> ScoreType | None:
        """The type of a score that has a threshold or a verdict of its own, if all of its cells are numbers."""
        values = [value for value in self._values[column] if not is_missing(value)]
        is_number = all(not isinstance(value, bool) and as_number(value) is not None for value in values)
        return "number" if values and is_number and not OF_NUMBER.isdisjoint(beside) else None

    def _add_unjudged(self) -> None:
        """Add the columns of evaluators that only failed or abstained: `scores.f1` for `scores.f1.error`."""
        for column in list(self._left):
            base = column.rpartition(".")[0]
            if tells_state(column) and base not in self._values:
                self._values[base] = []
                self._left[base] = None

    def _score_type(self, *alike: str) -> ScoreType | None:
        """The type of a column's values, or of those of several columns of one evaluator."""
        return score_type(alike[0], [value for column in alike for value in self._values[column]])

    def _one(self, role: Role, chosen: str | None) -> str | None:
        if chosen is not None:
            self._require(chosen)
            return self._take(chosen)
        found = next(iter(self._by_role(role)), None)
        return None if found is None else self._take(found)

    def _several(self, role: Role, chosen: Sequence[str]) -> list[str]:
        names = list(chosen) or [name for name in self._left if has_role(name, role)]
        return [self._take(name) for name in names]

    def _by_role(self, role: Role) -> list[str]:
        """The columns whose whole name is one of a role, in the order of the role's names."""
        return [name for name in self._left if column_key(name) in NAMES[role]]

    def _take_named(self, *names: str) -> str | None:
        found = next((column for column in self._left if column_key(column) in names), None)
        return None if found is None else self._take(found)

    def _take(self, column: str) -> str:
        self._left.pop(column, None)
        return column

    def _require(self, column: str) -> None:
        if column.rpartition(":")[0] in self._values or column in self._values:
            return
        raise Invalid(f"{self._file} has no column {column!r}. Its columns: {', '.join(map(repr, self._values))}.")


def describe(columns: Columns) -> str:
    """The columns by what they hold, in a line."""
    parts: list[tuple[str, Sequence[str | None]]] = [
        ("datapoint id", [columns.datapoint]),
        ("inputs", columns.inputs),
        ("target", columns.targets),
        ("run", [columns.run]),
        *((f"output of {run.label}" if run.label else "output", [run.output]) for run in columns.runs),
        *(
            (f"scores of {run.label}" if run.label else "scores", [f"{s.column} ({s.type})" for s in run.scores])
            for run in columns.runs
        ),
        ("passes and samples", columns.pass_counts.columns if columns.pass_counts else []),
        ("explanations", [score.explanation for run in columns.runs for score in run.scores]),
        ("error", [run.error for run in columns.runs]),
        ("latency", [run.latency for run in columns.runs]),
        ("cost", [run.cost for run in columns.runs]),
        ("tokens", [columns.prompt_tokens, columns.output_tokens]),
        ("metadata of datapoints", columns.datapoint_metadata),
        ("metadata", columns.metadata),
    ]
    named = [(role, [name for name in names if name is not None]) for role, names in parts]
    return "; ".join(f"{role}: {', '.join(names)}" for role, names in named if names) + "."
