"""The log that a reviewer gets: why, its texts, the judgments, how far the review is, and what to call next."""

from collections.abc import Sequence
from typing import Any

from evals_mcp.answers.frame import figures
from evals_mcp.answers.frame.answer import Answer
from evals_mcp.answers.frame.calls import Call, left_out, next_call
from evals_mcp.answers.frame.detail import Row
from evals_mcp.answers.frame.quoting import Quoted, cell, name, quote
from evals_mcp.answers.judgments import by_author, judgment_word, verdict_words
from evals_mcp.answers.outputs import Part, compared_outputs, output_parts
from evals_mcp.answers.review_progress import progress_lines
from evals_mcp.answers.subjects import subject
from evals_mcp.answers.values import compact_value, size
from evals_mcp.models.resolved import ResolvedEvaluation
from evals_mcp.models.review_queue import PreviousReview, ReviewAnswer, ReviewItem, ReviewOrder
from evals_mcp.models.rows import JudgmentRow, LogRow
from evals_mcp.truncation import full_length

_CAP = 1_000_000
_LONGEST = 60
_LISTED = 6
_BLIND = "Reason and judgments are hidden until the log has a label (blind)."
NONE_LEFT: dict[ReviewOrder, Quoted] = {
    "auto": "No log is left to review.",
    "even": "No log is left to review.",
    "regression": "No regression is left without a label.",
    "disagreement": "No log on which evaluators disagree is left without a label.",
    "slice": "No free log is in a slice where a judge agrees less with people than elsewhere (3 or more labels in it).",
}
"""What to say if no log is left, by order."""


def summarize_review(
    evaluation: ResolvedEvaluation,
    found: ReviewAnswer,
    reviewer: str,
    order: ReviewOrder,
    budget: int,
    *,
    filtered: Quoted,
    blind: bool,
    call: Call,
) -> Quoted:
    """The log to review, or that none is left. `filtered` is the filter in words; `call` asks for the next one."""
    answer = Answer(budget)
    item = found.item
    if item is None:
        answer.head(f"{subject(evaluation)} Review by {cell(reviewer, _LONGEST)}. {NONE_LEFT[order]}")
    else:
        answer.head(_head(evaluation, item, reviewer))
        answer.line(_BLIND if blind else f"Why: {reason_words(evaluation, item)}.")
    for line in progress_lines(evaluation, found.progress, filtered):
        answer.line(line)
    if found.previous is not None:
        answer.line(_before(evaluation, found.previous))
    if item is None:
        answer.offer(f"Any log: {call.text(order='auto')}" if order not in ("auto", "even") else _agreement(evaluation))
        return answer.text()
    answer.offer(f"Then, or to skip it (skip=true): {call.text()}")
    rows = [_part_row(part) for part in _parts(evaluation, item)]
    read, label = next_call("get_log", log=item.log.id), f"Label it: {_label_call(evaluation, item, reviewer)}"
    answer.rows(
        rows,
        lambda shown: "\n".join(filter(None, (left_out(len(rows) - shown, "part", read), label))),
        on_cut=f"… marks cut text. Read it in full: {read}",
    )
    return answer.text()


def _head(evaluation: ResolvedEvaluation, item: ReviewItem, reviewer: str) -> Quoted:
    log = item.log
    of = f"log {name(log.id)} of run {name(evaluation.run_labels.get(log.run_id, log.run_id))}"
    of += f", datapoint {name(log.datapoint_id)}" if log.datapoint_id else ""
    who = cell(reviewer, _LONGEST)
    return f"{subject(evaluation)} Review by {who}: {of}. Yours until {figures.date(item.leased_until)}."


def reason_words(evaluation: ResolvedEvaluation, item: ReviewItem) -> Quoted:
    """Why the log is handed out."""
    detail = item.detail
    match item.reason:
        case "regression":
            judges = [_label(evaluation, version_id) for version_id in detail.evaluator_version_ids]
            against = evaluation.run_labels.get(detail.baseline_run_id or "", detail.baseline_run_id or "")
            return f"worse than baseline {name(against)} by {figures.listed(judges, _LISTED)}"
        case "disagreement":
            return "evaluators disagree on it"
        case "slice" if detail.slice is not None:
            of = detail.slice
            judge = _label(evaluation, of.evaluator_version_id)
            where = f"{name(of.key or of.part)}={cell(of.value, _LONGEST)}"
            equal = f"{figures.count(of.agreed)} of {figures.count(of.labels, 'label')}"
            return f"{judge} equals only {equal} where {where}, fewer than elsewhere"
    if item.is_sample:
        return "next of the even sample of this run, which the figures of agreement use"
    return (
        "next in an even order of these logs (where narrows them, so it does not count as the even sample of the run)"
    )


def _label(evaluation: ResolvedEvaluation, version_id: str) -> Quoted:
    return name(evaluation.evaluator_labels.get(version_id, version_id))


def _parts(evaluation: ResolvedEvaluation, item: ReviewItem) -> list[Part]:
    """Input, target, output (or both, if the point is a comparison), then the judgments."""
    log = item.log
    parts: list[Part] = []
    for label, value in (("input", log.inputs), ("messages", log.messages), ("target", log.target)):
        if value:
            parts.append((label, _value(value)))
    if item.baseline is None:
        return [*parts, *output_parts(log), *_judgments(evaluation, log, "")]
    parts += [(label.replace("candidate", "this log"), part) for label, part in compared_outputs(item.baseline, log)]
    parts += _judgments(evaluation, item.baseline, " of baseline")
    return parts + _judgments(evaluation, log, " of this log")


def _value(value: Any) -> Row:
    return Row(lambda limit: compact_value(value, limit), size(value, _CAP))


def _judgments(evaluation: ResolvedEvaluation, log: LogRow, side: Quoted) -> list[Part]:
    """Each judgment with its explanation. Missing ones are left out."""
    return [
        (f"{_label(evaluation, row.evaluator_version_id)}{side}", _judgment(row))
        for row in log.judgments
        if row.state != "missing"
    ]


def _judgment(row: JudgmentRow) -> Row:
    words = _word(row)
    if not row.text:
        return Row(lambda _: words, 0)
    return Row(lambda limit: f"{words}, {quote(row.text, limit)}", full_length(row.text))


def _word(row: JudgmentRow) -> Quoted:
    beside = verdict_words(row.judgment, row.score, row.passed, row.threshold)
    word = " ".join([judgment_word(row.state, row.judgment), *beside])
    return word + by_author(row.author) if row.author else word


def _part_row(part: Part) -> Row:
    label, row = part
    return Row(lambda limit: f"{label}: {row.render(limit)}", row.need)


def _before(evaluation: ResolvedEvaluation, previous: PreviousReview) -> Quoted:
    """`Before: log_x, human false by ann, judge true.`"""
    judged: Sequence[Quoted] = [
        f"{_label(evaluation, row.evaluator_version_id)} {_word(row)}"
        for row in previous.judgments
        if row.state != "missing"
    ]
    return f"Before: {name(previous.log_id)}, {figures.listed(list(judged), _LISTED)}."


def _label_call(evaluation: ResolvedEvaluation, item: ReviewItem, reviewer: str) -> Quoted:
    """The call that labels the log: by the evaluator of people if there is one, with a free note if there is none."""
    people = [row for row in evaluation.evaluators if row.evaluator_type == "human"]
    given: dict[str, object] = {"evaluation": evaluation.id, "logs": [item.log.id]}
    if people:
        given["evaluator"] = evaluation.evaluator_labels[people[0].version_id] if len(people) == 1 else "…"
    if any(row.return_type != "text" for row in people):
        given["judgment"] = "…"
    return next_call("label_logs", **given, note="…", kind="human", author=reviewer)


def _agreement(evaluation: ResolvedEvaluation) -> Quoted:
    return f"Agreement: {next_call('list_runs', evaluation=evaluation.id, show='agreement')}"
