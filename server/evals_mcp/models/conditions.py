"""The conditions of a filter: on fields of datapoints, on logs, on judgments, and on which runs pass."""

import math
from collections.abc import Callable, Sequence
from operator import eq, ge, gt, le, lt, ne
from typing import Annotated, Any, Literal, Self

from pydantic import ConfigDict, Field, model_validator

from evals_mcp.models.judgments import JudgmentState
from evals_mcp.models.model import Defaulted, Model
from evals_mcp.models.moments import read_bound

Operator = Literal["=", "!=", "<", "<=", ">", ">=", "~", "!~"]
"""How a value is tested: equal to one of several, to none; against a bound; contains a text, or none."""

COMPARED: dict[str, Callable[[Any, Any], Any]] = {"=": eq, "!=": ne, "<": lt, "<=": le, ">": gt, ">=": ge}
"""What the operators that compare two values do, of numbers or of columns."""

ORDERED: tuple[Operator, ...] = ("<", "<=", ">", ">=")

Side = Literal["baseline", "candidate"]
"""Which run of a comparison a condition tests."""

FieldPart = Literal["input", "target", "metadata", "log_metadata"]
"""Where a field is: in the datapoint (its inputs, target or metadata), or in the log's metadata."""

TextPart = Literal["output", "explanation", "trace", "error", "any"]
"""Which texts of a log are searched: one kind, or all of them and those of its datapoint."""

Measure = Literal["latency", "tokens", "cost", "length"]
"""A number of each log: seconds, all tokens, US dollars, characters of its output."""


class Asked(Model):
    """Part of a question. Refuses unknown keys, because ignoring one would answer another question."""

    model_config = ConfigDict(extra="forbid")


class JudgmentCondition(Asked):
    """A condition on a judgment: by one evaluator (or any), in a state, and with a value if judged.

    The value is a boolean, an option (one of several), or a number within all given bounds. `passed` is the evaluator's
    own verdict beside the value.
    """

    evaluator_version_id: str | None = None
    state: Defaulted[JudgmentState] = "judged"
    boolean: bool | None = None
    passed: bool | None = None
    label: str | None = None
    at_least: float | None = None
    above: float | None = None
    at_most: float | None = None
    below: float | None = None

    def return_types(self) -> tuple[str, ...] | None:
        """The return types of evaluators that can give such a judgment; None for all."""
        if self.state != "judged":
            return None
        if self.boolean is not None:
            return ("boolean",)
        if self.label is not None:
            return ("select", "multi_select")
        bounds = (self.at_least, self.above, self.at_most, self.below)
        return None if bounds == (None,) * len(bounds) else ("number",)


class EvaluatorScale(Asked):
    """How to read an evaluator's judgments: the range of its numbers, and whether it can fail a log.

    Without a range, its numbers neither disagree nor fail.
    """

    evaluator_version_id: str
    low: float | None = None
    high: float | None = None
    can_fail: Defaulted[bool] = True


class PassRule(Asked):
    """When a log passes: it has no error, and a judgment, and none of these evaluators fails it.

    With `stated`, it passes if it has such a judgment instead.
    """

    scales: Defaulted[list[EvaluatorScale]] = Field(default_factory=list)
    stated: JudgmentCondition | None = None


class _Condition(Asked):
    """Common to all conditions. `side` is the run of a comparison that one on logs tests."""

    side: Side | None = None


def _check_values(operator: Operator, values: Sequence[str | float]) -> None:
    """Raise ValueError for values that an operator cannot use."""
    if operator in ("~", "!~") and not values:
        raise ValueError(f"`{operator}` needs a value")
    if operator in ORDERED:
        try:
            (bound,) = (float(value) for value in values)
        except ValueError:
            bound = math.nan
        if not math.isfinite(bound):
            raise ValueError(f"`{operator}` needs one number")


class FieldCondition(_Condition):
    """A condition on a field of the datapoint, or of the log's metadata. Without values: the field is missing.

    `key` joins the keys of nested objects with dots; a target that is one value has the key "". All operators need the
    field, also `!=` and `!~`. Bounds need numbers, or an ISO date or time: then dates and times in the field compare,
    with a date by their days.
    """

    kind: Literal["field"] = "field"
    part: FieldPart
    key: str
    operator: Operator
    values: list[str] = Field(max_length=100)

    @model_validator(mode="after")
    def _has_usable_values(self) -> Self:
        if self.operator not in ORDERED or len(self.values) != 1 or read_bound(self.values[0]) is None:
            _check_values(self.operator, self.values)
        return self


class TextCondition(_Condition):
    """A condition on texts of a log: one equals or contains one of the values, or none does. Any case, for `~`.

    Without values: the log has no output, or no explanation. Explanations may be those of one evaluator.
    """

    kind: Literal["text"] = "text"
    part: TextPart
    operator: Literal["=", "!=", "~", "!~"]
    values: list[str] = Field(max_length=100)
    evaluator_version_id: str | None = None

    @model_validator(mode="after")
    def _has_usable_values(self) -> Self:
        _check_values(self.operator, self.values)
        if not self.values and self.part not in ("output", "explanation"):
            raise ValueError("only an output or an explanation can be missing")
        return self


class MeasureCondition(_Condition):
    """A condition on a number of a log. Without values: it is missing."""

    kind: Literal["measure"] = "measure"
    measure: Measure
    operator: Literal["=", "!=", "<", "<=", ">", ">="]
    values: list[float] = Field(max_length=100)

    @model_validator(mode="after")
    def _has_usable_values(self) -> Self:
        _check_values(self.operator, self.values)
        return self


class ErrorCondition(_Condition):
    """Whether a log ended in an error."""

    kind: Literal["error"] = "error"
    failed: bool


class JudgedCondition(_Condition):
    """A log has one of these judgments. If `excluded`: it is judged by their evaluators, and has none of them."""

    kind: Literal["judged"] = "judged"
    alternatives: list[JudgmentCondition] = Field(min_length=1, max_length=100)
    excluded: Defaulted[bool] = False


class AuthorCondition(_Condition):
    """A log has a judgment by one of these authors. If `excluded`: by none of them."""

    kind: Literal["author"] = "author"
    authors: list[str] = Field(min_length=1, max_length=100)
    excluded: Defaulted[bool] = False


class PassCondition(_Condition):
    """A datapoint passes (or fails) in one of these runs. It passes if all its judged logs do, and fails otherwise."""

    kind: Literal["passes"] = "passes"
    passes: bool
    run_ids: list[str] = Field(min_length=1, max_length=100)
    rule: PassRule


class PassCountCondition(_Condition):
    """How many of these runs a datapoint passes in. It must be judged in one of them."""

    kind: Literal["passes_count"] = "passes_count"
    operator: Literal["=", "!=", "<", "<=", ">", ">="]
    values: list[float] = Field(min_length=1, max_length=100)
    run_ids: list[str] = Field(min_length=1, max_length=1000)
    rule: PassRule

    @model_validator(mode="after")
    def _has_usable_values(self) -> Self:
        _check_values(self.operator, self.values)
        return self


Condition = Annotated[
    FieldCondition
    | TextCondition
    | MeasureCondition
    | ErrorCondition
    | JudgedCondition
    | AuthorCondition
    | PassCondition
    | PassCountCondition,
    Field(discriminator="kind"),
]


def is_on_datapoint(condition: Condition) -> bool:
    """Whether a condition is on the datapoint, whichever of its logs is looked at."""
    if isinstance(condition, FieldCondition):
        return condition.part != "log_metadata"
    return isinstance(condition, PassCondition | PassCountCondition)
