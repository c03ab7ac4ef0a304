"""Arguments of several tools, as types with the description and bounds that the model reads."""

import json
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from evals_mcp.answers.frame.quoting import with_unseen
from evals_mcp.tools.near_words import ORDERS, understood

LEAST_TOKENS = 300
MOST_TOKENS = 20_000


def as_list(value: Any) -> Any:
    """Accept one text as a list, as some hosts send it."""
    return [value] if isinstance(value, str) else value


def _as_text(value: Any) -> Any:
    """Turn an object or number, which some hosts send instead of text, into JSON."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _as_meant(value: Any) -> Any:
    return with_unseen(value) if isinstance(value, str) else value


AS_SHOWN = BeforeValidator(_as_meant)
"""In this name or condition, an invisible character may be written as answers show it. It stands after the bounds."""
ShownText = Annotated[str, AS_SHOWN]
Evaluation = Annotated[str, Field(min_length=1, max_length=500, description="Name, file or id."), AS_SHOWN]
Run = Annotated[str, Field(min_length=1, max_length=500, description="Label, id, or control."), AS_SHOWN]
Runs = Annotated[
    list[ShownText],
    BeforeValidator(as_list),
    Field(max_length=100, description="Labels or ids; default all."),
]
Datapoint = Annotated[str, Field(max_length=500, description="Id or unique prefix.")]
Evaluator = Annotated[str, Field(max_length=500, description="Name, path or id."), AS_SHOWN]
_Condition = Annotated[str, Field(max_length=1_000), AS_SHOWN]
_Conditions = Annotated[list[_Condition], BeforeValidator(as_list)]
Where = Annotated[_Conditions, Field(max_length=50, description='All must hold: "category=law"; see instructions.')]
WhereLogs = Annotated[
    _Conditions,
    Field(
        max_length=50,
        description='All must hold: "category=law", "helpful=false", "output~refund"; see instructions.',
    ),
]
GroupedBy = Annotated[
    str, Field(max_length=500, description="Group by a field, evaluator, length or latency."), AS_SHOWN
]
Cursor = Annotated[str, Field(max_length=10_000, description="From the previous answer.")]
MaxTokens = int
"""Token limit of the answer. The server adds its limits and its default in words."""

Sort = Annotated[
    Literal["newest", "worst", "latency", "cost", "length"],
    understood(ORDERS),
    Field(description="newest (default), worst judgment, highest latency or cost, longest output."),
]
AS_JSON = BeforeValidator(_as_text)
JsonText = Annotated[str, AS_JSON]
RequestId = Annotated[str, Field(max_length=190, description="To repeat safely.")]
DryRun = Annotated[bool, Field(description="Store nothing.")]
