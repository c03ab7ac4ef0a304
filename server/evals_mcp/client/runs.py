"""Runs of evaluations."""

from collections.abc import Sequence

from pydantic import TypeAdapter

from evals_mcp.client.endpoints import Endpoints
from evals_mcp.models.outputs import OutputsRequest, OutputsResponse
from evals_mcp.models.runs import (
    CreateRunRequest,
    EvaluationRunResponse,
    EvaluationRunsResponse,
    UpdateRunRequest,
)

_RUN = TypeAdapter(EvaluationRunResponse)
_RUNS = TypeAdapter(EvaluationRunsResponse)
_OUTPUTS = TypeAdapter(OutputsResponse)


class Runs(Endpoints):
    """The runs of a server's evaluations."""

    async def list(self, evaluation_id: str) -> EvaluationRunsResponse:
        """Fetch all runs of an evaluation. Raises NotFound."""
        return await self._connection.get(("evaluations", evaluation_id, "runs"), _RUNS)

    async def create(self, evaluation_id: str, request: CreateRunRequest) -> EvaluationRunResponse:
        """Create a run. Raises NotFound, and Invalid if the fields do not fit together."""
        return await self._connection.send("POST", ("evaluations", evaluation_id, "runs"), _RUN, request)

    async def add_existing(self, evaluation_id: str, run_id: str) -> None:
        """Add a run of another evaluation. Raises NotFound."""
        await self._connection.send_only("POST", ("evaluations", evaluation_id, "runs", run_id))

    async def update(self, evaluation_id: str, run_id: str, request: UpdateRunRequest) -> EvaluationRunResponse:
        """Make a run the control, complete it or cancel it. Raises NotFound, and Conflict if it has ended."""
        path = ("evaluations", evaluation_id, "runs", run_id)
        return await self._connection.send("PATCH", path, _RUN, request)

    async def add_logs(
        self,
        evaluation_id: str,
        run_id: str,
        log_ids: Sequence[str],
        *,
        only_matching: bool = False,
        dry_run: bool = False,
    ) -> EvaluationRunResponse:
        """Add existing logs to a run: all or none. Raises NotFound, and Conflict if the run is cancelled.

        With `only_matching`, our extension, raises Invalid for logs that do not fit the run's version or dataset. Only
        our servers know `dry_run`: others would store the logs.
        """
        path = ("evaluations", evaluation_id, "runs", run_id, "logs")
        extension = {"only_matching": True} if only_matching else {}
        extension |= {"dry_run": True} if dry_run else {}
        return await self._connection.send("POST", path, _RUN, {"log_ids": [*log_ids], **extension})

    async def log_outputs(self, evaluation_id: str, run_id: str, request: OutputsRequest) -> OutputsResponse:
        """Log outputs for datapoints: all or none. Our route. Raises NotFound, Invalid and Conflict."""
        path = ("evaluations", evaluation_id, "runs", run_id, "outputs")
        return await self._connection.send("POST", path, _OUTPUTS, request)
