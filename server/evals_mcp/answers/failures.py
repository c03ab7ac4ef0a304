"""Failing logs in groups, as an answer: how many of which runs, the terms of each group, and examples."""

from collections.abc import Sequence

from evals_mcp.answers.frame import figures
from evals_mcp.answers.frame.answer import Answer
from evals_mcp.answers.frame.calls import Call, left_out, next_call
from evals_mcp.answers.frame.detail import Row
from evals_mcp.answers.frame.quoting import Quoted, name, quote
from evals_mcp.answers.frame.short_ids import short_ids
from evals_mcp.answers.frame.tokens import share
from evals_mcp.answers.subjects import subject
from evals_mcp.models.failures import FEW_FAILING, FailingLog, FailureGroup, FailureRows, RunFailures
from evals_mcp.models.resolved import ResolvedEvaluation
from evals_mcp.statistics.failure_groups import MOST_GROUPS
from evals_mcp.statistics.results import SIGNIFICANCE
from evals_mcp.truncation import CutText

_LISTED = 12
_READ = 'Read a log in full: get_log(log="…")'
_METHOD: Quoted = (
    "Groups are of alike explanations by failing judges, notes, errors and, at half the weight, inputs: non-negative "
    f"factors of TF-IDF, as many (1 to {MOST_GROUPS}) as stand out from chance by parallel analysis. Name them by "
    "terms and examples."
)
_TEST: Quoted = (
    "Runs: their logs in the group, of their failing logs; more: a larger share than in the other runs (one-sided "
    "Fisher's exact test, Holm-adjusted over groups and runs)."
)
_NONE_MORE: Quoted = (
    "Runs: their logs in the group, of their failing logs. No run has significantly more of a group than the others "
    "(one-sided Fisher's exact test, Holm-adjusted over groups and runs)."
)


def summarize_failures(
    evaluation: ResolvedEvaluation,
    rows: FailureRows,
    budget: int,
    *,
    filtered: Quoted = "",
    rule: Sequence[Quoted] = (),
    notes: Sequence[Quoted] = (),
    offset: int = 0,
    call: Call,
) -> Quoted:
    """The groups from an index, the largest first, or the few failing logs. `rule` tells what fails a log."""
    answer = Answer(budget)
    answer.head(f"{subject(evaluation)} {_total(evaluation, rows, filtered)}")
    if rows.failing:
        by_run: list[Quoted] = [_share(evaluation, run) for run in rows.runs]
        answer.line(f"By run: {figures.listed(by_run, _LISTED)}.")
    if rows.failing >= FEW_FAILING and not rows.explained:
        answer.note(
            "What fails these logs has no explanation, and there are no notes or errors: inputs alone make the groups."
        )
        by_field = next_call("list_runs", evaluation=evaluation.id, group_by="…")
        answer.offer(f"Rates by a field of the datapoints: {by_field}")
    for note in (*_group_notes(rows), *rule, *notes, *evaluation.notes):
        answer.note(note)
    of_answer = _FailingLogs(evaluation, rows)
    if rows.groups:
        found = [of_answer.group(index) for index in range(offset, len(rows.groups))]
    else:
        found = [of_answer.log(log) for log in rows.listed[offset:]]
    noun: Quoted = "group" if rows.groups else "failing log"
    if found:
        answer.rows(found, lambda shown: left_out(len(found) - shown, noun, call.at(offset + shown)), on_cut=_READ)
    return answer.text()


def _total(evaluation: ResolvedEvaluation, rows: FailureRows, filtered: Quoted) -> Quoted:
    """`36 of 160 logs fail: policy_correct 24, tone 10, error 1.`"""
    if not rows.failing:
        return f"No log fails, of {figures.count(rows.logs, 'log')}{filtered}."
    causes: list[Quoted] = [
        f"{_evaluator(evaluation, cause.evaluator_version_id)} {figures.count(cause.logs)}" for cause in rows.causes
    ]
    total = f"{figures.count(rows.failing)} of {figures.count(rows.logs, 'log')}{filtered} fail"
    return f"{total}: {figures.listed(causes, _LISTED)}."


def _group_notes(rows: FailureRows) -> list[Quoted]:
    """How groups came to be, and what is in none."""
    if not rows.groups and rows.failing < FEW_FAILING:
        return []
    notes: list[Quoted] = []
    if not rows.groups:
        listed = f"{figures.count(len(rows.listed))} of them, different ones first"
        notes.append(f"Their texts make no groups that stand out from chance. Listed: {listed}.")
    if rows.others:
        notes.append(f"In no group: {figures.count(rows.others, 'failing log')}, with little in common.")
    if rows.read < rows.failing:
        notes.append(f"Grouped: an even sample of {figures.count(rows.read)} of the failing logs.")
    if 0 < rows.explained < rows.read:
        missing = figures.clause(rows.read - rows.explained, "failing log", "have no explanation")
        notes.append(f"{missing}, note or error: inputs alone group them.")
    notes.append(_METHOD)
    tested = [run.adjusted_p for group in rows.groups for run in group.runs if run.adjusted_p is not None]
    if tested:
        notes.append(_TEST if min(tested) <= SIGNIFICANCE else _NONE_MORE)
    return notes


def _evaluator(evaluation: ResolvedEvaluation, version_id: str | None) -> Quoted:
    return "error" if version_id is None else name(evaluation.evaluator_labels[version_id])


class _FailingLogs:
    """The failing logs of an answer as rows."""

    def __init__(self, evaluation: ResolvedEvaluation, rows: FailureRows) -> None:
        self._evaluation = evaluation
        self._rows = rows
        logs = [*rows.listed, *(log for group in rows.groups for log in group.examples)]
        self._ids = short_ids(log.id for log in logs)

    def group(self, index: int) -> Row:
        """A group: its size, terms, runs and examples."""
        group = self._rows.groups[index]
        terms = ", ".join([name(term) for term in group.terms])
        size = f"{figures.count(group.logs, 'log')} ({figures.rate(group.logs / self._rows.read)} of failing)"
        head = f"Group {figures.count(index + 1)}: {size}{': ' if terms else ''}{terms}\n {self._of_runs(group)}"
        return _below(head, [self.log(log, " ") for log in group.examples])

    def log(self, log: FailingLog, indent: Quoted = "") -> Row:
        """A failing log in a line: what fails it, what is said of it, and its inputs."""
        causes = [_evaluator(self._evaluation, id) for id in log.evaluator_version_ids]
        causes += ["error"] if log.has_error else []
        said = _whole(log.explanation, log.explanation_length)
        given = _whole(log.input, log.input_length)
        head = f"{indent}{name(self._ids[log.id])} | {_run(self._evaluation, log.run_id)} | {', '.join(causes)}"
        needs = [len(said), len(given)]

        def render(limit: int) -> Quoted:
            for_said, for_given = share(limit, needs)
            parts: list[Quoted] = [head]
            parts += [quote(said, for_said)] if said else []
            parts += [f"input: {quote(given, for_given)}"] if given else []
            return " | ".join(parts)

        return Row(render, sum(needs))

    def _of_runs(self, group: FailureGroup) -> Quoted:
        """`v2 11 of 22 (more, p=0.003), v1 3 of 14`: the largest share first."""
        found = sorted(group.runs, key=lambda run: -run.failing / max(run.logs, 1))
        return figures.listed([self._of_run(run) for run in found if run.failing], _LISTED)

    def _of_run(self, run: RunFailures) -> Quoted:
        share_of = _share(self._evaluation, run)
        if run.adjusted_p is None or run.adjusted_p > SIGNIFICANCE:
            return share_of
        return f"{share_of} (more, {figures.p_value(run.adjusted_p)})"


def _share(evaluation: ResolvedEvaluation, run: RunFailures) -> Quoted:
    return f"{_run(evaluation, run.run_id)} {figures.count(run.failing)} of {figures.count(run.logs)}"


def _run(evaluation: ResolvedEvaluation, run_id: str) -> Quoted:
    return name(evaluation.run_labels[run_id])


def _whole(text: str | None, length: int | None) -> str:
    """The text, which knows how long it is if it is cut."""
    return CutText(text or "", length) if length else text or ""


def _below(head: Quoted, rows: Sequence[Row]) -> Row:
    """Rows below a line, which share the room."""
    needs = [row.need for row in rows]

    def render(limit: int) -> Quoted:
        return "\n".join([head, *(row.render(room) for row, room in zip(rows, share(limit, needs), strict=True))])

    return Row(render, sum(needs))
