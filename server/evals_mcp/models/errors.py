"""Bodies of error responses. `evals_mcp.errors` has the exceptions."""

from evals_mcp.models.model import Model


class ValidationError(Model):
    """One problem in a request: its location, message and code."""

    loc: list[str | int]
    msg: str
    type: str


class HttpValidationError(Model):
    """The body of a 422."""

    detail: list[ValidationError] | None = None
