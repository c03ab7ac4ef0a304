"""Names with characters that nobody sees, such as joined emoji, are taken back as answers write them."""

import ast
import re
from typing import Any

import pytest
from tests.assistant import Assistant, log_ids
from tests.own_rows import app, assistant, client
from tests.small_evaluations import SmallEvaluation, make_evaluation

from evals_mcp.client.client import EvalsClient

__all__ = ["app", "assistant", "client"]

pytestmark = pytest.mark.anyio
JUDGE = "👩\u200d💻 ok"
RUN = "v2 👩\u200d💻"
QUESTIONS = [f"q{number} a\u200bb" for number in range(4)]


async def _made(client: EvalsClient) -> SmallEvaluation:
    small = await make_evaluation(client, "Team 👨\u200d👩", **{JUDGE: {"return_type": "boolean"}})
    for run in ("v1", RUN):
        judged = [(question, {f"small/{JUDGE}": run == "v1"}) for question in QUESTIONS]
        await small.run(run, judged, outputs=dict.fromkeys(QUESTIONS, r"char c = '\u{200d}';"))
    return small


def _offered(answer: str, tool: str) -> dict[str, Any]:
    """The arguments of the call that an answer offers, with each escape of ours as it stands there."""
    written = re.findall(rf"{tool}\(.*cursor=.*\)", answer)[-1].replace("\\u{", "\\\\u{")
    call = ast.parse(written, mode="eval").body
    assert isinstance(call, ast.Call)
    return {str(item.arg): ast.literal_eval(item.value) for item in call.keywords}


@pytest.mark.parametrize(
    ("tool", "asked"),
    [
        ("get_logs", {"runs": [RUN]}),
        ("get_logs", {"where": [f'"{JUDGE}"=false']}),
        ("get_logs", {"where": [f"run={RUN}", "question~a\u200bb"]}),
        ("get_logs", {"evaluator": JUDGE, "sort": "worst"}),
        ("list_datapoints", {"runs": [RUN], "where": [f"fails={RUN}"]}),
        ("compare_runs", {"baseline": RUN, "candidates": ["v1"], "evaluators": [JUDGE], "outcome": "changed"}),
        ("compare_runs", {"candidates": [RUN], "where": ["question~a\u200bb"]}),
    ],
    ids=repr,
)
async def test_an_offered_call_is_understood(
    client: EvalsClient, assistant: Assistant, tool: str, asked: dict[str, Any]
) -> None:
    """Copied as it stands, it gives the next page."""
    await _made(client)
    first = await assistant.ask(tool, evaluation="Team", limit=1, **asked)
    assert "\\u{200" in first
    second = await assistant.ask(tool, **_offered(first, tool))
    assert "Error" not in second
    assert second != first


async def test_a_name_is_understood(client: EvalsClient, assistant: Assistant) -> None:
    """Of an evaluation, a run and an evaluator."""
    await _made(client)
    team = r"Team 👨\u{200d}👩"
    assert "2 runs" in await assistant.ask("list_runs", evaluation=team)
    assert "4 logs" in await assistant.ask("get_logs", evaluation=team, runs=[r"v2 👩\u{200d}💻"])
    assert "1 evaluation" in await assistant.ask("list_evaluations", text=r"👨\u{200d}👩")
    log = log_ids(await assistant.ask("get_logs", evaluation=team, runs=["v1"]))[0]
    beside = await assistant.ask("get_log", log=log, evaluation=team, beside=r"v2 👩\u{200d}💻")
    assert "Two logs" in beside
    named = await assistant.ask("update_run", evaluation=team, run=r"v2 👩\u{200d}💻", change="control")
    assert "control" in named
    labels = {"logs": [log], "evaluator": r"👩\u{200d}💻 ok", "judgment": "false", "dry_run": True}
    assert r"👩\u{200d}💻 ok" in await assistant.ask("label_logs", evaluation=team, **labels)


async def test_what_looks_like_an_escape_is_found_as_text(client: EvalsClient, assistant: Assistant) -> None:
    """With its backslash doubled, as answers show it; visible characters have no escape."""
    await _made(client)
    for searched, found in ((r"'\\u{200d}'", 8), (r"'\u{200d}'", 0), (r"\u{41}", 0)):
        answer = await assistant.ask("get_logs", evaluation="Team", where=[f'output~"{searched}"'], limit=1)
        assert f"\n{found} logs" in answer, searched


@pytest.mark.parametrize(
    ("tool", "argument"),
    [
        ("list_evaluations", {"text": "a" * 501}),
        ("list_runs", {"evaluation": "a" * 501}),
        ("get_logs", {"evaluation": "Team", "where": ["a" * 1_001]}),
        ("update_run", {"evaluation": "Team", "run": "a" * 501, "change": "control"}),
        ("label_logs", {"evaluation": "Team", "judgment": "a" * 100_001}),
        ("set_up_run", {"evaluation": "a" * 501}),
    ],
    ids=lambda value: str(value)[:30],
)
async def test_too_long_names_and_texts_are_counted_in_characters(
    assistant: Assistant, tool: str, argument: dict[str, Any]
) -> None:
    """Not in items, which a text has none of."""
    answer = await assistant.refuse(tool, **argument)
    assert re.search(r"at most [\d,]+ characters", answer), answer[:200]
