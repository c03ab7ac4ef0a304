"""The tool compare_runs."""

from typing import Annotated

from pydantic import BeforeValidator, Field

from evals_mcp.answers.comparison_notes import Compared
from evals_mcp.answers.comparisons import summarize_comparison
from evals_mcp.answers.frame import cursors
from evals_mcp.answers.frame.answer import next_call
from evals_mcp.errors import Invalid, NotFound
from evals_mcp.lookup.review import Review, Subject
from evals_mcp.models.comparisons import ComparisonQuestion, Outcome
from evals_mcp.models.review import EvaluatorRow, RunRow
from evals_mcp.tools.arguments import Cursor, Evaluation, MaxTokens
from evals_mcp.tools.paging import paging_note
from evals_mcp.tools.tool import Tool, dropped

_TEXTS = 400_000  # characters that outputs are compared by, shared by the datapoints of a page


def _as_list(value: object) -> object:
    return [value] if isinstance(value, str) else value


Baseline = Annotated[str, Field(max_length=500, description="Run; default the control, else the oldest.")]
Candidates = Annotated[
    list[str], BeforeValidator(_as_list), Field(max_length=100, description="Runs; default all others.")
]
Evaluators = Annotated[list[str], BeforeValidator(_as_list), Field(max_length=100, description="Default all.")]
Shown = Annotated[Outcome, Field(description="Which datapoints to show; default regressed.")]
Limit = Annotated[int, Field(ge=1, le=50, description="Datapoints to show, 1–50, default 5.")]


async def compare_runs(
    review: Review,
    evaluation: Evaluation,
    baseline: Baseline = "",
    candidates: Candidates = [],
    evaluators: Evaluators = [],
    outcome: Shown = "regressed",
    limit: Limit = 5,
    cursor: Cursor = "",
    max_tokens: MaxTokens = 4000,
) -> str:
    """Is a run better than another, and is it more than chance? Paired difference with interval, test and verdict per
    evaluator, latency, tokens and cost; then the datapoints that got worse (or another outcome) with both outputs."""
    subject = await review.recall_evaluation(evaluation)
    against = _baseline(subject, baseline)
    compared = _candidates(subject, against, candidates)
    judges = _evaluators(subject, evaluators)
    asked = dropped(
        tool="compare_runs",
        evaluation=subject.id,
        baseline=against.id,
        candidates=[run.id for run in compared],
        evaluators=[row.version_id for row in judges],
        outcome=outcome,
    )
    offset, place = map(int, map(str, cursors.decode(cursor, asked))) if cursor else (0, None)
    question = ComparisonQuestion(
        baseline_run_id=against.id,
        candidate_run_ids=[run.id for run in compared],
        evaluator_version_ids=[row.version_id for row in judges],
        outcome=outcome,
        shown_run_id=None if place is None else compared[place].id,
        limit=limit,
        offset=offset,
        characters=max(max_tokens * 5, _TEXTS // limit),
    )
    found = await (await review.source()).compare_runs(subject.id, question)
    repeated = dropped(
        evaluation=subject.id,
        baseline=subject.run_labels[against.id] if baseline else "",
        candidates=[subject.run_labels[run.id] for run in compared] if candidates else [],
        evaluators=[subject.evaluator_labels[row.version_id] for row in judges] if evaluators else [],
        outcome=outcome if outcome != "regressed" else "",
        limit=limit if limit != 5 else None,
    )

    def next_page(shown: int) -> str:
        after = cursors.encode([offset + shown, question.candidate_run_ids.index(found.shown_run_id)], asked)
        return next_call("compare_runs", **repeated, cursor=after)

    return summarize_comparison(
        Compared(subject.overview, found, subject.run_labels, subject.evaluator_labels),
        max_tokens,
        outcome=outcome,
        limit=limit,
        offset=offset,
        next_page=next_page,
        about=lambda run_id: next_call("compare_runs", **{**repeated, "candidates": [subject.run_labels[run_id]]}),
        notes=paging_note(review),
    )


def _baseline(subject: Subject, word: str) -> RunRow:
    if word:
        return subject.find_run(word)
    if not subject.runs:
        raise NotFound("evaluation: it has no runs yet, so there is nothing to compare.")
    return next((run for run in subject.runs if run.control), subject.runs[0])


def _candidates(subject: Subject, baseline: RunRow, words: list[str]) -> list[RunRow]:
    runs = [run for run in subject.find_runs(words) if run.id != baseline.id]
    if not runs and not words:
        raise NotFound("evaluation: it has only one run, so there is nothing to compare it with.")
    if not runs:
        raise Invalid("candidates: that is the baseline itself; name another run, or another baseline.")
    return runs


def _evaluators(subject: Subject, words: list[str]) -> list[EvaluatorRow]:
    if not words:
        return subject.evaluators
    return list({row.version_id: row for row in map(subject.find_evaluator, words)}.values())


TOOL = Tool(function=compare_runs, title="Compare runs with their uncertainty")
