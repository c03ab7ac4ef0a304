"""The tool log_generation."""

import json
from typing import Annotated, Any

from pydantic import Field

from evals_mcp.answers.writes import summarize_generation
from evals_mcp.errors import Invalid
from evals_mcp.lookup.lookup import Lookup
from evals_mcp.lookup.runs import find_run
from evals_mcp.tools.arguments import Evaluation, JsonText, MaxTokens, Run
from evals_mcp.tools.tool import Tool

DatapointId = Annotated[str, Field(min_length=1, max_length=500, description="Id or unique prefix.")]
Output = Annotated[str, Field(max_length=5_000_000, description="Text. Omit if you give error.")]
Error = Annotated[str, Field(max_length=100_000, description="Why there is no output.")]
Inputs = Annotated[
    JsonText,
    Field(max_length=1_000_000, description="JSON object; default the datapoint's."),
]
Seconds = Annotated[float | None, Field(ge=0, le=1e7, description="Seconds; default unknown.")]
Tokens = Annotated[int | None, Field(ge=0, le=2**53, description="Tokens; default unknown.")]
Dollars = Annotated[float | None, Field(ge=0, le=1e9, description="US dollars; default unknown.")]


async def log_generation(
    lookup: Lookup,
    evaluation: Evaluation,
    run: Run,
    datapoint: DatapointId,
    output: Output = "",
    error: Error = "",
    inputs: Inputs = "",
    latency: Seconds = None,
    prompt_tokens: Tokens = None,
    output_tokens: Tokens = None,
    cost: Dollars = None,
    max_tokens: MaxTokens = 4000,
) -> str:
    """Log a generated output (or an error) for one datapoint in a run. Returns the new log's id and what the
    run lacks. Each call adds a log."""
    from evals_mcp.models.v4.logs import V4CreateEvaluationLogRequest, V4LogRequest  # no other tool needs these

    if bool(output) == bool(error):
        raise Invalid("output, error: give exactly one of them.")
    resolved = await lookup.find_evaluation(evaluation)
    found = find_run(resolved, run)
    log: dict[str, Any] = {
        "output": output or None,
        "error": error or None,
        "duration": latency,
        "prompt_tokens": prompt_tokens,
        "output_tokens": output_tokens,
        "prompt_cost": None if cost is None else 0.0,  # a cost is known by both of its parts
        "output_cost": cost,
    }
    if inputs:
        log["inputs"] = _read_inputs(inputs)
    datapoint_id = await lookup.find_datapoint(resolved, datapoint)
    request = V4CreateEvaluationLogRequest(datapoint_id=datapoint_id, log=V4LogRequest(**log))
    opened = found.status == "completed"
    if opened:
        # A completed run takes no logs by this route.
        await lookup.client.v4.open_run(resolved.id, found.id)
    created = await lookup.client.v4.log(resolved.id, request, evaluatee_id=found.id)
    lookup.note_write(resolved.id, found.id)
    after = await lookup.find_evaluation(resolved.id)
    return summarize_generation(after, after.run(found.id), created.id, datapoint_id, max_tokens, opened=opened)


def _read_inputs(text: str) -> dict[str, Any]:
    try:
        content = json.loads(text)
    except (ValueError, RecursionError):
        content = None
    if not isinstance(content, dict):
        raise Invalid('inputs: must be a JSON object such as {"question": "…"}.')
    return content


TOOL = Tool(
    function=log_generation,
    title="Record a new output",
    search_hint="humanloop",
    read_only=False,
    idempotent=False,
)
