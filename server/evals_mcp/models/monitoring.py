"""Requests that say which evaluators monitor a file; how they are answered is in `evaluators`."""

from evals_mcp.errors import Invalid
from evals_mcp.models.model import JsonObject, Model


class MonitoringEvaluatorRequest(Model):
    """An evaluator that monitors: one version of it, or the one that an environment has."""

    evaluator_version_id: str | None = None
    evaluator_id: str | None = None
    environment_id: str | None = None

    def entry(self) -> JsonObject:
        """What identifies the monitoring. Raises Invalid (400) unless it is exactly one of the two."""
        deployed = self.evaluator_id is not None and self.environment_id is not None
        if self.evaluator_version_id is not None and self.evaluator_id is None and self.environment_id is None:
            return {"evaluator_version_id": self.evaluator_version_id}
        if self.evaluator_version_id is None and deployed:
            return {"evaluator_id": self.evaluator_id, "environment_id": self.environment_id}
        raise Invalid(
            "An evaluator is named either by `evaluator_version_id`, or by `evaluator_id` and `environment_id`."
        )


class UpdateMonitoringRequest(Model):
    """Evaluators that begin, and that stop, to judge every new log of a file."""

    activate: list[MonitoringEvaluatorRequest] | None = None
    deactivate: list[MonitoringEvaluatorRequest] | None = None
