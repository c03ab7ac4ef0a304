import json
import re
from typing import Any

import pytest
from tests.assistant import Assistant

from evals_mcp.lookup.recorded import RecordedLookup
from evals_mcp.models.references import VersionReference
from evals_mcp.models.runs import CreateRunRequest
from evals_mcp.tools.log_generation import log_generation

pytestmark = pytest.mark.anyio
NAME = "Which prompt answers tickets"


async def _open_run(assistant: Assistant) -> str:
    """A run of the first version that still lacks all its logs, and the id of a datapoint of its dataset."""
    resolved = await assistant.client.reviews.get_evaluation(NAME)
    first = resolved.runs[0]
    run = await assistant.client.runs.create(
        resolved.id,
        CreateRunRequest(
            dataset=VersionReference(version_id=first.dataset_version_id),
            version=VersionReference(version_id=first.version_id),
            orchestrated=False,
        ),
    )
    return run.id


async def _datapoint(assistant: Assistant) -> str:
    found: list[str] = re.findall(r"dp_\w+", await assistant.ask("list_datapoints", evaluation=NAME, limit=1))
    return found[0]


async def test_an_output_becomes_a_log_of_the_run(own_assistant: Assistant) -> None:
    """The answer has the log's id and says what the run still lacks; the log shows what was given."""
    run, datapoint = await _open_run(own_assistant), await _datapoint(own_assistant)
    answer = await own_assistant.ask(
        "log_generation",
        evaluation=NAME,
        run=run,
        datapoint=datapoint[:14],
        output="Bonjour",
        latency=1.5,
        prompt_tokens=10,
        output_tokens=3,
        cost=0.002,
    )
    log = re.findall(r"log_\w+", answer)[0]
    assert re.search(rf"for datapoint {datapoint}\w{{15}} in run ", answer)
    assert "logs for 39 of 40 datapoints" in answer
    shown = await own_assistant.ask("get_log", log=log)
    assert 'output: "Bonjour"' in shown
    assert "1.5 s; tokens 10 in, 3 out; $0.0020" in shown
    assert "inputs.question: " in shown


async def test_a_failure_is_logged_as_well(own_assistant: Assistant) -> None:
    """An error in the place of the output, with inputs of its own."""
    run, datapoint = await _open_run(own_assistant), await _datapoint(own_assistant)
    given: dict[str, Any] = {"evaluation": NAME, "run": run, "datapoint": datapoint}
    answer = await own_assistant.ask("log_generation", **given, error="Timeout", inputs='{"question": "changed"}')
    shown = await own_assistant.ask("get_log", log=re.findall(r"log_\w+", answer)[0])
    assert 'error: "Timeout"' in shown
    assert 'inputs.question: "changed"' in shown


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({}, "output, error: give exactly one"),
        ({"output": "x", "error": "y"}, "output, error: give exactly one"),
        ({"output": "x", "inputs": "not JSON"}, "inputs: must be a JSON object"),
        ({"output": "x", "inputs": "[1]"}, "inputs: must be a JSON object"),
        ({"output": "x", "latency": -1}, "latency: "),
        ({"output": "x", "datapoint": "dp_"}, "datapoint: "),
        ({"output": "x", "run": "v9"}, "run: no run is named"),
    ],
    ids=repr,
)
async def test_what_cannot_be_logged_is_refused_and_nothing_is_written(
    own_assistant: Assistant, wrong: dict[str, Any], said: str
) -> None:
    """The argument is named, and the run stays as it was."""
    run, datapoint = await _open_run(own_assistant), await _datapoint(own_assistant)
    arguments = {"evaluation": NAME, "run": run, "datapoint": datapoint, **wrong}
    assert said in await own_assistant.refuse("log_generation", **arguments)
    assert "\n0 logs in " in await own_assistant.ask("get_logs", evaluation=NAME, runs=[run])


async def test_a_datapoint_of_another_dataset_is_refused(own_assistant: Assistant) -> None:
    """A run has logs for its own datapoints only."""
    run = await _open_run(own_assistant)
    await own_assistant.refuse("log_generation", evaluation=NAME, run=run, datapoint="dp_unknown", output="x")


async def test_a_completed_run_is_opened_again(own_assistant: Assistant) -> None:
    """One more output can be logged, and the answer says what that changed."""
    datapoint = await _datapoint(own_assistant)
    before = await own_assistant.ask("list_runs", evaluation=NAME)
    assert "v1-baseline (control) | completed | 40 |" in before
    said = await own_assistant.ask(
        "log_generation", evaluation=NAME, run="v1-baseline", datapoint=datapoint, output="Once more."
    )
    assert "The run was completed and is open again." in said
    assert "The run is running with 41 logs." in said


async def _outputs(assistant: Assistant, amount: int) -> list[dict[str, Any]]:
    found = await assistant.ask("list_datapoints", evaluation=NAME, limit=amount)
    points = list(dict.fromkeys(re.findall(r"dp_\w+", found)))[:amount]
    assert len(points) == amount
    return [{"datapoint": point, "output": f"Answer {number}"} for number, point in enumerate(points)]


async def test_many_outputs_become_logs_in_one_call(own_assistant: Assistant) -> None:
    """A dry run before it stores nothing."""
    run, outputs = await _open_run(own_assistant), await _outputs(own_assistant, 5)
    outputs[4] = {"datapoint": outputs[4]["datapoint"], "error": "Timeout", "latency": 2, "cost": 0.1}
    rows = list(map(json.dumps, outputs))
    tried = await own_assistant.ask("log_generation", evaluation=NAME, run=run, outputs=rows, dry_run=True)
    assert tried.startswith("Dry run, nothing was stored. 5 outputs would be logged in run ")
    assert "with 0 logs" in tried
    answer = await own_assistant.ask("log_generation", evaluation=NAME, run=run, outputs=rows)
    assert answer.startswith("Logged 5 outputs in run ")
    assert "logs for 35 of 40 datapoints" in answer
    ids = re.findall(r"log_\w+", answer)
    assert '"Answer 0"' in await own_assistant.ask("get_log", log=ids[0])
    assert 'error: "Timeout"' in await own_assistant.ask("get_log", log=ids[4])


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"datapoint": "dp_unknown", "output": "x"}, "Error: Row 5: Datapoint `dp_unknown` does not exist"),
        ({"output": "x"}, "outputs, row 5: give the id of a datapoint"),
        ({"datapoint": "dp_unknown"}, "outputs, row 5: output, error: give exactly one"),
        ({"datapoint": "dp_unknown", "output": "x", "latency": -1}, "outputs, row 5: latency: "),
        ({"datapoint": "dp_unknown", "output": 7}, "outputs, row 5: output: "),
        ({"datapoint": "dp_unknown", "text": "x"}, 'outputs, row 5: "text" is unknown'),
        (["x"], "outputs, row 5: must be a JSON object"),
    ],
    ids=repr,
)
async def test_one_bad_row_stores_no_log(own_assistant: Assistant, wrong: Any, said: str) -> None:
    """The row is named."""
    run, outputs = await _open_run(own_assistant), await _outputs(own_assistant, 4)
    rows = list(map(json.dumps, [*outputs, wrong]))
    assert said in await own_assistant.refuse("log_generation", evaluation=NAME, run=run, outputs=rows)
    assert "\n0 logs in " in await own_assistant.ask("get_logs", evaluation=NAME, runs=[run])


async def test_many_datapoints_are_found_with_one_question(own_assistant: Assistant) -> None:
    """Whether they are given by their ids or prefixes; three datapoints have a log."""
    run, lookup = await _open_run(own_assistant), RecordedLookup(own_assistant.client)
    listed = await own_assistant.ask("list_datapoints", evaluation=NAME, limit=3)
    points = re.findall(r"^(dp_\w+) \| ", listed, re.MULTILINE)
    rows = [json.dumps({"datapoint": point, "output": "x"}) for point in (points[0], points[1][:14], points[2])]
    assert (await log_generation(lookup, NAME, run, outputs=rows)).startswith("Logged 3 outputs in run ")
    assert [asked.method for asked in lookup.asked].count("find_datapoint_ids") == 1
    evaluation = await own_assistant.client.reviews.get_evaluation(NAME)
    found = evaluation.run(run)
    assert (found.logs_count, found.missing_datapoints) == (3, (found.datapoints_count or 0) - 3)
