"""Datapoints as an answer: a line each with input, target and the judgments of chosen runs."""

from collections.abc import Callable, Mapping, Sequence

from evals_mcp.models.review import DatapointLog, DatapointRow, DatapointRows, Overview, RunRow
from evals_mcp.summaries import figures
from evals_mcp.summaries.answer import Answer
from evals_mcp.summaries.detail import Row
from evals_mcp.summaries.judgments import judgment_word
from evals_mcp.summaries.quoting import name
from evals_mcp.summaries.subjects import opening
from evals_mcp.summaries.tokens import share
from evals_mcp.summaries.values import compact_value, size

_CAP = 100_000


def summarize_datapoints(
    overview: Overview,
    found: DatapointRows,
    runs: Sequence[RunRow],
    run_labels: Mapping[str, str],
    evaluator_labels: Mapping[str, str],
    budget: int,
    *,
    offset: int,
    next_page: Callable[[int], str],
    notes: Sequence[str] = (),
) -> str:
    """The datapoints found, from `offset` on; `next_page(shown)` is the call for those after so many."""
    answer = Answer(budget)
    answer.head(opening(overview))
    if not found.rows:
        answer.line("There are no datapoints to show.")
        return answer.text()
    columns = _columns(overview, runs)
    shown = sorted({place for places in columns.values() for place in places})
    numbers = {place: number for number, place in enumerate(shown, 1)}
    labels = [name(evaluator_labels[overview.evaluators[place].version_id]) for place in shown]
    alike = len({tuple(places) for places in columns.values()}) == 1
    if labels and alike:
        answer.line(f"Judgments in each cell: {'/'.join(labels)}; - is missing, and ; parts repeated logs.")
    elif labels:
        listed = ", ".join(f"{number} {label}" for number, label in enumerate(labels, 1))
        answer.line(f"Evaluators: {listed}. Each run's column says which it has; - is missing, ; parts repeated logs.")
    for note in notes:
        answer.note(note)
    rows = [_row(row, runs, columns) for row in found.rows]
    heads = [
        name(run_labels[run.id]) + ("" if alike else f" [{'/'.join(str(numbers[place]) for place in columns[run.id])}]")
        for run in runs
    ]
    end = offset + len(found.rows)

    def footer(amount: int) -> str:
        if offset + amount >= found.total:
            return ""
        return f"Datapoints {offset + 1:,} to {offset + amount:,} of {found.total:,}. More: {next_page(amount)}"

    answer.rows(
        rows,
        footer,
        header=" | ".join(["datapoint", "input", "target", *heads]),
        on_cut='Texts end with … where they are cut: get_logs(evaluation="…", datapoint="…") shows more of one.',
    )
    if end >= found.total:
        answer.note(f"{figures.count(found.total, 'datapoint')} in all.")
    return answer.text()


def _columns(overview: Overview, runs: Sequence[RunRow]) -> dict[str, list[int]]:
    """For each run the places of the evaluators that said something in it."""
    return {run.id: [place for place, stats in enumerate(run.stats) if stats.total_logs] for run in runs}


def _row(row: DatapointRow, runs: Sequence[RunRow], columns: Mapping[str, Sequence[int]]) -> Row:
    given = row.inputs or row.messages
    target = row.target or {}
    needs = [size(given, _CAP), size(target, _CAP)]
    logs: dict[str, list[DatapointLog]] = {}
    for log in row.logs:
        logs.setdefault(log.run_id, []).append(log)
    cells = " | ".join([_cell(logs.get(run.id, ()), columns[run.id]) for run in runs])

    def render(limit: int) -> str:
        shares = share(limit, needs)
        shown_input = compact_value(given, shares[0]) if given else "-"
        shown_target = compact_value(target, shares[1]) if target else "-"
        return " | ".join([name(row.id), _piped(shown_input), _piped(shown_target), cells])

    return Row(render, sum(needs))


def _cell(logs: Sequence[DatapointLog], places: Sequence[int]) -> str:
    if not logs:
        return "no log"
    return "; ".join(("error " if log.failed else "") + _judgments(log, places) for log in logs)


def _judgments(log: DatapointLog, places: Sequence[int]) -> str:
    words = [judgment_word(log.state(place), log.judgments[place]) for place in places]
    return "/".join("-" if word == "missing" else word for word in words) or "not judged"


def _piped(text: str) -> str:
    return text.replace("|", "\\|")
