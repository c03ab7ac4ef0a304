"""Requests that set the evaluators that monitor a file. `evaluators` has the responses."""

from evals_mcp.errors import Invalid
from evals_mcp.models.model import JsonObject, Model


class MonitoringEvaluatorRequest(Model):
    """A monitoring evaluator: one version, or the version deployed to an environment."""

    evaluator_version_id: str | None = None
    evaluator_id: str | None = None
    environment_id: str | None = None

    def entry(self) -> JsonObject:
        """The key of the monitoring evaluator. Raises Invalid (400) unless exactly one of the two forms is given."""
        deployed = self.evaluator_id is not None and self.environment_id is not None
        if self.evaluator_version_id is not None and self.evaluator_id is None and self.environment_id is None:
            return {"evaluator_version_id": self.evaluator_version_id}
        if self.evaluator_version_id is None and deployed:
            return {"evaluator_id": self.evaluator_id, "environment_id": self.environment_id}
        raise Invalid("Give either `evaluator_version_id`, or `evaluator_id` and `environment_id`.")


class UpdateMonitoringRequest(Model):
    """Evaluators to start and to stop monitoring a file."""

    activate: list[MonitoringEvaluatorRequest] | None = None
    deactivate: list[MonitoringEvaluatorRequest] | None = None
