"""The tool get_logs."""

from typing import Annotated

from pydantic import Field

from evals_mcp.answers.frame import cursors
from evals_mcp.answers.frame.quoting import name, quote
from evals_mcp.answers.headlines import constant_value
from evals_mcp.answers.logs import summarize_logs
from evals_mcp.errors import Invalid, NotFound
from evals_mcp.lookup.names import shown
from evals_mcp.lookup.review import Review, Subject
from evals_mcp.models.review import EvaluatorRow, LogQuestion
from evals_mcp.tools.arguments import Cursor, Datapoint, Evaluation, Evaluator, MaxTokens, Runs, Sort, Text
from evals_mcp.tools.matches import read_match
from evals_mcp.tools.paging import call_from, paging_note
from evals_mcp.tools.tool import Tool, dropped

Judgment = Annotated[
    str,
    Field(
        max_length=500,
        description='Only logs judged so: true, false, an option, 3, "<3", "2..4", failed, abstained or missing.',
    ),
]
Sample = Annotated[
    bool, Field(description="An even, repeatable sample across the judgments instead of the first; default false.")
]
ErrorsOnly = Annotated[bool, Field(description="Only logs that ended in an error; default false.")]
_LIMIT = 10
Limit = Annotated[int, Field(ge=1, le=100, description=f"Logs to show, 1–100, default {_LIMIT}.")]
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
    sample: Sample = False,
    limit: Limit = _LIMIT,
    cursor: Cursor = "",
    max_tokens: MaxTokens = 4000,
) -> str:
    """Show logs of an evaluation: input, output, error, latency, tokens, cost, and each judgment with its
    explanation. Filter by run, datapoint, judgment, error or text; sort by worst judgment, latency, cost or length."""
    subject = await review.recall_evaluation(evaluation)
    found_runs = [run.id for run in subject.find_runs(runs)]
    judge, notes = _judge(subject, evaluator, judgment, sort, sample=sample)
    named = judge if evaluator else None
    datapoint = await review.find_datapoint(subject, datapoint) if datapoint else ""
    asked = dropped(
        evaluation=subject.id,
        runs=found_runs if runs else [],
        datapoint=datapoint,
        evaluator=named.version_id if named else "",
        judgment=judgment,
        errors_only=errors_only,
        text=text,
        sort=sort if sort != "newest" else "",
        sample=sample,
    )
    question = LogQuestion(
        run_ids=found_runs,
        datapoint_id=datapoint or None,
        evaluator_version_id=judge.version_id if judge else None,
        match=read_match(judgment, [named] if named else subject.evaluators) if judgment else None,
        errors_only=errors_only,
        text=text or None,
        sort=sort,
        sample=sample,
        limit=limit,
        following=[float(str(part)) for part in cursors.decode(cursor, asked)] if cursor else None,
        characters=max_tokens * 4 // min(limit, 4),
    )
    rows = await (await review.source()).find_logs(subject.id, question)
    if set(asked) == {"evaluation", "datapoint"} and not rows.total:
        raise NotFound(f"datapoint: no log is for {shown(datapoint)} here. list_datapoints shows datapoints with ids.")
    shown_limit = limit if limit != _LIMIT else None
    return summarize_logs(
        subject.overview,
        rows,
        subject.run_labels,
        subject.evaluator_labels,
        max_tokens,
        asked=_in_words(subject, question, judgment, judge),
        notes=[*notes, *paging_note(review)],
        next_page=lambda amount: call_from("get_logs", subject, asked, shown_limit, rows.after[amount - 1]),
    )


def _judge(
    subject: Subject, evaluator: str, judgment: str, sort: str, *, sample: bool
) -> tuple[EvaluatorRow | None, list[str]]:
    """The evaluator that is meant. The worst judgments and a sample need one, so one is chosen and said."""
    if sample and sort != "newest":
        raise Invalid("sort: not together with sample; a sample has its own order.")
    state = read_match(judgment, subject.evaluators).state if judgment else "judged"
    if sort == "worst" and state != "judged":
        raise Invalid(f"sort: logs whose judgment is {state} cannot be sorted by it; sort differently.")
    if evaluator:
        return subject.find_evaluator(evaluator), []
    if sort != "worst" and not sample:
        return None, []
    able = [row for row in subject.evaluators if sample or row.return_type in ("boolean", "number") or row.valences]
    if judgment:
        able = [row for row in able if _can_say(row, judgment)]
    if not able:
        raise Invalid(
            "sample: there is no evaluator whose judgments could be sampled."
            if sample
            else "sort: no evaluator here gives judgments that one can be worse than another; sort differently."
        )
    chosen = max(able, key=lambda row: _telling(subject, row))
    label = name(subject.evaluator_labels[chosen.version_id])
    others = [name(subject.evaluator_labels[row.version_id]) for row in able if row is not chosen]
    if not others:
        return chosen, []
    done = "Sampled across" if sample else "Sorted by"
    return chosen, [f"{done} {label}; evaluator= names another: {', '.join(others)}."]


def _can_say(row: EvaluatorRow, judgment: str) -> bool:
    try:
        read_match(judgment, [row])
    except Invalid:
        return False
    return True


def _telling(subject: Subject, row: EvaluatorRow) -> tuple[bool, int]:
    """How much an evaluator tells: whether it says different things, and of how many logs."""
    place = subject.evaluators.index(row)
    stats = [run.stats[place] for run in subject.runs]
    return constant_value(stats) is None, sum(item.num_judgments for item in stats)


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
    if question.sample:
        return "".join(f" {word}" for word in words) + f", of which an even sample across the judgments of {label}"
    by = f" by {label}" if question.sort == "worst" and label else ""
    return "".join(f" {word}" for word in words) + f", {_SORTED[question.sort]}{by}"


TOOL = Tool(function=get_logs, title="Read logs with their judgments")
