"""A run is set up in one call, and everything that it needs next is in the answer."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from tests.assistant import Assistant, connect_assistant
from tests.documented_only import documented_client, mirror_of

from evals_mcp.api.app import create_app
from evals_mcp.api.grants import OpenAccess
from evals_mcp.store.bulk.reading import BulkReading
from evals_mcp.store.store import open_store

pytestmark = pytest.mark.anyio
NAME = "Which prompt answers tickets"
POINTS = [json.dumps({"inputs": {"question": f"q{n}"}, "target": {"answer": "yes"}}) for n in range(3)]
WHOLE: dict[str, Any] = {
    "evaluation": "Refunds",
    "datapoints": POINTS,
    "model": "small",
    "template": '[{"role": "user", "content": "{{question}}"}]',
    "evaluators": ["correct:boolean", "stars:number:1..5:higher", "tone:select:rude|kind"],
}


async def test_a_run_from_nothing_can_be_filled_and_read(own_assistant: Assistant) -> None:
    """The ids in the answer are those of the next calls; a second call finds everything."""
    answer = await own_assistant.ask("set_up_run", **WHOLE)
    run = re.findall(r"run_\w+", answer)[0]
    assert answer.startswith(f"Run {run} is new in evaluation Refunds (evr_")
    assert "Created: evaluation Refunds" in answer
    assert "The run needs outputs for 3 of 3 datapoints." in answer
    again = await own_assistant.ask("set_up_run", **WHOLE)
    assert again.startswith(f"Run {run} in evaluation Refunds (evr_")
    assert "Created" not in again
    datapoints = re.findall(r"dp_\w+", await own_assistant.ask("list_datapoints", evaluation="Refunds"))
    for datapoint in dict.fromkeys(datapoints):
        await own_assistant.ask("log_generation", evaluation="Refunds", run=run, datapoint=datapoint, output="yes")
    full = await own_assistant.ask("set_up_run", evaluation="Refunds", model="small", template=WHOLE["template"])
    assert "The run has an output for each datapoint." in full
    other = await own_assistant.ask("set_up_run", evaluation="Refunds", attributes={"commit": "abc"})
    assert "Found: evaluation Refunds" in other
    assert "The dataset has 3 datapoints, 0 added by this call." in other
    listed = await own_assistant.ask("list_runs", evaluation="Refunds")
    assert all(word in listed for word in ("2 runs", "correct", "stars", "tone"))
    grown = await own_assistant.ask("set_up_run", evaluation="Refunds", datapoints=['{"inputs":{"question":"new"}}'])
    assert "Created: version of dataset Refunds/datapoints (" in grown
    assert "The dataset has 4 datapoints, 1 added by this call." in grown


async def test_a_dry_run_tells_what_would_be_created(own_assistant: Assistant) -> None:
    """And stores nothing."""
    answer = await own_assistant.ask("set_up_run", **WHOLE, dry_run=True)
    assert answer.startswith("Dry run, nothing was stored. A new run would be in evaluation Refunds.")
    assert "Would create: evaluation Refunds, dataset Refunds/datapoints, version of Refunds/prompt, " in answer
    assert "evr_" not in answer
    assert "Refunds" not in await own_assistant.ask("list_evaluations")


_MORE = '{"inputs":{"question":"one more"}}'


async def test_parts_come_in_several_calls(own_assistant: Assistant) -> None:
    """Each answer says what is missing, and the call that brings it."""
    first = await own_assistant.ask("set_up_run", evaluation="Parts")
    assert "Still needed for a run: datapoints and a version" in first
    second = await own_assistant.ask(
        "set_up_run", evaluation="Parts", dataset="parts", datapoints=f"[{','.join(POINTS)}]"
    )
    assert "3 datapoints, 3 added" in second
    assert "dataset=parts" in second.replace('"', "")
    third = await own_assistant.ask("set_up_run", evaluation="Parts", dataset="parts", model="small")
    assert third.startswith("Run run_")
    run = third.split()[1]
    point = re.findall(r"dp_\w+", await own_assistant.ask("list_datapoints", evaluation="Parts"))[0]
    logged = await own_assistant.ask("log_generation", evaluation="Parts", run=run, datapoint=point, output="yes")
    grown = await own_assistant.ask("set_up_run", evaluation="Parts", datapoints=[_MORE], model="small")
    assert f"Run {run} has logs of this version over another version of the dataset. The new run lacks them" in grown
    new, log = grown.split()[1], re.findall(r"log_\w+", logged)[0]
    added = await own_assistant.ask("add_logs_to_run", evaluation="Parts", run=new, log_ids=[log])
    assert added.startswith("Added 1 log ")
    assert "has logs of this version" not in await own_assistant.ask("set_up_run", evaluation="Parts", model="small")


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"datapoints": [*POINTS, "no JSON"]}, "datapoints, row 4: must be a JSON object"),
        ({"datapoints": [*POINTS, '{"question": "q"}']}, "datapoints, row 4: "),
        ({"datapoints": [POINTS[0]] * 101}, "datapoints: "),
        ({"attributes": "[1]"}, "attributes: must be a JSON object"),
        ({"model": None, "version": "nowhere"}, "template: needs a model"),
        ({"model": None, "template": None, "version": "nowhere"}, "version: nothing has the id or path `nowhere`"),
        ({"evaluators": ["tone:colour"]}, "does not define an evaluator. Use name:boolean"),
        ({"evaluators": ["tone:select"]}, "Give different options"),
        ({"evaluators": ["tone:number:5..1"]}, "does not define an evaluator"),
        ({"evaluators": ["tone:text:higher"]}, "Only booleans and numbers have a direction"),
        ({"evaluators": ["unknown"]}, "evaluators: nothing has the id or path `unknown`"),
        ({"evaluation": "evr_unknown"}, "`evr_unknown` does not exist"),
    ],
    ids=repr,
)
async def test_a_wrong_part_is_named_and_nothing_is_stored(
    own_assistant: Assistant, wrong: dict[str, Any], words: str
) -> None:
    """All or nothing."""
    before = await own_assistant.client.bulk.counts()
    assert words in await own_assistant.refuse("set_up_run", **{**WHOLE, **wrong})
    assert await own_assistant.client.bulk.counts() == before


async def test_an_evaluator_that_exists_otherwise_is_not_changed(own_assistant: Assistant) -> None:
    """The answer says what exists and how to use it."""
    await own_assistant.ask("set_up_run", **WHOLE)
    refused = await own_assistant.refuse("set_up_run", evaluation="Refunds", evaluators=["correct:text"])
    assert "`Refunds/correct` exists with another definition (boolean). Give its path alone" in refused
    assert "Found" in await own_assistant.ask("set_up_run", evaluation="Refunds", evaluators=["correct"])


async def test_a_server_without_our_routes_gets_the_parts_in_order(tmp_path: Path) -> None:
    """Its own routes make them; the next call finds them through the mirror, and outputs are logged one by one."""
    store = open_store(str(tmp_path / "evals.db"))
    client = documented_client(create_app(OpenAccess(store), is_embedded=True))
    mirror = mirror_of(client)
    async with connect_assistant(client, mirror=mirror) as assistant:
        assert "Would create" in await assistant.ask("set_up_run", **WHOLE, dry_run=True)
        assert not (await client.raw_pages.files(1)).records
        assert "version: no file has the path" in await assistant.refuse(
            "set_up_run", evaluation="Refunds", version="no/where", datapoints=POINTS
        )
        assert not (await client.raw_pages.files(1)).records
        answer = await assistant.ask("set_up_run", **WHOLE)
        run = re.findall(r"run_\w+", answer)[0]
        again = await assistant.ask(
            "set_up_run", evaluation="Refunds", dataset="Refunds/datapoints", version="Refunds/prompt"
        )
        assert again.startswith(f"Run {run} in evaluation Refunds")
        points = re.findall(r"dp_\w+", await assistant.ask("list_datapoints", evaluation="Refunds"))
        rows = [json.dumps({"datapoint": point, "output": "yes"}) for point in dict.fromkeys(points)]
        assert f"Logged {len(rows)} outputs" in await assistant.ask(
            "log_generation", evaluation="Refunds", run=run, outputs=rows
        )
        given = {"evaluation": "Refunds", "dataset": "Refunds/datapoints", "version": "Refunds/prompt"}
        assert "The run has an output for each datapoint." in await assistant.ask("set_up_run", **given)
        grown = await assistant.ask("set_up_run", **given, datapoints=[_MORE, POINTS[0]])
        assert f"Run {run} has logs of this version over another version of the dataset." in grown
        assert f"{len(rows) + 1} datapoints, 1 added" in grown
        other_type = {**given, "evaluators": ["Refunds/tone", "Refunds/correct:text"]}
        counts = BulkReading(store.database).counts()
        assert "exists with another definition" in await assistant.refuse("set_up_run", **other_type)
        assert BulkReading(store.database).counts() == counts
        refused = await assistant.refuse(
            "log_generation", evaluation="Refunds", run=run, outputs=[rows[0], rows[1].replace("dp_", "dp_x")]
        )
        assert "Stored before it: 1 log, the last is log_" in refused
    store.close()
