"""Query parameters of several v4 routes."""

import re
from typing import Annotated, Any

from fastapi import Query
from pydantic import BeforeValidator

from evals_mcp.models.model import UtcDatetime

_DAY = re.compile(r"\d{4}-\d\d-\d\d")


def _end_of_day(value: Any) -> Any:
    """Read a day as its last moment."""
    return f"{value}T23:59:59.999999" if isinstance(value, str) and _DAY.fullmatch(value) else value


Evaluatee = Annotated[
    str | None, Query(description="A run, by its id or its version's id. Default: the oldest run of the evaluation.")
]
Page = Annotated[int, Query(ge=0, le=2**31 - 1, description="Page number, from 1. 0 also means the first page.")]
StartDate = Annotated[UtcDatetime | None, Query(description="Created on or after this day or time.")]
EndDate = Annotated[
    Annotated[UtcDatetime, BeforeValidator(_end_of_day)] | None,
    Query(description="Created on or before this day or time."),
]
