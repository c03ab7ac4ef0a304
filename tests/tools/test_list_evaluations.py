import pytest
from tests.assistant import Assistant

from evals_mcp.models.evaluations import CreateEvaluationRequest
from evals_mcp.models.references import FileReference

pytestmark = pytest.mark.anyio


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    """The assistant stays open for all tests here, so the loop does."""
    return "asyncio"


async def test_an_evaluation_shows_file_status_and_headline(assistant: Assistant) -> None:
    """One line says what it is about and which run leads, by the evaluator that judged most and tells runs apart."""
    answer = await assistant.ask("list_evaluations")
    header, line = answer.splitlines()[1:3]
    assert header == "evaluation | file | runs | status | headline | last change | evaluators | id"
    assert line.startswith("Which prompt answers tickets | support/answer-ticket | 3 | running | ")
    assert "policy_correct: best v3-policy-quotes 90% true, worst v2-concise 61.5% true" in line
    assert "contains_greeting:" not in line


async def test_a_headline_does_not_pass_for_a_finding(assistant: Assistant) -> None:
    """The answer says where to ask whether a difference is more than chance."""
    assert "Use compare_runs to test whether" in await assistant.ask("list_evaluations")


@pytest.mark.parametrize("text", ["which prompt", "ANSWER-TICKET", "support/", "tone", "evr_"])
async def test_evaluations_are_found_by_name_file_evaluator_and_id(assistant: Assistant, text: str) -> None:
    """Whatever part of these one remembers, in any case."""
    assert f"1 evaluation matching {text if text != 'which prompt' else 'which prompt'}" in await assistant.ask(
        "list_evaluations", text=text
    )


async def test_a_search_without_a_hit_says_how_to_see_all(assistant: Assistant) -> None:
    """Nothing found is an answer with a next step, and no error."""
    answer = await assistant.ask("list_evaluations", text="no such thing")
    assert answer == "No evaluations matching no such thing.\nlist_evaluations() lists all."


async def test_an_evaluation_without_runs_or_judgments_has_no_headline(own_assistant: Assistant) -> None:
    """What is not known yet is a dash."""
    request = CreateEvaluationRequest(name="Empty", file=FileReference(path="support/answer-ticket"), evaluators=[])
    await own_assistant.client.evaluations.create(request)
    line = (await own_assistant.ask("list_evaluations", text="empty")).splitlines()[2]
    assert line.startswith("Empty | support/answer-ticket | 0 | pending | ")
    assert "best" not in line


async def test_pages_show_every_evaluation_once(own_assistant: Assistant) -> None:
    """The last changed comes first, and the cursor goes on where the page ended."""
    for number in range(7):
        file = FileReference(path="support/answer-ticket")
        await own_assistant.client.evaluations.create(
            CreateEvaluationRequest(name=f"E{number}", file=file, evaluators=[])
        )
    answers = await own_assistant.all_pages("list_evaluations", limit=3)
    names = [line.split(" | ")[0] for answer in answers for line in answer.splitlines() if " | evr_" in line]
    assert names == [*(f"E{number}" for number in range(6, -1, -1)), "Which prompt answers tickets"]
    assert "5 more evaluations: " in answers[0]


async def test_a_cursor_of_another_search_is_refused(own_assistant: Assistant) -> None:
    """It would go on in the middle of something else."""
    for number in range(3):
        file = FileReference(path="support/answer-ticket")
        await own_assistant.client.evaluations.create(
            CreateEvaluationRequest(name=f"E{number}", file=file, evaluators=[])
        )
    answer = await own_assistant.ask("list_evaluations", limit=1)
    cursor = answer.rpartition('cursor="')[2].partition('"')[0]
    assert "cursor: " in await own_assistant.refuse("list_evaluations", text="E", cursor=cursor)
