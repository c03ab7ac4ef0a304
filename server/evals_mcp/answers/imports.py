"""The result of an import as an answer: what came in, what is new, what was guessed or skipped, what to ask next."""

from collections import Counter
from collections.abc import Sequence

from evals_mcp.answers.frame import figures
from evals_mcp.answers.frame.answer import Answer
from evals_mcp.answers.frame.calls import Call, next_call
from evals_mcp.answers.frame.lists import Rank
from evals_mcp.answers.frame.quoting import Quoted, name, quote
from evals_mcp.answers.frame.tables import table
from evals_mcp.models.imports import ImportedEvaluation, ImportSummary

_RUNS = 6
_MOST_TOKENS = 20_000
_STATES: tuple[Quoted, ...] = ("judged", "abstained", "failed")
_LONGEST_NAME = 100  # characters; a longer one would be cut in a call


def summarize_import(summary: ImportSummary, budget: int, *, call: Call, dry_run: bool) -> Quoted:
    """What an import brought in, or would bring in. `call` is the answered call without `dry_run`."""
    answer = Answer(budget)
    whole = _totals(summary.evaluations)
    amount = figures.count(len(summary.evaluations), "evaluation")
    what = f"{amount}: {whole}." if summary.evaluations else f"{_kinds(summary.records)}, and no evaluation."
    answer.head(f"Dry run, nothing was stored. The files hold {what}" if dry_run else f"Imported {what}")
    if not dry_run:
        answer.line(_news(summary))
    for note in summary.notes:
        answer.note(quote(note))
    answer.offer(f"Next: {call.text() if dry_run else _next(summary.evaluations)}")
    longer = call.text(dry_run=True, max_tokens=_MOST_TOKENS)
    if summary.evaluations:
        lines = table(
            ["evaluation", "runs", "datapoints", "logs", "errors", "judgments"], list(map(_cells, summary.evaluations))
        )

        def rest(shown: int) -> Quoted:
            left = len(summary.evaluations) - shown
            return f"{figures.count(left, 'more evaluation')}: {longer if dry_run else _listing()}" if left else ""

        answer.rows(lines[1:], rest, header=lines[0], rank=Rank.VERDICTS)
    if summary.skipped:

        def unshown(shown: int) -> Quoted:
            left = summary.skipped_count - shown
            return f"{figures.count(left)} more skipped: {longer}" if left else ""

        skipped: list[Quoted] = [f"{quote(where)} | {quote(reason)}" for where, reason in summary.skipped]
        answer.rows(skipped, unshown, header=f"Skipped {figures.count(summary.skipped_count)}: where | why")
    return answer.text()


def summarize_unfinished(words: Quoted, budget: int, call: Quoted) -> Quoted:
    """An import that goes on after its call, how far it is, and the call that waits for it."""
    answer = Answer(budget)
    answer.head(f"Still importing, and this goes on. So far: {words or 'waiting for another import'}.")
    answer.offer(f"For the result: {call}")
    return answer.text()


def _cells(evaluation: ImportedEvaluation) -> list[Quoted]:
    runs = figures.listed([name(run) for run in evaluation.runs], _RUNS)
    return [
        name(evaluation.name),
        f"{figures.count(len(evaluation.runs))}: {runs}" if evaluation.runs else "0",
        figures.count(evaluation.datapoints),
        figures.count(evaluation.logs),
        figures.count(evaluation.errors),
        _states(evaluation.judgments) or "none",
    ]


def _totals(evaluations: Sequence[ImportedEvaluation]) -> Quoted:
    """`2 runs, 20 logs (1 error), 20 judgments (18 judged, 2 abstained)`."""
    judgments = sum((evaluation.judgments for evaluation in evaluations), Counter[str]())
    errors = sum(evaluation.errors for evaluation in evaluations)
    logs = figures.count(sum(evaluation.logs for evaluation in evaluations), "log")
    failed = f" ({figures.count(errors, 'error')})" if errors else ""
    states = f" ({_states(judgments)})" if len(judgments) > 1 else ""
    runs = figures.count(sum(len(evaluation.runs) for evaluation in evaluations), "run")
    return f"{runs}, {logs}{failed}, {figures.count(judgments.total(), 'judgment')}{states}"


def _states(judgments: Counter[str]) -> Quoted:
    parts: list[Quoted] = [f"{figures.count(judgments[state])} {state}" for state in _STATES if judgments[state]]
    return ", ".join(parts)


def _news(summary: ImportSummary) -> Quoted:
    """Which of the records are new in the database, and which were there already."""
    known = summary.records - summary.added
    if not summary.added.total():
        return "All of it was in the database already."
    if not known:
        return f"All of it is new in the database: {_kinds(summary.added)}."
    return f"New in the database: {_kinds(summary.added)}. There already: {_kinds(known)}."


def _kinds(records: Counter[str]) -> Quoted:
    parts: list[Quoted] = [figures.count(amount, name(kind)) for kind, amount in records.items() if amount]
    return ", ".join(parts)


def _next(evaluations: Sequence[ImportedEvaluation]) -> Quoted:
    if not evaluations:
        return _listing()
    first = evaluations[0].name
    if len(first) > _LONGEST_NAME or sum(item.name == first for item in evaluations) > 1:
        return _listing()
    return next_call("list_runs", evaluation=first)


def _listing() -> Quoted:
    return next_call("list_evaluations")
