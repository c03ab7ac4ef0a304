"""Servers that are slow, broken, changing or lying: what can be read is answered, and what cannot is said."""

from typing import Any

import pytest
from tests.mirror.conftest import LOGS, PAGE, Mirrored

from evals_mcp.models.evaluations import CreateEvaluationRequest
from evals_mcp.models.flows import FlowRequest
from evals_mcp.models.log_requests import PromptLogRequest
from evals_mcp.models.references import FileReference

pytestmark = pytest.mark.anyio


@pytest.mark.slow
async def test_what_is_not_read_in_time_is_named_and_read_the_next_time(mirrored: Mirrored) -> None:
    """The answer covers what was read so far; the next question goes on from there, not from the start."""

    async def take_ten_seconds(address: str) -> None:
        mirrored.clock.now += 10 if "/logs?" in address else 0

    mirrored.server.before = take_ten_seconds
    first = await mirrored.ask()
    assert f"Read only {PAGE} of {LOGS} logs of v2 in time. Figures cover these" in first
    assert f"{LOGS + PAGE} logs" in first
    read = len(mirrored.server.log_pages())
    assert 0 < read < 6
    answers = [await mirrored.ask() for _ in range(3)]
    assert f"{2 * LOGS} logs" in answers[-1]
    assert "Read only" not in answers[-1]
    pages = mirrored.server.log_pages()
    assert len(pages) <= 6 + 4  # pages that were under way when the time was over are asked for again
    mirrored.server.before = None
    assert await mirrored.ask_again("compare_runs") == await mirrored.ask_directly("compare_runs")


async def test_nothing_read_in_time_is_an_error(mirrored: Mirrored) -> None:
    """An answer of no logs would say that there are none."""

    async def take_a_minute(address: str) -> None:
        mirrored.clock.now += 60 if "/datapoints?" in address else 0

    mirrored.server.before = take_a_minute
    said = await mirrored.assistant.refuse("get_logs", evaluation=mirrored.small.id)
    assert "slow" in said
    assert "Ask again" in said


async def test_a_page_that_fails_is_named_and_tried_again(mirrored: Mirrored) -> None:
    """The other pages are answered from, and the next question asks for the missing one alone."""
    mirrored.server.failing = {"page=2&": 500}
    answer = await mirrored.ask(runs=["v2"])
    assert f"{LOGS - PAGE} logs" in answer
    assert f"Could not read {PAGE} logs of v2 (" in answer
    assert "This page is broken." in answer
    assert "Figures exclude them. Ask again to retry." in answer
    mirrored.server.failing = {}
    mirrored.server.asked.clear()
    again = await mirrored.ask_again(runs=["v2"])
    assert [page.split("page=")[1][0] for page in mirrored.server.log_pages()] == ["2"]
    assert again == await mirrored.ask_directly(runs=["v2"])


async def test_a_server_that_is_busy_is_asked_again(mirrored: Mirrored) -> None:
    """What may pass is retried, and nothing is said of it."""
    busy = {"left": 2}

    async def be_busy_twice(address: str) -> None:
        is_busy = "page=3&" in address and busy["left"] > 0
        busy["left"] -= is_busy
        mirrored.server.failing = {"page=3&": 503} if is_busy else {}

    mirrored.server.before = be_busy_twice
    assert await mirrored.ask(runs=["v1"]) == await mirrored.ask_directly(runs=["v1"])
    assert len(mirrored.server.log_pages("page=3&")) == 3


async def test_a_server_of_which_no_page_can_be_read_is_an_error(mirrored: Mirrored) -> None:
    """The error is the server's."""
    mirrored.server.failing = {"/logs?": 500}
    said = await mirrored.assistant.refuse("compare_runs", evaluation=mirrored.small.id)
    assert "This page is broken." in said


async def _add_log(mirrored: Mirrored) -> None:
    request = PromptLogRequest(path="small/prompt", run_id=mirrored.runs["v2"], output="late")
    await mirrored.small.client.prompts.log(request)


@pytest.mark.slow
async def test_pages_that_shift_are_read_again(mirrored: Mirrored) -> None:
    """A log that comes while pages are read pushes others to the next page; in the end each counts once."""
    added: list[str] = []

    async def add_one(address: str) -> None:
        if "page=2&" in address and mirrored.runs["v2"] in address and not added:
            added.append(address)
            await _add_log(mirrored)

    mirrored.server.before = add_one
    answer = await mirrored.ask(runs=["v2"], where=["text~late"])
    assert answer == await mirrored.ask_directly(runs=["v2"], where=["text~late"])
    assert "1 log" in answer
    assert len(mirrored.server.log_pages()) <= 2 * 4


@pytest.mark.slow
async def test_a_run_that_is_taken_away_while_it_is_read_is_no_failure(mirrored: Mirrored) -> None:
    """The answer is of what the evaluation has then."""

    async def take_away(address: str) -> None:
        if "page=3&" in address and mirrored.runs["v2"] in address:
            mirrored.server.before = None
            path = ("evaluations", mirrored.small.id, "runs", mirrored.runs["v2"])
            await mirrored.small.client.connection.send_only("DELETE", path)

    mirrored.server.before = take_away
    await mirrored.ask(runs=["v1"])
    await mirrored.assistant.host.call_tool("get_logs", {"evaluation": mirrored.small.id})
    assert f"{LOGS} logs" in await mirrored.ask()


async def test_a_run_that_never_stays_still_is_read_three_times(mirrored: Mirrored) -> None:
    """Then the last pass answers, and the answer says that the run was changing."""

    async def add_always(address: str) -> None:
        if "page=2&" in address and mirrored.runs["v2"] in address:
            await _add_log(mirrored)

    mirrored.server.before = add_always
    answer = await mirrored.ask()
    assert "Changed while we read it: v2. Figures may be off by a few logs. Ask again later." in answer
    assert len(mirrored.server.log_pages("page=1&")) == 3 + 1
    mirrored.server.before = None
    assert "Changing" not in await mirrored.ask()


@pytest.mark.parametrize("total", [0, *(pytest.param(total, marks=pytest.mark.slow) for total in (3, PAGE, 200))])
async def test_a_wrong_total_loses_no_log(mirrored: Mirrored, total: int) -> None:
    """The statistics say how many logs there are, and an empty page where they end."""

    def lie(address: str, answer: Any) -> Any:
        return {**answer, "total": total} if "/logs?" in address else answer

    mirrored.server.rewrite = lie
    answer = await mirrored.ask(sort="length")
    expected = await mirrored.ask_directly(sort="length")
    if total > LOGS:
        assert f"The server counts {total} logs in v1 but lists {LOGS}. Figures cover the listed ones." in answer
    else:
        assert answer == expected


async def test_pages_smaller_than_asked_for_are_all_read(mirrored: Mirrored) -> None:
    """Of logs, datapoints, files and evaluations."""
    mirrored.server.largest_page = 3
    for tool, asked in (("get_logs", {}), ("list_datapoints", {"limit": 50}), ("compare_runs", {"outcome": "same"})):
        assert await mirrored.ask_again(tool, **asked) == await mirrored.ask_directly(tool, **asked)
    name = f"Small {mirrored.server.tests}"
    assert await mirrored.ask("list_runs", evaluation=name) == await mirrored.ask_directly("list_runs")


async def test_pages_that_never_end_are_left(mirrored: Mirrored) -> None:
    """A server that ignores the number of the page gives its first one for ever."""
    first: dict[str, Any] = {}

    def repeat(address: str, answer: Any) -> Any:
        return first.setdefault(address.split("run_id=")[1][:10], answer) if "/logs?" in address else answer

    mirrored.server.rewrite = repeat
    answer = await mirrored.ask(runs=["v1"])
    assert f"The server counts {LOGS} logs in v1 but lists {PAGE}. Figures cover the listed ones." in answer
    assert len(mirrored.server.log_pages()) < 6


async def test_records_that_cannot_be_read_are_left_out_and_named(mirrored: Mirrored) -> None:
    """A log of an unknown type of file, one whose version has no content, and a judgment of no known kind."""

    def spoil(address: str, answer: Any) -> Any:
        if "/logs?" not in address or "page=1&" not in address:
            return answer
        first, second, third, *_ = answer["records"]
        first["log"]["potion"] = first["log"].pop("prompt")
        second["log"]["prompt"] = {"id": "pr_1", "version_id": "prv_without", "path": "small/prompt"}
        third["evaluator_logs"][0]["judgment"] = {"verdict": "guilty"}
        return answer

    mirrored.server.rewrite = spoil
    answer = await mirrored.ask(runs=["v2"], limit=1)
    assert f"{LOGS - 2} logs" in answer
    assert 'Excluded from v2: 2 unreadable logs ("log_' in answer
    assert "its file type is unknown" in answer
    assert "Excluded from v2: 1 unreadable judgment." in answer


async def test_an_evaluator_and_a_run_that_cannot_be_read_are_left_out_and_named(mirrored: Mirrored) -> None:
    """The others are answered about."""

    def spoil(address: str, answer: Any) -> Any:
        if address.endswith("/runs?"):
            answer["runs"].append({"id": "run_odd", "status": "pending"})
            answer["runs"][0]["version"] = {"type": "potion", "id": "x"}
        if address.endswith(f"{mirrored.small.id}?"):
            answer["evaluators"].append({"version": {"version_id": "evv_odd"}, "orchestrated": False})
        return answer

    mirrored.server.rewrite = spoil
    answer = await mirrored.ask(runs=["v1"])
    assert "Excluded as unreadable: evv_odd, run_odd." in answer
    assert f"{LOGS} logs" in answer
    assert mirrored.runs["v2"] in await mirrored.ask("list_runs")


@pytest.mark.slow
async def test_without_statistics_the_logs_are_read_for_figures(mirrored: Mirrored) -> None:
    """They tell the same, and each question reads them again, since nothing shows whether they have changed."""
    mirrored.server.failing = {"/stats": 500}
    assert await mirrored.ask("list_runs") == await mirrored.ask_directly("list_runs")
    assert len(mirrored.server.log_pages()) >= 6
    assert await mirrored.ask() == await mirrored.ask_directly()


@pytest.mark.slow
async def test_files_whose_evaluations_cannot_be_listed_are_named(mirrored: Mirrored) -> None:
    """The evaluations of the others are listed; none at all is an error, and not an empty list."""
    client = mirrored.small.client
    file = (await client.raw_pages.evaluation(mirrored.small.id))["file_id"]
    broken = f"evaluations?page=1&size=100&file_id={file}"
    mirrored.server.failing = {broken: 500}
    assert "small/prompt" in await mirrored.assistant.refuse("list_evaluations")
    await client.flows.upsert(FlowRequest(path="other/flow", attributes={}))
    await client.evaluations.create(
        CreateEvaluationRequest(name="Other", file=FileReference(path="other/flow"), evaluators=[])
    )
    answer = await mirrored.assistant.ask("list_evaluations")
    assert "1 evaluation," in answer
    assert "Could not list the evaluations of 1 file (" in answer
    assert "small/prompt" in answer


@pytest.mark.slow
async def test_datapoints_that_cannot_be_read_are_missing_from_the_answer(mirrored: Mirrored) -> None:
    """Questions about logs are answered all the same; one about datapoints is not."""
    mirrored.server.failing = {"/datapoints": 500}
    answer = await mirrored.ask(runs=["v1"])
    assert f"{LOGS} logs" in answer
    assert "Could not read datapoints of small/questions (" in answer
    for condition in ("length>=0", "judgment=judged", "correct=judged"):
        assert f"{LOGS} logs" in await mirrored.ask(runs=["v1"], where=[condition])
    assert "This page is broken." in await mirrored.assistant.refuse(
        "get_logs", evaluation=mirrored.small.id, where=["input.q=x"]
    )
    assert "This page is broken." in await mirrored.assistant.refuse("list_datapoints", evaluation=mirrored.small.id)
    mirrored.server.failing = {}
    assert await mirrored.ask_again("list_datapoints") == await mirrored.ask_directly("list_datapoints")
