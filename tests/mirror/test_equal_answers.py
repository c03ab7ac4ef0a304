"""The tools answer alike from a server's own workspace and through a mirror of it; tests/slow asks more."""

import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from tests.assistant import Assistant, connect_assistant
from tests.databases import vacuum_into
from tests.documented_only import documented_client, mirror_of
from tests.edge_cases import NAME, load_edge_cases

from evals_mcp.client.client import EvalsClient
from evals_mcp.wiring import open_embedded_app

pytestmark = pytest.mark.anyio

_APART = (
    (re.compile(r"^Rows read \d+ \w+ ago; the server shows no change since\.\n?", re.MULTILINE), ""),
    (re.compile(r'cursor="[^"]+"'), "cursor"),
    (re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\dZ \| "), "then | "),
)
SAMPLE = "Which prompt answers tickets"


class Both(NamedTuple):
    """One server, asked in its own workspace and through a mirror."""

    direct: Assistant
    mirrored: Assistant

    async def ask(self, tool: str, **arguments: Any) -> list[str]:
        """All pages of an answer, after seeing that both ways give them."""
        first, second = [await assistant.all_pages(tool, **arguments) for assistant in self]
        assert list(map(_plain, second)) == list(map(_plain, first)), arguments
        return first

    async def ask_first(self, tool: str, **arguments: Any) -> None:
        """See that both ways give the same first page: how many tokens the note on their age takes decides others."""
        first, second = [await assistant.ask(tool, **arguments) for assistant in self]
        assert _plain(second) == _plain(first), arguments


def _plain(answer: str) -> str:
    for pattern, instead in _APART:
        answer = pattern.sub(instead, answer)
    # A mirror knows only figures over logs, of which each datapoint has as many in the recorded evaluations.
    answer = re.sub(r"\(n=(52|156)\)", "(n=52)", answer)
    return answer.rstrip("\n")


async def both_ways(database: Path) -> AsyncIterator[Both]:
    """Both ways to a database."""
    app = open_embedded_app(str(database))
    remote = documented_client(app)
    async with (
        connect_assistant(EvalsClient(open_app=lambda: app)) as direct,
        connect_assistant(remote, mirror=mirror_of(remote)) as mirrored,
    ):
        yield Both(direct, mirrored)


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    """The assistants stay for all tests, so the loop does."""
    return "asyncio"


@pytest.fixture(scope="module")
async def both(sample_database: Path, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Both]:
    """Both ways to the sample and to the evaluation of edge cases."""
    database = tmp_path_factory.mktemp("equal") / "evals.db"
    vacuum_into(database, sample_database)
    async for both in both_ways(database):
        await load_edge_cases(both.direct.client)
        yield both


@pytest.mark.slow
async def test_evaluations_are_listed_alike(both: Both) -> None:
    """Found by any part of a name, file or evaluator; the documented API does not tell when a run last changed."""
    # Until its logs are read, the server's own figures count repeated logs one by one.
    await both.ask_first("compare_runs", evaluation=NAME)
    for asked in ({}, {"limit": 1}, {"text": "odd"}, {"text": "TOXIC"}, {"text": "nothing like it"}):
        await both.ask("list_evaluations", **asked)
    for word in (NAME, "odd/prompt", "od things", SAMPLE.lower(), "support/ticket-answer"):
        results = [await assistant.host.call_tool("list_runs", {"evaluation": word}) for assistant in both]
        assert len({_plain(str(result.content)) for result in results}) == 1


async def test_fields_are_the_same(both: Both) -> None:
    """Every field of the datapoints, with its values and counts."""
    for name in (SAMPLE, NAME):
        evaluation = await both.direct.client.reviews.get_evaluation(name)
        fields = await both.direct.client.reviews.find_fields(evaluation.id)
        assert fields.rows
        assert await mirror_of(both.mirrored.client).reading().find_fields(evaluation.id) == fields


@pytest.mark.parametrize(
    ("tool", "arguments"),
    [
        ("get_log", {"log": "log_"}),
        ("get_log", {"log": "log_nothing_like_it"}),
        ("get_log", {"log": "../evaluations"}),
        ("list_runs", {"evaluation": "no such evaluation"}),
        ("get_logs", {"evaluation": NAME, "datapoint": "dp_"}),
        ("get_logs", {"evaluation": NAME, "datapoint": "nonsense"}),
        ("get_logs", {"evaluation": NAME, "runs": ["v"]}),
        ("get_logs", {"evaluation": NAME, "sort": "worst", "where": ["judgment=missing"]}),
        ("list_datapoints", {"evaluation": NAME, "evaluator": "strs", "show": "failed"}),
    ],
    ids=repr,
)
async def test_what_cannot_be_found_is_refused_alike(both: Both, tool: str, arguments: dict[str, Any]) -> None:
    """The candidates and the nearest names are the same, from the newest on."""
    assert await both.direct.refuse(tool, **arguments) == await both.mirrored.refuse(tool, **arguments)


async def test_the_sample_is_answered_alike(both: Both) -> None:
    """By every tool, in the default budget."""
    for tool in ("list_runs", "compare_runs", "list_datapoints", "get_logs"):
        await both.ask_first(tool, evaluation=SAMPLE, max_tokens=8_000)
    await both.ask_first("get_logs", evaluation=SAMPLE, sort="worst", evaluator="helpfulness", limit=3)
