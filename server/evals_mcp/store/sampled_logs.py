"""An even sample of the logs of runs across one evaluator's judgments; no texts are read."""

from collections import Counter
from collections.abc import Sequence
from operator import itemgetter
from typing import Any, NamedTuple

from sqlalchemy import Connection, Row, Select, bindparam, select

from evals_mcp.statistics.sampling import even_sample, sample_key
from evals_mcp.store.judgments import JUDGED, judgment_value
from evals_mcp.store.run_status import Attachment, judgments_of
from evals_mcp.store.tables import judgments


class SampledLog(NamedTuple):
    """A log in a run."""

    run_id: str
    log_number: int


class Sample(NamedTuple):
    """The first logs of a sample, and how many it is taken from."""

    logs: list[SampledLog]
    total: int


def sample_logs(
    connection: Connection,
    runs: Sequence[Row[Any]],
    matching: Select[Any],
    attachment: Attachment,
    return_type: str,
    size: int,
) -> Sample:
    """The first `size` logs of an even sample.

    `matching` gives number and datapoint of a run's (`run_id`) logs.
    """
    found: dict[str, SampledLog] = {}
    said: dict[str, Any] = {}
    for run in runs:
        judged = _judged(connection, run.id, attachment, return_type)
        seen: Counter[str | None] = Counter()
        rows = connection.execute(matching, {"run_id": run.id}).all()
        for number, datapoint_id in sorted(rows, key=itemgetter(0)):
            key = sample_key(run.id, datapoint_id, seen[datapoint_id])
            seen[datapoint_id] += 1
            found[key] = SampledLog(run.id, number)
            said[key] = judged.get(number)
    return Sample([found[key] for key in even_sample(said.items(), size)], len(found))


def _judged(connection: Connection, run_id: str, attachment: Attachment, return_type: str) -> dict[int, Any]:
    """What an evaluator said of a run's logs, by log number; logs without a judgment are left out."""
    statement = select(judgments.c.log_number, judgments.c.number, judgments.c.label).where(
        judgments.c.run_id == bindparam("run_id"), *judgments_of(attachment), judgments.c.state == JUDGED
    )
    rows = connection.execute(statement, {"run_id": run_id})
    return {log_number: judgment_value(number, label, return_type) for log_number, number, label in rows}
