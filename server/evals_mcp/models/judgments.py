"""The value of a judgment, its state and its score. `logs` has the evaluator log."""

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, StrictBool, StrictInt, StrictStr


def _holdable(value: Any) -> Any:
    if isinstance(value, int) and not -(2**63) <= value < 2**63:
        raise ValueError("a whole number must fit in 64 bits")
    return value


def _one_value(value: Any) -> Any:
    """Refuse what no evaluator returns with one sentence instead of one error for each type that it could be."""
    items = value if isinstance(value, list) else []
    if isinstance(value, dict) or any(not isinstance(item, str) for item in items):
        raise ValueError(
            "a judgment is true or false, one number, text, an option, or a list of options (texts). "
            "Give each number of a list to an evaluator of its own, or send their mean"
        )
    return value


KEPT_TEXT = 200
"""Lists contain this many characters of a text judgment."""

JudgmentValue = (
    StrictBool | StrictInt | Annotated[float, Field(strict=True, allow_inf_nan=False)] | StrictStr | list[StrictStr]
)
"""A boolean, a number, an option or text, or several options. Each keeps its JSON type (true is never 1)."""

Judgment = Annotated[JudgmentValue, AfterValidator(_holdable), BeforeValidator(_one_value)]
"""The value of a judgment in a request. It must fit into the store."""

Samples = Annotated[list[Judgment | None], Field(max_length=1_000)]
"""The judgments that one judgment sums up, such as five verdicts of one judge; null where it abstained."""

JudgmentState = Literal["judged", "abstained", "failed", "missing"]
"""The state of a judgment: it has a value, it is null (abstained), the evaluator failed, or there is none yet."""

STATES: tuple[JudgmentState, ...] = ("judged", "abstained", "failed", "missing")
JUDGED, ABSTAINED, FAILED, MISSING = range(4)
"""The codes of the states in databases and columns: their indexes in `STATES`."""

VALENCE_SCORES = {"positive": 1.0, "neutral": 0.0, "negative": -1.0}
"""The score of a judgment that selects an option with this valence. Without a valence it has no score."""
