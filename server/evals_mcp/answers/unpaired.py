"""Runs without a common datapoint, compared over all their logs, and said to be unpaired."""

from evals_mcp.answers.frame import figures
from evals_mcp.answers.frame.quoting import Quoted, name
from evals_mcp.answers.headlines import difference, headline
from evals_mcp.models.comparisons import Comparisons
from evals_mcp.models.figures import EvaluatorFigures
from evals_mcp.models.resolved import ResolvedEvaluation
from evals_mcp.models.rows import RunRow
from evals_mcp.statistics.unpaired import fisher_exact


def unpaired_notes(evaluation: ResolvedEvaluation, found: Comparisons) -> list[Quoted]:
    """A line for each candidate that shares no datapoint with the baseline: each evaluator's figures in both runs."""
    baseline = evaluation.run(found.baseline.run_id)
    notes: list[Quoted] = []
    for candidate in (item for item in found.candidates if not item.shared):
        run = evaluation.run(candidate.run_id)
        asked = [tally.evaluator_version_id for tally in candidate.tallies]
        words = [words for version_id in asked if (words := _words(evaluation, version_id, baseline, run))]
        if words:
            called = name(evaluation.run_labels[run.id])
            notes.append(f"Unpaired, over all judged logs: {called}: {'; '.join(words)}. p is not adjusted.")
    return notes


def _words(evaluation: ResolvedEvaluation, version_id: str, baseline: RunRow, run: RunRow) -> Quoted:
    index = evaluation.index_of(version_id)
    before, after = baseline.stats[index], run.stats[index]
    if not before.num_judgments or not after.num_judgments:
        return ""
    counts = [figures.count(stats.units or stats.judged_logs) for stats in (before, after)]
    change = difference(after, before)
    test = _test(before, after)
    figure = f"{headline(before)} (n={counts[0]}) → {headline(after)} (n={counts[1]})"
    return f"{name(evaluation.evaluator_labels[version_id])} {figure}" + (f", {change}{test}" if change else "")


def _test(before: EvaluatorFigures, after: EvaluatorFigures) -> Quoted:
    true = (_true_logs(before), _true_logs(after))
    if true[0] is None or true[1] is None:
        return ", not tested"
    p_value = fisher_exact((true[0], true[1]), (before.judged_logs, after.judged_logs))
    return f", Fisher's exact test {figures.p_value(p_value)}"


def _true_logs(stats: EvaluatorFigures) -> int | None:
    """The logs that are true; None for other figures, for repeated logs, and where authors differ on a log."""
    if stats.units is not None and stats.units != stats.judged_logs:
        return None
    if stats.num_true is None or stats.judged_logs == stats.num_judgments:
        return stats.num_true
    differ = stats.authors is not None and stats.authors.shared is not None and stats.authors.shared.differ
    return None if differ else round((stats.average or 0) * stats.judged_logs)
