"""Mark which logs or datapoints the prompt of a judge shows as examples."""

from collections.abc import Sequence

from evals_mcp.answers.frame.quoting import quote
from evals_mcp.errors import Invalid, NotFound
from evals_mcp.lookup.evaluators import find_evaluator
from evals_mcp.lookup.lookup import Lookup
from evals_mcp.models.resolved import ResolvedEvaluation
from evals_mcp.models.rows import EvaluatorRow


async def mark_examples(
    lookup: Lookup, evaluation: ResolvedEvaluation, judge: str, words: Sequence[str], *, dry_run: bool
) -> tuple[EvaluatorRow, list[str]]:
    """Replace the marked examples of a judge's version; with `dry_run`, only check. The judge, and the examples' ids.

    Raises NotFound and Invalid for unknown ones, and Invalid on a server without our routes.
    """
    await lookup.rows()
    if lookup.client.extended is False:
        raise Invalid("This server cannot mark examples. Name them in attributes.examples of the judge's new version.")
    row = find_evaluator(evaluation, judge)
    if row.evaluator_type == "human":
        raise Invalid(f"evaluator: {quote(row.path, 100)} has people's labels, and no prompt. Name the judge.")
    ids = [await _find(lookup, evaluation, word) for word in words]
    if not dry_run:
        await lookup.client.labels.mark_examples(row.version_id, ids)
    return row, ids


async def _find(lookup: Lookup, evaluation: ResolvedEvaluation, word: str) -> str:
    if word.strip().startswith("dp_"):
        return await lookup.find_datapoint(evaluation, word.strip())
    id = await lookup.find_log_id(word, "logs")
    if id not in await lookup.client.reviews.find_log_ids(id):
        raise NotFound(f"logs: no log has the id {quote(id, 60)}. No example was marked.")
    return id
