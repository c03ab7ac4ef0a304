"""Repeated logs of datapoints as an answer: a row for each evaluator and run, and what the rates mean."""

from collections.abc import Sequence

from evals_mcp.answers import intervals
from evals_mcp.answers.frame import figures
from evals_mcp.answers.frame.answer import Answer
from evals_mcp.answers.frame.calls import Call, left_out
from evals_mcp.answers.frame.quoting import Quoted, name
from evals_mcp.answers.frame.tables import table
from evals_mcp.answers.subjects import subject
from evals_mcp.models.repeats import RepeatedRates, RepeatRow, RepeatRows, RunRepeats
from evals_mcp.models.resolved import ResolvedEvaluation
from evals_mcp.models.rows import EvaluatorRow

_LISTED = 6
_RATES: Quoted = (
    "Any of k (pass@k): the chance that at least one of k logs of a datapoint passes; all of k (pass^k): that all do. "
    "Unbiased, for datapoints with at least k logs."
)
_SPREAD: Quoted = (
    "SD within: how far logs of one datapoint are from their mean (standard deviation). Differ: datapoints whose logs "
    "are not all judged the same. Intervals (95%) count each datapoint once."
)
_NO_REPEATS: Quoted = (
    "No run has two judged logs of one datapoint, so nothing is known about repeats. To measure them, log and judge "
    "each datapoint several times in one run."
)
_HEADERS: list[Quoted] = [
    *("evaluator", "run", "datapoints", "logs each", "mean (95%)", "SD within", "differ"),
    *("any of k (95%)", "all of k (95%)"),
]


def summarize_repeats(
    evaluation: ResolvedEvaluation,
    rows: RepeatRows,
    budget: int,
    *,
    filtered: Quoted = "",
    notes: Sequence[Quoted] = (),
    offset: int = 0,
    call: Call,
) -> Quoted:
    """By evaluator, its runs in order."""
    answer = Answer(budget)
    answer.head(f"{subject(evaluation)} Repeats on {figures.count(rows.logs, 'log')}{filtered}.")
    if rows.logs and not rows.rows:
        answer.line(f"{_logs_of_runs(evaluation, rows.runs)} {_NO_REPEATS}")
    lines = table(_HEADERS, [_cells(evaluation, row) for row in rows.rows[offset:]])
    if lines:
        answer.rows(
            lines[1:],
            lambda shown: left_out(len(lines) - 1 - shown, "row", call.at(offset + shown)),
            header=lines[0],
        )
        answer.note(_SPREAD)
    if any(row.rates for row in rows.rows):
        answer.note(_RATES)
    for note in (*_exclusions(evaluation, rows), *notes, *evaluation.notes):
        answer.note(note)
    if offered := _differing(evaluation, rows.rows):
        answer.offer(offered)
    return answer.text()


def _cells(evaluation: ResolvedEvaluation, row: RepeatRow) -> list[Quoted]:
    called = name(evaluation.evaluator_labels[row.evaluator_version_id])
    return [
        f"{called}{_passing(_evaluator(evaluation, row), row)}",
        name(evaluation.run_labels[row.run_id]),
        _of(row.datapoints, row.judged),
        _range(row),
        "" if row.mean is None else _mean(row),
        "" if row.within is None else figures.number(row.within),
        _of(row.varying, row.datapoints),
        _of_each_k(row.rates, "any"),
        _of_each_k(row.rates, "all"),
    ]


def _evaluator(evaluation: ResolvedEvaluation, row: RepeatRow) -> EvaluatorRow:
    return evaluation.evaluators[evaluation.index_of(row.evaluator_version_id)]


def _passing(evaluator: EvaluatorRow, row: RepeatRow) -> Quoted:
    """What passes, where it is not true: ` (false passes)`."""
    if row.judgments != "passes":
        return ""
    if evaluator.return_type == "boolean":
        return " (false passes)" if evaluator.lower_is_better else ""
    return " (passes)"


def _mean(row: RepeatRow) -> Quoted:
    assert row.mean is not None
    return intervals.coefficient(row.mean) if row.judgments == "numbers" else intervals.rate(row.mean)


def _of(amount: int, every: int) -> Quoted:
    return figures.count(amount) if amount == every else f"{figures.count(amount)} of {figures.count(every)}"


def _of_each_k(rates: Sequence[RepeatedRates], which: Quoted) -> Quoted:
    """`2: 71% (63 to 78); 5: 86% (80 to 91)`."""
    return "; ".join(
        [f"{figures.count(item.k)}: {intervals.rate(item.any_of if which == 'any' else item.all_of)}" for item in rates]
    )


def _logs_of_runs(evaluation: ResolvedEvaluation, runs: Sequence[RunRepeats]) -> Quoted:
    """How many logs datapoints have: `Each datapoint has one log here.`, or by run."""
    if all(run.most <= 1 for run in runs):
        return "Each datapoint has one log in a run."
    logs: list[Quoted] = [f"{_range(run)} in {_label(evaluation, run)}" for run in runs]
    return f"Logs of each datapoint: {figures.listed(logs, _LISTED)}."


def _range(row: RepeatRow | RunRepeats) -> Quoted:
    return (
        figures.count(row.fewest)
        if row.fewest == row.most
        else f"{figures.count(row.fewest)} to {figures.count(row.most)}"
    )


def _exclusions(evaluation: ResolvedEvaluation, rows: RepeatRows) -> list[Quoted]:
    """Runs and datapoints that are in no figure."""
    notes: list[Quoted] = []
    if any(row.datapoints < row.judged for row in rows.rows):
        notes.append("Datapoints with fewer judged logs than the highest k are in no figure of their row.")
    repeated = {row.run_id for row in rows.rows}
    once = [run for run in rows.runs if run.run_id not in repeated]
    if rows.rows and once:
        notes.append(f"Without repeats: {figures.listed([_label(evaluation, run) for run in once], _LISTED)}.")
    if unpaired := sum(run.unpaired for run in rows.runs):
        notes.append(f"Excluded: {figures.count(unpaired, 'log')} without a datapoint.")
    return notes


def _label(evaluation: ResolvedEvaluation, run: RunRepeats) -> Quoted:
    return name(evaluation.run_labels[run.run_id])


def _differing(evaluation: ResolvedEvaluation, rows: Sequence[RepeatRow]) -> Quoted:
    """The call that shows the datapoints of the row whose logs differ most often."""
    told = [row for row in rows if row.varying and row.judgments != "numbers"]
    if not told:
        return ""
    row = max(told, key=lambda item: item.varying / item.datapoints)
    run, evaluator = evaluation.run_labels[row.run_id], evaluation.evaluator_labels[row.evaluator_version_id]
    given = {"evaluation": evaluation.id, "show": "disagreement", "runs": [run], "evaluator": evaluator}
    shown = Call("list_datapoints", given, {}).text()
    return f"Disagreements of {name(evaluator)} in {name(run)}, between logs or with other evaluators: {shown}"
