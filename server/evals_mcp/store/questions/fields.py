"""Tell which fields the datapoints of an evaluation have, from the table of fields."""

from collections.abc import Sequence
from itertools import groupby
from typing import Any

from sqlalchemy import BigInteger, Connection, Row, Select, case, cast, func, select

from evals_mcp.models.datapoint_fields import PARTS
from evals_mcp.models.field_rows import MOST_COMMON, MOST_ROWS, CommonValue, FieldRow, FieldRows
from evals_mcp.store.database.database import Database
from evals_mcp.store.database.tables import datapoint_fields
from evals_mcp.store.questions.dataset_order import ordered_datapoints
from evals_mcp.store.questions.evaluation_states import EvaluationState, EvaluationStates
from evals_mcp.store.revision_cache import RevisionCache


class FieldQuestions:
    """Answers which fields there are."""

    def __init__(self, database: Database, evaluations: EvaluationStates, cache: RevisionCache) -> None:
        self._database = database
        self._evaluations = evaluations
        self._cache = cache

    def answer(self, evaluation_id: str) -> FieldRows:
        """The fields of the datapoints in the dataset versions of an evaluation's runs. Raises NotFound."""
        with self._database.read() as connection:
            evaluation = self._evaluations.read(connection, evaluation_id)
            return read_fields(connection, self._cache, dataset_versions(evaluation))


def dataset_versions(evaluation: EvaluationState) -> list[str]:
    """The dataset versions of an evaluation's runs, by id."""
    return sorted({run.dataset_version_id for run in evaluation.runs if run.dataset_version_id})


def read_fields(connection: Connection, cache: RevisionCache, version_ids: Sequence[str]) -> FieldRows:
    """The fields of the datapoints in dataset versions. These never change, so the fields depend on no revision."""
    rows: FieldRows = cache.get("fields", version_ids, None, lambda: _read_rows(connection, version_ids))
    return rows


def _read_rows(connection: Connection, version_ids: Sequence[str]) -> FieldRows:
    if not version_ids:
        return FieldRows(rows=[], datapoints_count=0)
    listed = ordered_datapoints(version_ids)
    total = connection.execute(select(func.count()).select_from(listed)).scalar_one()
    found = connection.execute(_common_values(version_ids)).all()
    of_fields = [list(values) for _, values in groupby(found, lambda value: (value.part, value.key))]
    rows = sorted(map(_row, of_fields[:MOST_ROWS]), key=lambda row: (PARTS.index(row.part), row.key))
    return FieldRows(rows=rows, datapoints_count=total, more=len(of_fields) > MOST_ROWS)


def _row(values: Sequence[Row[Any]]) -> FieldRow:
    first = values[0]
    is_boolean = first.booleans == first.datapoints
    is_number = first.numbers == first.datapoints and not first.booleans
    return FieldRow(
        part=PARTS[first.part],
        key=first.key,
        datapoints_count=first.datapoints,
        values_count=first.values_count,
        common=[CommonValue(value=row.value, datapoints_count=row.amount) for row in values],
        is_boolean=is_boolean,
        low=first.low if is_number else None,
        high=first.high if is_number else None,
        has_cut_values=first.cut > 0,
    )


def _common_values(version_ids: Sequence[str]) -> Select[Any]:
    """The most frequent values of each field, most frequent first, each with the counts of its field."""
    columns, listed = datapoint_fields.c, ordered_datapoints(version_ids)
    has_boolean = columns.number.is_not(None) & columns.value.in_(("true", "false"))
    of_values = (
        select(
            columns.part,
            columns.key,
            columns.value,
            func.count().label("amount"),
            func.count(columns.number).label("numbers"),
            func.count(case((has_boolean, 1))).label("booleans"),
            func.count(case((columns.whole.is_(False), 1))).label("cut"),
            func.min(columns.number).label("low"),
            func.max(columns.number).label("high"),
        )
        .join(listed, listed.c.datapoint_id == columns.datapoint_id)
        .group_by(columns.part, columns.key, columns.value)
        .subquery()
    )
    value = of_values.c
    field: dict[str, Any] = {"partition_by": (value.part, value.key)}
    ranked = select(
        value.part,
        value.key,
        value.value,
        value.amount,
        cast(func.sum(value.amount).over(**field), BigInteger).label("datapoints"),
        func.count().over(**field).label("values_count"),
        cast(func.sum(value.numbers).over(**field), BigInteger).label("numbers"),
        cast(func.sum(value.booleans).over(**field), BigInteger).label("booleans"),
        cast(func.sum(value.cut).over(**field), BigInteger).label("cut"),
        func.min(value.low).over(**field).label("low"),
        func.max(value.high).over(**field).label("high"),
        func.row_number().over(**field, order_by=(value.amount.desc(), value.value)).label("rank"),
    ).subquery()
    most = (MOST_ROWS + 1) * MOST_COMMON
    by_field = (ranked.c.datapoints.desc(), ranked.c.part, ranked.c.key, ranked.c.rank)
    return select(ranked).where(ranked.c.rank <= MOST_COMMON).order_by(*by_field).limit(most)
