"""Numbers that no request can bring in, but a hand that edits the database can."""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import anyio
import pytest
from tests.e2e.in_process import connect
from tests.small_evaluations import make_evaluation

from evals_mcp.config import Settings
from evals_mcp.wiring import build_client

QUESTIONS = [f"q{number}" for number in range(12)]
QUESTIONS_ABOUT_IT: list[tuple[str, dict[str, Any]]] = [
    ("list_runs", {}),
    ("get_logs", {"limit": 50}),
    ("get_logs", {"sort": "worst", "evaluator": "score"}),
    ("get_logs", {"where": ["score>=3"]}),
    ("get_logs", {"sample": True, "evaluator": "score"}),
    ("list_datapoints", {}),
    ("list_datapoints", {"show": "disagreement"}),
]


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """Two runs judged alike by two number evaluators."""
    path = tmp_path / "evals.db"

    async def fill() -> None:
        async with build_client(Settings(database=str(path))) as client:
            small = await make_evaluation(client, score={"return_type": "number"}, other={"return_type": "number"})
            for name in ("old", "new"):
                judged = [
                    (question, {"small/score": number % 6, "small/other": number % 6})
                    for number, question in enumerate(QUESTIONS)
                ]
                await small.run(name, judged)

    anyio.run(fill)
    return path


@pytest.mark.anyio
@pytest.mark.parametrize(("stored", "text"), [("9e999", "Infinity"), ("NULL", "NaN")])
async def test_no_figure_is_made_of_numbers_that_are_none(database: Path, stored: str, text: str) -> None:
    """They are left out of pairs and means, counted together for all evaluators, and no answer fails over them."""
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute(f"UPDATE judgments SET number = {stored}, score = {stored} WHERE number = 4")
        connection.execute("UPDATE logs SET judgment = ? WHERE judgment = '4'", (text,))
    async with connect({"EVALS_MCP_DATABASE": str(database)}) as assistant:
        answer = await assistant.ask("compare_runs", evaluation="Small")
        for tool, arguments in QUESTIONS_ABOUT_IT:
            await assistant.ask(tool, evaluation="Small", **arguments)
    assert "score | 10 | 2.20 | 2.20 | 0.00 |" in answer
    assert "Excluded: numbers that are not finite or beyond 1e150 (8 in new and the baseline)." in answer
    assert "nan" not in answer.lower()
