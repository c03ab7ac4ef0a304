"""The list of writes names what a write is of, and what must be undone first; a refusal is cheap."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import event
from sqlalchemy.engine import Engine
from tests.assistant import Assistant, connect_assistant

from evals_mcp.client.client import EvalsClient
from evals_mcp.sample.loading import load_sample
from evals_mcp.sample.support_bot import read_sample
from evals_mcp.wiring import open_embedded_app

pytestmark = pytest.mark.anyio
NAME = "Which prompt answers tickets"
_LABEL = {"evaluation": NAME, "kind": "human", "author": "ann", "evaluator": "mode"}


async def _logs(assistant: Assistant, amount: int) -> list[str]:
    return re.findall(r"^(log_\w+)", await assistant.ask("get_logs", evaluation=NAME, limit=amount), re.MULTILINE)


async def test_the_list_says_what_must_be_undone_first(own_assistant: Assistant) -> None:
    """A write on which others stand names the newest of them; the call that is offered is one that works."""
    logs = await _logs(own_assistant, 4)
    outputs = {"evaluation": "New", "datapoints": ['{"inputs":{"q":"1"}}'], "model": "m", "evaluators": ["ok:boolean"]}
    asked = [
        ("label_logs", {**_LABEL, "logs": logs[:1], "judgment": "bad"}),
        ("label_logs", {**_LABEL, "logs": logs[1:], "judgment": "bad"}),
        ("label_logs", {**_LABEL, "logs": logs[:1], "judgment": "good"}),
        ("set_up_run", outputs),
    ]
    answers = [await own_assistant.ask(tool, **arguments) for tool, arguments in asked]
    run = re.findall(r"run_\w+", answers[3])[0]
    answers.append(await own_assistant.ask("update_run", evaluation="New", run=run, change="control"))
    handles = [re.findall(r"write_\d+_\w{8}", answer)[-1] for answer in answers]
    listed = await own_assistant.ask("undo")
    lines = [next(line for line in listed.splitlines() if line.startswith(f"- {handle}: ")) for handle in handles]
    states = [line.rpartition("; ")[2] for line in lines]
    assert states == [f"undo {handles[2]} first", *["can be undone"] * 2, f"undo {handles[4]} first", "can be undone"]
    assert listed.endswith(f'Next: undo(write="{handles[4]}")')
    resource = await own_assistant.host.read_resource("evals://journal")
    assert f" | undo {handles[2]} first | {handles[0]}" in str(getattr(resource.contents[0], "text", ""))
    for handle in (handles[4], handles[3], handles[2], handles[0]):
        await own_assistant.ask("undo", write=handle, confirm=True)
    left = [line for line in (await own_assistant.ask("undo")).splitlines() if line.endswith(" first")]
    assert [line.partition("; ")[2] for line in left] == [f"undo {handles[1]} first"]  # the import, with labels on it


async def test_a_label_is_listed_with_its_log_and_evaluator(own_assistant: Assistant) -> None:
    """Also several labels, and judgments one by one; the writes of an evaluation are a resource."""
    logs = await _logs(own_assistant, 5)
    await own_assistant.ask("label_logs", **_LABEL, logs=logs[:1], judgment="bad")
    await own_assistant.ask("label_logs", **_LABEL, logs=logs, judgment="good")
    await own_assistant.ask("set_up_run", evaluation="New", evaluators=["ok:boolean"])
    listed = await own_assistant.ask("undo")
    (id,) = re.findall(r"\(?(evr_\w+)\)?", await own_assistant.ask("list_runs", evaluation=NAME))[:1]
    assert re.search(rf": label_logs {logs[0]}\w* by mode in {id} through label_logs by", listed)
    several = r"\w*, ".join(logs[:3])
    assert re.search(rf": label_logs {several}\w* and 2 more by mode in {id} \(5 rows\) through", listed)
    resource = await own_assistant.host.read_resource(f"evals://evaluations/{NAME}/journal".replace(" ", "%20"))
    about = str(getattr(resource.contents[0], "text", ""))
    assert about.startswith(f"3 writes about evaluation {id} since ")
    assert re.search(rf" \| label_logs \| {logs[0]}\w* by mode in {id} \| ", about)
    assert "set_up" not in about


@contextmanager
def _deletions() -> Iterator[list[str]]:
    """The statements that delete, as the driver gets them."""
    found: list[str] = []

    def note(_: object, __: object, statement: str, *___: object) -> None:
        if statement.lstrip().upper().startswith("DELETE"):
            found.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    yield found
    event.remove(Engine, "before_cursor_execute", note)


async def test_an_undo_of_an_import_is_refused_before_anything_is_deleted(tmp_path: Path) -> None:
    """In the chat, its rows are deleted once: not for the question, not for a dry run."""
    app = open_embedded_app(str(tmp_path / "evals.db"))
    client = EvalsClient(open_app=lambda: app)
    await load_sample(client, read_sample())
    async with client, connect_assistant(client) as assistant:
        (handle,) = re.findall(r"write_\d+_\w{8}", (await assistant.ask("undo")).splitlines()[1])
        with _deletions() as deleted:
            assert "confirm: Undo import" in await assistant.refuse("undo", write=handle)
            assert "It would undo" in await assistant.ask("undo", write=handle, dry_run=True)
            assert deleted == []
            await assistant.ask("undo", write=handle, confirm=True)
            once = [statement for statement in deleted if statement.startswith("DELETE FROM logs")]
        assert len(once) == 1, deleted
        assert (await client.bulk.counts()).get("log", 0) == 0
