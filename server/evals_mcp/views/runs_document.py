"""The document of the runs of an evaluation, made of what the answer of `list_runs` is made of."""

from evals_mcp.answers.frame.calls import Call
from evals_mcp.answers.frame.quoting import Quoted
from evals_mcp.answers.runs import run_remarks
from evals_mcp.models.model import JsonObject
from evals_mcp.models.resolved import ResolvedEvaluation
from evals_mcp.views.figures import about, runs


def runs_document(evaluation: ResolvedEvaluation, *, filtered: Quoted, call: Call) -> JsonObject:
    """The document of all runs, oldest first. `compare` is the call that shows their differences, if there are any."""
    reference = evaluation.reference_run.id if evaluation.runs else None
    compare = {"name": "compare_runs", "arguments": {"evaluation": evaluation.id}}
    return {
        **about("runs", evaluation),
        "call": {"name": call.tool, "arguments": call.given()},
        "filtered": filtered.strip(),
        "baseline": reference,
        "runs": runs(evaluation, evaluation.runs),
        "notes": [*evaluation.notes, *run_remarks(evaluation)] if evaluation.runs else [*evaluation.notes],
        "compare": compare if len(evaluation.runs) > 1 else None,
    }
