"""Datapoints as an answer: one line each with input, target and the judgments of the chosen runs.

Long options would hide the rest of a row, so a letter stands for each in the cells, explained below the row.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from evals_mcp.answers.alike import alike_in, below_shared, find_alike
from evals_mcp.answers.frame import figures
from evals_mcp.answers.frame.answer import Answer
from evals_mcp.answers.frame.calls import Call
from evals_mcp.answers.frame.detail import Row
from evals_mcp.answers.frame.quoting import Quoted, name, quote
from evals_mcp.answers.frame.short_ids import short_ids
from evals_mcp.answers.frame.tokens import share
from evals_mcp.answers.judgments import judgment_word, repeated_words
from evals_mcp.answers.matches import match_quote
from evals_mcp.answers.subjects import subject
from evals_mcp.models.judgments import JudgmentState
from evals_mcp.models.resolved import ResolvedEvaluation
from evals_mcp.models.rows import DatapointLog, DatapointRow, DatapointRows, RunRow

_LONG_OPTION = 12  # characters; longer options are shown as letters
_LETTERS: tuple[Quoted, ...] = tuple("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
_ROOM_FOR_ALL = 60  # characters; with less room, a row shows only its input
_WORD = 12
_LEAST_RUNS = 4
_TOKENS_PER_RUN = 60  # of the budget; a run has a label and a cell in each row


def summarize_datapoints(
    evaluation: ResolvedEvaluation,
    found: DatapointRows,
    runs: Sequence[RunRow],
    budget: int,
    *,
    filtered: Quoted,
    untold: Quoted | None,
    only: Sequence[str],
    offset: int,
    call: Call,
    notes: Sequence[Quoted] = (),
) -> Quoted:
    """The datapoints found, from `offset`. `filtered` is the filter in words; empty for all.

    `untold` is what is known if no evaluator could tell, so that none found is not "none"; else None.
    `only` has the version ids of the evaluators to show, empty for all; `call` is the answered call.
    """
    answer = Answer(budget)
    answer.head(subject(evaluation))
    for note in (*notes, *evaluation.notes):
        answer.note(note)
    if not found.rows:
        if untold is not None:
            answer.head(f"No evaluator here can tell the datapoints{filtered}.{untold}")
            return answer.text()
        if found.total:
            answer.head(f"No further datapoints{filtered}: {figures.count(found.total)} before.")
            return answer.text()
        answer.head(f"No datapoints{filtered}." if filtered else "No datapoints to show.")
        return answer.text()
    if filtered:
        answer.head(f"{figures.count(found.total, 'datapoint')}{filtered}.")
    every, runs = runs, runs[: max(_LEAST_RUNS, budget // _TOKENS_PER_RUN)]
    if len(runs) < len(every):
        answer.head(f"Columns: {figures.count(len(runs))} of {figures.count(len(every))} runs. Use runs= for others.")
    columns = _varying_columns(answer, evaluation, found, _columns(evaluation, runs, only), all_vary=bool(only))
    legend = _legend(columns, evaluation.evaluator_labels, _signs(found.rows, columns))
    if legend.line:
        answer.head(legend.line)

    def footer(amount: int) -> Quoted:
        if offset + amount >= found.total:
            return "" if filtered else f"{figures.count(found.total, 'datapoint')} in all."
        first, last, total = map(figures.count, (offset + 1, offset + amount, found.total))
        following = [found.rows[amount - 1].id] if filtered and amount else []
        return f"Datapoints {first}–{last} of {total}. More: {call.at(offset + amount, *following)}"

    heads = [name(evaluation.run_labels[run.id]) + legend.heads[run.id] for run in runs]
    header, rows = _table(found.rows, runs, columns, heads)
    answer.rows(
        rows, footer, header=header, on_cut='… marks cut text. Show more: get_logs(evaluation="…", datapoint="…")'
    )
    return answer.text()


def _varying_columns(
    answer: Answer,
    evaluation: ResolvedEvaluation,
    found: DatapointRows,
    columns: dict[str, list[int]],
    *,
    all_vary: bool,
) -> dict[str, list[int]]:
    """The evaluators of each run without those that judge all rows alike, which the answer then tells once."""
    constant = {} if all_vary else _constant(found.rows, columns)
    if constant:
        labels = [name(label) for label in evaluation.evaluator_labels.values()]
        told = ", ".join(f"{labels[index]} {word}" for index, word in constant.items())
        answer.head(f"{alike_in(len(found.rows), found.total)}: {told}.")
    return {run_id: [index for index in indexes if index not in constant] for run_id, indexes in columns.items()}


def _table(
    found: Sequence[DatapointRow], runs: Sequence[RunRow], columns: Mapping[str, Sequence[int]], heads: Sequence[Quoted]
) -> tuple[Quoted, list[Row]]:
    """The header, and a row for each datapoint. What their texts have alike stands above the first."""
    inputs = find_alike([row.inputs or row.messages for row in found])
    chats = [row.messages if row.inputs else None for row in found]
    messages, targets = find_alike(chats), find_alike([row.target for row in found])
    match: list[Quoted] = ["match"] if any(row.excerpt for row in found) else []
    ids = short_ids(row.id for row in found)
    rows = [
        _row(
            row,
            [name(ids[row.id]), *([_piped(match_quote(row.excerpt)) if row.excerpt else "-"] if match else [])],
            [
                inputs.row(index, row.inputs or row.messages),
                *([messages.row(index, chats[index])] if any(chats) else []),
                targets.row(index, row.target),
            ],
            runs,
            columns,
        )
        for index, row in enumerate(found)
    ]
    shared = [*inputs.shared("input"), *messages.shared("messages"), *targets.shared("target")]
    texts = [inputs.heading("input"), *([messages.heading("messages")] if any(chats) else [])]
    header = " | ".join(["datapoint", *match, *texts, targets.heading("target"), *heads])
    return header, [below_shared(shared, rows[0]), *rows[1:]]


class _Legend(NamedTuple):
    """A line with the evaluators in the cells, and a suffix for the name of each run."""

    line: Quoted
    heads: dict[str, Quoted]


def _legend(columns: Mapping[str, Sequence[int]], labels: Mapping[str, str], signs: Quoted) -> _Legend:
    shown = sorted({index for indexes in columns.values() for index in indexes})
    called = [name(label) for label in labels.values()]
    none: dict[str, Quoted] = dict.fromkeys(columns, "")
    if not shown:
        return _Legend("", none)
    if len({tuple(indexes) for indexes in columns.values()}) == 1:
        listed = "/".join(called[index] for index in shown)
        return _Legend(f"Cells: {listed}{signs}.", none)
    numbers = {index: figures.count(number) for number, index in enumerate(shown, 1)}
    listed = ", ".join(f"{number} {called[index]}" for index, number in numbers.items())
    heads = {run_id: "/".join(numbers[index] for index in indexes) for run_id, indexes in columns.items()}
    line = f"Cells: the evaluators in [ ], {listed}{signs}."
    return _Legend(line, {run_id: f" [{shown_here}]" for run_id, shown_here in heads.items()})


def _columns(evaluation: ResolvedEvaluation, runs: Sequence[RunRow], only: Sequence[str]) -> dict[str, list[int]]:
    """For each run, the indexes of its evaluators with judgments, or those of the only ones."""
    if only:
        indexes = sorted(map(evaluation.index_of, only))
        return {run.id: indexes for run in runs}
    return {run.id: [index for index, stats in enumerate(run.stats) if stats.total_logs] for run in runs}


def _constant(rows: Sequence[DatapointRow], columns: Mapping[str, Sequence[int]]) -> dict[int, Quoted]:
    """The evaluators with the same judgment of all these logs, unless there is only one evaluator, and its word."""
    logs = [(log, columns.get(log.run_id, ())) for row in rows for log in row.logs]
    shown = {index for indexes in columns.values() for index in indexes}
    constant = {index: word for index in shown if len(logs) > 1 and (word := _only_word(logs, index))}
    return constant if len(constant) < len(shown) and "missing" not in constant.values() else {}


def _only_word(logs: Sequence[tuple[DatapointLog, Sequence[int]]], index: int) -> Quoted:
    """The word of all judgments by an evaluator; "" if they differ or there are none."""
    only: Quoted = ""
    for log, indexes in logs:
        if index in indexes:
            word = _word(log, index, {})
            if only and word != only:
                return ""
            only = word
    return only


def _signs(rows: Sequence[DatapointRow], columns: Mapping[str, Sequence[int]]) -> Quoted:
    """What the signs in the cells mean, as far as there are any."""
    logs = [log for row in rows for log in row.logs]
    signs: list[Quoted] = []
    silent = [log for log in logs if "m" in log.states]
    if any(log.state(index) == "missing" for log in silent for index in columns.get(log.run_id, ())):
        signs.append("- = missing")
    if len({(row.id, log.run_id) for row in rows for log in row.logs}) < len(logs):
        signs.append("×2 and ; = repeated logs")
    if any(log.others for log in logs):
        signs.append("+ = authors differ")
    if len(columns) > 1 and max(map(len, columns.values())) > 1:
        signs.append("= as to the left")
    return f" ({'; '.join(signs)})" if signs else ""


def _row(
    row: DatapointRow,
    first: Sequence[Quoted],
    texts: Sequence[Row | None],
    runs: Sequence[RunRow],
    columns: Mapping[str, Sequence[int]],
) -> Row:
    logs: dict[str, list[DatapointLog]] = {}
    for log in row.logs:
        logs.setdefault(log.run_id, []).append(log)
    letters = _letters(row.logs, columns)
    needs = [0 if text is None else text.need for text in texts]
    needs.append(sum(map(len, letters)))
    cells = " | ".join(_repeated([_cell(logs.get(run.id, ()), columns[run.id], letters) for run in runs]))

    def render(limit: int) -> Quoted:
        shares = (
            share(limit, needs)
            if limit >= min(_ROOM_FOR_ALL, sum(needs))
            else [min(limit, needs[0]), *(0 for _ in texts)]
        )
        shown = [_piped(_text(text, room)) for text, room in zip(texts, shares, strict=False)]
        line = " | ".join([*first, *shown, cells])
        return f"{line}\n{_meanings(letters, shares[-1])}" if letters and shares[-1] else line

    return Row(render, sum(needs))


def _repeated(cells: Sequence[Quoted]) -> list[Quoted]:
    """The cells, with a ditto mark for those of several judgments that are as the one before."""
    return ["=" if "/" in cell and index and cell == cells[index - 1] else cell for index, cell in enumerate(cells)]


def _text(text: Row | None, limit: int) -> Quoted:
    """A text as far as there is room; only `…` if there is no room for a word."""
    if text is None:
        return "-"
    return text.render(limit) if limit >= min(_WORD, text.need) else "…"


def _letters(logs: Sequence[DatapointLog], columns: Mapping[str, Sequence[int]]) -> dict[str, Quoted]:
    """A letter for each long option in the cells of a row."""
    logs = [log for log in logs if log.others or list in map(type, log.judgments)]
    judgments = (value for log in logs for index in columns.get(log.run_id, ()) for _, value in log.each(index))
    options = dict.fromkeys(option for value in judgments for option in _options(value) if len(option) >= _LONG_OPTION)
    return dict(zip(options, _LETTERS, strict=False))


def _options(value: Any) -> Iterator[str]:
    if isinstance(value, list):
        yield from value


def _meanings(letters: Mapping[str, Quoted], limit: int) -> Quoted:
    """The meaning of a row's letters, which share `limit` characters."""
    limits = share(limit, list(map(len, letters)))
    meant = (f"{letter} {quote(option, part)}" for (option, letter), part in zip(letters.items(), limits, strict=True))
    return f"  {', '.join(meant)}"


def _cell(logs: Sequence[DatapointLog], indexes: Sequence[int], letters: Mapping[str, Quoted]) -> Quoted:
    if not logs:
        return "no log"
    words: list[Quoted] = [("error " if log.failed else "") + _judgments(log, indexes, letters) for log in logs]
    return "; ".join(repeated_words(words))


def _judgments(log: DatapointLog, indexes: Sequence[int], letters: Mapping[str, Quoted]) -> Quoted:
    words = [_word(log, index, letters) for index in indexes]
    return "/".join(words) or "not judged"


def _word(log: DatapointLog, index: int, letters: Mapping[str, Quoted]) -> Quoted:
    """The judgments of all authors who judged otherwise than another."""
    if not log.others:
        return _one_word(log.state(index), log.judgments[index], letters)
    return "+".join(_one_word(state, judgment, letters) for state, judgment in log.each(index))


def _one_word(state: JudgmentState, judgment: Any, letters: Mapping[str, Quoted]) -> Quoted:
    if state == "missing":
        return "-"
    if state != "judged" or not isinstance(judgment, list):
        return judgment_word(state, judgment)
    words: list[Quoted] = [letters.get(option) or judgment_word(state, option) for option in judgment]
    return f"[{', '.join(words)}]"


def _piped(text: Quoted) -> Quoted:
    return text.replace("|", "\\|")
