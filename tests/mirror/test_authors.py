"""A mirror keeps the authors of judgments, as GETs return them."""

from typing import Any

import pytest
from tests.mirror.conftest import Mirrored

pytestmark = pytest.mark.anyio


async def test_a_mirror_answers_alike_about_authors(mirrored: Mirrored) -> None:
    """Each author's judgment is read, and a log that two judged counts once."""
    logs = await mirrored.small.client.raw_pages.run_logs(mirrored.small.id, mirrored.runs["v1"], 1, 10)
    for index, record in enumerate(logs.records):
        for author in ("ana", "ben", "ana"):
            value = (index % 3 > 0) == (author == "ana")
            await mirrored.small.judge(record["log"]["id"], "small/correct", value, user=author)
    asked: tuple[tuple[str, dict[str, Any]], ...] = (
        ("compare_runs", {}),
        ("get_logs", {"runs": ["v1"], "where": ["correct=false"]}),
        ("get_logs", {"evaluator": "correct", "sort": "worst"}),
        ("list_datapoints", {"show": "disagreement", "runs": ["v1"]}),
        ("list_runs", {}),
    )
    for tool, arguments in asked:
        assert await mirrored.ask_again(tool, **arguments) == await mirrored.ask_directly(tool, **arguments), tool
    assert "ana 10, ben 10; they differ on 10" in await mirrored.ask("list_runs")
