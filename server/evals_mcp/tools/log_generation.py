"""The tool log_generation."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import BeforeValidator, Field, ValidationError

from evals_mcp.answers.frame.figures import count
from evals_mcp.answers.frame.quoting import Quoted, name, quote
from evals_mcp.answers.writes import summarize_generation
from evals_mcp.errors import EvalsError, Invalid
from evals_mcp.lookup.lookup import Lookup
from evals_mcp.lookup.rejected_rows import rows_named
from evals_mcp.lookup.runs import find_run
from evals_mcp.models.resolved import ResolvedEvaluation
from evals_mcp.models.rows import RunRow
from evals_mcp.tools.arguments import AS_JSON, DryRun, Evaluation, JsonText, Run
from evals_mcp.tools.json_rows import as_rows, in_row, read_object, read_row
from evals_mcp.tools.tool import Tool

if TYPE_CHECKING:
    from evals_mcp.models.outputs import Output as LoggedOutput

DatapointId = Annotated[str, Field(min_length=1, max_length=500, description="Id or unique prefix.")]
Output = Annotated[str, Field(max_length=5_000_000, description="Text. Omit if you give error.")]
Error = Annotated[str, Field(max_length=100_000, description="Why there is no output.")]
Inputs = Annotated[str, Field(max_length=1_000_000, description="JSON object; default the datapoint's."), AS_JSON]
Seconds = Annotated[float | None, Field(ge=0, le=1e7, description="Seconds; default unknown.")]
Tokens = Annotated[int | None, Field(ge=0, le=2**53, description="Tokens; default unknown.")]
Dollars = Annotated[float | None, Field(ge=0, le=1e9, description="US dollars; default unknown.")]
Outputs = Annotated[
    list[JsonText],
    BeforeValidator(as_rows),
    Field(max_length=100, description='Or up to 100, all or none: {"datapoint":"…","output":"…"}; keys as here.'),
]
_KEYS = ("datapoint", "output", "error", "inputs", "latency", "prompt_tokens", "output_tokens", "cost")


async def log_generation(
    lookup: Lookup,
    evaluation: Evaluation,
    run: Run,
    datapoint: DatapointId = "",
    output: Output = "",
    error: Error = "",
    inputs: Inputs = "",
    latency: Seconds = None,
    prompt_tokens: Tokens = None,
    output_tokens: Tokens = None,
    cost: Dollars = None,
    outputs: Outputs = [],
    dry_run: DryRun = False,
) -> str:
    """Log generated outputs, or errors, for datapoints in a run. Each call adds logs."""
    values = (datapoint, output, error, inputs, latency, prompt_tokens, output_tokens, cost)
    single = {key: value for key, value in zip(_KEYS, values, strict=True) if value not in ("", None)}
    if outputs and single:
        raise Invalid("outputs: give either outputs or the arguments of one output.")
    resolved = await lookup.find_evaluation(evaluation)
    found = find_run(resolved, run)
    rows = [_row(text, position) for position, text in enumerate(outputs, 1)] if outputs else [_one(single)]
    await lookup.read_datapoint_ids(resolved, [row["datapoint"] for row in rows])
    given = [
        await _read_output(lookup, resolved, row, in_row("outputs", position) if outputs else "")
        for position, row in enumerate(rows, 1)
    ]
    ids, opened = await _log(lookup, resolved, found, given, dry_run=dry_run)
    if not dry_run:
        lookup.note_write(resolved.id, found.id)
    after = resolved if dry_run else await lookup.find_evaluation(resolved.id)
    datapoints = [item.datapoint_id for item in given]
    return summarize_generation(
        after, after.run(found.id), ids, datapoints, lookup.max_tokens, opened=opened, dry_run=dry_run
    )


def _one(single: Mapping[str, Any]) -> dict[str, Any]:
    if "datapoint" not in single:
        raise Invalid("datapoint: give it, or outputs.")
    if "inputs" not in single:
        return dict(single)
    inputs = read_object(single["inputs"])
    if inputs is None:
        raise Invalid('inputs: must be a JSON object such as {"question": "…"}.')
    return {**single, "inputs": inputs}


def _row(text: str, position: int) -> dict[str, Any]:
    row = read_row("outputs", text, position, '{"datapoint": "…", "output": "…"}')
    if unknown := [key for key in row if key not in _KEYS]:
        keys = ", ".join(map(name, _KEYS))
        raise Invalid(f"{in_row('outputs', position)}: {quote(unknown[0], 60)} is unknown. The keys are {keys}.")
    if not isinstance(row.get("datapoint"), str) or not row["datapoint"].strip():
        raise Invalid(f"{in_row('outputs', position)}: give the id of a datapoint. No log was stored.")
    return row


async def _read_output(
    lookup: Lookup, evaluation: ResolvedEvaluation, row: Mapping[str, Any], where: Quoted
) -> "LoggedOutput":
    """The output in a row with its datapoint's id. `where` begins errors: the row, if there are several."""
    from evals_mcp.models.outputs import Output as LoggedOutput

    start: Quoted = f"{where}: " if where else ""
    if bool(row.get("output")) == bool(row.get("error")):
        raise Invalid(f"{start}output, error: give exactly one of them.")
    try:
        datapoint_id = await lookup.find_datapoint(evaluation, row["datapoint"])
        return LoggedOutput.model_validate({**row, "datapoint_id": datapoint_id})
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        field = ".".join(map(str, first["loc"]))
        raise Invalid(f"{start}{name(field)}: {quote(first['msg'], 200)}. No log was stored.") from None
    except Invalid as error:
        if not where:
            raise
        raise Invalid(f"{start}{quote(str(error), 300)}") from None


async def _log(
    lookup: Lookup, evaluation: ResolvedEvaluation, run: RunRow, outputs: "Sequence[LoggedOutput]", *, dry_run: bool
) -> tuple[list[str], bool]:
    """The ids of the new logs (none after a dry run), and whether the run was completed before."""
    from evals_mcp.models.outputs import OutputsRequest

    if lookup.client.extended:
        request = OutputsRequest(outputs=list(outputs), dry_run=dry_run)
        with rows_named():
            logged = await lookup.client.runs.log_outputs(evaluation.id, run.id, request)
        return ([] if dry_run else logged.log_ids), logged.opened
    opened = run.status == "completed"
    return ([] if dry_run else await _log_in_order(lookup, evaluation.id, run, outputs)), opened


async def _log_in_order(
    lookup: Lookup, evaluation_id: str, run: RunRow, outputs: "Sequence[LoggedOutput]"
) -> list[str]:
    """Log outputs one by one on a server without our routes. Its errors tell which logs were stored."""
    from evals_mcp.models.v4.logs import V4CreateEvaluationLogRequest, V4LogRequest

    if run.status == "completed":
        # A completed run takes no logs by this route.
        await lookup.client.v4.open_run(evaluation_id, run.id)
    ids: list[str] = []
    for position, output in enumerate(outputs, 1):
        fields = output.log_fields()
        log = V4LogRequest(**{**fields, "duration": fields.pop("provider_latency", None)})
        request = V4CreateEvaluationLogRequest(datapoint_id=output.datapoint_id, log=log)
        try:
            ids.append((await lookup.client.v4.log(evaluation_id, request, evaluatee_id=run.id)).id)
        except EvalsError as error:
            if not ids:
                raise
            lookup.note_write(evaluation_id, run.id)
            stored = f"Stored before it: {count(len(ids), 'log')}, the last is {name(ids[-1])}"
            raise type(error)(f"{in_row('outputs', position)}: {quote(str(error), 300)} {stored}.") from error
    return ids


TOOL = Tool(
    function=log_generation,
    title="Record new outputs",
    search_hint="humanloop",
    read_only=False,
    journaled=True,
    idempotent=False,
)
