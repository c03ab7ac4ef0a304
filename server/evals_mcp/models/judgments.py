"""The value of a judgment. `logs` has the evaluator log."""

from typing import Annotated, Any

from pydantic import AfterValidator, Field, StrictBool, StrictInt, StrictStr


def _holdable(value: Any) -> Any:
    if isinstance(value, int) and not -(2**63) <= value < 2**63:
        raise ValueError("a whole number must fit in 64 bits")
    return value


KEPT_TEXT = 200
"""Lists contain this many characters of a text judgment."""

Judgment = Annotated[
    StrictBool | StrictInt | Annotated[float, Field(strict=True, allow_inf_nan=False)] | StrictStr | list[StrictStr],
    AfterValidator(_holdable),
]
"""A boolean, a number, an option or text, or several options. Each keeps its JSON type (true is never 1)."""
