"""The arguments that tools share, as types whose description and bounds the model reads; no tool is here."""

import json
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

LEAST_TOKENS = 300
MOST_TOKENS = 20_000


def _as_list(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


def _as_text(value: Any) -> Any:
    """An object or a number, which some hosts send where text is asked for, as its JSON."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


Evaluation = Annotated[str, Field(min_length=1, max_length=500, description="Evaluation: id, name or file path.")]
Run = Annotated[str, Field(min_length=1, max_length=500, description="Run: name of its version, id, or control.")]
Runs = Annotated[
    list[str],
    BeforeValidator(_as_list),
    Field(max_length=100, description="Runs by version name or id; default all."),
]
Datapoint = Annotated[str, Field(max_length=500, description="Only this datapoint: id or its unique beginning.")]
Evaluator = Annotated[str, Field(max_length=500, description="Evaluator: name, path or id.")]
Text = Annotated[str, Field(max_length=1_000, description="Text to search for, any case.")]
Cursor = Annotated[str, Field(max_length=10_000, description="Cursor of the previous answer, to go on.")]
MaxTokens = Annotated[
    int,
    Field(ge=LEAST_TOKENS, le=MOST_TOKENS, description="Token budget of the answer, 300–20,000."),
]
Sort = Annotated[
    Literal["newest", "worst", "latency", "cost", "length"],
    Field(description="newest (default), worst judgment, slowest, dearest or longest first."),
]
JsonText = Annotated[str, BeforeValidator(_as_text)]
