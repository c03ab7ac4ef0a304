"""The value of a judgment; the log that carries it is in `logs`."""

from typing import Annotated, Any

from pydantic import AfterValidator, Field, StrictBool, StrictInt, StrictStr


def _holdable(value: Any) -> Any:
    if isinstance(value, int) and not -(2**63) <= value < 2**63:
        raise ValueError("a whole number must fit in 64 bits")
    return value


KEPT_TEXT = 200
"""Characters of a text judgment that are known where many are listed."""

Judgment = Annotated[
    StrictBool | StrictInt | Annotated[float, Field(strict=True, allow_inf_nan=False)] | StrictStr | list[StrictStr],
    AfterValidator(_holdable),
]
"""A boolean, a number, an option or text, or several options; each keeps its JSON type (true is never 1)."""
