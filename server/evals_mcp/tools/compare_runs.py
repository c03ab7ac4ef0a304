"""The tool compare_runs."""

from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from evals_mcp.answers.filter_words import filter_words
from evals_mcp.answers.frame.calls import Call
from evals_mcp.answers.judgments import missing_words
from evals_mcp.errors import Invalid, NotFound
from evals_mcp.lookup.evaluators import find_evaluators
from evals_mcp.lookup.field_names import write_fields
from evals_mcp.lookup.filters import read_comparison_filter
from evals_mcp.lookup.lookup import Lookup
from evals_mcp.lookup.margins import read_margins
from evals_mcp.lookup.runs import find_run, find_runs
from evals_mcp.models.comparisons import Comparisons
from evals_mcp.models.questions import ComparisonQuestion, Family, Missing, Outcome
from evals_mcp.models.resolved import ResolvedEvaluation
from evals_mcp.models.rows import EvaluatorRow, RunRow
from evals_mcp.statistics.verdicts import Margins
from evals_mcp.tools.arguments import AS_SHOWN, Cursor, Evaluation, GroupedBy, MaxTokens, ShownText, Where, as_list
from evals_mcp.tools.grouped_runs import compare_groups
from evals_mcp.tools.missing_judgments import failing_evaluators
from evals_mcp.tools.near_words import OUTCOMES, understood
from evals_mcp.tools.tool import Tool

_LIMIT = 5
_LISTED = {
    "baseline_run_id",
    "candidate_run_ids",
    "evaluator_version_ids",
    "family",
    "missing",
    "outcome",
}  # by a cursor
_TEXTS = 800_000  # characters of outputs to compare, shared by the logs of a page

Baseline = Annotated[str, Field(max_length=500, description="Run; default the control, else the oldest."), AS_SHOWN]
Candidates = Annotated[
    list[ShownText], BeforeValidator(as_list), Field(max_length=100, description="Runs; default all others.")
]
Evaluators = Annotated[list[ShownText], BeforeValidator(as_list), Field(max_length=100, description="Default all.")]
Margin = Annotated[
    list[ShownText],
    BeforeValidator(as_list),
    Field(
        max_length=100, description='Acceptable loss: "5 points", "0.2 sd", "helpful=0.3"; default 2 points, 0.1 sd.'
    ),
]
Shown = Annotated[Outcome, understood(OUTCOMES), Field(description="Datapoints to show; default regressed.")]
CorrectedOver = Annotated[Family, Field(description="Correct p over these; default evaluation (all).")]
CountedMissing = Annotated[Missing, Field(description="Missing judgments; default exclude.")]
Limit = Annotated[int, Field(ge=1, le=50, description=f"Datapoints to show, 1–50, default {_LIMIT}.")]


async def compare_runs(
    lookup: Lookup,
    evaluation: Evaluation,
    baseline: Baseline = "",
    candidates: Candidates = [],
    evaluators: Evaluators = [],
    where: Where = [],
    margin: Margin = [],
    group_by: GroupedBy = "",
    missing: CountedMissing = "exclude",
    family: CorrectedOver = "evaluation",
    outcome: Shown = "regressed",
    limit: Limit = _LIMIT,
    cursor: Cursor = "",
    max_tokens: MaxTokens = 4000,
) -> str:
    """Is one run better than another: ship it? A verdict; paired differences with intervals and tests of judgments,
    latency, tokens and cost; version changes; datapoints that got worse, with outputs."""
    resolved = await lookup.find_evaluation(evaluation)
    against = _baseline(resolved, baseline)
    runs = _candidates(resolved, against, candidates)
    judging = failing_evaluators(resolved, find_evaluators(resolved, evaluators), evaluators, missing)
    common: dict[str, Any] = {
        "filter": await read_comparison_filter(lookup, resolved, where),
        "baseline_run_id": against.id,
        "candidate_run_ids": [run.id for run in runs],
        "evaluator_version_ids": [row.version_id for row in judging],
        "missing": missing,
    }
    arguments: dict[str, object] = {
        "evaluation": resolved.id,
        "baseline": baseline and resolved.run_labels[against.id],
        "candidates": candidates and [resolved.run_labels[run.id] for run in runs],
        "evaluators": evaluators and [resolved.evaluator_labels[row.version_id] for row in judging],
        "where": where,
        "missing": "" if missing == "exclude" else missing,
    }
    if group_by:
        common |= {} if evaluators or missing == "fail" else {"evaluator_version_ids": []}
        return await compare_groups(lookup, resolved, group_by, common, arguments, cursor, max_tokens)
    asked, outcome = outcome, _tellable(outcome, _judged(resolved, judging, against, runs))
    question = ComparisonQuestion(
        **common,
        family=family,
        outcome=outcome,
        limit=limit,
        characters=max(max_tokens * 5, _TEXTS // (limit * (1 + len(runs)))),
    )
    call = Call(
        "compare_runs",
        arguments={
            **arguments,
            "margin": margin,
            "family": "" if family == "evaluation" else family,
            "outcome": "" if outcome == "regressed" else outcome,
            "limit": None if limit == _LIMIT else limit,
        },
        listed={"evaluation": resolved.id, "where": where, **question.model_dump(include=_LISTED)},
    )
    return await _answer(lookup, resolved, question, judging, margin, asked, call, cursor, max_tokens)


async def _answer(
    lookup: Lookup,
    resolved: ResolvedEvaluation,
    question: ComparisonQuestion,
    judging: list[EvaluatorRow],
    margin: list[str],
    asked: Outcome,
    call: Call,
    cursor: str,
    max_tokens: int,
) -> str:
    """The page of the comparison at a cursor. `asked` is the outcome of the call, which evaluators may not tell."""
    margins = read_margins(resolved, judging, margin)
    from evals_mcp.answers.comparisons import Position, summarize_comparison  # other tools should not wait for it

    position = Position.read(call.position(cursor) or [])
    if position.candidate >= 0:
        baseline, shown = map(resolved.run, (question.baseline_run_id, question.candidate_run_ids[position.candidate]))
        outcome = _tellable(question.outcome, _judged(resolved, judging, baseline, [shown]))
        question = question.model_copy(update={"shown_run_id": shown.id, "outcome": outcome})
    following = list(position.following) or None
    question = question.model_copy(update={"offset": position.offset, "following": following})
    resolved, found = await (await lookup.rows()).compare_runs(resolved, question)
    found = found.model_copy(update={"groupable": await write_fields(lookup, resolved, found.groupable)})
    compared = _compared(resolved, found, question, margins)
    lookup.show(lambda: _document(compared, question, position, call))
    return summarize_comparison(
        compared, max_tokens, outcome=question.outcome, untold=question.outcome != asked, position=position, call=call
    )


def _document(compared: Any, question: ComparisonQuestion, position: Any, call: Call) -> Any:
    """What a view draws of the comparison."""
    from evals_mcp.views.comparison_document import comparison_document  # only where there is a view

    found, outcome = compared.found, question.outcome
    offset = question.offset if found.offset is None else found.offset
    shown = question.candidate_run_ids.index(found.shown_run_id)
    first = shown if position.first < 0 else position.first
    amount = len(found.datapoints)
    rest = {"cursor": call.cursor(*position.after(found, amount, first))} if offset + amount < found.total else {}
    return comparison_document(compared, outcome=outcome, offset=offset, rest=rest, call=call)


def _compared(
    evaluation: ResolvedEvaluation, found: Comparisons, question: ComparisonQuestion, margins: Margins
) -> Any:
    """The comparison with what its answer needs to know of the question."""
    from evals_mcp.answers.comparison_notes import Compared

    filter = question.filter
    words = filter_words(filter, evaluation)
    counted = missing_words(question.missing, evaluation)
    return Compared(evaluation, found, question.family, words, filter.is_by_outcomes, margins, counted)


def _judged(
    evaluation: ResolvedEvaluation, evaluators: list[EvaluatorRow], baseline: RunRow, candidates: list[RunRow]
) -> list[EvaluatorRow]:
    """The evaluators that judged logs of the baseline and of a candidate."""

    def has_judged(row: EvaluatorRow, run: RunRow) -> bool:
        return run.stats[evaluation.index_of(row.version_id)].num_judgments > 0

    return [row for row in evaluators if has_judged(row, baseline) and any(has_judged(row, run) for run in candidates)]


def _tellable(outcome: Outcome, evaluators: list[EvaluatorRow]) -> Outcome:
    """The outcome, or what evaluators that all lack a direction can tell instead of better and worse."""
    kinds = {row.return_type for row in evaluators} - {"text"}
    if outcome not in ("regressed", "improved") or not kinds or any(row.is_directed for row in evaluators):
        return outcome
    if kinds != {"number"}:
        return "changed"
    return "lower" if outcome == "regressed" else "higher"


def _baseline(evaluation: ResolvedEvaluation, word: str) -> RunRow:
    if word:
        return find_run(evaluation, word)
    if not evaluation.runs:
        raise NotFound("evaluation: it has no runs yet, so there is nothing to compare.")
    return evaluation.reference_run


def _candidates(evaluation: ResolvedEvaluation, baseline: RunRow, words: list[str]) -> list[RunRow]:
    runs = [run for run in find_runs(evaluation, words) if run.id != baseline.id]
    if not runs and not words:
        raise NotFound("evaluation: it has only one run, so there is nothing to compare.")
    if not runs:
        raise Invalid("candidates: this is the baseline. Choose another candidate or another baseline.")
    return runs


TOOL = Tool(
    function=compare_runs,
    title="Compare runs",
    search_hint="humanloop, which prompt is better, regression",
    view="comparison",
)
