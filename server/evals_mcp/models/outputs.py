"""Our extension: log outputs for datapoints of a run, all or none."""

from typing import Annotated, Any

from pydantic import Field

from evals_mcp.models.model import Amount, Defaulted, JsonObject, Measure, Model

MOST_OUTPUTS = 100
"""The most outputs of a request."""


class Output(Model):
    """An output, or an error, for a datapoint. Latency in seconds, cost in US dollars.

    Without inputs, the log gets those of the datapoint.
    """

    datapoint_id: str
    output: str | None = None
    error: str | None = None
    inputs: JsonObject | None = None
    latency: Measure | None = None
    prompt_tokens: Amount | None = None
    output_tokens: Amount | None = None
    cost: Measure | None = None

    def log_fields(self) -> dict[str, Any]:
        """The fields of its log."""
        fields = self.model_dump(exclude={"datapoint_id", "latency", "cost"}, exclude_none=True)
        if self.latency is not None:
            fields["provider_latency"] = self.latency
        if self.cost is not None:
            fields |= {"prompt_cost": 0.0, "output_cost": self.cost}  # a cost is known by both of its parts
        return fields


class OutputsRequest(Model):
    """Outputs to log. With `dry_run`, they are only checked."""

    outputs: Annotated[list[Output], Field(min_length=1, max_length=MOST_OUTPUTS)]
    dry_run: Defaulted[bool] = False


class OutputsResponse(Model):
    """The ids of the new logs, in the order of the outputs. `opened` if the run was completed before."""

    log_ids: list[str]
    opened: bool
