"""The tool set_up_run."""

import json
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import BeforeValidator, Field, ValidationError

from evals_mcp.answers.frame.quoting import Quoted, quote
from evals_mcp.answers.set_ups import summarize_set_up
from evals_mcp.errors import Invalid
from evals_mcp.lookup.lookup import Lookup
from evals_mcp.tools.arguments import AS_JSON, AS_SHOWN, DryRun, JsonText, as_list
from evals_mcp.tools.evaluator_words import read_evaluator
from evals_mcp.tools.json_rows import as_rows, in_row, read_object, read_row
from evals_mcp.tools.tool import Tool

if TYPE_CHECKING:
    from evals_mcp.models.set_ups import SetUpRequest

Evaluation = Annotated[str, Field(min_length=1, max_length=500, description="Name or id."), AS_SHOWN]
Dataset = Annotated[str, Field(max_length=500, description="Path or id; default the last run's."), AS_SHOWN]
Datapoints = Annotated[
    list[JsonText],
    BeforeValidator(as_rows),
    Field(
        max_length=100,
        description='Added to it, up to 100: {"inputs":{…},"target":{…}}. For more, call again; version last.',
    ),
]
Version = Annotated[str, Field(max_length=500, description="Path or id."), AS_SHOWN]
Model = Annotated[str, Field(max_length=500, description="For a new version.")]
Template = Annotated[str, Field(max_length=1_000_000, description="Text or JSON messages."), AS_JSON]
Attributes = Annotated[str, Field(max_length=1_000_000, description="JSON object; without model, of a flow."), AS_JSON]
Evaluators = Annotated[
    list[Annotated[str, Field(max_length=2_000), AS_SHOWN]],
    BeforeValidator(as_list),
    Field(
        max_length=100,
        description="Paths, or new: ok:boolean, stars:number:1..5:higher, tone:select:a|b.",
    ),
]


async def set_up_run(
    lookup: Lookup,
    evaluation: Evaluation,
    dataset: Dataset = "",
    datapoints: Datapoints = [],
    version: Version = "",
    model: Model = "",
    template: Template = "",
    attributes: Attributes = "",
    evaluators: Evaluators = [],
    dry_run: DryRun = False,
) -> str:
    """Find or create a run, its evaluation, dataset, version and evaluators: all or nothing."""
    given = {
        "evaluation": evaluation,
        "dataset": dataset or None,
        "datapoints": [_datapoint(text, position) for position, text in enumerate(datapoints, 1)],
        "version": version or None,
        "evaluators": [dict(zip(("name", "spec"), read_evaluator(word), strict=True)) for word in evaluators],
        "dry_run": dry_run,
    }
    made = await lookup.set_up(_request(given | _content(model, template, attributes)))
    if not dry_run and made.run is not None:
        lookup.note_write(made.evaluation.id, made.run.id)
    return summarize_set_up(made, lookup.max_tokens, dry_run=dry_run)


def _content(model: str, template: str, attributes: str) -> dict[str, Any]:
    """The content of a version that is described in the call, by the type of its file."""
    content: dict[str, Any] = {}
    if attributes:
        content["attributes"] = read_object(attributes)
        if content["attributes"] is None:
            raise Invalid('attributes: must be a JSON object such as {"commit": "…"}. Nothing was stored.')
    if not model:
        if template:
            raise Invalid("template: needs a model. Nothing was stored.")
        return {"flow": content} if attributes else {}
    content["model"] = model
    if template:
        content["template"] = _template(template)
    return {"prompt": content}


def _template(text: str) -> Any:
    """Messages if the text is a JSON array of objects, else the text."""
    try:
        messages = json.loads(text) if text.lstrip().startswith("[") else None
    except (ValueError, RecursionError):
        messages = None
    is_chat = isinstance(messages, list) and messages and all(isinstance(item, dict) for item in messages)
    return messages if is_chat else text


def _datapoint(text: str, position: int) -> dict[str, Any]:
    from evals_mcp.models.datapoints import CreateDatapointRequest

    content = read_row("datapoints", text, position, '{"inputs": {"question": "…"}}')
    try:
        CreateDatapointRequest.model_validate(content)
    except ValidationError as error:
        raise Invalid(f"{in_row('datapoints', position)}: {_reason(error)} Nothing was stored.") from None
    return content


def _request(content: dict[str, Any]) -> "SetUpRequest":
    from evals_mcp.models.set_ups import SetUpRequest

    try:
        return SetUpRequest.model_validate(content)
    except ValidationError as error:
        raise Invalid(f"{_reason(error)} Nothing was stored.") from None


def _reason(error: ValidationError) -> Quoted:
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    where = ".".join(map(str, first["loc"]))
    message = str(first["msg"]).removeprefix("Value error, ")
    return quote(f"{where}: {message}." if where else f"{message}.", 300)


TOOL = Tool(function=set_up_run, title="Set up a run", search_hint="humanloop, create", read_only=False, journaled=True)
