"""Load the sample evaluation like any document."""

from collections.abc import Iterable

from evals_mcp.client.client import EvalsClient
from evals_mcp.importers.loader import load_document, stream
from evals_mcp.models.evaluation_document import EvaluationRecord, Record


async def load_sample(client: EvalsClient, sample: Iterable[Record]) -> str:
    """Load the sample and return the evaluation's id. Raises EvalsError."""
    records = list(sample)
    loaded = await load_document(client, stream(records))
    (evaluation,) = (record for record in records if isinstance(record, EvaluationRecord))
    return loaded.ids.get("evaluation", {}).get(evaluation.id, evaluation.id)
