"""The runs of a comparison of some datapoints: their figures over these, not over all that the runs have."""

from collections.abc import Sequence

from evals_mcp.answers.comparison_notes import Compared
from evals_mcp.answers.frame import figures
from evals_mcp.models.comparisons import ComparedRun, ComparisonRow, Tally
from evals_mcp.models.model import JsonObject
from evals_mcp.models.rows import RunRow
from evals_mcp.views.figures import comparison, runs


def compared_runs(compared: Compared) -> list[JsonObject]:
    """The baseline and the candidates, in the order of the evaluation. With a filter, each figure is that of the pairs.

    The baseline's are those beside the first candidate that has pairs by the evaluator.
    """
    found = {run.run_id: run for run in (compared.found.baseline, *compared.found.candidates)}
    chosen = [run for run in compared.evaluation.runs if run.id in found]
    shown = runs(compared.evaluation, chosen)
    if not compared.filtered:
        return shown
    return [_filtered(compared, run, found[row.id], row) for run, row in zip(shown, chosen, strict=True)]


def _filtered(compared: Compared, shown: JsonObject, run: ComparedRun, row: RunRow) -> JsonObject:
    is_baseline = row.id == compared.found.baseline.run_id
    candidates = [item for item in compared.found.candidates if is_baseline or item.run_id == row.id]
    rows = [comparison for item in candidates for comparison in item.comparisons if comparison.pairs]
    tallies = {tally.evaluator_version_id: tally for tally in run.tallies}
    versions = [item.version_id for item in compared.evaluation.evaluators]
    return {
        **shown,
        "logs": run.logs,
        "failed_logs": run.failed_logs,
        "datapoints": run.datapoints,
        "figures": [_figure(tallies.get(version), _row_of(rows, version), is_baseline) for version in versions],
    }


def _row_of(rows: Sequence[ComparisonRow], version_id: str) -> ComparisonRow | None:
    return next((row for row in rows if row.evaluator_version_id == version_id), None)


def _figure(tally: Tally | None, row: ComparisonRow | None, is_baseline: bool) -> JsonObject:
    """An evaluator's figures over the pairs, with the fields of those over all logs."""
    side = "baseline" if is_baseline else "candidate"
    judged = tally.judged if tally else 0
    words = comparison(row)["words"][side] + (" true" if row.kind == "boolean" else "") if row else ""
    shares = {item.option: getattr(item, f"{side}_share") for item in row.options} if row else {}
    return {
        "text": words or (f"{figures.count(judged)} judged" if judged else ""),
        "passes": "",
        "value": getattr(row, side) if row else None,
        "shares": shares or None,
        "judged": judged,
        "abstained": tally.abstained if tally else 0,
        "failed": tally.failed if tally else 0,
        "missing": tally.missing if tally else 0,
        "n": figures.count(row.pairs if row else judged),
    }
