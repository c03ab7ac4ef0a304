"""Read judgments by evaluator version and author, without texts."""

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Row, select

from evals_mcp.models.judgments import JUDGED
from evals_mcp.models.rows import evaluator_row
from evals_mcp.statistics.agreement_rows import RatedEvaluator
from evals_mcp.statistics.columns import DatapointKeys
from evals_mcp.statistics.rater_agreement import Ratings
from evals_mcp.store.database.tables import judgments
from evals_mcp.store.evaluations.run_status import judgments_of
from evals_mcp.store.files.versions import read_specs
from evals_mcp.store.questions.evaluation_states import AttachedEvaluator
from evals_mcp.store.questions.example_logs import are_examples
from evals_mcp.store.questions.filter_conditions import FilterConditions
from evals_mcp.store.questions.filtered_columns import matching_logs
from evals_mcp.store.questions.merged_versions import merged_versions
from evals_mcp.store.questions.run_columns import fetch

if TYPE_CHECKING:
    from numpy.typing import NDArray

_TYPES = ("i8", "O", "O", "O", "O")


class RatingsReader:
    """Reads ratings of the logs of runs that meet a filter. `authors` and `options` are what their codes mean.

    A log in several runs counts in the first.
    """

    def __init__(self, connection: Connection, conditions: FilterConditions, runs: Sequence[Row[Any]]) -> None:
        self._connection = connection
        self._runs = runs
        self._matching = matching_logs(connection, conditions, runs) if conditions.names else None
        self._datapoints = DatapointKeys()
        self._authors: dict[str, int] = {}
        self._options: dict[str, int] = {}

    @property
    def authors(self) -> list[str]:
        """The authors by code."""
        return list(self._authors)

    @property
    def options(self) -> list[str]:
        """The options by code."""
        return list(self._options)

    @property
    def datapoint_ids(self) -> list[str]:
        """The ids of the datapoints by number."""
        return [self._datapoints.id_of(key) for key in range(len(self._datapoints))]

    def read(self, evaluator: AttachedEvaluator) -> list[RatedEvaluator]:
        """What an attached evaluator judged, by the version that did (see `merged_versions`). Nothing for texts."""
        import numpy as np

        found = [self._read_run(evaluator, run.id) for run in self._runs]
        rows = np.concatenate(found)
        runs = np.repeat(np.arange(len(found)), [len(of_run) for of_run in found])
        shown = np.zeros(len(rows), dtype=bool)
        if evaluator.row.examples:
            shown = are_examples(self._connection, evaluator.row.examples, rows["f0"], rows["f1"])
        merged = merged_versions(self._connection, sorted(set(rows["f2"].tolist())), evaluator.version_id)
        version_ids = sorted(set(merged.values()))
        specs = read_specs(self._connection, version_ids)
        rated = []
        for version_id in version_ids:
            row = evaluator_row(evaluator.row.id, version_id, evaluator.row.path, specs[version_id])
            if row.return_type != "text":
                own = np.isin(rows["f2"], [id for id, other in merged.items() if other == version_id])
                mask = own & ~shown
                ratings = self._ratings(rows[mask], runs[mask], row.return_type)
                examples = len(set(rows["f0"][own & shown].tolist()))
                rated.append(RatedEvaluator(row, evaluator.version_id, ratings, examples))
        return rated

    def _read_run(self, evaluator: AttachedEvaluator, run_id: str) -> "NDArray[Any]":
        import numpy as np

        kind = evaluator.row.return_type
        value = judgments.c.number if kind in ("boolean", "number") else judgments.c.label
        statement = select(
            judgments.c.log_number,
            judgments.c.datapoint_id,
            judgments.c.evaluator_version_id,
            judgments.c.author,
            value,
        ).where(
            judgments.c.run_id == run_id,
            judgments.c.state == JUDGED,
            value.is_not(None),
            *judgments_of(evaluator.attachment),
        )
        rows = fetch(self._connection, statement, _TYPES)
        return rows if self._matching is None else rows[np.isin(rows["f0"], self._matching[run_id])]

    def _ratings(self, rows: "NDArray[Any]", runs: "NDArray[Any]", kind: str) -> Ratings:
        import numpy as np

        authors = _codes(rows["f3"].tolist(), self._authors)
        values = rows["f4"]
        if kind not in ("boolean", "number"):
            values = _codes([_option(label, kind) for label in values.tolist()], self._options)
        # A log without a datapoint is its own.
        datapoints = self._datapoints.column(rows["f1"].tolist())
        datapoints = np.where(datapoints < 0, -1 - rows["f0"], datapoints)
        ratings = Ratings(rows["f0"].copy(), datapoints, runs, authors, values.astype(float))
        order = np.lexsort((ratings.runs, ratings.authors, ratings.logs))
        ratings = ratings.only(order)
        again = (np.diff(ratings.logs) == 0) & (np.diff(ratings.authors) == 0)
        return ratings.only(np.concatenate(([True], ~again)) if len(order) else np.zeros(0, dtype=bool))


def _option(label: str, kind: str) -> str:
    return label if kind == "select" else ", ".join(sorted(set(json.loads(label)))) or "none"


def _codes(words: Sequence[str], known: dict[str, int]) -> "NDArray[Any]":
    """The codes of words. New ones get the next codes in alphabetical order, whatever the order of the rows."""
    import numpy as np

    for word in sorted(set(words).difference(known)):
        known[word] = len(known)
    return np.array([known[word] for word in words], dtype=np.int64)
