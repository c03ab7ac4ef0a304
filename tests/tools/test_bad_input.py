"""Whatever a model sends: a short error that names the argument, in both eras of the protocol, and no harm done."""

import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from tests.assistant import Assistant, connect_assistant

from evals_mcp.config import Settings
from evals_mcp.wiring import build_client

pytestmark = pytest.mark.anyio
NAME = "Which prompt answers tickets"
_HUGE = "x" * 1_000_000
_ERAS = ["legacy", "2026-07-28"]

WRONG: list[tuple[str, dict[str, Any], str]] = [
    ("list_runs", {}, "evaluation: "),
    ("list_runs", {"evaluation": ""}, "evaluation: is empty. Give a value or omit it."),
    ("list_runs", {"evaluation": "  \n"}, "evaluation: is empty"),
    ("list_runs", {"evaluation": "a\x00b"}, "evaluation: must not contain NUL characters."),
    ("list_runs", {"evaluation": _HUGE}, "evaluation: "),
    ("list_runs", {"evaluation": {"id": "x"}}, "evaluation: "),
    ("list_runs", {"evaluation": 7}, "evaluation: "),
    ("list_runs", {"evaluation": "evr_" + "A" * 21}, "evaluation: no evaluation is named"),
    ("list_runs", {"evaluation": "../../etc/passwd"}, "evaluation: no evaluation is named"),
    ("list_runs", {"evaluation": "%' OR 1=1 --"}, "evaluation: no evaluation is named"),
    ("list_runs", {"evaluation": NAME, "max_tokens": 299}, "max_tokens: "),
    ("list_runs", {"evaluation": NAME, "max_tokens": 20_001}, "max_tokens: "),
    ("list_runs", {"evaluation": NAME, "max_tokens": "many"}, "max_tokens: "),
    ("list_runs", {"evaluation": NAME, "cursor": "AAAA"}, "cursor: "),
    ("list_runs", {"evaluation": NAME, "cursor": "é%$"}, "cursor: "),
    ("list_runs", {"evaluaton": NAME}, '"evaluaton": unknown argument; did you mean evaluation?'),
    ("compare_runs", {"evaluation": NAME, "evaluator": "x"}, '"evaluator": unknown argument; did you mean evaluators?'),
    ("get_logs", {"evaluation": NAME, "run": "x"}, '"run": unknown argument; did you mean runs?'),
    (
        "next_to_review",
        {"evaluation": NAME, "evaluator": "x"},
        '"evaluator": unknown argument; next_to_review takes evaluation, reviewer, ',
    ),
    ("next_to_review", {"evaluation": NAME}, "reviewer: is missing."),
    ("list_runs", {"evaluation": NAME, "zzz": 1}, '"zzz": unknown argument; list_runs takes evaluation'),
    (
        "compare_runs",
        {"evaluation": NAME, "text": "x"},
        'use where=["text~x"]',
    ),
    ("get_logs", {"evaluation": NAME, "text": "refund"}, 'use where=["text~refund"]'),
    ("get_logs", {"evaluation": NAME, "judgment": "false"}, 'use where=["judgment=false"]'),
    ("list_datapoints", {"evaluation": NAME, "errors_only": True}, 'use where=["error=true"]'),
    ("compare_runs", {"evaluation": NAME, "filter": "subset=law"}, 'use where=["subset=law"]'),
    ("list_evaluations", {"limit": 0}, "limit: "),
    ("list_evaluations", {"limit": 101}, "limit: "),
    ("list_evaluations", {"text": _HUGE}, "text: "),
    ("get_logs", {"evaluation": NAME, "sort": "best"}, "sort: "),
    ("get_logs", {"evaluation": NAME, "limit": 1.5}, "limit: "),
    ("get_logs", {"evaluation": NAME, "runs": ["v9"]}, "run: no run is named"),
    ("get_logs", {"evaluation": NAME, "runs": [7]}, "runs.0: "),
    ("get_logs", {"evaluation": NAME, "runs": ["x"] * 101}, "runs: "),
    ("get_logs", {"evaluation": NAME, "runs": ["ok", ""]}, "runs: is empty"),
    ("get_logs", {"evaluation": NAME, "where": ["text~\ud800"]}, "where: must not contain half of a surrogate pair."),
    ("get_logs", {"evaluation": NAME, "where": ["text~" + "x" * 1_000]}, "where.0: "),
    ("get_logs", {"evaluation": NAME, "evaluator": "nobody"}, "evaluator: no evaluator is named"),
    ("get_logs", {"evaluation": NAME, "where": ["helpfulness=<<3"]}, "where: "),
    ("get_logs", {"evaluation": NAME, "where": ["error=perhaps"]}, "where: "),
    ("get_logs", {"evaluation": NAME, "cursor": _HUGE}, "cursor: "),
    ("get_log", {"log": "log_" + "A" * 21}, "log: no log has the id"),
    ("get_log", {"log": "a/../b?c#d"}, "log: no log has the id"),
    ("get_log", {"log": "\u202e"}, "log: no log has the id"),
    ("get_log", {"log": _HUGE}, "log: "),
    ("get_log", {"log": "log_x", "offset": -1}, "offset: "),
    ("get_log", {"log": "log_x", "part": "output", "offset": 2**40}, "offset: "),
    ("list_datapoints", {"evaluation": NAME, "show": "everything"}, "show: "),
    ("list_datapoints", {"evaluation": NAME, "where": ["text~\x00"]}, "where: must not contain NUL characters."),
    ("add_logs_to_run", {"evaluation": NAME, "run": "v2", "log_ids": []}, "log_ids: "),
    ("add_logs_to_run", {"evaluation": NAME, "run": "v2", "log_ids": ["log_unknown"]}, "log_unknown"),
    ("add_logs_to_run", {"evaluation": NAME, "run": "v2", "log_ids": ["x"] * 1_001}, "log_ids: "),
    ("log_generation", {"evaluation": NAME, "run": "v2", "datapoint": "dp_x", "output": "a\x00b"}, "output: "),
    ("log_generation", {"evaluation": NAME, "run": "v2", "datapoint": "dp_x"}, "output, error: give exactly one"),
    ("log_generation", {"evaluation": NAME, "run": "v2", "datapoint": "dp_x", "output": "x", "cost": -1}, "cost: "),
    ("list_run", {"evaluation": NAME}, 'There is no tool "list_run". Did you mean list_runs?'),
    ("drop_tables", {}, 'There is no tool "drop_tables".'),
]


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    """The assistants stay open for all tests here, so the loop does."""
    return "asyncio"


def _content(path: Path) -> list[str]:
    with closing(sqlite3.connect(path)) as connection:
        return list(connection.iterdump())


@pytest.fixture(scope="module", params=_ERAS)
async def assistant_of_an_era(request: pytest.FixtureRequest, assistant_database: Path) -> AsyncIterator[Assistant]:
    """An assistant that speaks one era of the protocol; at its end the data must be what it was."""
    before = _content(assistant_database)
    async with (
        build_client(Settings(database=str(assistant_database))) as client,
        connect_assistant(client, request.param) as assistant,
    ):
        yield assistant
    assert _content(assistant_database) == before


@pytest.mark.parametrize(("tool", "arguments", "said"), WRONG, ids=lambda value: str(value)[:60])
async def test_what_is_wrong_is_named_in_few_words(
    assistant_of_an_era: Assistant, tool: str, arguments: dict[str, Any], said: str
) -> None:
    """The server says which argument it is and lives on."""
    refused = await assistant_of_an_era.refuse(tool, **arguments)
    assert said in refused
    assert refused.removeprefix("Error: ").isprintable()
    assert "Evaluation " in await assistant_of_an_era.ask("list_runs", evaluation=NAME)


async def test_what_hosts_add_by_themselves_passes(assistant_of_an_era: Assistant) -> None:
    """One host sends wait_for_previous with every call, and others null for what was left out."""
    answer = await assistant_of_an_era.ask(
        "list_runs", evaluation=NAME, wait_for_previous=True, cursor=None, max_tokens="4000"
    )
    assert "Evaluation " in answer


async def test_a_single_word_does_for_a_list(assistant_of_an_era: Assistant) -> None:
    """A host that sends text for a list is understood."""
    assert "in v2-concise" in await assistant_of_an_era.ask("get_logs", evaluation=NAME, runs="v2-concise", limit=1)
