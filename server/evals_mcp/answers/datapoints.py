"""Datapoints as an answer: a line each with input, target and the judgments of chosen runs.

Options that are sentences would drown what a row is about, so each is a letter in the cells, said below the row.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from evals_mcp.answers.frame import figures
from evals_mcp.answers.frame.answer import Answer
from evals_mcp.answers.frame.calls import Call
from evals_mcp.answers.frame.detail import Row
from evals_mcp.answers.frame.quoting import name, quote
from evals_mcp.answers.frame.tokens import share
from evals_mcp.answers.judgments import judgment_word, repeated_words
from evals_mcp.answers.subjects import subject
from evals_mcp.answers.values import compact_value, size
from evals_mcp.models.resolved import ResolvedEvaluation
from evals_mcp.models.rows import DatapointLog, DatapointRow, DatapointRows, RunRow

_CAP = 100_000
_EXCERPT = 300
_LONG_OPTION = 12  # characters, from which on an option is shown by a letter
_OPTION = 60
_MOST_OPTIONS = 26
_ROOM_FOR_ALL = 60  # characters, below which a row shows its input alone
_WORD = 12


def summarize_datapoints(
    evaluation: ResolvedEvaluation,
    found: DatapointRows,
    runs: Sequence[RunRow],
    budget: int,
    *,
    filtered: str,
    only: str | None,
    offset: int,
    call: Call,
    notes: Sequence[str] = (),
) -> str:
    """The datapoints found, from `offset` on; `filtered` says in words which, and is empty for all.

    `only` is the version id of the one evaluator to show, `call` the call that they answer.
    """
    answer = Answer(budget)
    answer.head(subject(evaluation))
    for note in (*notes, *evaluation.notes):
        answer.note(note)
    if not found.rows:
        answer.line(f"No datapoints{filtered}." if filtered else "There are no datapoints to show.")
        return answer.text()
    if filtered:
        answer.line(f"{figures.count(found.total, 'datapoint')}{filtered}.")
    columns = _columns(evaluation, runs, only)
    legend = _legend(columns, evaluation.evaluator_labels)
    if legend.line:
        answer.line(legend.line)

    def footer(amount: int) -> str:
        if offset + amount >= found.total:
            return "" if filtered else f"{figures.count(found.total, 'datapoint')} in all."
        return f"Datapoints {offset + 1:,} to {offset + amount:,} of {found.total:,}. More: {call.at(offset + amount)}"

    match = ["match"] if any(row.excerpt for row in found.rows) else []
    heads = [name(evaluation.run_labels[run.id]) + legend.heads[run.id] for run in runs]
    answer.rows(
        [_row(row, runs, columns, with_match=bool(match)) for row in found.rows],
        footer,
        header=" | ".join(["datapoint", *match, "input", "target", *heads]),
        on_cut='Texts end with … where they are cut: get_logs(evaluation="…", datapoint="…") shows more of one.',
    )
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
        return _Legend(f"Judgments in each cell: {listed}; - is missing, ×2 and ; are repeated logs.", none)
    numbers = {place: str(number) for number, place in enumerate(shown, 1)}
    listed = ", ".join(f"{number} {called[place]}" for place, number in numbers.items())
    heads = {run_id: f" [{'/'.join(numbers[place] for place in places)}]" for run_id, places in columns.items()}
    line = f"Evaluators: {listed}. Each run's column says which it has; - is missing, ×2 and ; are repeated logs."
    return _Legend(line, heads)


def _columns(evaluation: ResolvedEvaluation, runs: Sequence[RunRow], only: str | None) -> dict[str, list[int]]:
    """For each run the places of the evaluators that said something in it, or the place of the only one."""
    if only is not None:
        places = [place for place, row in enumerate(evaluation.evaluators) if row.version_id == only]
        return {run.id: places for run in runs}
    return {run.id: [place for place, stats in enumerate(run.stats) if stats.total_logs] for run in runs}


def _row(row: DatapointRow, runs: Sequence[RunRow], columns: Mapping[str, Sequence[int]], *, with_match: bool) -> Row:
    given = row.inputs or row.messages
    target = row.target or {}
    match = row.excerpt or ""
    logs: dict[str, list[DatapointLog]] = {}
    for log in row.logs:
        logs.setdefault(log.run_id, []).append(log)
    letters = _letters(row.logs, columns)
    needs = [size(given, _CAP), size(target, _CAP), sum(min(len(option), _OPTION) for option in letters)]
    cells = " | ".join([_cell(logs.get(run.id, ()), columns[run.id], letters) for run in runs])

    def render(limit: int) -> str:
        shares = share(limit, needs) if limit >= min(_ROOM_FOR_ALL, sum(needs)) else [min(limit, needs[0]), 0, 0]
        shown_input = _text(given, shares[0], needs[0])
        shown_target = _text(target, shares[1], needs[1])
        found = [_piped(quote(match, _EXCERPT)) if match else "-"] if with_match else []
        line = " | ".join([name(row.id), *found, _piped(shown_input), _piped(shown_target), cells])
        return f"{line}\n{_meanings(letters, shares[2])}" if letters and shares[2] else line

    return Row(render, sum(needs))


def _text(value: Any, limit: int, need: int) -> str:
    """A value as far as there is room for it; `…` alone where that would not be a word."""
    if not value:
        return "-"
    return compact_value(value, limit) if limit >= min(_WORD, need) else "…"


def _letters(logs: Sequence[DatapointLog], columns: Mapping[str, Sequence[int]]) -> dict[str, str]:
    """A letter for each long option that the cells of a row show."""
    said = (log.judgments[place] for log in logs for place in columns.get(log.run_id, ()))
    options = dict.fromkeys(option for value in said for option in _options(value) if len(option) >= _LONG_OPTION)
    return {option: chr(ord("A") + number) for number, option in enumerate(list(options)[:_MOST_OPTIONS])}


def _options(value: Any) -> Iterator[str]:
    if isinstance(value, list):
        yield from value


def _meanings(letters: Mapping[str, str], limit: int) -> str:
    """What the letters of a row mean, each with its part of the characters that there are for all."""
    limits = share(limit, [min(len(option), _OPTION) for option in letters])
    meant = [f"{letter} {quote(option, part)}" for (option, letter), part in zip(letters.items(), limits, strict=True)]
    return f"  {', '.join(meant)}"


def _cell(logs: Sequence[DatapointLog], places: Sequence[int], letters: Mapping[str, str]) -> str:
    if not logs:
        return "no log"
    said = [("error " if log.failed else "") + _judgments(log, places, letters) for log in logs]
    return "; ".join(repeated_words(said))


def _judgments(log: DatapointLog, places: Sequence[int], letters: Mapping[str, str]) -> str:
    words = [_word(log.state(place), log.judgments[place], letters) for place in places]
    return "/".join(words) or "not judged"


def _word(state: str, judgment: Any, letters: Mapping[str, str]) -> str:
    if state == "missing":
        return "-"
    if state != "judged" or not isinstance(judgment, list):
        return judgment_word(state, judgment)
    words = [letters.get(option) or judgment_word(state, option) for option in judgment]
    return f"[{', '.join(words)}]"


def _piped(text: str) -> str:
    return text.replace("|", "\\|")
