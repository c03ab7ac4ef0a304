"""A log without a text in its output has no length, wherever a length is asked for."""

from collections.abc import Iterator
from typing import Any

import pytest
from tests.loaded_stores import open_kind

from evals_mcp.models.conditions import MeasureCondition
from evals_mcp.models.datapoints import CreateDatapointRequest
from evals_mcp.models.groups import GroupBy, RunFiguresQuestion
from evals_mcp.models.questions import Filter, LogQuestion, RelationQuestion
from evals_mcp.models.references import Target
from evals_mcp.models.sql import SqlQuestion
from evals_mcp.store.files.files import FileChange
from evals_mcp.store.logs.logs import LogTarget
from evals_mcp.store.store import Store

CALL = {"id": "1", "type": "function", "function": {"name": "search", "arguments": "{}"}}
LOGS: list[tuple[dict[str, Any], int | None]] = [
    ({"output": "four"}, 4),
    ({"output": ""}, 0),
    ({"output_message": {"role": "assistant", "content": ""}}, 0),
    ({"output_message": {"role": "assistant", "content": "seven c"}}, 7),
    ({"output_message": {"role": "assistant", "content": None, "tool_calls": [CALL]}}, None),
    ({}, None),
    ({"error": "Timeout"}, None),
]
LENGTHS = [length for _, length in LOGS if length is not None]


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def asked(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Store, str]]:
    """A store, and an evaluation with one run of these logs."""
    store = open_kind(request, tmp_path_factory, "lengths")
    points = [CreateDatapointRequest(inputs={"q": at}) for at in range(len(LOGS))]
    dataset = store.datasets.upsert(None, "data", points, "set", None, FileChange(), include_datapoints=True)
    prompt = store.files.upsert("prompt", None, "bot", {"model": "small"}, FileChange()).version_id
    id = store.evaluations.create("Asked", Target("path", "bot"), []).id
    data, version = Target("version_id", dataset.version_id), Target("version_id", prompt)
    run = store.runs.create(id, data, version, orchestrated=False, use_existing_logs=False).id
    for point, (log, _) in zip(dataset.datapoints or [], LOGS, strict=True):
        store.logs.create("prompt", LogTarget(version_id=prompt), {**log, "source_datapoint_id": point.id}, run)
    yield store, id
    store.close()


@pytest.mark.parametrize(
    ("operator", "values", "chosen"),
    [
        ("<", [5], [4, 0, 0]),
        (">=", [0], [4, 0, 0, 7]),
        ("=", [0, 7], [0, 0, 7]),
        ("!=", [0], [4, 7]),
        ("=", [], [None] * 3),
        ("!=", [], [4, 0, 0, 7]),
    ],
)
def test_a_condition_on_length_needs_one(
    asked: tuple[Store, str], operator: Any, values: list[float], chosen: list[int | None]
) -> None:
    """A missing length is neither small nor at least nothing."""
    store, id = asked
    condition = MeasureCondition(measure="length", operator=operator, values=values)
    rows = store.log_questions.answer(id, LogQuestion(filter=Filter(conditions=[condition]))).rows
    lengths = [None if row.output is None else len(row.output) for row in reversed(rows)]
    assert lengths == chosen


def test_groups_relations_and_sql_know_the_same_lengths(asked: tuple[Store, str]) -> None:
    """Logs without one are a group of their own, are in no figure, and are null."""
    store, id = asked
    groups = store.run_figures_questions.answer(id, RunFiguresQuestion(group_by=GroupBy(kind="length"))).groups
    by_name = {group.name.kind if group.name else "": group.runs[0].logs_count for group in groups}
    assert by_name["none"] == len(LOGS) - len(LENGTHS)
    numbers = store.relation_questions.answer(id, RelationQuestion()).numbers
    (row,) = [row for row in numbers if row.measure == "length"]
    assert (row.logs, row.mean) == (len(LENGTHS), sum(LENGTHS) / len(LENGTHS))
    sql = "SELECT length FROM logs ORDER BY length, error DESC"
    assert [row[0] for row in store.sql_questions.answer(id, SqlQuestion(sql=sql)).rows] == [
        *sorted(LENGTHS),
        *[None] * 3,
    ]
