"""A number for each log by an evaluator: its judgment, or whether it passes. No figures."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from evals_mcp.models.judgments import JUDGED
from evals_mcp.models.rows import EvaluatorRow
from evals_mcp.statistics.agreement import failing_judgments
from evals_mcp.statistics.columns import JudgmentColumn
from evals_mcp.statistics.pairing import LARGEST

if TYPE_CHECKING:
    from numpy.typing import NDArray

Judgments = Literal["passes", "true", "numbers", "options"]


class LogValues(NamedTuple):
    """A value of each log, or NaN: 1 and 0 for what passes or is true, numbers, or codes of options."""

    judgments: Judgments
    values: NDArray[Any]


def log_values(evaluator: EvaluatorRow, column: JudgmentColumn) -> Iterable[LogValues]:
    """The judgments of an evaluator, and what passes; none of texts.

    A boolean without a direction is true or not. Options pass by the evaluator's verdicts, else without a negative one.
    A log that several authors judged passes if it passes for all.
    """
    import numpy as np

    judged = column.states == JUDGED
    match evaluator.return_type:
        case "boolean":
            good = 0.0 if evaluator.lower_is_better else 1.0
            passes = np.where(judged, column.numbers == good, np.nan)
            yield LogValues("true" if evaluator.neutral else "passes", passes)
        case "number":
            yield LogValues("numbers", usable_numbers(column))
        case "select" | "multi_select":
            failing = failing_judgments(evaluator.return_type, options=evaluator.option_valences)
            if failing is None or column.passes is not None:
                yield LogValues("options", np.where(judged, column.labels, np.nan))
            else:
                fails = [any(option in failing.options for option, _ in profile) for profile in column.options]
                yield LogValues("passes", np.where(judged, ~np.array([*fails, False])[column.labels], np.nan))
    if column.passes is not None and evaluator.return_type != "boolean":
        yield LogValues("passes", np.where(np.isnan(column.passes), np.nan, column.passes == 1))


def usable_numbers(column: JudgmentColumn) -> NDArray[Any]:
    """The judged numbers, or booleans as 0 and 1; NaN for others and for what is not finite."""
    import numpy as np

    with np.errstate(invalid="ignore"):
        return np.where((column.states == JUDGED) & (np.abs(column.numbers) <= LARGEST), column.numbers, np.nan)
