"""Lists that writes change while an assistant goes from page to page.

Following the cursors, each item that is in a list during the whole walk is shown at least once, whatever is written of
items that were shown before. Items may be repeated.
"""

import json
import math
import re
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Any

import pytest
from starlette.requests import Request
from starlette.responses import JSONResponse
from tests.assistant import Assistant, connect_assistant, datapoint_ids, log_ids, next_cursor
from tests.own_rows import app, assistant, client
from tests.small_evaluations import SmallEvaluation, make_evaluation

from evals_mcp.client.client import EvalsClient
from evals_mcp.models.questions import ComparisonQuestion, Filter, LogQuestion

__all__ = ["app", "assistant", "client"]

pytestmark = pytest.mark.anyio
JUDGES = ["ok", *(f"judge {number}" for number in range(5))]
SLOW = pytest.mark.slow
QUESTIONS = [f"q{number:02}" for number in range(23)]


async def _made(assistant: Assistant) -> SmallEvaluation:
    small = await make_evaluation(assistant.client, ok={"return_type": "boolean", "evaluator_type": "human"})
    await small.run("v1", [(question, {}) for question in QUESTIONS])
    return small


async def _label(assistant: Assistant, datapoints: list[str], judgment: bool = True) -> None:
    for datapoint in datapoints:
        found = await assistant.ask("get_logs", evaluation="Small", datapoint=datapoint)
        log = re.findall(r"^(log_\w+) \|", found, re.MULTILINE)[0]
        written = {"logs": [log], "evaluator": "small/ok", "judgment": str(judgment).lower(), "kind": "human"}
        await assistant.ask("label_logs", evaluation="Small", **written)


@pytest.mark.parametrize("asked", [{"show": "missing"}, pytest.param({"where": ["ok=missing"]}, marks=SLOW)], ids=repr)
async def test_whoever_labels_page_by_page_reaches_every_datapoint(assistant: Assistant, asked: dict[str, Any]) -> None:
    """What is labelled leaves the list, and nothing is passed over."""
    await _made(assistant)
    page: dict[str, Any] = {"evaluation": "Small", "limit": 5, **asked}
    reached: list[str] = []
    answer = await assistant.ask("list_datapoints", **page)
    while True:
        reached += (shown := datapoint_ids(answer))
        await _label(assistant, shown)
        if (cursor := next_cursor(answer)) is None:
            break
        answer = await assistant.ask("list_datapoints", **page, cursor=cursor)
    assert len(reached) == len(set(reached)) == len(QUESTIONS)
    assert "No datapoints" in await assistant.ask("list_datapoints", **page)


async def test_a_page_after_the_last_datapoint_tells_what_is_before(assistant: Assistant) -> None:
    """It does not say that there are none; and figures of the pages between follow the list as it is."""
    await _made(assistant)
    page: dict[str, Any] = {"evaluation": "Small", "limit": 10, "show": "missing"}
    first = await assistant.ask("list_datapoints", **page)
    assert "Datapoints 1–10 of 23" in first
    every = await assistant.ask("list_datapoints", **page | {"limit": 50})
    await _label(assistant, datapoint_ids(every)[:4])
    second = await assistant.ask("list_datapoints", **page, cursor=next_cursor(first))
    assert "Datapoints 7–16 of 19" in second
    assert datapoint_ids(second) == datapoint_ids(every)[10:20]
    await _label(assistant, datapoint_ids(every)[20:])
    last = await assistant.ask("list_datapoints", **page, cursor=next_cursor(second))
    assert "No further datapoints with a missing log or judgment: 16 before." in last


Page = tuple[str, Callable[[str], list[str]], dict[str, Any]]


async def _walk(assistant: Assistant, page: Page, write: Callable[[list[str]], Awaitable[None]]) -> list[str]:
    """What is shown from page to page, with a write of each page's items before the next."""
    tool, shown_in, asked = page
    reached: list[str] = []
    answer = await assistant.ask(tool, evaluation="Small", limit=4, **asked)
    while True:
        reached += (shown := shown_in(answer))
        await write(shown)
        if (cursor := next_cursor(answer)) is None:
            return reached
        answer = await assistant.ask(tool, evaluation="Small", limit=4, **asked, cursor=cursor)
        assert len(reached) < 1_000


async def _two_runs(assistant: Assistant) -> tuple[SmallEvaluation, dict[str, str]]:
    """An evaluation by people and a judge of a baseline v1 and v2, and the logs of v2 by datapoint."""
    small = await make_evaluation(
        assistant.client,
        ok={"return_type": "boolean", "evaluator_type": "human", "valence": "positive"},
        grade={"return_type": "number", "valence": "positive"},
    )
    grades = {question: (index * 7) % 5 for index, question in enumerate(QUESTIONS)}
    good = {question: {"small/ok": True, "small/grade": 5} for question in QUESTIONS}
    await small.run("v1", [*good.items()], provider_latency=1.0)
    bad = {question: {"small/ok": False, "small/grade": grade} for question, grade in grades.items()}
    run = await small.run("v2", [*bad.items()], provider_latency=1.0)
    resolved = await assistant.client.reviews.get_evaluation(small.id)
    _, rows = await assistant.client.reviews.find_logs(resolved, LogQuestion(filter=Filter(run_ids=[run]), limit=100))
    return small, {str(row.datapoint_id): row.id for row in rows.rows}


def _whole_ids(logs: Mapping[str, str], answer: str) -> list[str]:
    """The ids of the logs that an answer shows, which it may cut."""
    return [log for short in log_ids(answer) for log in logs.values() if log.startswith(short.rstrip("…"))]


def _compared_ids(answer: str) -> list[str]:
    return re.findall(r"^(dp_\w+)", answer, re.MULTILINE)


@pytest.mark.parametrize(
    "relabelled", ["all", *(pytest.param(some, marks=SLOW) for some in ("last", "all but the last"))]
)
@pytest.mark.parametrize(
    ("asked", "evaluator", "judgment"),
    [
        ({"outcome": "regressed", "evaluators": ["ok"]}, "small/ok", True),
        pytest.param({"outcome": "regressed", "evaluators": ["grade"]}, "small/grade", 5, marks=SLOW),
        ({"outcome": "changed", "evaluators": ["grade"]}, "small/grade", 4.5),
        pytest.param({"outcome": "regressed"}, "small/grade", 0, marks=SLOW),
        pytest.param({"outcome": "regressed", "where": ["candidate.ok=false"]}, "small/ok", True, marks=SLOW),
        ({"outcome": "changed", "evaluators": ["grade"], "where": ["candidate.ok=false"]}, "small/ok", True),
    ],
    ids=repr,
)
async def test_whoever_labels_what_changed_reaches_every_datapoint(
    assistant: Assistant, asked: Mapping[str, Any], evaluator: str, judgment: object, relabelled: str
) -> None:
    """Labels take datapoints of a comparison out of the list, or to another place in it."""
    small, logs = await _two_runs(assistant)

    async def relabel(shown: list[str]) -> None:
        chosen = {"all": shown, "last": shown[-1:], "all but the last": shown[:-1]}[relabelled]
        for datapoint in chosen:
            if datapoint not in done:
                await small.judge(logs[datapoint], evaluator, judgment)
        done.update(shown)

    done: set[str] = set()
    reached = await _walk(assistant, ("compare_runs", _compared_ids, dict(asked)), relabel)
    assert set(reached) == set(logs)


@pytest.mark.parametrize(
    ("asked", "evaluator", "judgment"),
    [
        pytest.param({"where": ["ok=false"]}, "small/ok", True, marks=SLOW),
        pytest.param({"where": ["ok=false"], "sort": "latency"}, "small/ok", True, marks=SLOW),
        pytest.param({"where": ["ok=false"], "sort": "worst", "evaluator": "grade"}, "small/ok", True, marks=SLOW),
        ({"sort": "worst", "evaluator": "grade"}, "small/grade", 9),
        ({"sort": "worst", "evaluator": "grade", "where": ["grade<5"]}, "small/grade", 5),
        pytest.param({"sort": "length", "where": ["grade<5"]}, "small/grade", 5, marks=SLOW),
    ],
    ids=repr,
)
async def test_whoever_labels_logs_reaches_every_one(
    assistant: Assistant, asked: Mapping[str, Any], evaluator: str, judgment: object
) -> None:
    """Labels take logs out of a filter, or to another place in an order."""
    small, logs = await _two_runs(assistant)
    done: set[str] = set()

    async def relabel(shown: list[str]) -> None:
        for log in {*shown} - done:
            await small.judge(log, evaluator, judgment)
        done.update(shown)

    reached = await _walk(assistant, ("get_logs", partial(_whole_ids, logs), {"runs": ["v2"], **asked}), relabel)
    assert set(reached) == set(logs.values())


async def test_a_sample_tells_that_labels_changed_it(assistant: Assistant) -> None:
    """It takes turns between judgments, so labels change all of its order. Only then does a page say so.

    Which logs come first is drawn by ids, so that labels may also leave the first ones as they were.
    """
    small, logs = await _two_runs(assistant)
    page: dict[str, Any] = {"evaluation": "Small", "runs": ["v2"], "sample": True, "evaluator": "grade", "limit": 5}
    quiet = await assistant.all_pages("get_logs", **page)
    assert len({log for answer in quiet for log in log_ids(answer)}) == len(QUESTIONS)
    assert not any("The sample changed" in answer for answer in quiet)
    shown = _whole_ids(logs, quiet[0])
    for log in shown:
        await small.judge(log, "small/grade", 9)
    others = {*_whole_ids(logs, await assistant.ask("get_logs", **page))} != {*shown}
    answer = await assistant.ask("get_logs", **page, cursor=next_cursor(quiet[0]))
    assert ("The sample changed since the page before" in answer) == others


async def test_whoever_removes_evaluations_page_by_page_sees_every_one(assistant: Assistant) -> None:
    """What is removed leaves the list, what is changed comes first, and nothing of the others is passed over."""
    made = [(await make_evaluation(assistant.client, f"E{number}")).id for number in range(10)]

    async def write(shown: list[str]) -> None:
        await assistant.client.connection.send_only("DELETE", ("evaluations", shown[-1]))
        await assistant.client.connection.send_only("DELETE", ("evaluations", shown[0]))

    reached: list[str] = []
    answer = await assistant.ask("list_evaluations", limit=3)
    while True:
        reached += (shown := re.findall(r"(evr_\w+)$", answer, re.MULTILINE))
        if (cursor := next_cursor(answer)) is None:
            break
        await write(shown)
        answer = await assistant.ask("list_evaluations", limit=3, cursor=cursor)
    assert reached == made[::-1]


@pytest.mark.parametrize(
    ("tool", "asked"),
    [("list_datapoints", {"where": ["ok=false"]}), ("compare_runs", {"outcome": "regressed"})],
    ids=repr,
)
async def test_a_server_that_does_not_know_where_a_page_begins_counts(
    app: Any, assistant: Assistant, tool: str, asked: dict[str, Any]
) -> None:
    """As all did before: the next page of a list that did not change is the same."""
    await _two_runs(assistant)

    async def older(scope: Any, receive: Any, send: Any) -> None:
        body = await Request(scope, receive).body()
        if b'"following"' in body:
            told = [{"loc": ["body", "following"], "msg": "Extra inputs are not permitted", "type": "extra_forbidden"}]
            await JSONResponse({"detail": told}, 422)(scope, receive, send)
            return

        async def again() -> Any:
            return {"type": "http.request", "body": body, "more_body": False}

        await app(scope, again, send)

    page: dict[str, Any] = {"evaluation": "Small", "limit": 10, **asked}
    expected = await assistant.all_pages(tool, **page)
    async with connect_assistant(EvalsClient(open_app=lambda: older)) as at_older:
        found = await at_older.all_pages(tool, **page)
    assert [_compared_ids(answer) for answer in found] == [_compared_ids(answer) for answer in expected]
    assert len(expected) == 3


@pytest.mark.parametrize(("tool", "asked"), [("compare_runs", {"evaluation": "Small"}), ("list_evaluations", {})])
async def test_a_cursor_that_only_counts_goes_on(
    app: Any, assistant: Assistant, tool: str, asked: dict[str, Any]
) -> None:
    """As those of 0.1.0 do, whose answers do not tell where to continue."""
    await _two_runs(assistant)
    await make_evaluation(assistant.client, "Second")

    async def older(scope: Any, receive: Any, send: Any) -> None:
        sent: list[Any] = []

        async def note(message: Any) -> None:
            sent.append(message)

        await app(scope, receive, note)
        told = json.loads(b"".join(message.get("body", b"") for message in sent[1:]))
        told.pop("after", None), told.pop("offset", None)
        await JSONResponse(told, sent[0]["status"])(scope, receive, send)

    first, second, *_ = await assistant.all_pages(tool, limit=1, **asked)
    async with connect_assistant(EvalsClient(open_app=lambda: older)) as at_older:
        cursor = next_cursor(await at_older.ask(tool, limit=1, **asked))
    assert cursor is not None
    assert len(cursor) < len(next_cursor(first) or "")
    assert await assistant.ask(tool, limit=1, **asked, cursor=cursor) == second


@pytest.mark.parametrize(
    ("tool", "asked"),
    [
        pytest.param("list_runs", {"show": "agreement"}, marks=SLOW),
        ("list_runs", {"group_by": "question"}),
        pytest.param("list_runs", {"show": "ranking"}, marks=SLOW),
        pytest.param("list_runs", {}, marks=SLOW),
        pytest.param("list_runs", {"where": ["ok=true"]}, marks=SLOW),
        pytest.param("compare_runs", {"group_by": "question", "evaluators": JUDGES}, marks=SLOW),
    ],
    ids=repr,
)
async def test_tables_whose_order_figures_decide_tell_that_something_was_written(
    assistant: Assistant, tool: str, asked: dict[str, Any]
) -> None:
    """A row may move to the pages before. Where nothing is written, no page says so."""
    judges: dict[str, Any] = {name: {"return_type": "boolean", "valence": "positive"} for name in JUDGES}
    small = await make_evaluation(assistant.client, "Small", **judges)
    judged = dict.fromkeys(small.evaluators, True)
    for run in range(4):
        texts = [f"{question} {' long' * 30}" for question in QUESTIONS[:8]]
        await small.run(f"version {run}", [(text, judged) for text in texts])
    page: dict[str, Any] = {"evaluation": "Small", "max_tokens": 300, **asked}
    quiet = await assistant.all_pages(tool, **page)
    assert len(quiet) > 1
    assert not any("Written to since" in answer for answer in quiet)
    log = log_ids(await assistant.ask("get_logs", evaluation="Small", limit=1))
    await assistant.ask("label_logs", evaluation="Small", logs=log, judgment="false", evaluator="ok", kind="human")
    changed = await assistant.ask(tool, **page, cursor=next_cursor(quiet[0]))
    assert "Written to since the page before" in changed


@pytest.mark.parametrize(
    "following", [[0, 0, 0], [1e308, -1e308, 2**53, 5e-324], [-1, 1, -(2**62), -1, 0, 1], [1, 1, 0.5, 1e308]], ids=repr
)
async def test_a_place_that_no_answer_told_is_answered(assistant: Assistant, following: list[float]) -> None:
    """With finite numbers, and the datapoints after it, if any."""
    small, _ = await _two_runs(assistant)
    resolved = await assistant.client.reviews.get_evaluation(small.id)
    question = ComparisonQuestion(
        baseline_run_id=resolved.runs[0].id,
        candidate_run_ids=[resolved.runs[1].id],
        evaluator_version_ids=[row.version_id for row in resolved.evaluators],
        following=following,
    )
    _, found = await assistant.client.reviews.compare_runs(resolved, question)
    assert found.offset is not None
    assert len(found.datapoints) == min(5, found.total - found.offset)
    assert all(math.isfinite(number) for place in found.after for number in place)
