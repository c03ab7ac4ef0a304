"""The next log to review: why, what it says, how far the review is, and the call that labels it."""

import re
from contextlib import closing
from pathlib import Path

import pytest
from tests.assistant import Assistant, connect_assistant
from tests.documented_only import documented_client, mirror_of

from evals_mcp.answers.frame.tokens import estimate
from evals_mcp.api.app import create_app
from evals_mcp.api.grants import OpenAccess
from evals_mcp.config import Settings
from evals_mcp.mcp.server import build_server
from evals_mcp.models.evaluators import EvaluatorRequest
from evals_mcp.models.log_requests import EvaluatorLogRequest
from evals_mcp.models.references import EvaluatorReference
from evals_mcp.store.store import open_store
from evals_mcp.wiring import build_client
from mcp import Client

SAMPLE = "Which prompt answers tickets"
_LOG = re.compile(r"log (log_\w+) of run ([\w-]+)")


def log_of(answer: str) -> str:
    """The id of the log that an answer hands out."""
    found = _LOG.search(answer)
    assert found is not None, answer
    return found[1]


async def add_people(assistant: Assistant, path: str = "support/verdict", **spec: object) -> str:
    """Attach an evaluator of people to the sample; its version id."""
    request = {"path": path, "spec": {"evaluator_type": "human", "arguments_type": "target_free", **spec}}
    version = await assistant.client.evaluators.upsert(EvaluatorRequest.model_validate(request))
    evaluation = await assistant.client.reviews.get_evaluation(SAMPLE)
    reference = EvaluatorReference(version_id=version.version_id, orchestrated=False)
    await assistant.client.evaluations.add_evaluators(evaluation.id, [reference])
    return version.version_id


async def label(assistant: Assistant, version_id: str, log_id: str, judgment: object, user: str = "ann") -> None:
    """Label a log as the SDK does."""
    request = EvaluatorLogRequest.model_validate({"parent_id": log_id, "judgment": judgment, "user": user})
    await assistant.client.evaluators.log(request, version_id=version_id)


@pytest.mark.anyio
async def test_a_regression_comes_first_with_both_outputs_and_all_judgments(own_assistant: Assistant) -> None:
    """The answer says why, shows both sides with explanations, and offers the calls that label it and go on."""
    answer = await own_assistant.ask("next_to_review", evaluation=SAMPLE, reviewer="ann")
    assert "Why: worse than baseline v1-baseline by " in answer
    assert re.search(r"^baseline: \"", answer, re.MULTILINE)
    assert re.search(r"^this log: \"", answer, re.MULTILINE)
    assert re.search(r"^policy_correct of this log: false, \"", answer, re.MULTILINE)
    assert "Progress: 0 of 120 logs reviewed." in answer
    assert (
        f'label_logs(evaluation="{_evaluation_id(answer)}", logs=["{log_of(answer)}"], note="…", kind="human", '
        in answer
    )
    assert answer == await own_assistant.ask("next_to_review", evaluation=SAMPLE, reviewer=" ann ")
    skipped = await own_assistant.ask("next_to_review", evaluation=SAMPLE, reviewer="ann", skip=True)
    assert log_of(skipped) != log_of(answer)
    assert "Not reviewed: 1 skipped by you" in skipped
    other = await own_assistant.ask("next_to_review", evaluation=SAMPLE, reviewer="ben")
    assert log_of(other) == log_of(answer)
    assert "1 with other reviewers" in other


def _evaluation_id(answer: str) -> str:
    found = re.search(r"\((evr_\w+)\)", answer)
    assert found is not None
    return found[1]


@pytest.mark.anyio
async def test_progress_is_read_from_labels_of_any_route_and_goes_on_with_another_person(
    own_assistant: Assistant,
) -> None:
    """Agreement and failure modes are counted; a label moves the queue on, whoever gave it, and in another chat."""
    verdict = await add_people(own_assistant, return_type="boolean")
    modes = [{"name": "retrieval"}, {"name": "tone"}]
    mode = await add_people(own_assistant, "support/failure_mode", return_type="select", options=modes)
    seen: list[str] = []
    for number in range(4):
        answer = await own_assistant.ask("next_to_review", evaluation=SAMPLE, reviewer="ann")
        seen.append(log_of(answer))
        await label(own_assistant, verdict, seen[-1], False, "ann")
        await label(own_assistant, mode, seen[-1], "tone" if number == 3 else "retrieval")
    async with connect_assistant(own_assistant.client) as other_chat:
        answer = await other_chat.ask("next_to_review", evaluation=SAMPLE, reviewer="ben")
    assert len(set(seen)) == 4
    assert log_of(answer) not in seen
    progress = next(line for line in answer.splitlines() if line.startswith("Progress: "))
    assert progress.startswith("Progress: 4 of 120 logs reviewed; ")
    assert "failure_mode: retrieval 3, tone 1" in progress
    assert "verdict: false 4" in progress
    mine = await own_assistant.ask("next_to_review", evaluation=SAMPLE, reviewer="ann")
    assert f"Before: {seen[-1]}, " in mine
    assert "verdict false by ann" in mine


@pytest.mark.anyio
async def test_a_blind_review_tells_no_judgment_before_the_label(own_assistant: Assistant) -> None:
    """Neither the judge's verdict, nor the reason or the baseline, which hint at it; the next answer has them."""
    verdict = await add_people(own_assistant, return_type="boolean")
    answer = await own_assistant.ask("next_to_review", evaluation=SAMPLE, reviewer="ann", blind=True)
    assert "Why" not in answer
    assert "policy_correct" not in answer
    assert "baseline" not in answer
    assert "hidden until the log has a label" in answer
    await label(own_assistant, verdict, log_of(answer), True)
    after = await own_assistant.ask("next_to_review", evaluation=SAMPLE, reviewer="ann", blind=True)
    assert re.search(rf"Before: {log_of(answer)}, policy_correct (true|false)", after)


@pytest.mark.anyio
async def test_where_narrows_and_order_chooses(own_assistant: Assistant) -> None:
    """Conditions are those of get_logs; an order without logs says so and offers the others."""
    chosen = await own_assistant.ask(
        "next_to_review", evaluation=SAMPLE, reviewer="ann", order="random", where=["run=v1-baseline", "plan=plus"]
    )
    assert "of run v1-baseline" in chosen
    assert "does not count as the even sample" in chosen
    assert 'plan: "plus"' in chosen
    none = await own_assistant.ask("next_to_review", evaluation=SAMPLE, reviewer="ben", order="slice")
    assert "No free log is in a slice" in none
    assert "Any log: next_to_review(" in none
    refused = await own_assistant.refuse("next_to_review", evaluation=SAMPLE, reviewer="ben", where=["pla=plus"])
    assert "plan" in refused
    assert "reviewer" in await own_assistant.refuse("next_to_review", evaluation=SAMPLE)


@pytest.mark.anyio
async def test_the_answer_stays_within_its_tokens(database: Path) -> None:
    """With little room, texts are cut, and the calls to label and to read it in full stay."""
    async with build_client(Settings(database=str(database))) as client:
        for budget in (300, 600, 1_200):
            async with Client(build_server(client, max_tokens=budget, read_only=False)) as host:
                answer = await Assistant(host, client).ask("next_to_review", evaluation=SAMPLE, reviewer="ann")
            assert estimate(answer) <= budget
            assert "label_logs(" in answer


@pytest.mark.anyio
async def test_it_is_not_listed_without_our_routes_or_for_reading_only(tmp_path: Path) -> None:
    """It writes a lease, so a read-only server has none; a server without our routes has no queue, and says so."""
    with closing(open_store(str(tmp_path / "evals.db"))) as store:
        client = documented_client(create_app(OpenAccess(store)))
        async with connect_assistant(client, mirror=mirror_of(client)) as assistant:
            assert "no review queue" in await assistant.refuse("next_to_review", evaluation="x", reviewer="ann")
            assert "next_to_review" not in await listed(assistant.host)
    async with build_client(Settings(database=str(tmp_path / "evals.db"))) as client:
        for read_only in (True, False):
            async with Client(build_server(client, max_tokens=4_000, read_only=read_only)) as host:
                assert ("next_to_review" in await listed(host)) is not read_only


async def listed(host: Client) -> list[str]:
    """The names of the tools that a host sees."""
    return [tool.name for tool in (await host.list_tools()).tools]
