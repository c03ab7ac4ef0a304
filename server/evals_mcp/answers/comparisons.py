"""A comparison of runs as an answer: a verdict per evaluator with its uncertainty, then the datapoints behind it."""

from collections.abc import Sequence
from typing import NamedTuple, Self

from evals_mcp.answers.compared_datapoints import datapoint_row
from evals_mcp.answers.comparison_notes import (
    Compared,
    compared_author_notes,
    coverage_notes,
    judgment_notes,
    method_notes,
)
from evals_mcp.answers.comparison_verdicts import verdict_rows
from evals_mcp.answers.frame import figures
from evals_mcp.answers.frame.answer import Answer
from evals_mcp.answers.frame.calls import Call, left_out
from evals_mcp.answers.frame.detail import Row
from evals_mcp.answers.frame.lists import Rank
from evals_mcp.answers.frame.quoting import Quoted
from evals_mcp.answers.identical_outputs import identical_notes
from evals_mcp.answers.located_differences import groupable_note, located_notes
from evals_mcp.answers.subjects import subject
from evals_mcp.answers.verdict_line import verdict_words
from evals_mcp.answers.version_changes import headed_change_rows
from evals_mcp.models.comparisons import ComparedCandidate, Comparisons
from evals_mcp.models.questions import Outcome

_MORE_OF_ONE = 'Texts are cut (…) or omitted. Show them: get_logs(evaluation="…", datapoint="…")'
BIASED = "The datapoints are chosen by what a run gave, so the difference is biased: extremes tend to fall back."
_FEW = 300  # characters
_LISTED = 6
_INSTEAD: dict[Outcome, Quoted] = {
    "lower": 'lower instead (outcome="higher" for the others)',
    "higher": 'higher instead (outcome="lower" for the others)',
    "changed": "all changes",
}
_MORE_CHANGES = "raise max_tokens"
_OUTCOMES: dict[Outcome, Quoted] = {
    "regressed": "got worse",
    "improved": "got better",
    "higher": "got higher",
    "lower": "got lower",
    "changed": "changed",
    "same": "stayed the same",
    "only_baseline": "have a judgment in the baseline only",
    "only_candidate": "have a judgment in the candidate only",
    "errors": "have an error or a failed judgment",
}
_OF: dict[Outcome, Quoted] = {"only_baseline": "compared with", "only_candidate": "compared with"}
_WITHOUT_PAIRS = ("errors", "only_baseline", "only_candidate")
_ORDERED = ("regressed", "improved", "higher", "lower", "changed")


class Position(NamedTuple):
    """Where an answer begins: a datapoint of a candidate, and a candidate whose verdicts come first.

    Candidates are indexes. A `candidate` of -1 is the one with most to show; -1 `verdicts` are none, and `first` is the
    candidate whose datapoints were shown first. The datapoint is also after `following`, as in a ComparisonQuestion.
    """

    offset: int = 0
    candidate: int = -1
    first: int = -1
    verdicts: int = 0
    following: tuple[float, ...] = ()

    @classmethod
    def read(cls, parts: Sequence[object]) -> Self:
        """The position in a cursor, which may be of 0.1.0 and count only."""
        numbers = [float(str(part)) for part in parts]
        if not numbers:
            return cls()
        offset, candidate, first = map(int, numbers[:3])
        if len(numbers) == 4:
            return cls(offset, candidate, first, int(numbers[3]))
        return cls(offset, candidate, first, -1, tuple(numbers[3:]))

    def after(self, found: Comparisons, shown: int, first: int) -> list[float]:
        """The parts of a cursor after the first datapoints of an answer at this position."""
        offset = (self.offset if found.offset is None else found.offset) + shown
        following = found.after[shown - 1] if shown and found.after else self.following * (not shown)
        candidate = [candidate.run_id for candidate in found.candidates].index(found.shown_run_id)
        numbers = (offset, candidate, first, *(following or [-1]))
        return [int(number) if number == int(number) else number for number in numbers]


def summarize_comparison(
    compared: Compared, budget: int, *, outcome: Outcome, untold: bool = False, position: Position, call: Call
) -> Quoted:
    """The comparison from a position. Only the first page has everything: figures, notes, changes and datapoints.

    `call` is the answered call. Better and worse are `untold` if no evaluator has a direction.
    """
    answer = Answer(budget)
    opening = subject(compared.evaluation)
    if position == Position():
        verdict = verdict_words(compared)
        answer.head(verdict.line + compared.counted)
        if verdict.further:
            answer.line(verdict.further)
    else:
        opening += compared.counted
    answer.head(f"{opening}\n{_subject(compared, call)}")
    for note in compared.evaluation.notes:
        answer.note(note)
    if compared.by_outcomes:
        answer.head(BIASED)
    rows = list(compared.rows())
    if position.verdicts >= 0:
        _add_verdicts(answer, compared, position.verdicts, call)
    if position == Position():
        for note in (*identical_notes(compared), *located_notes(compared)):
            answer.line(note)
        changes = headed_change_rows(compared, line_diffs=True)
        few = _few_words(changes)
        if few:
            answer.line(few)
        for note in (
            *method_notes(compared, rows),
            *coverage_notes(compared),
            *compared_author_notes(compared),
            *judgment_notes(compared),
            *groupable_note(compared),
        ):
            answer.line(note)
        if not few:
            _add_changes(answer, changes)
    if rows or compared.found.total:
        _add_datapoints(answer, compared, outcome, position, call, untold=untold)
    return answer.text()


def _subject(compared: Compared, call: Call) -> Quoted:
    """The compared runs, and how the baseline was chosen if the call does not name it."""
    baseline = compared.evaluation.run(compared.found.baseline.run_id)
    called = compared.run(baseline.id)
    if baseline.control:
        called += " (control)"
    elif not call.arguments.get("baseline"):
        called += " (the oldest run: no control is set)"
    candidates = compared.found.candidates
    if len(candidates) > 1:
        subjects = figures.count(len(candidates), "candidate")
    else:
        subjects = f"Candidate {compared.run(candidates[0].run_id)}"
    how: Quoted = "paired by datapoint" if compared.has_pairs else "not paired"
    chosen = f", for datapoints{compared.filtered}" if compared.filtered else ""
    return f"{subjects} against baseline {called}, {how}{chosen}."


def _add_verdicts(answer: Answer, compared: Compared, start: int, call: Call) -> None:
    """The comparisons of each candidate from an index."""
    rows, whole = verdict_rows(compared, start)
    if not whole and len(rows) < 2 and not start:
        answer.head("Nothing to compare by these evaluators." if compared.has_pairs else "No pairs to compare.")
        return

    def footer(amount: int) -> Quoted:
        more = call.at(*Position(verdicts=start + amount)[:4])
        return left_out(len(rows) - amount, "candidate", more)

    answer.rows(rows, footer, rank=Rank.VERDICTS, least=whole)


def _few_words(changes: Sequence[Row]) -> Quoted:
    """Changes that are whole in a few words, which are worth more than evidence; "" for others."""
    text = "\n".join([row.render(0) for row in changes]) if not any(row.need for row in changes) else ""
    return text if len(text) <= _FEW else ""


def _add_changes(answer: Answer, rows: Sequence[Row]) -> None:
    """What the candidates' versions changed."""
    if rows:
        answer.rows(
            rows,
            lambda shown: left_out(len(rows) - shown, "change", _MORE_CHANGES),
            on_cut=f"Whole changes: {_MORE_CHANGES}",
            rank=Rank.EXTRA,
            least=0,
        )


def _add_datapoints(
    answer: Answer, compared: Compared, outcome: Outcome, position: Position, call: Call, *, untold: bool
) -> None:
    found = compared.found
    offset = position.offset if found.offset is None else found.offset
    heading = _heading(compared, outcome, offset)
    if untold and (undirected := _without_direction(compared)):
        heading = f"No better or worse by {figures.listed(undirected, _LISTED)}, so {_INSTEAD[outcome]}: {heading}"
    candidates = [candidate.run_id for candidate in found.candidates]
    shown_candidate = candidates.index(found.shown_run_id)
    first = shown_candidate if position.first < 0 else position.first
    following = _following(compared, outcome, shown_candidate, first)

    others: Quoted = ""
    if following != first:
        others = f"Datapoints of {compared.run(candidates[following])}: {call.at(0, following, first, -1)}"
    if not offset and found.total > len(found.datapoints):
        answer.offer(others)

    def footer(shown: int) -> Quoted:
        if not found.datapoints:
            return "\n".join(filter(None, (heading, others)))
        more = call.at(*position.after(found, shown, first))
        rest = left_out(found.total - offset - shown, "datapoint", more) or others
        return rest if shown else f"{heading.removesuffix(':')}.\n{rest}"

    answer.rows(
        [datapoint_row(compared, datapoint, outcome) for datapoint in found.datapoints],
        footer,
        header=f"\n{heading}",
        on_cut=_MORE_OF_ONE,
        least=0,
        waits=position.verdicts >= 0,
    )


def _heading(compared: Compared, outcome: Outcome, offset: int) -> Quoted:
    """The number of datapoints with the outcome, and their candidate if there are several."""
    found = compared.found
    shown = compared.run(found.shown_run_id)
    if outcome in ("regressed", "improved") and not found.total and (undirected := _without_direction(compared)):
        return f'No better or worse by {", ".join(undirected)}. Use outcome="changed" to see changes.'
    shown_candidate = next(run for run in found.candidates if run.run_id == found.shown_run_id)
    if outcome not in _WITHOUT_PAIRS and not found.total and not _has_pairs(shown_candidate):
        return f"No datapoint has comparable judgments in both {compared.run(found.baseline.run_id)} and {shown}."
    evaluators = [tally.evaluator_version_id for tally in found.baseline.tallies]
    by = f" by {compared.evaluator(evaluators[0])}" if len(evaluators) == 1 else " by at least one evaluator"
    by = "" if outcome in ("errors", "same") else by
    of_run = f" {_OF.get(outcome, 'in')} {shown}" if len(found.candidates) > 1 else ""
    if outcome == "errors":
        of_run = f" in {compared.run(found.baseline.run_id)} or {shown}"
    order = ", largest change first" if outcome in _ORDERED and found.total > 1 else ""
    start = f", from number {figures.count(offset + 1)}" if offset else ""
    start = start if found.datapoints or not found.total else ", all of them before this page"
    told = figures.clause(found.total, "datapoint", _OUTCOMES[outcome])
    return f"{told}{by}{of_run}{order}{start}" + (":" if found.datapoints else ".")


def _following(compared: Compared, outcome: Outcome, shown: int, first: int) -> int:
    """The index of the next candidate that has anything to show, in a circle; at its end, the first one."""
    candidates = compared.found.candidates
    following = (shown + 1) % len(candidates)
    while following != first and outcome not in _WITHOUT_PAIRS and not _has_pairs(candidates[following]):
        following = (following + 1) % len(candidates)
    return following


def _has_pairs(candidate: ComparedCandidate) -> bool:
    """Whether an evaluator judged a datapoint in both the baseline and the candidate."""
    return any(row.pairs for row in candidate.comparisons)


def _without_direction(compared: Compared) -> list[Quoted]:
    """The shown candidate's evaluators, if they changed and none of them has a better and a worse."""
    shown = next(run for run in compared.found.candidates if run.run_id == compared.found.shown_run_id)
    rows = [row for row in shown.comparisons if row.pairs]
    if any(row.better is not None for row in rows) or not any(row.changed for row in rows):
        return []
    return [compared.subject(row) for row in rows]
