"""Figures of a run that another tool reported, kept apart from those that the server computes."""

import math
from collections.abc import Iterator, Mapping
from typing import Any

from evals_mcp.models.model import Added, Model


class ReportedFigure(Model):
    """A figure as the tool `source` reported it: an accuracy, its standard error, or a text.

    `evaluator` is the evaluator's path, name, id or version id; a figure without one is of the run.
    """

    name: str
    value: int | float | str
    source: str
    evaluator: Added[str] = None
    stderr: Added[float] = None


def read_figures(values: Mapping[str, Any], source: str, evaluator: str | None = None) -> Iterator[ReportedFigure]:
    """The figures among these values, by name: finite numbers, and those of nested objects as `outer.inner`."""
    for name, value in values.items():
        if isinstance(value, Mapping):
            inner = {f"{name}.{key}": item for key, item in value.items()}
            yield from read_figures(inner, source, evaluator)
        elif (number := finite_number(value)) is not None:
            yield ReportedFigure(name=name, value=number, source=source, evaluator=evaluator)


def finite_number(value: Any) -> float | None:
    """A value if it is a finite number, else None."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return value if is_number and math.isfinite(value) else None
