"""A comparison in groups as an answer: a row for each group, with its pairs, difference, interval and verdict."""

from collections.abc import Sequence
from dataclasses import dataclass

from evals_mcp.answers.comparison_rows import HEADERS, comparison_cells
from evals_mcp.answers.frame import figures
from evals_mcp.answers.frame.answer import Answer
from evals_mcp.answers.frame.calls import Call, left_out
from evals_mcp.answers.frame.quoting import Quoted, name
from evals_mcp.answers.frame.tables import table
from evals_mcp.answers.group_names import group_words, subject_of
from evals_mcp.answers.subjects import subject
from evals_mcp.models.comparisons import ComparisonRow
from evals_mcp.models.groups import LEAST_PAIRS, GroupBy, GroupedComparison, GroupRow, GroupTable
from evals_mcp.models.resolved import ResolvedEvaluation
from evals_mcp.statistics.results import SIGNIFICANCE, Verdict

_BIASED = "Groups are by what the baseline gave, so their differences are biased: extremes tend to fall back."


@dataclass(frozen=True, slots=True)
class ComparedGroups:
    """A comparison in groups. `filtered` are the words for its datapoints. `chosen`: the evaluator was not named."""

    evaluation: ResolvedEvaluation
    baseline_run_id: str
    group_by: GroupBy
    found: GroupedComparison
    filtered: Quoted = ""
    chosen: bool = False
    counted: Quoted = ""

    def run(self, run_id: str) -> Quoted:
        """The label of a run."""
        return name(self.evaluation.run_labels[run_id])

    def evaluator(self, table: GroupTable) -> Quoted:
        """The label of a table's evaluator."""
        return name(self.evaluation.evaluator_labels[table.whole.evaluator_version_id or ""])


def summarize_groups(compared: ComparedGroups, budget: int, *, offset: int, call: Call) -> Quoted:
    """The rows of all groups from `offset`, largest difference first; bins of numbers in their order."""
    answer = Answer(budget)
    answer.head(f"{subject(compared.evaluation)}{compared.counted}\n{_opening(compared)}")
    for note in compared.evaluation.notes:
        answer.note(note)
    if compared.group_by.is_of_log:
        answer.head(_BIASED)
    lines = _lines(compared)
    if not lines:
        answer.line("No pairs to compare.")
        return answer.text()
    for note in _notes(compared):
        answer.note(note)
    rows = lines[1 + offset :]
    answer.rows(rows, lambda shown: left_out(len(rows) - shown, "group", call.at(offset + shown)), header=lines[0])
    return answer.text()


def _opening(compared: ComparedGroups) -> Quoted:
    run_ids = list(dict.fromkeys(table.run_id for table in compared.found.tables))
    runs = figures.listed([compared.run(run_id) for run_id in run_ids], 8)
    evaluators = list(dict.fromkeys(compared.evaluator(table) for table in compared.found.tables))
    by = f" by {figures.listed(evaluators, 8)}" if evaluators else ""
    chosen = f", for datapoints{compared.filtered}" if compared.filtered else ""
    grouped = subject_of(compared.group_by, compared.evaluation)
    return f"{runs} against baseline {compared.run(compared.baseline_run_id)}{by}, in groups of {grouped}{chosen}."


def _lines(compared: ComparedGroups) -> list[Quoted]:
    """The lines of the table, headers first."""
    tables = [item for item in compared.found.tables if item.groups]
    several_runs = len({item.run_id for item in tables}) > 1
    several_evaluators = len({item.whole.evaluator_version_id for item in tables}) > 1
    cells: list[list[Quoted]] = []
    for item in tables:
        leading: list[Quoted] = [
            compared.run(item.run_id) if several_runs else "",
            compared.evaluator(item) if several_evaluators else "",
        ]
        cells += [
            [*leading, group_words(row.name, compared.group_by), *_cells(row.comparison)]
            for row in ordered_groups(item.groups)
        ]
        if len(item.groups) > 1:
            whole = item.whole.model_copy(update={"p_value": None, "adjusted_p": None})
            cells.append([*leading, "all", *comparison_cells(whole)[:-1], ""])
    return table(
        ["candidate", "evaluator", subject_of(compared.group_by, compared.evaluation), *HEADERS[:-1], "significant"],
        cells,
    )


def _cells(row: ComparisonRow) -> list[Quoted]:
    """The cells of a group, with few words where there is no difference."""
    *cells, verdict = comparison_cells(row)
    if row.verdict == Verdict.TOO_FEW_PAIRS:
        verdict = "too few pairs"
    elif row.verdict == Verdict.NO_SIGNIFICANT_DIFFERENCE:
        was_significant = row.p_value is not None and row.p_value <= SIGNIFICANCE
        verdict = f"no (uncorrected {figures.p_value(row.p_value or 0.0)})" if was_significant else "no"
    return [*cells, verdict]


def ordered_groups(groups: Sequence[GroupRow]) -> list[GroupRow]:
    """Groups by largest difference; bins of numbers in their order."""
    if any(row.name.kind == "range" for row in groups):
        return list(groups)
    return sorted(groups, key=lambda row: (row.name.kind == "others", -abs(row.comparison.difference or 0.0)))


def _notes(compared: ComparedGroups) -> list[Quoted]:
    notes: list[Quoted] = []
    tested = max(sum(row.comparison.adjusted_p is not None for row in item.groups) for item in compared.found.tables)
    if tested > 1:
        notes.append(f"p is Holm-adjusted over the {figures.count(tested)} changed groups of each comparison.")
    every = [row for item in compared.found.tables for row in item.groups]
    if any(row.name.low != row.name.high for row in every):
        notes.append("Bins have about equally many datapoints.")
    if all(len(item.groups) < 2 for item in compared.found.tables):
        notes.append("All pairs are in one group.")
    if any(row.name.kind == "others" for row in every):
        notes.append(f"Groups with fewer than {LEAST_PAIRS} pairs are pooled as other.")
    if compared.found.unpaired_groups:
        notes.append(f"{figures.clause(compared.found.unpaired_groups, 'group', 'have no pairs')} and no row.")
    if compared.chosen and len(compared.evaluation.evaluators) > 1:
        notes.append("Other evaluators: evaluators=[…].")
    return notes
