"""The datapoints of one or several dataset versions, each once, in order. Executes nothing."""

from collections.abc import Sequence

from sqlalchemy import BigInteger, Subquery, case, cast, func, select

from evals_mcp.store.database.tables import dataset_datapoints

_LONGEST = 2**32  # more than the datapoints of a version


def ordered_datapoints(version_ids: Sequence[str]) -> Subquery:
    """`datapoint_id` and `position` of the datapoints of these versions: by the first version with it, in its order."""
    columns = dataset_datapoints.c
    of_versions = columns.version_id.in_(version_ids)
    if len(version_ids) == 1:
        return select(columns.datapoint_id, columns.position).where(of_versions).subquery()
    starts = {version_id: cast(index * _LONGEST, BigInteger) for index, version_id in enumerate(version_ids)}
    position = func.min(case(starts, value=columns.version_id) + columns.position).label("position")
    return select(columns.datapoint_id, position).where(of_versions).group_by(columns.datapoint_id).subquery()
