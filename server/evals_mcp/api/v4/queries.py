"""Query parameters that routes of v4 share."""

import re
from typing import Annotated, Any

from fastapi import Query
from pydantic import BeforeValidator

from evals_mcp.models.model import UtcDatetime

_DAY = re.compile(r"\d{4}-\d\d-\d\d")


def _end_of_day(value: Any) -> Any:
    """A day means its last moment."""
    return f"{value}T23:59:59.999999" if isinstance(value, str) and _DAY.fullmatch(value) else value


Evaluatee = Annotated[
    str | None, Query(description="The run, by its id or its version's; without it, the evaluation's oldest run.")
]
Page = Annotated[int, Query(ge=0, le=2**31 - 1, description="Page, from 1; 0 is the first page too.")]
StartDate = Annotated[UtcDatetime | None, Query(description="A day, or a time: created then or later.")]
EndDate = Annotated[
    Annotated[UtcDatetime, BeforeValidator(_end_of_day)] | None,
    Query(description="A day, or a time: created then or earlier."),
]
