"""Notes on a comparison: how its figures were computed, and what they exclude."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from evals_mcp.answers.authors import author_notes
from evals_mcp.answers.frame import figures
from evals_mcp.answers.frame.quoting import Quoted, name
from evals_mcp.answers.judgments import judgment_word
from evals_mcp.answers.unpaired import unpaired_notes
from evals_mcp.kept import once
from evals_mcp.models.comparisons import ComparedCandidate, ComparedRun, ComparisonRow, Comparisons, Tally
from evals_mcp.models.questions import Family
from evals_mcp.models.resolved import ResolvedEvaluation
from evals_mcp.statistics.results import PairedTest, Verdict
from evals_mcp.statistics.sign_flips import RESAMPLES
from evals_mcp.statistics.verdicts import DEFAULT_MARGINS, Margins, is_constant

_TESTS: dict[PairedTest, Quoted] = {
    PairedTest.MCNEMAR: "McNemar's exact test",
    PairedTest.SIGN_FLIP: "paired sign-flip permutation test",
    PairedTest.STUART_MAXWELL: "Stuart-Maxwell test",
    PairedTest.PER_OPTION: "one paired test per option",
}
_LISTED = 6


@dataclass(frozen=True, slots=True)
class Compared:
    """A comparison with the names of its parts, and the comparisons that its p-values are corrected over.

    `filtered` are the words for its datapoints; empty for all. `by_outcomes`: they are chosen by what a run gave.
    `margins` are the losses that the verdict accepts.
    `counted` says that missing judgments count, where they do. `kept` is for `kept.once`.
    """

    evaluation: ResolvedEvaluation
    found: Comparisons
    family: Family = "evaluation"
    filtered: Quoted = ""
    by_outcomes: bool = False
    margins: Margins = DEFAULT_MARGINS
    counted: Quoted = ""
    kept: dict[object, Any] = field(default_factory=dict, init=False, repr=False, compare=False)

    def run(self, run_id: str) -> Quoted:
        """The label of a run."""
        return name(self.evaluation.run_labels[run_id])

    def evaluator(self, version_id: str) -> Quoted:
        """The label of an evaluator."""
        return name(self.evaluation.evaluator_labels[version_id])

    @property
    def has_pairs(self) -> bool:
        """Whether some candidate shares a datapoint with the baseline."""
        return any(candidate.shared for candidate in self.found.candidates)

    def subject(self, row: ComparisonRow) -> Quoted:
        """The evaluator or measure of a row."""
        if row.measure is None:
            return self.evaluator(row.evaluator_version_id or "") + (" passed" if row.passes else "")
        is_label = row.measure in self.evaluation.evaluator_labels.values()
        return f"{row.measure} (measured)" if is_label else row.measure

    def rows(self) -> Iterator[tuple[ComparedCandidate, ComparisonRow]]:
        """All comparisons with pairs, by candidate: of judgments, of passes, and of measures."""
        for candidate in self.found.candidates:
            for row in (*candidate.comparisons, *candidate.passes, *candidate.measures):
                if row.pairs and not is_constant(row, self.found.baseline, candidate):
                    yield candidate, row


def tally_of(run: ComparedRun, version_id: str) -> Tally:
    """The counts of an evaluator's judgments in a run."""
    return next(tally for tally in run.tallies if tally.evaluator_version_id == version_id)


def method_notes(compared: Compared, found: Sequence[tuple[ComparedCandidate, ComparisonRow]]) -> list[Quoted]:
    """How these rows of candidates were computed: tests, correction, averages."""
    notes: list[Quoted] = []
    rows = [row for _, row in found]
    tested = [row for row in rows if row.test is not None]
    if tested:
        adjusted = _correction(compared, tested)
        notes.append(
            f"{_tests(compared, found)}{_estimated(compared, tested)}{adjusted}; better or worse means p ≤ 0.05."
        )
    if undeclared := _undeclared(compared, rows):
        notes.append(
            f"Not set whether higher is better: {', '.join(undeclared)}. Counts are higher/lower/same. To set it: "
            "number_valence in the evaluator, or the score NAME:higher in the import of a table."
        )
    if any(row.only_baseline or row.only_candidate for row in rows):
        notes.append("Figures are over the pairs of their row only; list_runs can differ.")
    if measured := [row for row in rows if row.measure is not None]:
        excluded = " Failed logs are excluded from these rows." if _failed_logs(compared) else ""
        apart: Quoted = "measured " if any(compared.subject(row) != row.measure for row in measured) else ""
        notes.append(f"Lower {apart}latency, tokens and cost are better.{excluded}")
    if any(row.averaged for row in rows):
        logs, datapoints = max((run.logs, run.datapoints) for run in _runs(compared))
        notes.append(
            f"Repeated logs of a datapoint are averaged before pairing (up to {figures.count(logs, 'log')} for "
            f"{figures.count(datapoints, 'datapoint')})."
        )
    return notes


def _estimated(compared: Compared, tested: Sequence[ComparisonRow]) -> Quoted:
    """Of which rows p is not computed exactly."""
    drawn = list(dict.fromkeys(compared.subject(row) for row in tested if row.p_error is not None))
    return (
        f"; p of {figures.listed(drawn, _LISTED)} is estimated from {figures.count(RESAMPLES)} samples" if drawn else ""
    )


def _correction(compared: Compared, tested: Sequence[ComparisonRow]) -> Quoted:
    """Over how many comparisons the p-values of these rows are corrected, and whose they are."""
    judged = compared.found.family_comparisons if any(row.measure is None for row in tested) else 0
    measured = compared.found.family_measures if any(row.measure is not None for row in tested) else 0
    if compared.family == "asked" and judged <= 1 and measured <= 1:
        return '; p is not adjusted (family="asked")'
    whose = "of the evaluation" if compared.family == "evaluation" else 'asked for (family="asked")'
    if judged > 1:
        measures = f" (measures: over {figures.count(measured)})" if measured > 1 else ""
        return f"; p is Holm-adjusted over {figures.count(judged)} comparisons {whose}{measures}"
    return (
        f"; p of measures is Holm-adjusted over {figures.count(measured)} comparisons {whose}" if measured > 1 else ""
    )


@once
def coverage_notes(compared: Compared) -> list[Quoted]:
    """Datapoints that the runs do not share, and excluded logs."""
    baseline = compared.found.baseline
    notes = [
        _shared(compared, candidate)
        for candidate in compared.found.candidates
        if candidate.shared < max(candidate.datapoints, baseline.datapoints)
    ]
    if not compared.filtered:
        notes += unpaired_notes(compared.evaluation, compared.found)
    cancelled = [run for run in _runs(compared) if compared.evaluation.run(run.run_id).status == "cancelled"]
    if cancelled:
        notes.append(f"Cancelled: {figures.listed([compared.run(run.run_id) for run in cancelled], _LISTED)}.")
    unpaired = [(run, run.unpaired_logs) for run in _runs(compared)]
    if any(count for _, count in unpaired):
        notes.append(f"Excluded: logs without a datapoint ({_where(compared, unpaired)}).")
    halves = [(run, run.output_costs) for run in _runs(compared)]
    if any(count for _, count in halves):
        notes.append(
            f"Only the output's cost is logged for {_where(compared, halves)}. These count only between runs without "
            "whole costs."
        )
    failed = _failed_logs(compared)
    if failed:
        notes.append(f'Failed logs: {_where(compared, failed)}. Use outcome="errors" to see them.')
    return notes


def compared_author_notes(compared: Compared) -> list[Quoted]:
    """Whose judgments are compared, where there are several authors."""
    runs = [compared.evaluation.run(run.run_id) for run in _runs(compared)]
    return author_notes(
        compared.evaluation, runs, [tally.evaluator_version_id for tally in compared.found.baseline.tallies]
    )


@once
def judgment_notes(compared: Compared) -> list[Quoted]:
    """Evaluators without a row, or with excluded judgments."""
    notes = pairing_notes(compared)
    words: tuple[Quoted, ...] = ("failed", "abstained", "missing")
    for word in words:
        counts: dict[str, Quoted] = {run.run_id: _counts(compared, run, word) for run in _runs(compared)}
        where: list[Quoted] = [f"{compared.run(run_id)} ({counted})" for run_id, counted in counts.items() if counted]
        if where:
            notes.append(f"Excluded: {word} judgments in {figures.listed(where, _LISTED)}.")
    return notes


def pairing_notes(compared: Compared) -> list[Quoted]:
    """Evaluators without a row, or with unequal pairs: notes that a list of runs does not have."""
    version_ids = [tally.evaluator_version_id for tally in compared.found.baseline.tallies]
    nowhere = [version_id for version_id in version_ids if _is_nowhere(compared, version_id)]
    notes: list[Quoted] = []
    if not compared.found.baseline.datapoints and not any(run.datapoints for run in compared.found.candidates):
        if compared.filtered:
            return [f"Neither run has a datapoint{compared.filtered}."]
        return ["The runs have no datapoints, so their logs cannot be paired."]
    if nowhere:
        notes.append(f"Not judged by {', '.join(map(compared.evaluator, nowhere))}.")
    notes += _pair_notes(compared, [version_id for version_id in version_ids if version_id not in nowhere])
    ignored = [
        (run, left_out)
        for run in compared.found.candidates
        if (left_out := sum(row.ignored for row in (*run.comparisons, *run.measures)))
    ]
    if ignored:
        notes.append(
            f"Excluded: numbers that are not finite or beyond 1e150 ({_where(compared, ignored)} and the baseline)."
        )
    return notes


def _undeclared(compared: Compared, rows: Iterable[ComparisonRow]) -> list[Quoted]:
    """Evaluators of numbers or booleans without a direction."""
    return list(dict.fromkeys(compared.subject(row) for row in rows if row.better is None and row.higher is not None))


def _counts(compared: Compared, run: ComparedRun, word: Quoted) -> Quoted:
    """The failed, abstained or missing judgments of a run, by evaluators that judged other logs of it."""
    counts = [(tally.evaluator_version_id, getattr(tally, word)) for tally in run.tallies if tally.judged]
    return figures.listed(
        [f"{compared.evaluator(id)} {figures.count(count)}" for id, count in counts if count], _LISTED
    )


def _pair_notes(compared: Compared, version_ids: Iterable[str]) -> list[Quoted]:
    """Why evaluators have no row for a candidate, grouped by reason."""
    reasons: dict[Quoted, dict[str, list[Quoted]]] = {}
    for version_id in version_ids:
        for candidate in compared.found.candidates:
            for reason in _reasons(compared, candidate, version_id):
                reasons.setdefault(reason, {}).setdefault(version_id, []).append(compared.run(candidate.run_id))
    amount = len(compared.found.candidates)
    return [
        f"{reason}: "
        + ", ".join(
            compared.evaluator(version_id) + ("" if len(runs) == amount else f" ({figures.listed(runs, _LISTED)})")
            for version_id, runs in found.items()
        )
        + "."
        for reason, found in reasons.items()
    ]


def _reasons(compared: Compared, candidate: ComparedCandidate, version_id: str) -> Iterator[Quoted]:
    if any(map(_is_unpaired, (compared.found.baseline, candidate))):
        return  # its judgments are of logs without a datapoint, which have notes of their own
    before, after = tally_of(compared.found.baseline, version_id), tally_of(candidate, version_id)
    row = next(row for row in candidate.comparisons if row.evaluator_version_id == version_id)
    if row.verdict == Verdict.NOT_COMPARABLE:
        yield f"Not comparable, because the judgments are {name(row.kind)}"
        return
    sides: tuple[tuple[Tally, Quoted], ...] = ((before, "baseline"), (after, "candidate"))
    for tally, side in sides:
        if tally.other_type:
            yield f"Excluded {side} judgments, whose type differs from the evaluator's current return type"
        elif not tally.judged:
            yield f"No judgments in the {side} ({_instead(tally)})"
            return
    if before.judged and after.judged and candidate.shared and not row.pairs:
        yield f"Judged in both runs, but {'without a finite number' if row.ignored else 'on no common datapoint'}"
    if row.pairs and not row.changed and before.constant is not None and before.constant == after.constant:
        yield f"Always {judgment_word('judged', before.constant)} in both runs, so it cannot separate them"
    if row.pairs and before.version_ids != after.version_ids:
        yield "Judged by different evaluator versions, which may explain part of the difference"


def _is_unpaired(run: ComparedRun) -> bool:
    """Whether a run has logs, but none with a datapoint."""
    return bool(run.unpaired_logs) and not run.datapoints


def _instead(tally: Tally) -> Quoted:
    words: dict[Quoted, int] = {"failed": tally.failed, "abstained": tally.abstained, "missing": tally.missing}
    return ", ".join(f"{figures.count(count)} {word}" for word, count in words.items() if count) or "no logs"


def _is_nowhere(compared: Compared, version_id: str) -> bool:
    tallies = [tally_of(run, version_id) for run in _runs(compared)]
    return not any(tally.judged or tally.failed or tally.abstained or tally.other_type for tally in tallies)


def _tests(compared: Compared, found: Sequence[tuple[ComparedCandidate, ComparisonRow]]) -> Quoted:
    """The test of each evaluator and measure, with the candidates if it was tested differently in others."""
    tested: dict[Quoted, dict[Quoted, list[Quoted]]] = {}
    for candidate, row in found:
        if row.test is not None:
            by_subject = tested.setdefault(_TESTS[PairedTest(row.test)], {})
            by_subject.setdefault(compared.subject(row), []).append(compared.run(candidate.run_id))
    times = Counter(subject for by_subject in tested.values() for subject in by_subject)
    by_test: dict[Quoted, list[Quoted]] = {
        test: [
            subject if times[subject] == 1 else f"{subject} in {figures.listed(runs, _LISTED)}"
            for subject, runs in by_subject.items()
        ]
        for test, by_subject in tested.items()
    }
    if len(by_test) == 1:
        return f"Test: {next(iter(by_test))}"
    ordered = sorted(by_test.items(), key=lambda item: len(item[1]))
    parts: list[Quoted] = [f"{test} ({', '.join(subjects)})" for test, subjects in ordered[:-1]]
    return f"Tests: {'; '.join(parts)}; {ordered[-1][0]} (others)"


def _shared(compared: Compared, candidate: ComparedCandidate) -> Quoted:
    """The datapoints that a candidate shares with the baseline."""
    called, datasets = compared.run(candidate.run_id), _datasets(compared, candidate)
    if _is_unpaired(candidate):
        return f"{called} has no datapoints, so it cannot be paired."
    if _is_unpaired(compared.found.baseline):
        return f"The baseline has no datapoints, so {called} cannot be paired with it."
    if not candidate.shared:
        return f"{called} and the baseline share no datapoints{datasets}, so they cannot be paired."
    return (
        f"{called} and the baseline share {figures.count(candidate.shared, 'datapoint')} of "
        f"{figures.count(candidate.datapoints)} and {figures.count(compared.found.baseline.datapoints)}{datasets}. "
        "Only these are compared."
    )


def _datasets(compared: Compared, candidate: ComparedCandidate) -> Quoted:
    """The difference between the candidate's and the baseline's datasets, if any."""
    runs = {run.id: run for run in compared.evaluation.runs}
    mine, theirs = runs[candidate.run_id], runs[compared.found.baseline.run_id]
    if mine.dataset_version_id == theirs.dataset_version_id:
        return ""
    if mine.dataset_version_id is None or theirs.dataset_version_id is None:
        return f" ({'it' if mine.dataset_version_id is None else 'the baseline'} has no dataset)"
    if mine.dataset_path is None or theirs.dataset_path is None or mine.dataset_path == theirs.dataset_path:
        return " (different dataset versions)"
    return f" (datasets {name(mine.dataset_path)} and {name(theirs.dataset_path)})"


def _failed_logs(compared: Compared) -> list[tuple[ComparedRun, int]]:
    return [(run, run.failed_logs) for run in _runs(compared) if run.failed_logs]


def _runs(compared: Compared) -> list[ComparedRun]:
    return [compared.found.baseline, *compared.found.candidates]


def _where(compared: Compared, counts: Sequence[tuple[Any, int]]) -> Quoted:
    return figures.listed(
        [f"{figures.count(count)} in {compared.run(run.run_id)}" for run, count in counts if count], _LISTED
    )
