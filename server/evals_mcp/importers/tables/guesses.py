"""Guess what the columns of a table hold, from their names and values."""

import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain, islice
from typing import Any

from evals_mcp.errors import Invalid
from evals_mcp.importers.results import NoResults
from evals_mcp.importers.tables.cells import as_number, column_key, is_missing
from evals_mcp.importers.tables.column_names import (
    ABOUT_DATAPOINTS,
    EXPLANATIONS,
    NAMES,
    RETRIEVED,
    Role,
    has_role,
    names_explanation,
    run_in,
)
from evals_mcp.importers.tables.columns import OF_DATAPOINT, Chosen, Columns, RunColumns
from evals_mcp.importers.tables.long_tables import OneMetric
from evals_mcp.importers.tables.numbers import is_number, numbers_in
from evals_mcp.importers.tables.pass_counts import PassCounts, find_pass_counts
from evals_mcp.importers.tables.run_columns import run_columns
from evals_mcp.importers.tables.score_authors import add_authors
from evals_mcp.importers.tables.score_columns import (
    OF_NUMBER,
    ScoreColumn,
    is_part,
    is_part_of_object,
    names_score,
    parts_beside,
    score_authors,
    score_choice,
    score_name,
    tells_state,
)
from evals_mcp.importers.tables.score_types import LONGEST_NAME, METADATA, ScoreType, names_a_score, score_type
from evals_mcp.importers.tables.structured_cells import MESSAGES, holds_messages, holds_structures
from evals_mcp.importers.tables.summary_rows import SummaryRows
from evals_mcp.importers.tables.whole_columns import WholeColumns
from evals_mcp.importers.tables.wide_columns import WideRun, scored_runs, wide_outputs

_SAMPLE_ROWS = 2_000
_EXPLAINS = re.compile(rf"(.+?)[\s_.:-]+{EXPLANATIONS}", re.IGNORECASE)


def guess_columns(
    rows: Iterable[Mapping[str, Any]], chosen: Chosen, file: str, *, decimal_commas: bool = False
) -> Columns:
    """Guess what the columns hold: their roles from up to 2,000 rows, types and the notation of numbers from all.

    `decimal_commas` if numbers are likely to have them. Raises NoResults where no column holds outputs or scores, or
    one holds those of several metrics, and Invalid for a column that is not there.
    """
    rows = iter(rows)
    sample = list(islice(rows, _SAMPLE_ROWS))
    columns = _guess(sample, chosen, file, decimal_commas=decimal_commas)
    without = [row for row in sample if SummaryRows(columns).label(row) is None]
    if len(without) < len(sample):
        columns = _guess(without, chosen, file, decimal_commas=decimal_commas)
    beside = any(
        numbers_in((row.get(name) for row in without), decimal_commas=False).notation == "comma"
        for name in columns.metadata
    )
    whole = WholeColumns(columns, decimal_commas=decimal_commas, commas_beside=beside)
    summaries = SummaryRows(columns)
    metrics = OneMetric(columns, chosen, file)
    for row in chain(sample, rows):
        if summaries.label(row) is None:
            metrics.require(row)
            whole.add(row)
    whole.settle()
    return columns


def _guess(sample: Sequence[Mapping[str, Any]], chosen: Chosen, file: str, *, decimal_commas: bool) -> Columns:
    values: dict[str, list[Any]] = {}
    for row in sample:
        for name, cell in row.items():
            values.setdefault(name, []).append(cell)
    numbers = {name: numbers_in(cells, decimal_commas=decimal_commas) for name, cells in values.items()}
    values = {name: [numbers[name].plain(cell) for cell in cells] for name, cells in values.items()}
    passes = None if chosen.score_columns else find_pass_counts(sample)
    columns = _Guess(sample, values, chosen, file, passes).columns()
    add_authors(columns, chosen, file)
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
        self._has_runs = False
        self._is_export = {"run", "datapoint", "log", "output"} <= values.keys()
        for named in [*chosen.inputs, *chosen.outputs, *chosen.targets, *chosen.metadata]:
            self._require(named)

    def columns(self) -> Columns:
        """Take the columns role by role. What nobody takes is a score if it can be one, else metadata."""
        chosen = self._chosen
        columns = Columns(seen=frozenset(self._values))
        columns.run = self._run()
        self._has_runs = bool(columns.run)
        columns.targets = self._several("target", chosen.targets)
        columns.runs = self._runs()
        columns.prompt_tokens = self._take_named("prompt_tokens", "input_tokens")
        columns.output_tokens = self._take_named("output_tokens", "completion_tokens")
        columns.inputs = self._several("input", chosen.inputs)
        columns.messages = self._messages(columns.inputs)
        columns.datapoint = self._one("datapoint", chosen.datapoint)
        if columns.datapoint is not None and not chosen.inputs:
            columns.metadata = self._retrieved(columns.inputs)
        if self._is_export and chosen.datapoint is None:
            own = [column for column in self._left if column.startswith(OF_DATAPOINT)]
            columns.datapoint_metadata = [self._take(column) for column in own]
        columns.metadata += [self._take(name) for name in chosen.metadata]
        columns.metadata += [self._take(name) for name in score_authors(chosen.scores).values() if name in self._left]
        if self._pass_counts is not None and all(column in self._left for column in self._pass_counts.columns):
            columns.pass_counts = self._pass_counts
            for column in self._pass_counts.columns:
                self._take(column)
        if not chosen.score_columns:
            columns.datapoint_metadata += [self._take(column) for column in self._about_datapoints(columns)]
        if len(columns.runs) == 1:
            columns.runs[0].scores.extend(self._scores())
        columns.metadata += list(self._left)
        about = (*columns.inputs, *columns.targets, *columns.metadata, *columns.datapoint_metadata)
        columns.structured = frozenset(name for name in about if holds_structures(self._values.get(name, ())))
        if not self._values:
            raise NoResults(f"{self._file} holds a header at most, and no rows.")
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
        named = [name for name in self._left if key and column_key(name) in ABOUT_DATAPOINTS]
        options = [name for name in self._left if self._score_type(name) == "select" and not names_a_score(name)]
        return [
            name
            for name in [*named, *(options if repeated else ())]
            if all(len({repr(row.get(name)) for row in rows}) == 1 for rows in repeated)
        ]

    def _run(self) -> list[str]:
        if self._chosen.run is not None:
            self._require(self._chosen.run)
            return [self._take(self._chosen.run)]
        return [self._take(column) for column in run_columns(self._left, self._sample)]

    def _retrieved(self, inputs: list[str]) -> list[str]:
        """What a run retrieved: contexts beside other inputs of datapoints with ids. They are taken from the inputs."""
        found = [column for column in inputs if column_key(column) in RETRIEVED]
        if len(found) == len(inputs):
            return []
        inputs[:] = [column for column in inputs if column not in found]
        return found

    def _messages(self, inputs: list[str]) -> str | None:
        """The input that has chat messages. One that is only called so becomes an input."""
        named = [] if self._chosen.inputs else [name for name in self._left if column_key(name) in MESSAGES]
        found = next((name for name in (*inputs, *named) if holds_messages(self._values.get(name, ()))), None)
        if found in named:
            inputs.append(self._take(found))
        return found

    def _runs(self) -> list[RunColumns]:
        named = list(self._chosen.outputs)
        wide = self._wide_outputs()
        if len(wide) > 1:
            return [self._wide(label, self._take(column), list(wide)) for label, column in wide.items()]
        output = self._take(named[0]) if named else next(iter(self._by_role("output")), None)
        scored = (
            []
            if output or self._chosen.score_columns or self._has_runs
            else scored_runs(self._own_columns(), self._values)
        )
        if scored:
            return [
                RunColumns(
                    label, None, [ScoreColumn(self._take(label), self._score_type(*scored) or "number", name="score")]
                )
                for label in scored
            ]
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
        """The output columns by the runs that they name, unless one column has the outputs of all."""
        if named := self._chosen.outputs:
            labels = {label: column for column in named if (label := run_in(column)) is not None}
            return labels if len(labels) == len(named) or len(named) < 2 else {column: column for column in named}
        return {} if self._by_role("output") else wide_outputs(self._own_columns(), self._values)

    def _own_columns(self) -> list[str]:
        """The columns that are left and no keys of the table's metadata."""
        return [column for column in self._left if not METADATA.fullmatch(column)]

    def _wide(self, label: str, output: str, labels: Sequence[str]) -> RunColumns:
        wide = WideRun(RunColumns(label=label, output=output), labels)
        for column in self._own_columns():
            if wide.take(column, list(self._values), lambda alike: self._score_type(*alike)):
                self._take(column)
        wide.explain()
        return wide.run

    def _scores(self) -> list[ScoreColumn]:
        asked = dict(score_choice(text) for text in self._chosen.score_columns)
        for name in asked:
            self._require(name)
        if self._is_export and not asked:
            self._add_unjudged()
        explanations = {}
        for column in list(self._left):
            match = _EXPLAINS.fullmatch(column)
            if match and match[1] in self._left:
                explanations[match[1]] = column
        scores: list[ScoreColumn] = []
        for column in sorted(self._left, key=self._is_part):
            if column in explanations.values() or (asked and column not in asked) or column not in self._left:
                continue
            beside = parts_beside(column, self._left, is_export=self._is_export)
            sure = asked.get(column) or self._number_type(column, beside)
            type = sure or self._score_type(column)
            if type is None and column in asked:
                sure = type = score_type("score", self._values[column]) or "text"
            if type is None and names_score(column) and len(column) <= LONGEST_NAME:
                type = "text" if self._is_judged(column) else "number"
            if type is not None:
                for other in (explanation := explanations.get(column), *beside.values()):
                    self._take(other or column)
                scores.append(
                    ScoreColumn(self._take(column), type, explanation, None, beside, is_sure=sure is not None)
                )
        self._explain(scores)
        return scores

    def _explain(self, scores: Sequence[ScoreColumn]) -> None:
        """Give scores their explanations by name: `Judge Rationale` to `Judge Score`, `Rationale` to the only score."""
        for column in list(self._left):
            base = names_explanation(column)
            if base is None or not self._has_texts(column):
                continue
            keys = {column_key(score_name(score.column)): score for score in scores if score.explanation is None}
            near = [score for key, score in keys.items() if base and (key == base or key.startswith(f"{base}_"))]
            found = near[:1] or (list(scores) if len(scores) == 1 and not base and keys else [])
            for score in found:
                score.explanation = self._take(column)

    def _has_texts(self, column: str) -> bool:
        return any(not is_missing(value) and not is_number(value) for value in self._values[column])

    def _is_part(self, column: str) -> bool:
        if is_part_of_object(column, self._values):
            return True
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
        found = [name for name in self._left if column_key(name) in NAMES[role]]
        return sorted(found, key=lambda name: NAMES[role].index(column_key(name)))

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
