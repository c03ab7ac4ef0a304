"""Datapoints as an answer: a line each with input, target and the judgments of chosen runs."""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from evals_mcp.models.review import DatapointLog, DatapointRow, DatapointRows, Overview, RunRow
from evals_mcp.summaries import figures
from evals_mcp.summaries.answer import Answer
from evals_mcp.summaries.detail import Row
from evals_mcp.summaries.judgments import judgment_word
from evals_mcp.summaries.quoting import name, quote
from evals_mcp.summaries.subjects import opening
from evals_mcp.summaries.tokens import share
from evals_mcp.summaries.values import compact_value, size

_CAP = 100_000
_EXCERPT = 300


def summarize_datapoints(
    overview: Overview,
    found: DatapointRows,
    runs: Sequence[RunRow],
    run_labels: Mapping[str, str],
    evaluator_labels: Mapping[str, str],
    budget: int,
    *,
    asked: str,
    only: str | None,
    offset: int,
    next_page: Callable[[int], str],
    notes: Sequence[str] = (),
) -> str:
    """The datapoints found, from `offset` on; `asked` says in words which, and is empty for all.

    `only` is the version id of the one evaluator to show, `next_page(shown)` the call for what is behind so many.
    """
    answer = Answer(budget)
    answer.head(opening(overview))
    for note in notes:
        answer.note(note)
    if not found.rows:
        answer.line(f"No datapoints{asked}." if asked else "There are no datapoints to show.")
        return answer.text()
    if asked:
        answer.line(f"{figures.count(found.total, 'datapoint')}{asked}.")
    columns = _columns(overview, runs, only)
    legend = _legend(columns, {row.version_id: evaluator_labels[row.version_id] for row in overview.evaluators})
    if legend.line:
        answer.line(legend.line)

    def footer(amount: int) -> str:
        if offset + amount >= found.total:
            return ""
        return f"Datapoints {offset + 1:,} to {offset + amount:,} of {found.total:,}. More: {next_page(amount)}"

    match = ["match"] if any(row.excerpt for row in found.rows) else []
    heads = [name(run_labels[run.id]) + legend.heads[run.id] for run in runs]
    answer.rows(
        [_row(row, runs, columns, with_match=bool(match)) for row in found.rows],
        footer,
        header=" | ".join(["datapoint", *match, "input", "target", *heads]),
        on_cut='Texts end with … where they are cut: get_logs(evaluation="…", datapoint="…") shows more of one.',
    )
    if offset + len(found.rows) >= found.total and not asked:
        answer.note(f"{figures.count(found.total, 'datapoint')} in all.")
    return answer.text()


class _Legend(NamedTuple):
    """A line that says which evaluators the cells show, and what to add to the name of each run."""

    line: str
    heads: dict[str, str]


def _legend(columns: Mapping[str, Sequence[int]], labels: Mapping[str, str]) -> _Legend:
    shown = sorted({place for places in columns.values() for place in places})
    called = [name(label) for label in labels.values()]
    none = dict.fromkeys(columns, "")
    if not shown:
        return _Legend("", none)
    if len({tuple(places) for places in columns.values()}) == 1:
        listed = "/".join(called[place] for place in shown)
        return _Legend(f"Judgments in each cell: {listed}; - is missing, and ; parts repeated logs.", none)
    numbers = {place: str(number) for number, place in enumerate(shown, 1)}
    listed = ", ".join(f"{number} {called[place]}" for place, number in numbers.items())
    heads = {run_id: f" [{'/'.join(numbers[place] for place in places)}]" for run_id, places in columns.items()}
    line = f"Evaluators: {listed}. Each run's column says which it has; - is missing, ; parts repeated logs."
    return _Legend(line, heads)


def _columns(overview: Overview, runs: Sequence[RunRow], only: str | None) -> dict[str, list[int]]:
    """For each run the places of the evaluators that said something in it, or the place of the only one."""
    if only is not None:
        places = [place for place, row in enumerate(overview.evaluators) if row.version_id == only]
        return {run.id: places for run in runs}
    return {run.id: [place for place, stats in enumerate(run.stats) if stats.total_logs] for run in runs}


def _row(row: DatapointRow, runs: Sequence[RunRow], columns: Mapping[str, Sequence[int]], *, with_match: bool) -> Row:
    given = row.inputs or row.messages
    target = row.target or {}
    match = row.excerpt or ""
    needs = [size(given, _CAP), size(target, _CAP)]
    logs: dict[str, list[DatapointLog]] = {}
    for log in row.logs:
        logs.setdefault(log.run_id, []).append(log)
    cells = " | ".join([_cell(logs.get(run.id, ()), columns[run.id]) for run in runs])

    def render(limit: int) -> str:
        shares = share(limit, needs)
        shown_input = compact_value(given, shares[0]) if given else "-"
        shown_target = compact_value(target, shares[1]) if target else "-"
        found = [_piped(quote(match, _EXCERPT)) if match else "-"] if with_match else []
        return " | ".join([name(row.id), *found, _piped(shown_input), _piped(shown_target), cells])

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
