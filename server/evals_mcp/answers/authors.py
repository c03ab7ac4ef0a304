"""Notes on the authors of judgments: whose a rate is, and on how many logs they differ."""

from collections.abc import Collection, Iterable, Sequence

from evals_mcp.answers.frame import figures
from evals_mcp.answers.frame.quoting import Quoted, name
from evals_mcp.answers.judgments import author_name
from evals_mcp.models.figures import Authors, EvaluatorFigures
from evals_mcp.models.resolved import ResolvedEvaluation
from evals_mcp.models.rows import RunRow

_RUNS = 6
_AUTHORS = 6


def author_notes(
    evaluation: ResolvedEvaluation, runs: Sequence[RunRow], version_ids: Collection[str] | None = None
) -> list[Quoted]:
    """A note for each evaluator with several authors in these runs: how many logs each judged, where they differ."""
    notes: list[Quoted] = []
    shared = False
    for index, row in enumerate(evaluation.evaluators):
        if version_ids is not None and row.version_id not in version_ids:
            continue
        if not _are_several(runs, index):
            continue
        by_run = [(run, _authors(run.stats[index])) for run in runs if run.stats[index].num_judgments]
        shared = shared or any(found.shared and _together(found) for _, found in by_run)
        counted: list[Quoted] = [
            f"{name(evaluation.run_labels[run.id])} ({_counts(found, differs=row.return_type != 'text')})"
            for run, found in by_run
        ]
        label = name(evaluation.evaluator_labels[row.version_id])
        notes.append(f"Authors of {label}: {figures.listed(counted, _RUNS)}.")
    if shared:
        notes.append("A log that several authors judged counts once, by the mean of their judgments.")
    return notes


def with_authors(evaluation: ResolvedEvaluation) -> set[str]:
    """The evaluator versions that have several authors, so that a judgment needs its author's name."""
    return {row.version_id for index, row in enumerate(evaluation.evaluators) if _are_several(evaluation.runs, index)}


def _are_several(runs: Iterable[RunRow], index: int) -> bool:
    stats = [run.stats[index] for run in runs]
    if all(item.authors is None for item in stats):
        return False
    found = (_authors(item).logs.items() for item in stats)
    return len({author for logs in found for author, count in logs if count}) > 1


def _authors(stats: EvaluatorFigures) -> Authors:
    return stats.authors or Authors({"": stats.num_judgments})


def _counts(found: Authors, *, differs: bool) -> Quoted:
    """`ana 12 logs, ben 10, who differ on 3`."""
    ordered = sorted(found.logs.items(), key=lambda item: -item[1])
    words: list[Quoted] = [f"{author_name(author)} {figures.count(logs)}" for author, logs in ordered if logs]
    words[:1] = [f"{author_name(ordered[0][0])} {figures.count(ordered[0][1], 'log')}"]
    counted = figures.listed(words, _AUTHORS)
    if not differs or not _together(found) or found.shared is None:
        return counted
    return f"{counted}; they differ on {figures.count(found.shared.differ)}"


def _together(found: Authors) -> bool:
    """Whether two authors judged the same log."""
    return found.shared is not None and sum(found.logs.values()) > found.shared.judged
