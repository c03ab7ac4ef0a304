"""Ask the person before a destructive write, where the host can ask."""

from hashlib import blake2b
from typing import Any, Literal

from mcp.server.mcpserver import Context
from mcp.types import ElicitRequest, ElicitRequestFormParams, ElicitResult, InputRequiredResult
from pydantic import BaseModel, Field

from evals_mcp.answers.frame.quoting import Quoted
from mcp import MCPError

_KEY = "confirm"
_FIRST_WITHOUT_CALLS_BACK = "2026-07-28"
"""Since this revision a question is an answer to the call, and the host sends the call again."""


class Confirmation(BaseModel):
    """What the person is asked."""

    confirm: bool = Field(default=True, description="Do it")


class Unanswered(Exception):
    """The person must answer first. `result` is what the host gets, which then repeats the call."""

    def __init__(self, result: InputRequiredResult) -> None:
        super().__init__("A person must answer first.")
        self.result = result


async def ask_person(context: Context[Any, Any], question: Quoted) -> Literal["accept", "decline", "cancel"] | None:
    """The answer of the person; None if the host cannot ask. Raises Unanswered where the host repeats the call."""
    capabilities = context.client_capabilities
    elicitation = None if capabilities is None else capabilities.elicitation
    if elicitation is None or (elicitation.form is None and elicitation.url is not None):
        return None
    if (context.protocol_version or "") >= _FIRST_WITHOUT_CALLS_BACK:
        return _answer(_response(context, question))
    try:
        result = await context.elicit(question, Confirmation)
    except (MCPError, ValueError):
        return "cancel"
    return "decline" if result.action == "accept" and not result.data.confirm else result.action


def _response(context: Context[Any, Any], question: Quoted) -> ElicitResult:
    """The response to exactly this question, which an earlier round of the call asked."""
    asked = blake2b(question.encode(), digest_size=16).hexdigest()
    response = (context.input_responses or {}).get(_KEY)
    if context.request_state == asked and isinstance(response, ElicitResult):
        return response
    form = ElicitRequestFormParams(message=question, requested_schema=_SCHEMA)
    raise Unanswered(InputRequiredResult(input_requests={_KEY: ElicitRequest(params=form)}, request_state=asked))


def _answer(response: ElicitResult) -> Literal["accept", "decline", "cancel"]:
    agrees = (response.content or {}).get(_KEY) is True
    return "decline" if response.action == "accept" and not agrees else response.action


_SCHEMA = {
    "type": "object",
    "properties": {_KEY: {"type": "boolean", "title": "Confirm", "description": "Do it", "default": True}},
    "required": [_KEY],
}
