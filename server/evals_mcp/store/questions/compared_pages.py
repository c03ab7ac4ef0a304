"""Pages of the datapoints of a comparison: each begins after what was shown last, also if the list changed since."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from evals_mcp.models.questions import ComparisonQuestion
from evals_mcp.statistics.datapoint_changes import DatapointChange, Ranking

if TYPE_CHECKING:
    from numpy.typing import NDArray


class ComparedPage(NamedTuple):
    """A page, the number of datapoints before it, and where to continue after each of it."""

    offset: int
    shown: list[DatapointChange]
    after: list[list[float]]


def read_page(question: ComparisonQuestion, ranking: Ranking, numbers: "Sequence[NDArray[Any]]") -> ComparedPage:
    """The page of a question. `numbers` are those of the baseline's and the candidate's logs, oldest first.

    A place in a list names a log by its number, the candidate's by a negative one: rows change with the filter. It ends
    with the ranges that its changes are shares of.
    """
    offset = question.offset
    if question.following is not None:
        largest, total, number = question.following[:3]
        offset = ranking.offset_after((largest, total, _row(number, numbers)))
    shown = ranking.page(offset, question.limit)
    places = map(ranking.place, range(offset, offset + len(shown)))
    after = [[largest, total, _number(int(row), numbers), *ranking.spans] for largest, total, row in places]
    return ComparedPage(offset, shown, after)


def _number(row: int, numbers: "Sequence[NDArray[Any]]") -> int:
    baseline, candidate = numbers
    return int(baseline[row]) if row < len(baseline) else -int(candidate[row - len(baseline)])


def _row(number: float, numbers: "Sequence[NDArray[Any]]") -> float:
    """The row of a log; between two rows if it is not there."""
    side, before = (numbers[0], 0) if number > 0 else (numbers[1], len(numbers[0]))
    row = int(side.searchsorted(abs(number)))
    return before + (row if row < len(side) and side[row] == abs(number) else row - 0.5)
