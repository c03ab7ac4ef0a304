"""What the rows of an answer have alike is told once: fewer tokens, and nothing less is said."""

import random
import re
from collections.abc import AsyncIterator

import pytest
from tests.assistant import Assistant, connect_assistant, datapoint_ids, log_ids
from tests.small_evaluations import make_evaluation
from tests.tokenizers import count_tokens

from evals_mcp.config import Settings
from evals_mcp.wiring import build_client

pytestmark = pytest.mark.anyio
_SENTENCES = (
    "You can return an unopened station within thirty days of its delivery to you.",
    "Please keep the original box, because we cannot accept a return without it.",
    "The refund reaches your bank within ten business days after we have the parcel.",
    "If the funnel is blocked, rinse it with warm water and calibrate it again.",
    "Open the settings of the app and choose the network that you want to use.",
    "A colleague will write to you today and take care of everything else for you.",
    "Your plan stays active until the end of the month that you have paid for.",
    "Batteries are covered for twelve months, and all other parts for two whole years.",
    "Tell us the number of your order, and we will change the address for you.",
    "The reading is stored on the device for three days and is sent later on.",
)
_THINGS = ("station", "rain gauge", "wind sensor", "display", "battery pack")
_QUESTIONS = [
    question
    for thing in _THINGS
    for question in (
        f"How long may I keep a {thing} before I have to return it?",
        f"My {thing} has stopped working after two weeks. What can I do now?",
        f"Can I use the {thing} of a friend together with my own account?",
        f"Where do I find the serial number of the {thing} that I bought?",
        f"Will you still send the {thing} to me if I move to Norway?",
    )
]
_TARGETS = (
    "Within 30 days.",
    "Covered for two years.",
    "Yes, with a Pro plan.",
    "Under the lid.",
    "No, only in the EU.",
)
_PREAMBLE = (
    "You are the assistant of a shop that sells weather stations. Answer in at most three sentences.\n\nTicket: "
)


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    """The assistant is shared, so its event loop is, too."""
    return "asyncio"


@pytest.fixture(scope="module")
async def assistant(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Assistant]:
    """An assistant at two evaluations of three runs, one of them with a preamble in front of each question."""
    database = tmp_path_factory.mktemp("alike") / "evals.db"
    async with build_client(Settings(database=str(database))) as client:
        for called, preamble in (("Tickets", ""), ("Preambles", _PREAMBLE)):
            drawn = random.Random(5)
            questions = [preamble + question for question in _QUESTIONS]
            small = await make_evaluation(
                client,
                called,
                correct={"return_type": "boolean"},
                helpful={"return_type": "number"},
                polite={"return_type": "boolean"},
            )
            for run in ("v1", "v2", "v3"):
                logs = [
                    (
                        question,
                        {
                            "small/correct": drawn.random() < 0.8,
                            "small/helpful": drawn.choice((4, 5)),
                            "small/polite": True,
                        },
                    )
                    for question in questions
                ]
                await small.run(
                    run,
                    logs,
                    targets=dict(zip(questions, _TARGETS * len(_THINGS), strict=True)),
                    outputs={question: _output(drawn) for question in questions},
                    provider_latency=1.2,
                    prompt_tokens=212,
                    output_tokens=74,
                )
        async with connect_assistant(client) as assistant:
            yield assistant


def _output(drawn: random.Random) -> str:
    """Some 60 words."""
    return " ".join(" ".join(drawn.sample(_SENTENCES, 5)).split()[:60])


async def test_ten_logs_fit_into_1300_tokens(assistant: Assistant) -> None:
    """With input, target, judgments and whole outputs of 60 words."""
    answer = await assistant.ask("get_logs", evaluation="Tickets", limit=10)
    outputs = re.findall(r'^ → "(.*)"$', answer, re.MULTILINE)
    assert [len(output.split()) for output in outputs] == [60] * 10
    assert len(re.findall(r'^ "(?:How|My|Can|Where|Will) .*\?"$', answer, re.MULTILINE)) == 10
    assert len(re.findall(r"^log_\w+ \| dp_\w+ \| (?:true|false) \| [45]$", answer, re.MULTILINE)) == 10
    assert "; 1.2 s; 212 tokens in; 74 tokens out; polite true.\n" in answer
    assert count_tokens(answer) <= 1_300


async def test_twenty_datapoints_fit_into_1000_tokens(assistant: Assistant) -> None:
    """With input, target and the judgments of three runs."""
    answer = await assistant.ask("list_datapoints", evaluation="Tickets", limit=20)
    rows = [line.split(" | ") for line in answer.splitlines() if line.startswith("dp_")]
    assert [row[1].strip('"') for row in rows] == _QUESTIONS[:20]
    assert [row[2].strip('"') for row in rows] == list(_TARGETS) * 4
    assert all(re.fullmatch(r"(?:true|false)/[45]|=", cell) for row in rows for cell in row[3:])
    assert "\nShown: polite true.\nCells: correct/helpful (= as to the left).\n" in answer
    assert count_tokens(answer) <= 1_000


async def test_what_a_page_has_alike_is_told_of_all_only_where_it_is_all(assistant: Assistant) -> None:
    """On a page of one run the next page has another one: the answer must not read as if all logs were of this run."""
    page = await assistant.ask("get_logs", evaluation="Tickets", limit=3)
    assert "\nShown: run " in page
    assert "\nAll: " not in page
    run = re.search(r"\nShown: run ([\w-]+);", page)
    assert run
    whole = await assistant.ask("get_logs", evaluation="Tickets", runs=[run[1]], limit=100, max_tokens=20_000)
    assert f"\nAll: run {run[1]}; " in whole


async def test_ids_are_short_and_every_tool_resolves_them(assistant: Assistant) -> None:
    """A log's and a datapoint's, as words in the next call."""
    listed = await assistant.ask("get_logs", evaluation="Tickets", limit=3)
    log = log_ids(listed)[0]
    assert len(log) == len("log_") + 6
    shown = await assistant.ask("get_log", log=log)
    assert re.search(rf"\b{log}\w{{15}}\b", shown)
    datapoint = datapoint_ids(await assistant.ask("list_datapoints", evaluation="Tickets", limit=1))[0]
    assert len(datapoint) == len("dp_") + 6
    found = await assistant.ask("get_logs", evaluation="Tickets", datapoint=datapoint)
    assert len(log_ids(found)) == 3
    assert f"\nAll: datapoint {datapoint}; " in found


@pytest.mark.parametrize("tool", ["get_logs", "list_datapoints"])
async def test_a_preamble_of_all_inputs_is_told_once(assistant: Assistant, tool: str) -> None:
    """Above the first row; each row has the rest."""
    answer = await assistant.ask(tool, evaluation="Preambles")
    assert answer.count("You are the assistant") == 1
    assert '\n input question begins (below as …): "You are the assistant of a shop' in answer
    assert len(re.findall(r'…"(?:How|My|Can|Where|Will) [^"]*\?"', answer)) == (10 if tool == "get_logs" else 20)
    plain = await assistant.ask(tool, evaluation="Tickets")
    assert count_tokens(answer) < count_tokens(plain) + 80
