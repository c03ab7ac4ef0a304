"""A search for a text looks everywhere a log says something, and tells where it found it."""

import re
from collections.abc import AsyncIterator

import pytest
from tests.assistant import Assistant, connect_assistant, log_ids
from tests.small_evaluations import make_evaluation

from evals_mcp.config import Settings
from evals_mcp.models.datapoints import CreateDatapointRequest
from evals_mcp.models.datasets import DatasetRequest
from evals_mcp.models.kernels import FlowKernelRequest, ToolKernelRequest
from evals_mcp.models.log_requests import EvaluatorLogRequest, FlowLogRequest, ToolLogRequest
from evals_mcp.models.references import VersionReference
from evals_mcp.models.runs import CreateRunRequest
from evals_mcp.wiring import build_client

pytestmark = pytest.mark.anyio
PLACES = (
    "input",
    "output",
    "error",
    "messages",
    "target",
    "metadata",
    "explanation by judge",
    "judgment by note",
    "datapoint metadata",
    "step",
)


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    """The assistant is shared, so its event loop is, too."""
    return "asyncio"


@pytest.fixture(scope="module")
async def assistant(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Assistant]:
    """An assistant at an evaluation of one flow log that says another word in every place."""
    database = tmp_path_factory.mktemp("search") / "evals.db"
    async with build_client(Settings(database=str(database))) as client:
        small = await make_evaluation(client, "Search", judge={"return_type": "boolean"}, note={"return_type": "text"})
        dataset = await client.datasets.upsert(
            DatasetRequest(
                path="search/questions",
                datapoints=[
                    CreateDatapointRequest(
                        inputs={"q": "of the dataset"},
                        target={"a": "word-of-target"},
                        metadata={"m": ["word-of-datapoint metadata"]},
                    )
                ],
            ),
            include_datapoints=True,
        )
        run = await client.runs.create(
            small.id, CreateRunRequest(dataset=VersionReference(version_id=dataset.version_id), orchestrated=False)
        )
        flow = await client.flows.log(
            FlowLogRequest.model_validate(
                {
                    "path": "search/flow",
                    "flow": FlowKernelRequest(attributes={}),
                    "run_id": run.id,
                    "source_datapoint_id": (dataset.datapoints or [])[0].id,
                    "inputs": {"question": "word-of-input"},
                    "messages": [{"role": "user", "content": "word-of-messages"}],
                    "output": "x" * 100 + " word-of-output " + "y" * 300,
                    "error": "word-of-error",
                    "metadata": {"note": "word-of-metadata"},
                    "log_status": "incomplete",
                }
            )
        )
        await client.tools.log(
            ToolLogRequest.model_validate(
                {
                    "path": "search/tool",
                    "tool": ToolKernelRequest(attributes={}),
                    "trace_parent_id": flow.id,
                    "inputs": {"sql": "word-of-step"},
                }
            )
        )
        await client.evaluators.log(
            EvaluatorLogRequest(parent_id=flow.id, judgment=True, output="word-of-explanation by judge"),
            version_id=small.evaluators["small/judge"],
        )
        await small.judge(flow.id, "small/note", "y" * 300 + " word-of-judgment by note")
        async with connect_assistant(client) as assistant:
            yield assistant


@pytest.mark.parametrize("place", PLACES)
async def test_a_text_is_found_wherever_a_log_says_it(assistant: Assistant, place: str) -> None:
    """One hit, with its place and the text around it."""
    answer = await assistant.ask("get_logs", evaluation="Search", where=[f"text~WORD-OF-{place}"])
    assert "1 log containing" in answer
    assert re.search(rf"^ found: in {place}[^:]*: ", answer, re.MULTILINE), answer
    assert f"word-of-{place}" in answer


async def test_an_excerpt_counts_what_stands_before_and_after_it(assistant: Assistant) -> None:
    """The characters left out are exact."""
    answer = await assistant.ask("get_logs", evaluation="Search", where=["text~word-of-output"])
    assert (
        'found: in output, from character 62: "' + "x" * 39 + " word-of-output " + "y" * 99 + '…" (+201 characters)'
        in (answer)
    )


async def test_all_places_of_a_hit_are_named(assistant: Assistant) -> None:
    """A word in many places names the first ones."""
    answer = await assistant.ask("get_logs", evaluation="Search", where=["text~word-of"])
    assert "found: in output, error, input and 7 more" in answer


async def test_nothing_is_found_where_nothing_is(assistant: Assistant) -> None:
    """No place is invented."""
    assert "0 logs containing" in await assistant.ask("get_logs", evaluation="Search", where=["text~word-of-nothing"])


async def test_a_repeated_search_finds_what_was_written_meanwhile(assistant: Assistant) -> None:
    """A new step changes nothing of its run, and is found all the same."""
    search = {"evaluation": "Search", "where": ["text~word-of-later step"]}
    assert "0 logs containing" in await assistant.ask("get_logs", **search)
    found = await assistant.ask("get_logs", evaluation="Search", where=["text~word-of-output"])
    flow = await assistant.client.logs.get((await assistant.client.reviews.find_log_ids(log_ids(found)[0]))[0])
    step = {"path": "search/tool", "tool": ToolKernelRequest(attributes={}), "inputs": {"sql": "word-of-later step"}}
    await assistant.client.tools.log(ToolLogRequest.model_validate({**step, "trace_parent_id": flow.id}))
    assert "1 log containing" in await assistant.ask("get_logs", **search)


async def test_texts_are_no_judgments_to_filter_by(assistant: Assistant) -> None:
    """The refusal names what searches them."""
    refusal = await assistant.refuse("get_logs", evaluation="Search", where=["note=word"])
    assert "its judgments are texts. Search them with ~, or use one of failed" in refusal


async def test_a_datapoint_without_logs_is_an_error_with_and_without_runs(assistant: Assistant) -> None:
    """A wrong id is no empty result."""
    for filters in ({}, {"runs": ["1"]}, {"where": ["error=true"]}, {"where": ["text~word"]}):
        refusal = await assistant.refuse("get_logs", evaluation="Search", datapoint="dp_nosuch", **filters)
        assert refusal.startswith('Error: datapoint: no log exists for "dp_nosuch".')
