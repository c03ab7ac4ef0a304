"""The parts that documents share: the evaluation, its evaluators, runs with their figures, and rows of comparisons.

Numbers stand beside the words that answers have for them, so that a view neither computes nor rounds.
"""

from collections.abc import Iterable

from evals_mcp.answers.compared_figures import compared_figures
from evals_mcp.answers.comparison_rows import comparison_cells
from evals_mcp.answers.frame import figures
from evals_mcp.answers.headlines import headline, pass_words
from evals_mcp.answers.subjects import run_status
from evals_mcp.kept import once
from evals_mcp.models.comparisons import ComparisonRow
from evals_mcp.models.figures import EvaluatorFigures
from evals_mcp.models.model import JsonObject
from evals_mcp.models.resolved import ResolvedEvaluation
from evals_mcp.models.rows import EvaluatorRow, RunRow
from evals_mcp.statistics.results import Verdict

FORMAT = 1
"""The version of the documents. It grows when a field changes its meaning or goes."""

_SIGNS = {Verdict.BETTER: "better", Verdict.WORSE: "worse", Verdict.DIFFERENT: "different"}


def about(kind: str, evaluation: ResolvedEvaluation) -> JsonObject:
    """The head of a document: its kind, the evaluation, and its evaluators with their directions."""
    return {"format": FORMAT, "kind": kind, **_head(evaluation)}


@once
def _head(evaluation: ResolvedEvaluation) -> JsonObject:
    row = evaluation.overview.evaluation
    return {
        "evaluation": {
            "id": row.id,
            "name": row.name or row.id,
            "file": row.file_path,
            "status": row.status,
            "created": row.created_at.isoformat(),
        },
        "notes": list(evaluation.notes),
        "evaluators": [_evaluator(evaluation, item) for item in evaluation.evaluators],
    }


def runs(evaluation: ResolvedEvaluation, chosen: Iterable[RunRow]) -> list[JsonObject]:
    """Runs of the evaluation with the figures of each evaluator, in the order of the document's evaluators."""
    every = _runs(evaluation)
    return [every[run.id] for run in chosen]


@once
def _runs(evaluation: ResolvedEvaluation) -> dict[str, JsonObject]:
    return {
        run.id: {
            "id": run.id,
            "label": evaluation.run_labels[run.id],
            "control": run.control,
            "version": run.version_name or run.version_id,
            "status": run_status(run),
            "created": run.created_at.isoformat(),
            "logs": run.logs_count,
            "failed_logs": run.failed_logs,
            "datapoints": run.datapoints_count,
            "figures": [_figure(run, stats) for stats in run.stats],
        }
        for run in evaluation.runs
    }


def comparison(row: ComparisonRow) -> JsonObject:
    """A row of a comparison: its numbers, and the words of the answer's table for them.

    `sign` is better, worse, different, or none without a significant difference.
    """
    pairs, baseline, candidate, difference, interval, p, directions, verdict = comparison_cells(row)
    return {
        "evaluator": row.evaluator_version_id,
        "measure": row.measure,
        "passes": row.passes,
        "type": row.kind,
        "sign": _SIGNS.get(Verdict(row.verdict), "none"),
        "verdict": verdict,
        "scale": 100 if row.kind == "boolean" else 1,
        "baseline": row.baseline,
        "candidate": row.candidate,
        "difference": row.difference,
        "low": row.low,
        "high": row.high,
        "pairs": row.pairs,
        "p": row.p_value if row.adjusted_p is None else row.adjusted_p,
        "better": row.better,
        "worse": row.worse,
        "higher": row.higher,
        "lower": row.lower,
        "changed": row.changed,
        "same": row.same,
        "only_baseline": row.only_baseline,
        "only_candidate": row.only_candidate,
        "errors": row.errors,
        "options": [
            {"option": item.option, "baseline": item.baseline_share, "candidate": item.candidate_share}
            for item in row.options
        ],
        "words": {
            "pairs": pairs,
            "baseline": baseline,
            "candidate": candidate,
            "difference": difference,
            "interval": interval,
            "p": p,
            "directions": directions,
        },
        "has_interval": compared_figures(row) is not None and row.low is not None and row.high is not None,
    }


def _evaluator(evaluation: ResolvedEvaluation, row: EvaluatorRow) -> JsonObject:
    return {
        "id": row.version_id,
        "label": evaluation.evaluator_labels[row.version_id],
        "type": row.return_type,
        "directed": row.is_directed,
        "lower_is_better": row.is_directed and row.valence == "negative",
        "low": row.low,
        "high": row.high,
        "options": [{"name": name, "valence": valence} for name, valence in row.option_valences.items()],
    }


def _figure(run: RunRow, stats: EvaluatorFigures) -> JsonObject:
    """An evaluator's figures in a run. `value` is a rate of true or a mean; `shares` are those of options."""
    counted = {option: count / stats.num_judgments for option, count in (stats.options or {}).items() if count}
    return {
        "text": headline(stats),
        "passes": pass_words(stats),
        "value": stats.average,
        "shares": stats.shares if stats.shares is not None else counted or None,
        "judged": stats.judged_logs,
        "abstained": stats.num_nulls,
        "failed": stats.num_errors,
        "missing": max(run.logs_count - stats.logs, 0),
        "n": figures.count(stats.units or stats.judged_logs),
    }
