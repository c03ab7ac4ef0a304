"""Bodies of answers that are errors; the exceptions themselves are in `evals_mcp.errors`."""

from evals_mcp.models.model import Model


class ValidationError(Model):
    """One thing wrong with a request: where, in words, and as a code."""

    loc: list[str | int]
    msg: str
    type: str


class HttpValidationError(Model):
    """The body of a 422."""

    detail: list[ValidationError] | None = None


class ErrorResponse(Model):
    """The body of any other error."""

    detail: str
