"""Which logs of runs a reviewer's question means, in its order: by what runs keep of them; no texts are read."""

from bisect import bisect
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from heapq import merge
from itertools import islice
from typing import Any, NamedTuple

from sqlalchemy import Connection, Row, Select, bindparam, select, union_all

from evals_mcp.errors import Invalid, NotFound
from evals_mcp.models.review import LogQuestion
from evals_mcp.store.database.tables import run_logs
from evals_mcp.store.evaluations.run_status import read_progress
from evals_mcp.store.questions.evaluation_states import ReviewedEvaluation
from evals_mcp.store.questions.log_statements import LogStatements
from evals_mcp.store.questions.samples import Matching

COUNTED_TO = 1_000
"""Matches of a filter are counted no further than this."""

_TOGETHER = 16  # runs in one statement
_ANY_NUMBER = 2**63 - 1


class Place(NamedTuple):
    """A log in a run, and what orders it."""

    key: tuple[float, int]
    run_id: str
    log_number: int


class Places(NamedTuple):
    """A page of places and one more if there are more; `total` counts all, not further than `counted_to`."""

    page: list[Place]
    total: int
    counted_to: int | None = None


class LogSelection:
    """Finds the logs of one question."""

    def __init__(self, connection: Connection, question: LogQuestion, reviewed: ReviewedEvaluation) -> None:
        attachments = reviewed.attachments
        self._connection = connection
        self._question = question
        self._attachments = attachments
        evaluator = next(
            (item for item in attachments if item.evaluator_version_id == question.evaluator_version_id), None
        )
        if question.following is not None and len(question.following) != (1 if question.sample else 2):
            raise Invalid("`following` must be one of the lists in `after`.", ("body", "following"))
        if question.evaluator_version_id is not None and evaluator is None:
            raise NotFound(f"The evaluation has no evaluator version `{question.evaluator_version_id}`.")
        if question.sort == "worst" and evaluator is None:
            raise Invalid("Sorting by the worst judgment needs an evaluator.")
        if question.sample and (evaluator is None or question.sort != "newest"):
            raise Invalid("A sample needs an evaluator, and is not sorted.")
        self._chosen = attachments if evaluator is None else [evaluator]
        self._statements = LogStatements(connection, question, self._chosen, reviewed.evaluators)

    def find(self, rows: Sequence[Row[Any]]) -> Places:
        """The places of the question's page in these runs."""
        if self._statements.is_plain and self._question.sort in ("newest", "length"):
            total = sum(row.logs_count for row in rows)
            return Places(self._newest(rows) if self._question.sort == "newest" else self._walk(rows), total)
        runs = self._matching(rows)
        few = None if self._surely_many(runs) else self._few(runs)
        if few is None:
            return Places(self._walk(runs), COUNTED_TO, COUNTED_TO)
        following = self._question.following
        start = 0 if following is None else bisect(few, tuple(following), key=lambda item: item[:2])
        shown = few[start : start + self._question.limit + 1]
        return Places([Place((key, at), runs[run].id, abs(at)) for key, at, run in shown], len(few))

    def matching(self) -> Matching | None:
        """Which logs of a run a sample is taken from; None if from all of them."""
        if self._statements.is_plain:
            return None
        question = self._question
        asked = (question.datapoint_id, question.errors_only, question.text, repr(question.match))
        return Matching(self._statements.of_run(), (*asked, tuple(self._chosen)))

    def _few(self, runs: Sequence[Row[Any]]) -> list[tuple[float, int, int]] | None:
        """All matching logs in order, as their keys and the places of their runs; None if they are too many to count.

        Plain tuples, because up to a thousand are put in order for a page of ten.
        """
        order = {run.id: place for place, run in enumerate(runs)}
        found: dict[tuple[str, int], float] = {}
        for source in self._statements.of_runs():
            rows = self._connection.execute(source.limit(COUNTED_TO + 1), {"run_ids": list(order)}).all()
            found |= {(run_id, number): value for run_id, number, value in rows}
            if len(found) > COUNTED_TO:
                return None
        match self._question.sort:
            case "newest":
                return sorted((0, -number, order[run_id]) for run_id, number in found)
            case "worst":
                return sorted((value, number, order[run_id]) for (run_id, number), value in found.items())
        return sorted((-value, -number, order[run_id]) for (run_id, number), value in found.items())

    def _walk(self, runs: Sequence[Row[Any]]) -> list[Place]:
        """The first places, going through each run in the order of the question until a page is full."""
        most = self._question.limit + 1
        statements = self._statements.in_order()
        found: list[Place] = []
        for run in runs:
            # Only logs newer than those found are of use; that an older run has none, an index tells at once.
            above = -found[-1].key[1] if self._question.sort == "newest" and len(found) == most else 0
            parts = [self._first(run.id, statement, above) for statement in statements]
            found = list(islice(_each_once(merge(found, *parts, key=lambda place: place.key)), most))
        return found

    def _newest(self, runs: Sequence[Row[Any]]) -> list[Place]:
        following, most = self._question.following, self._question.limit + 1
        asked = {"before": _ANY_NUMBER if following is None else -int(following[1]), "most": most}
        found: list[Place] = []
        for start in range(0, len(runs), _TOGETHER):
            together = runs[start : start + _TOGETHER]
            names = {f"run_{place}": run.id for place, run in enumerate(together)}
            rows = self._connection.execute(_newest_of(len(together)), {**asked, **names}).all()
            found += [Place((0, -number), run_id, number) for number, run_id in rows]
        order = {run.id: place for place, run in enumerate(runs)}
        return sorted(found, key=lambda place: (place.key, order[place.run_id]))[:most]

    def _first(self, run_id: str, statement: Select[Any], above: int) -> list[Place]:
        """The first places of one run out of one source, in order."""
        rows = self._connection.execute(statement, {"run_id": run_id, "above": above}).all()
        return [Place(self._key(number, value), run_id, number) for _, number, value in rows]

    def _key(self, number: int, value: float) -> tuple[float, int]:
        match self._question.sort:
            case "newest":
                return (0, -number)
            case "worst":
                return (value, number)
        return (-value, -number)

    def _matching(self, rows: Sequence[Row[Any]]) -> list[Row[Any]]:
        """The runs that can have matching logs: where judgments are wanted that are missing, those that lack some."""
        if self._question.match is None or self._question.match.state != "missing":
            return list(rows)
        lacking = self._lacking(rows)
        return [row for row in rows if lacking[row.id]]

    def _surely_many(self, runs: Sequence[Row[Any]]) -> bool:
        """Whether more logs lack judgments than are counted, which what runs count tells without looking for them."""
        if not self._statements.only_lacks_judgments:
            return False
        return self._question.sort in ("newest", "length") and sum(self._lacking(runs).values()) > COUNTED_TO

    def _lacking(self, runs: Sequence[Row[Any]]) -> dict[str, int]:
        """How many logs lack a judgment at the least, by run id: none only if none does."""
        progress = read_progress(self._connection, runs, self._attachments)
        return {
            run.id: max(
                (run.logs_count - progress[run.id].judged[item.evaluator_version_id] for item in self._chosen),
                default=0,
            )
            for run in runs
        }


@cache
def _newest_of(amount: int) -> Select[Any]:
    """The newest logs of so many runs in one statement; asked of each run by itself, an index gives them in order."""
    of_runs = [
        select(run_logs.c.log_number, run_logs.c.run_id)
        .where(run_logs.c.run_id == bindparam(f"run_{place}"), run_logs.c.log_number < bindparam("before"))
        .order_by(run_logs.c.log_number.desc())
        .limit(bindparam("most"))
        .subquery()
        for place in range(amount)
    ]
    return select(union_all(*(select(of_run) for of_run in of_runs)).subquery())


def _each_once(places: Iterable[Place]) -> Iterator[Place]:
    """The places without repeats: a log that two evaluators judged alike comes out of two sources."""
    before: Place | None = None
    for place in places:
        if place != before:
            yield place
        before = place
