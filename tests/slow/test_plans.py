"""How both databases read the large tables for what a team asks and writes all day.

On PostgreSQL the plans are those of a workspace of 120,000 logs in 12 evaluations, whose statistics are of all rows, so
that they are the same each time; it scans a table only where no index helps, as with far more logs. SQLite's plans
depend on no statistics.
"""

import re
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import psycopg
import pytest
from benchmarks.big_database import fill_store
from benchmarks.team_database import fill
from sqlalchemy import select
from tests.hot_statements import LARGE, Access, Named, Planned, Plans, make_calls

from evals_mcp.store.database.tables import dataset_datapoints, evaluation_evaluators, evaluation_runs, runs, versions
from evals_mcp.store.store import Store, open_store

pytestmark = pytest.mark.anyio
_EVALUATIONS = 12
_MOST_ROWS = 10_100
"""The logs of an evaluation, with those of its evaluators: the most that a question about it reads of one table."""
_FEW = re.compile(
    r"\b(id|rowid|number|run_id|log_number|judged_log_number|evaluator_log_number|subject|entry)\)?(::\w+)? ?= ?"
    r"|\btrace_(parent|root)_number( ?= ?| IS NOT NULL)"
)
"""Conditions that the rows of one evaluation meet at most, each with the first column of an index. A file or a version
may have all logs, so those are read in order, until a page is full, and none is left out after reading it."""


@pytest.fixture
def large(postgres_address: str) -> Iterator[Store]:
    """The workspace on PostgreSQL, with its statistics."""
    fill(postgres_address, {"large": _EVALUATIONS})
    with psycopg.connect(postgres_address, autocommit=True) as connection:
        connection.execute("SET search_path = evals_mcp_large")
        connection.execute("SET default_statistics_target = 1000")  # all rows
        connection.execute("ANALYZE")
        (database,) = connection.execute("SELECT current_database()").fetchone() or ("",)
        connection.execute(f'ALTER DATABASE "{database}" SET random_page_cost = 1.1')  # as docs/scaling.md has it
    with closing(open_store(postgres_address, "evals_mcp_large")) as store:
        yield store


@pytest.fixture
def file(tmp_path: Path) -> Iterator[Store]:
    """An evaluation in a SQLite file."""
    with closing(open_store(str(tmp_path / "evals.db"))) as store:
        fill_store(store, 60, 4)
        yield store


async def test_postgresql_reads_by_an_index_and_not_more_than_an_evaluation(large: Store) -> None:
    """Neither a write nor a question grows with the workspace; only pages are cut from a longer order."""
    plans = Plans(large)
    await make_calls(large, plans, _named(large))
    _check(plans.found)
    assert [_told(plan, access) for plan in plans.found for access in plan.accesses if _reads_much(access)] == []


async def test_sqlite_reads_by_an_index(file: Store) -> None:
    """No statement scans one of the large tables, and pages leave out nothing that they have read."""
    plans = Plans(file)
    await make_calls(file, plans, _named(file))
    _check(plans.found)
    assert [_told(plan, access) for plan in plans.found for access in plan.accesses if _scans(access)] == []


def _named(store: Store) -> Named:
    """An evaluation in the middle, its control, and what else calls name."""
    with store.database.read() as connection:
        run = connection.execute(
            select(evaluation_runs.c.evaluation_id, runs, versions.c.file_id)
            .join(runs, runs.c.id == evaluation_runs.c.run_id)
            .join(versions, versions.c.id == runs.c.version_id)
            .where(evaluation_runs.c.control)
            .order_by(runs.c.number)
        ).all()[-5:][0]
        judge = connection.execute(
            select(evaluation_evaluators).where(
                evaluation_evaluators.c.evaluation_id == run.evaluation_id, evaluation_evaluators.c.position == 1
            )
        ).one()
        of_dataset = dataset_datapoints.c.version_id == run.dataset_version_id
        point = connection.execute(select(dataset_datapoints.c.datapoint_id).where(of_dataset)).scalars().first()
    assert point is not None
    return Named(
        *(run.evaluation_id, run.id, run.version_id, run.file_id, point),
        *(judge.evaluator_id, judge.evaluator_version_id),
    )


def _check(found: list[Planned]) -> None:
    """The calls reached what the check is about."""
    assert len(found) > 180
    assert len({plan.call for plan in found if plan.accesses}) > 40
    assert {access.table for plan in found for access in plan.accesses} == set(LARGE)


def _reads_much(access: Access) -> bool:
    if _FEW.search(access.condition):
        return access.rows > _MOST_ROWS and not access.limited
    return not access.limited or bool(access.left_out)


def _scans(access: Access) -> bool:
    passes_by = access.limited and access.left_out and not _FEW.search(access.condition)
    in_order = access.how.startswith("SCAN journal") and access.limited
    return ("SCAN" in access.how and not in_order) or bool(passes_by)


def _told(plan: Planned, access: Access) -> str:
    return f"{plan.call}: {access} in {' '.join(plan.statement.split())}"
