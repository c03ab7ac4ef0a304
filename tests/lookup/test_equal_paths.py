"""The tools say the same through the extension and through the documented routes alone, whatever is asked."""

import random
import re
from collections.abc import AsyncIterator
from typing import Any, NamedTuple

import psycopg
import pytest
from tests.assistant import Assistant, connect_assistant, datapoint_ids, log_ids
from tests.documented_only import documented_client
from tests.edge_cases import NAME, SPECS, load_edge_cases

from evals_mcp.client.client import EvalsClient
from evals_mcp.wiring import open_embedded_app

pytestmark = pytest.mark.anyio

_PAGED = re.compile(r"^Read by paging through [\d,]+ logs: the server has only the documented API\.\n?", re.MULTILINE)
_CURSOR = re.compile(r'cursor="[^"]+"')
_JUDGED = [
    *({"evaluator": name, "judgment": state} for name in SPECS for state in ("failed", "abstained", "missing")),
    *({"judgment": state} for state in ("failed", "abstained", "missing", "judged", "true", "<3", "rude")),
    {"evaluator": "right", "judgment": "false"},
    {"evaluator": "stars", "judgment": "2..4"},
    {"evaluator": "stars", "judgment": ">=4"},
    {"judgment": "1"},
    {"evaluator": "cost", "judgment": "<=4.25"},
    {"evaluator": "tone", "judgment": "friendly"},
    {"evaluator": "topics", "judgment": 'b"c'},
]
_SEARCHED = [
    *("refund", "REFUND", '"quote"', "\\", "|", "%", "under_score", "订单", "über", "ÄHN", "nicht.\r\nZw", "question"),
    *("deep", "🙂", "\u202e", "look_up", "xxxx", "no such text", "assistant"),
]
_LOGS: list[dict[str, Any]] = [
    {},
    {"runs": ["v1", "v3"]},
    {"errors_only": True},
    *({"sort": sort} for sort in ("worst", "latency", "cost", "length")),
    *({"sort": "worst", "evaluator": name} for name in ("right", "toxic", "stars", "cost", "tone")),
    {"sort": "latency", "errors_only": True, "runs": ["control"]},
    {"sort": "worst", "judgment": "false"},
    {"sort": "latency", "judgment": "true"},
    {"sort": "cost", "judgment": "missing"},
    {"sort": "length", "judgment": "failed"},
    {"sample": True, "judgment": "friendly"},
    *_JUDGED,
    *({"text": text} for text in _SEARCHED),
    {"text": "refund", "sort": "length", "evaluator": "right", "judgment": "true"},
    {"sample": True},
    *({"sample": True, "evaluator": name} for name in SPECS),
    {"sample": True, "evaluator": "stars", "text": "refund", "runs": ["v2"]},
]
_DATAPOINTS: list[dict[str, Any]] = [
    {},
    {"runs": ["v2"]},
    {"runs": ["v1", "v3"], "evaluator": "tone"},
    *({"show": show} for show in ("disagreement", "all_fail", "failed", "abstained", "missing")),
    *(
        {"show": show, "evaluator": name}
        for show in ("disagreement", "all_fail", "failed", "abstained", "missing")
        for name in SPECS
    ),
    {"show": "all_fail", "runs": ["v2"]},
    {"show": "missing", "runs": ["v1"]},
    {"show": "disagreement", "runs": ["v1", "v2"], "text": "refund"},
    *({"text": text} for text in _SEARCHED),
]


class Assistants(NamedTuple):
    """One server, asked through its extension and as if it had none; and the id of the evaluation on it."""

    extended: Assistant
    documented: Assistant
    evaluation: str


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    """The assistants stay open for all tests, so the loop does."""
    return "asyncio"


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def address(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> str:
    """An empty database of each kind, for all tests here."""
    if request.param == "sqlite":
        return str(tmp_path_factory.mktemp("equal") / "evals.db")
    server = str(request.getfixturevalue("postgres_server"))
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute("CREATE DATABASE equal_paths")
    return server.replace("/postgres?", "/equal_paths?")


@pytest.fixture(scope="module")
async def assistants(address: str) -> AsyncIterator[Assistants]:
    """Both ways to the same evaluation."""
    app = open_embedded_app(address)
    client = EvalsClient(open_app=lambda: app)
    evaluation = await load_edge_cases(client)
    async with connect_assistant(client) as extended, connect_assistant(documented_client(app)) as documented:
        yield Assistants(extended, documented, evaluation)


def _plain(answer: str) -> str:
    return _CURSOR.sub("cursor", _PAGED.sub("", answer)).rstrip("\n")


async def _both(assistants: Assistants, tool: str, **arguments: Any) -> str:
    """The answer, after seeing that both ways give it."""
    first = await assistants.extended.ask(tool, **arguments)
    second = await assistants.documented.ask(tool, **arguments)
    assert _plain(second) == _plain(first)
    return first


@pytest.mark.parametrize("asked", _LOGS, ids=repr)
async def test_logs_are_the_same(assistants: Assistants, asked: dict[str, Any]) -> None:
    """Every filter, sort and sample chooses the same logs in the same order, and shows the same of them."""
    asked = {"evaluation": assistants.evaluation, "limit": 10, "max_tokens": 20_000, **asked}
    extended, documented = [await assistant.all_pages("get_logs", **asked) for assistant in assistants[:2]]
    assert list(map(_plain, documented)) == list(map(_plain, extended))


@pytest.mark.parametrize("asked", [asked for asked in _LOGS if "sample" not in asked], ids=repr)
async def test_logs_are_the_same_where_more_match_than_are_counted(
    assistants: Assistants, asked: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Then the store goes through each run in the order of the question, and does not put all that match in order."""
    for module in ("store.questions.log_selection", "lookup.selection"):
        monkeypatch.setattr(f"evals_mcp.{module}.COUNTED_TO", 1)
    asked = {"evaluation": assistants.evaluation, "limit": 10, "max_tokens": 20_000, **asked}
    extended, documented = [await assistant.all_pages("get_logs", **asked) for assistant in assistants[:2]]
    assert list(map(_plain, documented)) == list(map(_plain, extended))


@pytest.mark.parametrize("asked", _DATAPOINTS, ids=repr)
async def test_datapoints_are_the_same(assistants: Assistants, asked: dict[str, Any]) -> None:
    """Every choice of datapoints is the same, with the same judgments in each cell."""
    await _both(assistants, "list_datapoints", evaluation=assistants.evaluation, limit=60, max_tokens=20_000, **asked)


async def test_runs_are_the_same(assistants: Assistants) -> None:
    """Statistics, statuses and remarks do not depend on the way."""
    await _both(assistants, "list_runs", evaluation=assistants.evaluation, max_tokens=20_000)


@pytest.mark.parametrize("asked", [{}, {"text": "odd"}, {"text": "TOXIC"}, {"text": "nothing like it"}], ids=repr)
async def test_evaluations_are_the_same(assistants: Assistants, asked: dict[str, Any]) -> None:
    """The list shows the same; the documented API does not tell when a run last changed."""
    answers = [await assistant.ask("list_evaluations", **asked) for assistant in assistants[:2]]
    assert len({re.sub(r"\d{4}-\d\d-\d\d \d\d:\d\dZ", "then", answer) for answer in answers}) == 1


async def test_one_log_is_the_same(assistants: Assistants) -> None:
    """By its id, by the beginning of it, beside another run's, and in parts."""
    ids = log_ids(
        await assistants.extended.ask("get_logs", evaluation=assistants.evaluation, limit=30, max_tokens=20_000)
    )
    for log in ids[::5]:
        whole = await _both(assistants, "get_log", log=log)
        assert await _both(assistants, "get_log", log=log[:14]) == whole
        await _both(assistants, "get_log", log=log, part="inputs")
    with_datapoint = await assistants.extended.ask(
        "get_logs", evaluation=assistants.evaluation, runs=["v3"], max_tokens=20_000
    )
    log = next(line.split(";")[0] for line in with_datapoint.splitlines() if re.match(r"log_\w+; dp_", line))
    await _both_or_refused(assistants, "get_log", log=log, beside="v2", evaluation=assistants.evaluation)


async def _both_or_refused(assistants: Assistants, tool: str, **arguments: Any) -> None:
    results = [await assistant.host.call_tool(tool, arguments) for assistant in assistants[:2]]
    assert len({_plain(str(result.content[0])) for result in results}) == 1


@pytest.mark.parametrize(
    ("tool", "arguments"),
    [
        ("get_log", {"log": "log_"}),
        ("get_log", {"log": "log_nothing_like_it"}),
        ("get_log", {"log": "../evaluations"}),
        ("list_runs", {"evaluation": "od things"}),
        ("get_logs", {"evaluation": NAME, "datapoint": "dp_"}),
        ("get_logs", {"evaluation": NAME, "datapoint": "nonsense"}),
        ("get_logs", {"evaluation": NAME, "runs": ["v"]}),
        ("get_logs", {"evaluation": NAME, "evaluator": "t"}),
        ("get_logs", {"evaluation": NAME, "sort": "worst", "judgment": "missing"}),
        ("list_datapoints", {"evaluation": NAME, "evaluator": "strs", "show": "failed"}),
    ],
    ids=repr,
)
async def test_what_cannot_be_found_is_refused_alike(
    assistants: Assistants, tool: str, arguments: dict[str, Any]
) -> None:
    """The candidates and the nearest names are the same, from the newest on."""
    assert await assistants.extended.refuse(tool, **arguments) == await assistants.documented.refuse(tool, **arguments)


async def test_pages_of_datapoints_are_the_same(assistants: Assistants) -> None:
    """Walked by their cursors both ways show the same pages."""
    for asked in ({}, {"show": "missing"}):
        arguments = {"evaluation": assistants.evaluation, "limit": 3, "max_tokens": 20_000, **asked}
        pages = [await assistant.all_pages("list_datapoints", **arguments) for assistant in assistants[:2]]
        first, second = ([datapoint_ids(answer) for answer in answers] for answers in pages)
        assert first == second


async def test_that_a_server_was_paged_is_said(assistants: Assistants) -> None:
    """Only where it was."""
    arguments = {"evaluation": assistants.evaluation, "limit": 1}
    assert "Read by paging through" in await assistants.documented.ask("get_logs", **arguments)
    assert "Read by paging through" not in await assistants.extended.ask("get_logs", **arguments)


_OUTCOMES = ("regressed", "improved", "changed", "same", "only_baseline", "only_candidate", "errors")
_RUNS = ("control", "v1", "v2", "v3")


def _any_comparison(source: random.Random) -> dict[str, Any]:
    """Some arguments of compare_runs."""
    asked: dict[str, Any] = {"outcome": source.choice(_OUTCOMES), "limit": source.choice([9, 50])}
    if source.random() < 0.6:
        asked["baseline"] = source.choice(_RUNS)
    if source.random() < 0.5:
        others = [run for run in ("v1", "v2", "v3") if run != asked.get("baseline", "v1")]
        asked["candidates"] = [run for run in others if source.random() < 0.7] or others[:1]
        if asked.get("baseline") == "control":
            asked["candidates"] = ["v2", "v3"]
    if source.random() < 0.5:
        asked["evaluators"] = source.sample(list(SPECS), source.randint(1, 4))
    return asked


def _any_logs(source: random.Random) -> dict[str, Any]:
    """Some arguments of get_logs, of which some exclude each other."""
    asked: dict[str, Any] = {"limit": source.choice([9, 50])}
    if source.random() < 0.5:
        asked["runs"] = source.sample(_RUNS[1:], source.randint(1, 3))
    if source.random() < 0.5:
        asked["text"] = source.choice(_SEARCHED)
    if source.random() < 0.6:
        asked |= source.choice(_JUDGED)
    if source.random() < 0.5:
        asked["sort"] = source.choice(["worst", "latency", "cost", "length"])
    elif source.random() < 0.3:
        asked["sample"] = True
    if source.random() < 0.2:
        asked["errors_only"] = True
    return asked


def _any_datapoints(source: random.Random) -> dict[str, Any]:
    """Some arguments of list_datapoints."""
    asked: dict[str, Any] = {
        "limit": source.choice([5, 50]),
        "show": source.choice(["all", "disagreement", "all_fail", "failed", "abstained", "missing"]),
    }
    if source.random() < 0.5:
        asked["runs"] = [source.choice(_RUNS[1:])]
    if source.random() < 0.5:
        asked["text"] = source.choice(_SEARCHED)
    if source.random() < 0.5:
        asked["evaluator"] = source.choice(list(SPECS))
    return asked


_ANY = {"compare_runs": _any_comparison, "get_logs": _any_logs, "list_datapoints": _any_datapoints}


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("tool", _ANY)
async def test_whatever_is_combined_the_answers_are_the_same(assistants: Assistants, tool: str, seed: int) -> None:
    """Any arguments together give the same pages up to the last, or the same refusal."""
    source = random.Random(f"{tool} {seed}")
    for _ in range(2):
        asked = {"evaluation": assistants.evaluation, "max_tokens": 20_000, **_ANY[tool](source)}
        results = []
        for assistant in assistants[:2]:
            result = await assistant.host.call_tool(tool, asked)
            walked = [str(result.content[0])] if result.is_error else await assistant.all_pages(tool, **asked)
            results.append([_plain(page) for page in walked])
        assert results[0] == results[1], asked
