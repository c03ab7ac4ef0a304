"""Relations of judgments as an answer: quantiles and histograms of the numbers, then their correlations."""

from collections.abc import Callable, Sequence

from evals_mcp.answers import intervals
from evals_mcp.answers.frame import figures
from evals_mcp.answers.frame.answer import Answer
from evals_mcp.answers.frame.calls import Call, left_out
from evals_mcp.answers.frame.quoting import Quoted, name
from evals_mcp.answers.frame.tables import table
from evals_mcp.answers.subjects import subject
from evals_mcp.models.relations import NumberRow, RelationRow, RelationRows
from evals_mcp.models.resolved import ResolvedEvaluation

_UNITS: dict[str, Callable[[float], Quoted]] = {"latency": figures.duration, "cost": figures.cost}
_LISTED = 6
_MEANING: Quoted = (
    "Correlations: Spearman's, or the point-biserial (pb) with true and false. By chance alone, 1 of 20 intervals "
    "misses 0."
)
_HISTOGRAM: Quoted = "Histograms: logs by value, or in equal bins from the lowest on; the last has all above."


def summarize_relations(
    evaluation: ResolvedEvaluation,
    rows: RelationRows,
    budget: int,
    *,
    filtered: Quoted = "",
    notes: Sequence[Quoted] = (),
    offset: int = 0,
    call: Call,
) -> Quoted:
    """The strongest correlations of judgments with measures first, then those of judgments with each other."""
    answer = Answer(budget)
    answer.head(f"{subject(evaluation)} Relations on {figures.count(rows.logs, 'log')}{filtered}.")
    if not rows.relations:
        answer.line("No evaluator gave numbers, true or false here.")
    for line in table(_NUMBERS, [_number(evaluation, row) for row in rows.numbers]):
        answer.line(line)
    told = sorted((row for row in rows.relations if row.correlation), key=lambda row: _strength(rows, row))
    lines = table(_RELATIONS, [_relation(evaluation, rows, row) for row in told[offset:]])
    if lines:
        answer.rows(
            lines[1:],
            lambda shown: left_out(len(lines) - 1 - shown, "relation", call.at(offset + shown)),
            header=lines[0],
        )
        answer.note(_MEANING)
    if any(row.within for row in told):
        answer.note("Within runs: after subtracting each run's mean, so that a longer and better run does not count.")
    if any(row.datapoints < row.logs for row in told):
        answer.note("Logs of one datapoint are alike, so for the intervals they count as fewer.")
    if any(row.step is not None for row in rows.numbers):
        answer.note(_HISTOGRAM)
    if same := [_called(evaluation, row) for row in rows.numbers if row.quantiles[0] == row.quantiles[-1]]:
        answer.note(f"The same on all logs, so without correlations: {figures.listed(same, _LISTED)}.")
    for note in (*notes, *evaluation.notes):
        answer.note(note)
    return answer.text()


_NUMBERS: list[Quoted] = ["number", "logs", "mean", "lowest", "10%", "median", "90%", "highest", "histogram"]
_RELATIONS: list[Quoted] = ["pair", "logs", "correlation (95%)", "within runs"]


def _called(evaluation: ResolvedEvaluation, row: NumberRow) -> Quoted:
    if row.evaluator_version_id is not None:
        return name(evaluation.evaluator_labels[row.evaluator_version_id])
    measure = name(row.measure or "")
    return f"log.{measure}" if row.measure in evaluation.evaluator_labels.values() else measure


def _number(evaluation: ResolvedEvaluation, row: NumberRow) -> list[Quoted]:
    write = _UNITS.get(row.measure or "", figures.number)
    called, logs = _called(evaluation, row), figures.count(row.logs)
    if row.is_boolean:
        return [called, logs, f"{figures.rate(row.mean)} true", "", "", "", "", "", ""]
    return [called, logs, write(row.mean), *map(write, row.quantiles), _histogram(row, write)]


def _histogram(row: NumberRow, write: Callable[[float], Quoted]) -> Quoted:
    """`1: 4, 2: 10`, or `12 40 22 9 4 0 1 3 (step 0.8)`."""
    if row.step is None:
        words: list[Quoted] = [
            f"{write(value)}: {figures.count(bar)}" for value, bar in zip(row.values, row.bars, strict=True)
        ]
        return ", ".join(words)
    return f"{' '.join([figures.number(bar) for bar in row.bars])} (step {write(row.step)})"


def _strength(rows: RelationRows, row: RelationRow) -> tuple[bool, float]:
    is_measure = rows.numbers[row.second].measure is not None
    return not is_measure, -abs(row.correlation.value if row.correlation else 0.0)


def _pair(evaluation: ResolvedEvaluation, rows: RelationRows, row: RelationRow) -> Quoted:
    return ", ".join([_called(evaluation, rows.numbers[index]) for index in (row.first, row.second)])


def _relation(evaluation: ResolvedEvaluation, rows: RelationRows, row: RelationRow) -> list[Quoted]:
    logs = figures.count(row.logs)
    kind = " pb" if row.method == "point-biserial" else ""
    return [
        _pair(evaluation, rows, row),
        logs if row.logs == row.datapoints else f"{logs} for {figures.count(row.datapoints, 'datapoint')}",
        "" if row.correlation is None else intervals.coefficient(row.correlation) + kind,
        "" if row.within is None else intervals.coefficient(row.within),
    ]
