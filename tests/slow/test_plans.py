"""How both databases read the large tables for what a team asks and writes all day."""

import secrets
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from benchmarks.big_database import fill_store
from benchmarks.team_database import fill
from sqlalchemy import select
from tests.hot_statements import Access, Named, Planned, Plans, make_calls

from evals_mcp.store.database.tables import (
    dataset_datapoints,
    evaluation_evaluators,
    evaluation_runs,
    evaluations,
    runs,
    versions,
)
from evals_mcp.store.store import Store, open_store
from evals_mcp.store.teams.control import open_control

pytestmark = pytest.mark.anyio
_EVALUATIONS = 12


def test_x():
    pass
