"""Two logs of one datapoint side by side: the difference of their outputs, and both judgments. No statistics."""

from collections.abc import Sequence
from typing import Any

from evals_mcp.answers.changes import difference_row
from evals_mcp.answers.field_changes import field_changes, json_container
from evals_mcp.answers.frame import figures
from evals_mcp.answers.frame.answer import Answer
from evals_mcp.answers.frame.calls import left_out, next_call
from evals_mcp.answers.frame.detail import Row
from evals_mcp.answers.frame.quoting import Quoted, name, quote
from evals_mcp.answers.frame.tokens import share
from evals_mcp.answers.log_parts import (
    LabeledJudgment,
    Part,
    labeled_judgments,
    list_parts,
    log_document,
    part_row,
    part_text,
)
from evals_mcp.answers.traces import fact_words, list_steps, version_words
from evals_mcp.models.logs import LogResponse, log_output
from evals_mcp.models.rows import DatapointContent

_COMPARED = ("inputs", "messages", "output", "output_message", "error")
_SIDES: tuple[Quoted, ...] = ("A", "B")
_TOKENS_PER_PART = 400  # of the budget; with less, messages and inputs stay in one piece


def summarize_pair(
    log: LogResponse,
    other: LogResponse,
    runs: tuple[str | None, str],
    others: int,
    budget: int,
    datapoint: DatapointContent | None = None,
) -> Quoted:
    """A log (A) beside another run's log (B) for the same datapoint. That run has `others` more.

    `runs` are the labels of both; None if the first is in no run.
    """
    answer = Answer(budget)
    answer.head(
        f"Two logs for datapoint {name(log.source_datapoint_id or '')}.\n"
        f"A: {_opening(log)}{f'; in run {name(runs[0])}' if runs[0] else ''}.\n"
        f"B: {_opening(other)}; in run {name(runs[1])}" + (", newest of several" if others else "") + "."
    )
    rows = _compared_rows(log, other, max(2, budget // _TOKENS_PER_PART))
    if datapoint is not None and datapoint.target:
        rows.insert(0, part_row(log.id, Part("target", "target", datapoint.target)))
    rows += _judgment_rows(labeled_judgments(log), labeled_judgments(other))
    steps = [figures.count(len(list_steps(item)), "step") for item in (log, other)]
    if any(item.trace_children for item in (log, other)):
        rows.append(_fixed(f'trace: A {steps[0]}, B {steps[1]}. Read one: get_log(log="…", part="trace")'))
    answer.rows(rows, lambda shown: _unshown(log, other, len(rows) - shown))
    return answer.text()


def _opening(log: LogResponse) -> Quoted:
    return "; ".join([f"{name(log.id)} of {version_words(log)}", *fact_words(log)])


def _compared_rows(log: LogResponse, other: LogResponse, most: int) -> list[Row]:
    """Inputs, messages, outputs and errors: once if equal, else the difference or both."""
    mine, theirs = _parts(log, most), _parts(other, most)
    rows = []
    for path in dict.fromkeys([*mine, *theirs]):
        sides: list[tuple[Quoted, LogResponse, Part | None]] = [
            ("A", log, mine.get(path)),
            ("B", other, theirs.get(path)),
        ]
        texts = [part_text(part.value) for _, _, part in sides if part is not None]
        heading = next(part.heading for _, _, part in sides if part is not None)
        if len(texts) == 2 and texts[0] == texts[1]:
            rows.append(part_row(log.id, mine[path]._replace(heading=f"{heading} of both")))
        elif len(texts) == 2 and path == "output" and (fields := _fields(texts[1], texts[0])) is not None:
            rows.append(_headed(f"{heading}, fields, B → A", fields))
        elif (
            len(texts) == 2
            and not path.endswith("calls")
            and (difference := difference_row(texts[1], texts[0])) is not None
        ):
            rows.append(_headed(f"{heading}, - only in B, + only in A", difference))
        else:
            rows += [
                part_row(item.id, part._replace(heading=f"{heading} of {side}"))
                for side, item, part in sides
                if part is not None
            ]
    silent: list[Quoted] = [
        side for side, item in (("A", log), ("B", other)) if log_output(item) is None and not _message(item)
    ]
    return rows + [_fixed(f"no output of {side}") for side in silent]


def _fields(old: str, new: str) -> Row | None:
    """The difference of two JSON objects or lists; None for other texts."""
    values = [json_container(text) for text in (old, new)]
    if values[0] is None or type(values[0]) is not type(values[1]) or values[0] == values[1]:
        return None
    return field_changes(values[0], values[1])


def _parts(log: LogResponse, most: int) -> dict[str, Part]:
    document: dict[Quoted, Any] = {key: value for key, value in log_document(log).items() if key in _COMPARED}
    return {part.path: part for part in list_parts(log, document, most)}


def _message(log: LogResponse) -> bool:
    """Whether a log has an output message beyond its text: tool calls, or parts such as images."""
    return "output_message" in log_document(log)


def _judgment_rows(mine: Sequence[LabeledJudgment], theirs: Sequence[LabeledJudgment]) -> list[Row]:
    labels = list(dict.fromkeys(judgment.evaluator for judgment in (*mine, *theirs)))
    return [_judgment_row(label, _named(mine, label), _named(theirs, label)) for label in labels] or [
        _fixed("Neither is judged.")
    ]


_Judged = Sequence[LabeledJudgment | None]


def _named(judgments: Sequence[LabeledJudgment], evaluator: str) -> _Judged:
    """The judgments by an evaluator; one None if it is missing."""
    return [judgment for judgment in judgments if judgment.evaluator == evaluator] or [None]


def _judgment_row(label: str, mine: _Judged, theirs: _Judged) -> Row:
    judged = [(side, item) for side, found in zip(_SIDES, (mine, theirs), strict=True) for item in found]
    texts = [(judgment and (judgment.error or judgment.explanation)) or "" for _, judgment in judged]
    needs = [len(text) for text in texts]

    def render(limit: int) -> Quoted:
        limits = share(limit, needs)
        words = (
            f"{side} {'missing' if judgment is None else judgment.word}"
            + (f" ({quote(text, part)})" if text and part >= min(len(text), 20) else "")
            for (side, judgment), text, part in zip(judged, texts, limits, strict=True)
        )
        return f"{name(label)}: {', '.join(words)}"

    return Row(render, sum(needs))


def _headed(heading: Quoted, row: Row) -> Row:
    return Row(lambda limit: f"{heading}: {row.render(limit)}", row.need)


def _fixed(text: Quoted) -> Row:
    return Row(lambda _: text, 0)


def _unshown(log: LogResponse, other: LogResponse, amount: int) -> Quoted:
    calls = f"{next_call('get_log', log=log.id)}, {next_call('get_log', log=other.id)}"
    return left_out(amount, "part", calls)
