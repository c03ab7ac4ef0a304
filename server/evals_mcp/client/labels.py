"""Labels of logs, and the examples in a judge's prompt, for servers with our routes."""

from pydantic import TypeAdapter

from evals_mcp.client.endpoints import Endpoints
from evals_mcp.models.evaluators import JudgeExamples
from evals_mcp.models.labels import LabelsRequest, LabelsResponse

_EXAMPLES = TypeAdapter(JudgeExamples)
_LABELS = TypeAdapter(LabelsResponse)


class Labels(Endpoints):
    """Our routes that label logs and mark them as examples."""

    async def create(self, evaluation_id: str, request: LabelsRequest) -> LabelsResponse:
        """Label logs: all or none. Raises NotFound, Invalid with the row, and Conflict."""
        path = ("evaluations", evaluation_id, "labels")
        return await self._connection.send("POST", path, _LABELS, request)

    async def mark_examples(self, version_id: str, ids: list[str]) -> list[str]:
        """Replace the marked examples of a judge's version. Returns all that it has. Raises NotFound."""
        path = ("review", "evaluators", version_id, "examples")
        return (await self._connection.send("PUT", path, _EXAMPLES, JudgeExamples(ids=ids))).ids
