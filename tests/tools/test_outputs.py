"""What a log says, however it says it: tool calls, parts, media, conversations, JSON; and its datapoint's target."""

import json
import re
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from tests.assistant import Assistant, connect_assistant, log_ids
from tests.small_evaluations import make_evaluation

from evals_mcp.client.client import EvalsClient
from evals_mcp.config import Settings
from evals_mcp.models.datapoints import CreateDatapointRequest
from evals_mcp.models.datasets import DatasetRequest
from evals_mcp.models.kernels import FlowKernelRequest
from evals_mcp.models.log_requests import EvaluatorLogRequest, FlowLogRequest, PromptLogRequest, ToolLogRequest
from evals_mcp.models.prompts import PromptRequest
from evals_mcp.models.references import VersionReference
from evals_mcp.models.runs import CreateRunRequest
from evals_mcp.wiring import build_client

pytestmark = pytest.mark.anyio
_IMAGE = "data:image/png;base64," + "iVBORw0KGgo" + "A" * 40_000


def _call(name: str, arguments: object) -> dict[str, Any]:
    return {"id": "call_1", "type": "function", "function": {"name": name, "arguments": json.dumps(arguments)}}


def _says(content: object = None, **fields: Any) -> dict[str, Any]:
    message = {"role": "assistant", "content": content, **fields}
    return {"output_message": {key: value for key, value in message.items() if value is not None}}


class World:
    """An evaluation with two runs over one datapoint per question."""

    def __init__(self, client: EvalsClient, assistant: Assistant) -> None:
        self.client = client
        self.assistant = assistant

    async def build(self, logs: Mapping[str, tuple[Mapping[str, Any], Mapping[str, Any]]]) -> None:
        """Log each question's two answers: of the baseline, and of the candidate that is judged false."""
        small = await make_evaluation(self.client, "Outputs", judge={"return_type": "boolean"})
        dataset = await self.client.datasets.upsert(
            DatasetRequest(
                path="outputs/questions",
                datapoints=[
                    CreateDatapointRequest(inputs={"question": name}, target={"answer": f"target of {name}"})
                    for name in logs
                ],
            ),
            include_datapoints=True,
        )
        ids = {str(item.inputs["question"]): item.id for item in dataset.datapoints or []}
        for side, version in enumerate(("old", "new")):
            prompt = await self.client.prompts.upsert(
                PromptRequest.model_validate(
                    {"path": "small/prompt", "model": "none", "attributes": {"n": version}, "version_name": version}
                )
            )
            run = await self.client.runs.create(
                small.id,
                CreateRunRequest(
                    dataset=VersionReference(version_id=dataset.version_id),
                    version=VersionReference(version_id=prompt.version_id),
                    orchestrated=False,
                ),
            )
            for name, sides in logs.items():
                request = {"path": "small/prompt", "run_id": run.id, "source_datapoint_id": ids[name], **sides[side]}
                log = await self.client.prompts.log(
                    PromptLogRequest.model_validate(request), version_id=prompt.version_id
                )
                await self.client.evaluators.log(
                    EvaluatorLogRequest(parent_id=log.id, judgment=version == "old"),
                    version_id=small.evaluators["small/judge"],
                )

    async def ask(self, tool: str, **arguments: Any) -> str:
        """A tool's answer about the evaluation."""
        return await self.assistant.ask(tool, evaluation="Outputs", **arguments)


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    """An empty world with an assistant."""
    async with (
        build_client(Settings(database=str(tmp_path / "evals.db"))) as client,
        connect_assistant(client) as assistant,
    ):
        yield World(client, assistant)


async def test_an_output_of_tool_calls_is_shown(world: World) -> None:
    """A message that only calls tools is no missing output, alone and side by side."""
    bonn, ulm = _call("get_weather", {"city": "Bonn"}), _call("get_weather", {"city": "Ulm"})
    await world.build({"weather": (_says(tool_calls=[bonn]), _says(tool_calls=[ulm]))})
    logs = await world.ask("get_logs")
    assert 'calls: get_weather({city: "Bonn"})' in logs
    assert "no output" not in logs
    compared = await world.ask("compare_runs")
    assert 'baseline calls: get_weather({city: "Bonn"})' in compared
    assert 'candidate calls: get_weather({city: "Ulm"})' in compared
    log = re.findall(r"log_\w+", logs)[0]
    assert 'get_weather({city: "Ulm"})' in await world.assistant.ask("get_log", log=log)


async def test_equal_tool_calls_are_shown_once(world: World) -> None:
    """Two outputs that call the same are one line."""
    same = _says("Let me look.", tool_calls=[_call("look", {"at": "it"})])
    await world.build({"weather": (same, same)})
    compared = await world.ask("compare_runs")
    assert 'both outputs: "Let me look."' in compared
    assert 'both: calls: look({at: "it"})' in compared


async def test_content_in_parts_is_a_text_and_marks(world: World) -> None:
    """Text parts are the output; an image is a mark with its type and size, not base64."""
    parts = [{"type": "text", "text": "See"}, {"type": "image_url", "image_url": {"url": _IMAGE}}]
    await world.build({"drawing": (_says(parts), _says([{"type": "text", "text": "No."}]))})
    for tool in ("get_logs", "compare_runs"):
        answer = await world.ask(tool)
        assert '"See"' in answer
        assert '"No."' in answer
        assert "(image/png, 30 kB)" in answer
        assert "AAAA" not in answer


async def test_media_in_inputs_and_messages_are_marks(world: World) -> None:
    """Wherever an image or a sound stands, its characters are not shown."""
    asked = {
        "inputs": {"photo": _IMAGE, "raw": "iVBORw0KGgo" + "A" * 4_000},
        "messages": [
            {"role": "user", "content": [{"type": "image_url", "image_url": {"url": "https://example.com/a.png"}}]}
        ],
        "output": "A cat.",
    }
    await world.build({"photo": (asked, {**asked, "output": "A dog."})})
    logs = await world.ask("get_logs")
    assert logs.count("(image/png, 30 kB)") == 1  # the second log has the same input
    assert "(image/png, 3 kB)" in logs
    assert '(image "https://example.com/a.png")' in logs
    assert "AAAA" not in logs
    assert "AAAA" not in await world.assistant.ask("get_log", log=re.findall(r"log_\w+", logs)[0])


async def test_a_long_conversation_shows_its_beginning_and_its_end(world: World) -> None:
    """Of forty turns, the first question and the last ones are read, and the others counted."""

    def chat(number: int) -> dict[str, object]:
        turns = [
            {"role": role, "content": f"{role} turn {turn} of chat {number} " + "and so on " * 15}
            for turn in range(20)
            for role in ("user", "assistant")
        ]
        return {"messages": [{"role": "system", "content": "Be brief. " * 50}, *turns], "output": "Done."}

    await world.build({f"chat {number}": (chat(number), chat(number)) for number in range(5)})
    logs = await world.ask("get_logs", runs=["old"])
    assert logs.count('system: "Be brief. ') == 1
    assert logs.count('user: "user turn 0') == 5
    assert logs.count('assistant: "assistant turn 19') == 5
    assert re.search(r'user: "user turn 0[^"]*"?.{0,40}, \(\+\d+ more\), ', logs)
    assert '"…" (+' not in logs


async def test_outputs_in_json_are_compared_by_field(world: World) -> None:
    """Two objects show the fields that differ, and how many are the same."""
    old = {"city": "Bonn", "country": "DE", "zip": 53111, "deep": {"a": 1, "b": [1, 2]}}
    new = {"city": "Ulm", "country": "DE", "phone": "1", "deep": {"a": 2, "b": [1, 2]}}
    await world.build({"address": ({"output": json.dumps(old)}, {"output": json.dumps(new, indent=2)})})
    compared = await world.ask("compare_runs")
    changed = 'city "Bonn" → "Ulm", -zip 53111, deep.a 1 → 2, +phone "1" (1 field is the same)'
    assert f"fields, baseline → candidate: {changed}" in compared


async def test_the_reviewer_sees_the_question_and_the_key(world: World) -> None:
    """A log without inputs shows those of its datapoint, and every log its target."""
    await world.build({"capital": ({"output": "Bonn"}, {"inputs": {"q": "own"}, "output": "Berlin"})})
    logs = await world.ask("get_logs", runs=["old"])
    assert "\n input (question); = target (answer); → output\n" in logs
    assert '\n "capital"\n = "target of capital"\n → "Bonn"' in logs
    own = await world.ask("get_logs", runs=["new"])
    assert "\n input (q); " in own
    assert '\n "own"\n' in own
    log = re.findall(r"log_\w+", logs)[0]
    alone = await world.assistant.ask("get_log", log=log)
    assert 'target.answer: "target of capital"' in alone
    assert 'inputs.question: "capital"' in alone
    beside = await world.ask("get_log", log=log, beside="new")
    assert 'target: answer: "target of capital"' in beside
    assert "target of capital" in await world.assistant.ask("get_log", log=log, part="target.answer")


async def test_one_datapoint_is_listed_by_its_id(world: World) -> None:
    """list_datapoints takes a datapoint, and says so if there is none."""
    await world.build({"one": ({"output": "1"}, {"output": "1"}), "two": ({"output": "2"}, {"output": "2"})})
    listed = await world.ask("list_datapoints")
    ids = re.findall(r"^(dp_\w+) \|", listed, re.MULTILINE)
    assert len(ids) == 2
    single = await world.ask("list_datapoints", datapoint=ids[1][:-2])
    assert re.findall(r"^(dp_\w+) \|", single, re.MULTILINE) == [ids[1]]
    await world.assistant.refuse("list_datapoints", evaluation="Outputs", datapoint="dp_none")


async def test_steps_of_a_trace_show_what_went_in_and_out(world: World) -> None:
    """Ten statements of an agent are read in one answer."""
    flow = await world.client.flows.log(
        FlowLogRequest(path="agents/sql", flow=FlowKernelRequest(attributes={}), log_status="incomplete")
    )
    for number in range(10):
        await world.client.tools.log(
            ToolLogRequest.model_validate(
                {
                    "path": "agents/query",
                    "tool": {"attributes": {}},
                    "trace_parent_id": flow.id,
                    "inputs": {"sql": f"SELECT {number} FROM t"},
                    "output": f"row {number}",
                }
            )
        )
    shown = await world.assistant.ask("get_log", log=flow.id)
    for number in range(10):
        assert f'input sql: "SELECT {number} FROM t"; output "row {number}"' in shown


async def test_tool_calls_beside_another_run_are_outputs(world: World) -> None:
    """They are shown as calls in any budget, and nobody says that there is no output."""
    bonn, ulm = (_call("get_weather", {"city": city, "why": "w " * 400}) for city in ("Bonn", "Ulm"))
    await world.build({"weather": (_says(tool_calls=[bonn]), _says(tool_calls=[ulm]))})
    log = re.findall(r"log_\w+", await world.ask("get_logs", runs=["new"]))[0]
    for budget in (500, 700, 4_000):
        answer = await world.ask("get_log", log=log, beside="old", max_tokens=budget)
        assert "no output" not in answer
        assert 'get_weather({city: "Ulm"' in answer
        assert 'get_weather({city: "Bonn"' in answer


async def test_an_empty_output_is_shown_as_empty(world: World) -> None:
    """It is an answer of no characters, and no missing one."""
    await world.build({"q": ({"output": "yes"}, {"output": ""})})
    log = re.findall(r"log_\w+", await world.ask("get_logs", runs=["new"]))[0]
    assert '\noutput: ""' in await world.assistant.ask("get_log", log=log)
    beside = await world.ask("get_log", log=log, beside="old")
    assert 'output of A: ""' in beside
    assert "no output" not in beside


async def test_json_lists_are_compared_item_by_item(world: World) -> None:
    """A change deep in a list is shown by its path, and nothing that is equal."""
    old = {"ans": "a", "items": [{"id": at, "v": at} for at in range(30)]}
    new = {"ans": "b", "items": [{"id": at, "v": 6 if at == 3 else at} for at in range(30)]}
    longer = {**old, "items": [{"id": "x"}, *old["items"]]}
    await world.build(
        {
            "change": ({"output": json.dumps(old)}, {"output": json.dumps(new)}),
            "list": ({"output": json.dumps(old["items"])}, {"output": json.dumps(new["items"])}),
            "more": ({"output": json.dumps(old)}, {"output": json.dumps(longer)}),
        }
    )
    compared = await world.ask("compare_runs")
    assert 'ans "a" → "b", items[3].v 3 → 6\n' in compared
    assert "[3].v 3 → 6 (29 items are the same)" in compared
    log = re.findall(r"log_\w+", await world.ask("get_logs", runs=["new"], where=["text~change"]))[0]
    assert 'ans "a" → "b", items[3].v 3 → 6' in await world.ask("get_log", log=log, beside="old")


async def test_datapoints_show_their_conversation_beside_their_inputs(world: World) -> None:
    """Its beginning and its end, with the number of messages between them."""
    chat = [{"role": "user" if at % 2 == 0 else "assistant", "content": f"turn {at} " + "w " * 40} for at in range(40)]
    small = await make_evaluation(world.client, "Chats", judge={"return_type": "boolean"})
    points = [
        CreateDatapointRequest.model_validate({"inputs": {"q": f"item {at}"}, "messages": chat if at else None})
        for at in range(2)
    ]
    dataset = await world.client.datasets.upsert(DatasetRequest(path="chats/d", datapoints=points))
    request = CreateRunRequest(dataset=VersionReference(version_id=dataset.version_id), orchestrated=False)
    await world.client.runs.create(small.id, request)
    answer = await world.assistant.ask("list_datapoints", evaluation="Chats", max_tokens=1_000)
    assert "| input (q) | messages |" in answer
    assert re.search(r'"item 1" \| user: "turn 0 .*\(\+\d+ more\).*assistant: "turn 39 ', answer)
    assert re.search(r'"item 0" \| - \|', answer)


async def test_columns_of_many_runs_are_cut_with_a_count(world: World) -> None:
    """The header says how many of them there are, and no line ends without a number."""
    small = await make_evaluation(world.client, "Wide", judge={"return_type": "boolean"})
    for run in range(12):
        await small.run(f"run-{run}", [("q", {"small/judge": run % 2 == 0})])
    answer = await world.assistant.ask("list_datapoints", evaluation="Wide", show="disagreement", max_tokens=400)
    assert "Columns: 6 of 12 runs. Use runs= for others." in answer
    assert not re.search(r"…$", answer, re.MULTILINE)
    asked = {"evaluation": "Wide", "show": "disagreement", "max_tokens": 800}
    assert "Columns" not in await world.assistant.ask("list_datapoints", **asked)


async def test_long_options_are_whole_where_there_is_room(own_assistant: Assistant) -> None:
    """In the log that has them, and below the datapoint that they stand for as letters."""
    option = "Answer recognizes that the five people on the track are already dead, and says so"
    spec = {"return_type": "multi_select", "options": [{"name": option}, {"name": "Other"}]}
    small = await make_evaluation(own_assistant.client, criteria=spec)
    await small.run("a", [("q", {"small/criteria": [option]})])
    listed = await own_assistant.ask("list_datapoints", evaluation="Small")
    assert f'\n  A "{option}"' in listed
    (log,) = log_ids(await own_assistant.ask("get_logs", evaluation="Small"))
    assert f'judgments.criteria ["{option}"]' in await own_assistant.ask("get_log", log=log)
