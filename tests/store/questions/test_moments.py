"""ISO dates and times in fields compare as such, alike on both databases."""

import operator as operators
from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any, NamedTuple

import pytest
from tests.loaded_stores import open_kind

from evals_mcp.models.conditions import FieldCondition
from evals_mcp.models.datapoints import CreateDatapointRequest
from evals_mcp.models.moments import moment_in_text
from evals_mcp.models.questions import DatapointQuestion, Filter, LogQuestion
from evals_mcp.models.references import Target
from evals_mcp.store.files.files import FileChange
from evals_mcp.store.logs.logs import LogTarget
from evals_mcp.store.store import Store

MOMENTS = [
    *("2026-01-01", "2025-12-31", "2026-01-02", "2024-02-29", "0001-01-01", "9999-12-31"),
    *("2026-01-01T00:00", "2026-01-01 23:59:59", "2026-01-01T10:30:00Z", "2026-01-01T12:30:00+02:00"),
    *(
        "2026-01-01T10:30:00.000001Z",
        "2026-01-01T10:30:00.5-00:30",
        "2025-12-31T23:30:00-05",
        "2026-01-02T00:30:00+0530",
    ),
]
OTHERS = [
    *("2026-02-30", "2025-02-29", "2026-13-01", "2026-1-1", "01/02/2026", "2026", "2026-01", "0000-01-01", "soon", ""),
    *("2026-01-01T24:00", "2026-01-01T10:60", " 2026-01-01", "2026-01-01T", "2026-01-01x", "2026-01-01\n"),
    *("٢٠٢٦-٠١-٠١", "on 2026-01-01"),
]
BOUNDS = ["2026-01-01", "2024-02-29", "2026-01-01T10:30:00Z", "2026-01-01T12:30+02:00", "2026-01-01T10:30:00.000001"]
COMPARED = {"<": operators.lt, "<=": operators.le, ">": operators.gt, ">=": operators.ge}


class Dated(NamedTuple):
    """A store with a datapoint, and a log with metadata, for each text."""

    store: Store
    id: str
    dataset_version_id: str


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def dated(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dated]:
    """The texts in each database."""
    store = open_kind(request, tmp_path_factory, "dates")
    points = [CreateDatapointRequest(inputs={"date": text}) for text in [*MOMENTS, *OTHERS]]
    dataset = store.datasets.upsert(None, "data", points, "set", None, FileChange(), include_datapoints=True)
    prompt = store.files.upsert("prompt", None, "bot", {"model": "small"}, FileChange()).version_id
    id = store.evaluations.create("Dated", Target("path", "bot"), []).id
    data, version = Target("version_id", dataset.version_id), Target("version_id", prompt)
    run = store.runs.create(id, data, version, orchestrated=False, use_existing_logs=False).id
    for point in dataset.datapoints or []:
        log = {"output": point.inputs["date"], "metadata": {"at": point.inputs["date"]}}
        store.logs.create("prompt", LogTarget(version_id=prompt), {**log, "source_datapoint_id": point.id}, run)
    yield Dated(store, id, dataset.version_id)
    store.close()


@pytest.mark.parametrize("bound", BOUNDS)
@pytest.mark.parametrize("operator", COMPARED)
def test_dates_compare_by_day_and_times_by_moment(dated: Dated, operator: Any, bound: str) -> None:
    """In datapoints and in metadata of logs. What is no date or time does not match."""
    wanted = sorted(text for text in MOMENTS if COMPARED[operator](_key(text, bound), _key(bound, bound)))
    condition = FieldCondition(part="input", key="date", operator=operator, values=[bound])
    asked = DatapointQuestion(
        filter=Filter(conditions=[condition]), dataset_version_id=dated.dataset_version_id, limit=100
    )
    rows = dated.store.datapoint_questions.answer(dated.id, asked).rows
    assert sorted(str((row.inputs or {})["date"]) for row in rows) == wanted
    condition = FieldCondition(part="log_metadata", key="at", operator=operator, values=[bound])
    logs = LogQuestion(filter=Filter(conditions=[condition]), limit=100)
    assert sorted(str(row.output) for row in dated.store.log_questions.answer(dated.id, logs).rows) == wanted


def _key(text: str, bound: str) -> date | datetime:
    """What Python reads: the day as written for a bound that is a day, else the moment."""
    moment = datetime.fromisoformat(text)
    if len(bound) == len("2026-01-01"):
        return moment.date()
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def test_only_iso_dates_and_times_are_moments() -> None:
    """A day that does not exist is none, and neither is a text around one."""
    assert [text for text in [*MOMENTS, *OTHERS] if moment_in_text(text) is not None] == MOMENTS
