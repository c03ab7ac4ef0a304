"""A comparison of runs as an answer: a verdict per evaluator with its uncertainty, then the datapoints behind it."""

from collections.abc import Sequence

from evals_mcp.answers.compared_datapoints import datapoint_row
from evals_mcp.answers.comparison_notes import Compared, coverage_notes, judgment_notes, method_notes
from evals_mcp.answers.comparison_rows import comparison_table, difference_word, verdict_words
from evals_mcp.answers.frame import figures
from evals_mcp.answers.frame.answer import Answer
from evals_mcp.answers.frame.calls import Call, left_out
from evals_mcp.answers.frame.detail import cost
from evals_mcp.answers.subjects import subject
from evals_mcp.answers.version_changes import has_names, headed_change_rows
from evals_mcp.models.comparisons import ComparedCandidate, ComparisonRow
from evals_mcp.models.questions import Outcome
from evals_mcp.statistics.results import SIGNIFICANCE, Verdict

_WHOLE_TABLE = 12  # rows; a longer table only lists those without a significant difference
_BELOW_TABLE = 190  # tokens that the table leaves for the datapoints, if possible
_LEAST_FOR_TABLE = 0.5  # of the room
_FOR_DATAPOINTS = 0.17  # of the budget, or more if the requested datapoints need more
_EACH_DATAPOINT = 110  # tokens; twice as many for the first two
_MORE_OF_ONE = '… marks cut text. Show more: get_logs(evaluation="…", datapoint="…")'
_FOR_CHANGES = 0.2  # of the budget; of what is above the usual budget if the versions have names
_FOR_NAMED_CHANGES = 0.015  # of the budget, at least
_USUAL_BUDGET = 4_000
_MORE_CHANGES = "raise max_tokens"
_ROOMY = 500  # tokens; a smaller budget has room only for figures, datapoints and the next call
_OUTCOMES: dict[Outcome, str] = {
    "regressed": "got worse",
    "improved": "got better",
    "changed": "changed",
    "same": "stayed the same",
    "only_baseline": "have a judgment in the baseline only",
    "only_candidate": "have a judgment in the candidate only",
    "errors": "have an error or a failed judgment",
}
_ORDERED = ("regressed", "improved", "changed")


def summarize_comparison(
    compared: Compared,
    budget: int,
    *,
    outcome: Outcome,
    limit: int,
    offset: int,
    call: Call,
) -> str:
    """The comparison, and a page of datapoints from `offset`. Only the first page has the figures.

    `call` is the answered call.
    """
    answer = Answer(budget)
    answer.head(f"{subject(compared.evaluation)}\n{_subject(compared)}")
    for note in compared.evaluation.notes:
        answer.note(note)
    rows = list(compared.rows())
    if offset == 0:
        _add_table(answer, compared, rows, budget, call)
        for note in (
            *method_notes(compared, [row for _, row in rows]),
            *coverage_notes(compared),
            *judgment_notes(compared),
        ):
            answer.line(note)
        _add_changes(answer, compared, budget)
    if rows or compared.found.total:
        _add_datapoints(answer, compared, budget, outcome, limit, offset, call)
    return answer.text()


def _subject(compared: Compared) -> str:
    """The compared runs."""
    baseline = compared.evaluation.run(compared.found.baseline.run_id)
    called = compared.run(baseline.id) + (" (control)" if baseline.control else "")
    candidates = compared.found.candidates
    if len(candidates) > 1:
        return f"{figures.count(len(candidates), 'candidate')} against baseline {called}, paired by datapoint."
    return f"Candidate {compared.run(candidates[0].run_id)} against baseline {called}, paired by datapoint."


def _add_table(
    answer: Answer,
    compared: Compared,
    rows: Sequence[tuple[ComparedCandidate, ComparisonRow]],
    budget: int,
    call: Call,
) -> None:
    """One line per comparison. In a long table, those without a significant difference share a line per candidate."""
    if not rows:
        answer.line("Nothing to compare by these evaluators.")
        return
    shown = [(candidate, row) for candidate, row in rows if len(rows) <= _WHOLE_TABLE or _is_significant(row)]
    header, *lines = comparison_table(compared, shown) or [""]
    run_ids = [candidate.run_id for candidate, _ in shown]
    for candidate in compared.found.candidates:
        rest = [row for other, row in rows if other is candidate and (other, row) not in shown]
        if rest:
            run_ids.append(candidate.run_id)
            lines.append(_without_difference(compared, candidate, rest))

    def footer(amount: int) -> str:
        first = run_ids[min(amount, len(run_ids) - 1)]
        about = _about(compared, call, first) if budget > _ROOMY else "raise max_tokens"
        return left_out(len(lines) - amount, "comparison line", about)

    left = max(1, budget - cost(answer.text()))
    answer.rows(lines, footer, header=header, portion=max(_LEAST_FOR_TABLE, 1 - _BELOW_TABLE / left))


def _add_changes(answer: Answer, compared: Compared, budget: int) -> None:
    """What the candidates' versions changed. Names tell something, so their changes take little of a usual budget."""
    named = has_names(compared)
    room = budget * _FOR_CHANGES
    if named:
        room = max(budget * _FOR_NAMED_CHANGES, (budget - _USUAL_BUDGET) * _FOR_CHANGES)
    line_diffs = not named or budget > _USUAL_BUDGET
    rows = headed_change_rows(compared, line_diffs=line_diffs)
    if not rows:
        return
    left = budget - cost(answer.text())
    if left < 2 * _BELOW_TABLE:
        answer.line("\n".join(row.render(0) for row in rows))
        return
    answer.rows(
        rows,
        lambda shown: left_out(len(rows) - shown, "change", _MORE_CHANGES),
        on_cut=f"Whole changes: {_MORE_CHANGES}" if line_diffs else "",
        portion=min(room, left - _BELOW_TABLE) / left,
    )


def _about(compared: Compared, call: Call, run_id: str) -> str:
    """The call for one candidate."""
    return call.text(candidates=[compared.evaluation.run_labels[run_id]])


def _without_difference(compared: Compared, candidate: ComparedCandidate, rows: Sequence[ComparisonRow]) -> str:
    same = len({row.pairs for row in rows}) == 1
    words = []
    for row in rows:
        parts = [compared.subject(row), difference_word(row), "" if same else f"n={figures.count(row.pairs)}"]
        if row.verdict == Verdict.NEGLIGIBLE:
            parts.append(f"({verdict_words(row)})")
        elif row.p_value is not None and row.p_value <= SIGNIFICANCE:
            parts.append(f"(uncorrected {figures.p_value(row.p_value)})")
        words.append(" ".join(filter(None, parts)))
    at = f" at n={figures.count(rows[0].pairs)}" if same else ""
    return f"{compared.run(candidate.run_id)}, no significant difference{at}: {', '.join(words)}"


def _is_significant(row: ComparisonRow) -> bool:
    return row.verdict in (Verdict.BETTER, Verdict.WORSE, Verdict.DIFFERENT)


def _add_datapoints(
    answer: Answer,
    compared: Compared,
    budget: int,
    outcome: Outcome,
    limit: int,
    offset: int,
    call: Call,
) -> None:
    found = compared.found
    if len(found.candidates) > 1:
        other = next(item.run_id for item in found.candidates if item.run_id != found.shown_run_id)
        answer.note(f"Datapoints of another candidate: {_about(compared, call, other)}")
    heading = _heading(compared, outcome, offset)

    shown_candidate = [candidate.run_id for candidate in found.candidates].index(found.shown_run_id)

    def footer(shown: int) -> str:
        more = call.at(offset + shown, shown_candidate)
        return left_out(found.total - offset - shown, "datapoint", more) if found.datapoints else heading

    left = max(1, budget - cost(answer.text()))
    room = max(budget * _FOR_DATAPOINTS, (limit + min(limit, 2)) * _EACH_DATAPOINT)
    answer.rows(
        [datapoint_row(compared, datapoint, outcome) for datapoint in found.datapoints],
        footer,
        header=f"\n{heading}",
        on_cut=_MORE_OF_ONE if budget > _ROOMY else "",
        portion=min(1.0, room / left),
    )


def _heading(compared: Compared, outcome: Outcome, offset: int) -> str:
    """The number of datapoints with the outcome, and their candidate if there are several."""
    found = compared.found
    if outcome in ("regressed", "improved") and not found.total and (undirected := _without_direction(compared)):
        return f'No better or worse by {", ".join(undirected)}. Use outcome="changed" to see changes.'
    evaluators = [tally.evaluator_version_id for tally in found.baseline.tallies]
    by = f" by {compared.evaluator(evaluators[0])}" if len(evaluators) == 1 else " by at least one evaluator"
    by = "" if outcome in ("errors", "same") else by
    of_run = f" in {compared.run(found.shown_run_id)}" if len(found.candidates) > 1 else ""
    order = ", largest change first" if outcome in _ORDERED and found.total > 1 else ""
    start = f", from number {offset + 1:,}" if offset else ""
    amount = figures.count(found.total, "datapoint")
    return f"{amount} {_OUTCOMES[outcome]}{by}{of_run}{order}{start}" + (":" if found.datapoints else ".")


def _without_direction(compared: Compared) -> list[str]:
    """The shown candidate's evaluators, if they changed and none of them has a better and a worse."""
    shown = next(run for run in compared.found.candidates if run.run_id == compared.found.shown_run_id)
    rows = [row for row in shown.comparisons if row.pairs]
    if any(row.better is not None for row in rows) or not any(row.changed for row in rows):
        return []
    return [compared.subject(row) for row in rows]
