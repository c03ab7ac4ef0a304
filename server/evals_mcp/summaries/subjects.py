"""How an answer about an evaluation opens; what follows is in the nouns' modules."""

from evals_mcp.models.review import Overview
from evals_mcp.summaries import figures
from evals_mcp.summaries.quoting import cell, name

_NAME = 200


def opening(overview: Overview) -> str:
    """One line: the evaluation's name, id, file, status, and how much it holds."""
    row = overview.evaluation
    called = f"Evaluation {cell(row.name, _NAME)} ({row.id})" if row.name else f"Evaluation {row.id}"
    of_file = f" of {name(row.file_path)}" if row.file_path else ""
    sizes = sorted({run.datapoints_count for run in overview.runs if run.datapoints_count is not None})
    datasets = sorted({run.dataset_path for run in overview.runs if run.dataset_path})
    parts = [figures.count(len(overview.runs), "run"), figures.count(len(overview.evaluators), "evaluator")]
    if len(sizes) == 1:
        over = f" of {name(datasets[0])}" if len(datasets) == 1 else ""
        parts.append(figures.count(sizes[0], "datapoint") + over)
    elif sizes:
        parts.append(f"datasets of {', '.join(map(figures.count, sizes))} datapoints")
    return f"{called}{of_file}: {row.status}; {', '.join(parts)}."
