"""Figures of a run that another tool reported, kept apart from those that the server computes."""

from evals_mcp.models.model import Added, Model


class ReportedFigure(Model):
    """A figure as the tool `source` reported it: an accuracy, its standard error, or a text.

    `evaluator` is the evaluator's path, name, id or version id; a figure without one is of the run.
    """

    name: str
    value: float | str
    source: str
    evaluator: Added[str] = None
    stderr: Added[float] = None
