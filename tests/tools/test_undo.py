"""Writes are listed and undone in the chat; undoing several things, or cancelling a run, asks the person."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Literal

import pytest
from mcp.types import ElicitRequestParams, ElicitResult, TextContent
from tests.assistant import Assistant
from tests.documented_only import documented_client, mirror_of
from tests.tools.test_log_generation import NAME, _open_run

from evals_mcp.client.client import EvalsClient
from evals_mcp.mcp.server import build_server
from evals_mcp.wiring import open_embedded_app
from mcp import Client

pytestmark = pytest.mark.anyio
_NEW = {
    "evaluation": "New",
    "datapoints": ['{"inputs":{"q":"1"}}', '{"inputs":{"q":"2"}}'],
    "model": "m",
    "evaluators": ["ok:boolean"],
}


def _handle(answer: str) -> str:
    """The handle in the last line of a write's answer."""
    found = re.fullmatch(r'Undo: undo\(write="(write_\d+_[0-9a-f]{8})"\)', answer.splitlines()[-1])
    assert found is not None, answer
    return found[1]


async def _outputs(assistant: Assistant, run: str, count: int = 2) -> dict[str, Any]:
    """The arguments of a call that logs outputs."""
    points = re.findall(r"^(dp_\w+) \| ", await assistant.ask("list_datapoints", evaluation=NAME, limit=count), re.M)
    return {"evaluation": NAME, "run": run, "outputs": [f'{{"datapoint":"{id}","output":"x"}}' for id in points]}


async def test_every_write_is_undone_by_its_handle(own_assistant: Assistant) -> None:
    """In the order from the last to the first; each once, after a dry run; the list tells what happened."""
    run, other = await _open_run(own_assistant), await _open_run(own_assistant)
    before = _without_times(await own_assistant.ask("list_evaluations"))
    asked = [("set_up_run", _NEW)]
    asked += [
        ("log_generation", await _outputs(own_assistant, run)),
        ("update_run", {"evaluation": NAME, "run": run, "change": "control"}),
    ]
    answers = [await own_assistant.ask(tool, **arguments) for tool, arguments in asked]
    logs = re.findall(r"log_\w+", answers[1])[:2]
    answers.append(await own_assistant.ask("add_logs_to_run", evaluation=NAME, run=other, log_ids=logs))
    handles = [_handle(answer) for answer in answers]
    assert "in other runs now" in await own_assistant.refuse("undo", write=handles[1], confirm=True)
    listed = await own_assistant.ask("undo")
    assert [listed.index(handle) for handle in handles] == sorted(
        (listed.index(item) for item in handles), reverse=True
    )
    assert f'Next: undo(write="{handles[-1]}")' in listed
    for handle in reversed(handles):
        several = handle != handles[2]
        assert "It would undo" in await own_assistant.ask("undo", write=handle, dry_run=True)
        if several:
            refused = await own_assistant.refuse("undo", write=handle)
            assert refused.startswith("Error: confirm: Undo ")
            assert refused.endswith("? To do it: confirm=true.")
        assert (await own_assistant.ask("undo", write=handle, confirm=several)).startswith("Undone: ")
        assert "once" in await own_assistant.refuse("undo", write=handle, confirm=True)
    assert (await own_assistant.ask("undo")).count("was undone") == len(handles)
    assert _without_times(await own_assistant.ask("list_evaluations")) == before
    for handle in ("write_1_00000000", "nonsense"):
        assert "has no write" in await own_assistant.refuse("undo", write=handle)


def _without_times(answer: str) -> str:
    """An answer without the minutes of changes, of which an undo is one."""
    return re.sub(r"\d{4}-\d\d-\d\d \d\d:\d\dZ", "TIME", answer)


async def test_a_repeated_call_answers_the_first_result(own_assistant: Assistant) -> None:
    """With its request id nothing is written twice; other arguments with the id are refused."""
    run = await _open_run(own_assistant)
    calls = [("set_up_run", _NEW), ("log_generation", await _outputs(own_assistant, run))]
    for number, (tool, arguments) in enumerate(calls):
        first, again = [await own_assistant.ask(tool, **arguments, request_id=f"r{number}") for _ in range(2)]
        note = "This request_id was used before: this is the first result, and nothing was written again.\n"
        assert again.replace(note, "") == first
        assert note in again
    logs = re.findall(r"log_\w+", first)[:2]
    given = {"evaluation": NAME, "run": await _open_run(own_assistant), "log_ids": logs, "request_id": "r5"}
    added, again = [await own_assistant.ask("add_logs_to_run", **given) for _ in range(2)]
    assert added.startswith("Added 2 logs to run")
    assert again.startswith("Added 2 logs to run")
    changed = {"evaluation": NAME, "run": run, "change": "cancel", "confirm": True, "request_id": "r6"}
    cancelled = [_handle(await own_assistant.ask("update_run", **changed)) for _ in range(2)]
    assert cancelled[0] == cancelled[1]
    other = await own_assistant.refuse("update_run", **{**changed, "change": "control"})
    assert other.startswith("Error: This request id belongs to another request. ")
    tried = await own_assistant.ask("set_up_run", **{**_NEW, "evaluation": "Not made"}, dry_run=True, request_id="r9")
    assert "Undo:" not in tried
    assert _handle(await own_assistant.ask("set_up_run", **{**_NEW, "evaluation": "Made"}, request_id="r9"))
    assert "visible ASCII" in await own_assistant.refuse("set_up_run", **_NEW, request_id="é")


async def test_no_undo_is_offered_where_there_is_nothing_to_undo(own_assistant: Assistant) -> None:
    """A set-up that found everything, first and repeated; a hand-out for review, which the list does not have."""
    handle = _handle(await own_assistant.ask("set_up_run", **_NEW, request_id="r1"))
    for _ in range(2):
        found = await own_assistant.ask("set_up_run", **_NEW, request_id="r2")
        assert "has this version and dataset already" in found
        assert "Undo:" not in found
    await own_assistant.ask("next_to_review", evaluation=NAME, reviewer="ann")
    listed = await own_assistant.ask("undo")
    assert "hand_out" not in listed
    assert listed.endswith(f'Next: undo(write="{handle}")')


@asynccontextmanager
async def _asked(
    client: EvalsClient, mode: Any, answers: list[ElicitResult]
) -> AsyncIterator[tuple[Assistant, list[str]]]:
    """An assistant at a host that asks a person, who gives these answers; and the questions so far."""
    questions: list[str] = []

    async def ask(context: Any, params: ElicitRequestParams) -> ElicitResult:
        questions.append(params.message)
        return answers[len(questions) - 1]

    server = build_server(client, max_tokens=4_000, read_only=False)
    async with Client(server, mode=mode, elicitation_callback=ask) as host:
        yield Assistant(host, client), questions


@pytest.mark.parametrize("mode", ["legacy", "2026-07-28"])
async def test_the_person_decides_where_the_host_can_ask(
    own_assistant: Assistant, mode: Literal["legacy", "2026-07-28"]
) -> None:
    """A decline, a closed question and an unchecked box write nothing, also with confirm=true; a yes writes once."""
    run = await _open_run(own_assistant)
    handle = _handle(await own_assistant.ask("log_generation", **await _outputs(own_assistant, run)))
    no = [
        (ElicitResult(action="decline"), "The person declined: "),
        (ElicitResult(action="cancel"), "The person gave no answer: "),
        (ElicitResult(action="accept", content={"confirm": False}), "The person declined: "),
    ]
    yes = ElicitResult(action="accept", content={"confirm": True})
    async with _asked(own_assistant.client, mode, [answer for answer, _ in no * 2] + [yes]) as (assistant, questions):
        writes = [
            ("update_run", {"evaluation": NAME, "run": run, "change": "cancel", "confirm": True}),
            ("undo", {"write": handle, "confirm": True}),
        ]
        for tool, arguments in writes:
            for _, words in no:
                refused = await assistant.refuse(tool, **arguments)
                assert words in refused
                assert refused.endswith("Nothing was written.")
        assert questions[0].startswith("Cancel run ")
        assert "It has 2 logs" in questions[0]
        assert questions[3].startswith("Undo ")
        listed = await assistant.ask("undo")
        assert f"{handle}: " in listed
        assert "was undone" not in listed
        assert (await assistant.ask("undo", write=handle)).startswith("Undone: ")
        assert len(questions) == 7


async def test_a_server_without_a_journal_is_told_so(tmp_path: Path) -> None:
    """There is no undo in its list; a request id does not help there, and the answer says it."""
    async with documented_client(open_embedded_app(str(tmp_path / "evals.db"))) as api:
        server = build_server(api, mirror_of(api), max_tokens=4_000, read_only=False)
        async with Client(server) as host:
            assistant = Assistant(host, api)
            await assistant.ask("list_evaluations")
            assert "undo" not in {tool.name for tool in (await host.list_tools()).tools}
            assert "no journal of writes" in await assistant.refuse("undo")
            answer = await assistant.ask("set_up_run", **_NEW, request_id="r")
            assert answer.endswith("This server does not know request_id: the same call again writes again.")
            result = await host.call_tool("set_up_run", _NEW)
            assert isinstance(result.content[0], TextContent)
            assert "request_id" not in result.content[0].text
        async with Client(build_server(api, mirror_of(api), max_tokens=4_000, read_only=False)) as host:
            answer = await Assistant(host, api).ask("set_up_run", **_NEW, dry_run=True)
            assert "undo" not in answer  # the mirror's own writes are none of the tool's
    async with (
        documented_client(open_embedded_app(str(tmp_path / "evals.db"))) as api,
        Client(build_server(api, mirror_of(api), max_tokens=4_000, read_only=False)) as host,
    ):
        assert "no journal of writes" in await Assistant(host, api).refuse("undo")
