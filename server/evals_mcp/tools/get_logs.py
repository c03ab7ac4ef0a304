"""The tool get_logs."""

from typing import Annotated

from pydantic import Field

from evals_mcp.errors import Invalid
from evals_mcp.models.review import EvaluatorRow, LogQuestion
from evals_mcp.review.review import Review, Subject
from evals_mcp.summaries import cursors
from evals_mcp.summaries.answer import next_call
from evals_mcp.summaries.logs import summarize_logs
from evals_mcp.summaries.quoting import name, quote
from evals_mcp.tools.arguments import Cursor, Datapoint, Evaluation, Evaluator, MaxTokens, Runs, Sort, Text
from evals_mcp.tools.matches import read_match
from evals_mcp.tools.paging import paging_note
from evals_mcp.tools.tool import Tool, dropped

Judgment = Annotated[
    str,
    Field(
        max_length=500,
        description='Only logs judged so: true, false, an option, 3, "<3", "2..4", failed, abstained or missing.',
    ),
]
ErrorsOnly = Annotated[bool, Field(description="Only logs that ended in an error; default false.")]
Limit = Annotated[int, Field(ge=1, le=100, description="Logs to show, 1–100.")]
_SORTED = {
    "newest": "newest first",
    "worst": "worst judged first",
    "latency": "slowest first",
    "cost": "dearest first",
    "length": "longest output first",
}


async def get_logs(
    review: Review,
    evaluation: Evaluation,
    runs: Runs = [],
    datapoint: Datapoint = "",
    evaluator: Evaluator = "",
    judgment: Judgment = "",
    errors_only: ErrorsOnly = False,
    text: Text = "",
    sort: Sort = "newest",
    limit: Limit = 10,
    cursor: Cursor = "",
    max_tokens: MaxTokens = 4000,
) -> str:
    """Show logs of an evaluation: input, output, error, latency, tokens, cost, and each judgment with its
    explanation. Filter by run, datapoint, judgment, error or text; sort by worst judgment, latency, cost or length."""
    subject = await review.recall_evaluation(evaluation)
    found_runs = subject.find_runs(runs)
    judge, notes = _judge(subject, evaluator, sort)
    judged_by = [judge] if judge is not None and evaluator else subject.evaluators
    asked = dropped(
        evaluation=subject.id,
        runs=[run.id for run in found_runs] if runs else [],
        datapoint=datapoint,
        evaluator=judge.version_id if judge is not None and evaluator else "",
        judgment=judgment,
        errors_only=errors_only,
        text=text,
        sort=sort if sort != "newest" else "",
    )
    question = LogQuestion(
        run_ids=[run.id for run in found_runs],
        datapoint_id=datapoint or None,
        evaluator_version_id=None if judge is None else judge.version_id,
        match=read_match(judgment, judged_by) if judgment else None,
        errors_only=errors_only,
        text=text or None,
        sort=sort,
        limit=limit,
        following=[float(str(part)) for part in cursors.decode(cursor, asked)] if cursor else None,
        characters=max_tokens * 4 // min(limit, 4),
    )
    rows = await (await review.source()).find_logs(subject.id, question)
    repeated = {**asked, "limit": limit if limit != 10 else None}
    if runs:
        repeated["runs"] = [subject.run_labels[run.id] for run in found_runs]
    if evaluator and judge is not None:
        repeated["evaluator"] = subject.evaluator_labels[judge.version_id]

    def next_page(shown: int) -> str:
        after = rows.after[shown - 1] if shown else question.following or []
        return next_call("get_logs", **repeated, cursor=cursors.encode(after, asked))

    return summarize_logs(
        subject.overview,
        rows,
        subject.run_labels,
        subject.evaluator_labels,
        max_tokens,
        asked=_in_words(subject, question, judgment, judge),
        notes=[*notes, *paging_note(review)],
        next_page=next_page,
    )


def _judge(subject: Subject, evaluator: str, sort: str) -> tuple[EvaluatorRow | None, list[str]]:
    """The evaluator that is meant. Sorting by the worst judgment needs one, so one is chosen and said."""
    if evaluator:
        return subject.find_evaluator(evaluator), []
    if sort != "worst":
        return None, []
    ordered = [row for row in subject.evaluators if row.return_type in ("boolean", "number") or row.valences]
    if not ordered:
        raise Invalid("sort: no evaluator here gives judgments that one can be worse than another; sort differently.")
    chosen = max(ordered, key=lambda row: _judged(subject, row))
    label = name(subject.evaluator_labels[chosen.version_id])
    others = [name(subject.evaluator_labels[row.version_id]) for row in ordered if row is not chosen]
    if not others:
        return chosen, []
    return chosen, [f"Sorted by {label}; evaluator= sorts by another: {', '.join(others)}."]


def _judged(subject: Subject, row: EvaluatorRow) -> int:
    place = subject.evaluators.index(row)
    return sum(run.stats[place].num_judgments for run in subject.runs)


def _in_words(subject: Subject, question: LogQuestion, judgment: str, judge: EvaluatorRow | None) -> str:
    """What was asked for, to go behind `N logs`."""
    words = []
    if len(question.run_ids) < len(subject.runs):
        words.append("in " + ", ".join(name(subject.run_labels[run_id]) for run_id in question.run_ids))
    if question.datapoint_id:
        words.append(f"for datapoint {name(question.datapoint_id)}")
    label = None if judge is None else name(subject.evaluator_labels[judge.version_id])
    if judgment:
        words.append(f"judged {quote(judgment)}" + (f" by {label}" if label else ""))
    if question.errors_only:
        words.append("with an error")
    if question.text:
        words.append(f"containing {quote(question.text, 100)}")
    by = f" by {label}" if question.sort == "worst" and label else ""
    return "".join(f" {word}" for word in words) + f", {_SORTED[question.sort]}{by}"


TOOL = Tool(function=get_logs, title="Read logs with their judgments")
