"""What is wrong in a body, as far as an answer can tell it."""

from typing import Any

from pydantic import ValidationError

_MOST_TOLD = 1_000


def is_too_much(error: ValidationError) -> bool:
    """Whether more is wrong than an answer can tell."""
    return error.error_count() > _MOST_TOLD


def told(error: ValidationError, location: tuple[str | int, ...] = ("body",)) -> list[dict[str, Any]]:
    """What is wrong in the body at a location, for RequestValidationError; of too much, only how much it is."""
    if is_too_much(error):
        message = f"{error.error_count():,} values are wrong: too many to name them"
        return [{"loc": location, "msg": message, "type": "value_error"}]
    wrong = error.errors(include_url=False, include_context=False, include_input=False)
    return [{**item, "loc": (*location, *item["loc"])} for item in wrong]
