import pytest
from tests.assistant import Assistant

from evals_mcp.models.evaluations import CreateEvaluationRequest
from evals_mcp.models.log_requests import EvaluatorLogRequest
from evals_mcp.models.prompts import PromptRequest
from evals_mcp.models.references import FileReference, VersionReference
from evals_mcp.models.runs import CreateRunRequest

pytestmark = pytest.mark.anyio
NAME = "Which prompt answers tickets"


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    """The assistant stays open for all tests here, so the loop does."""
    return "asyncio"


@pytest.mark.parametrize("word", [NAME, "which prompt", "support/answer-ticket", "TICKETS"])
async def test_an_evaluation_is_found_by_name_file_or_a_part_of_them(assistant: Assistant, word: str) -> None:
    """Words do wherever an id does."""
    assert f'Evaluation "{NAME}" (evr_' in await assistant.ask("list_runs", evaluation=word)


async def test_an_evaluation_is_found_by_id_and_by_its_beginning(assistant: Assistant) -> None:
    """The id that answers show works in the next call, cut short too."""
    answer = await assistant.ask("list_runs", evaluation=NAME)
    id = answer.partition("(")[2].partition(")")[0]
    assert await assistant.ask("list_runs", evaluation=id) == answer
    assert await assistant.ask("list_runs", evaluation=id[:10]) == answer


async def test_runs_stand_side_by_side_with_differences_to_the_control(assistant: Assistant) -> None:
    """Rates, means and options of each evaluator, the oldest run first."""
    answer = await assistant.ask("list_runs", evaluation=NAME)
    lines = {line.split(" | ")[0]: line for line in answer.splitlines()}
    assert "| completed | 40 | 85% true | 4.31 n=39 | " in lines["v1-baseline (control)"]
    assert "61.5% true (unpaired -23.5 points) n=39" in lines["v2-concise"]
    assert "90% true (+5 points)" in lines["v3-policy-quotes"]


async def test_what_is_odd_is_pointed_out(assistant: Assistant) -> None:
    """A constant evaluator, and the three kinds of missing apart."""
    answer = await assistant.ask("list_runs", evaluation=NAME)
    assert "contains_greeting is true on all 120 logs, so it cannot separate the runs." in answer
    assert "Excluded: 1 failed judgment (v1-baseline: helpfulness)." in answer
    assert "Excluded: 1 abstained judgment (v3-policy-quotes: helpfulness)." in answer
    assert "Excluded: 3 missing judgments (v2-concise: policy_correct, helpfulness, tone 1 each)." in answer


async def test_an_evaluator_that_mostly_fails_is_pointed_out(own_assistant: Assistant) -> None:
    """When it failed on more than half of what it was asked, its figures are not to be trusted."""
    answer = await own_assistant.ask("get_logs", evaluation=NAME, limit=100, max_tokens=20_000)
    shown = [line.split(" | ")[0] for line in answer.splitlines() if line.startswith("log_")]
    ids = [id for short in shown for id in await own_assistant.client.reviews.find_log_ids(short)]
    assert len(ids) > 60
    for log in ids[:70]:
        broken = EvaluatorLogRequest(path="support/tone", parent_id=log, error="rate limit")
        await own_assistant.client.evaluators.log(broken)
    answer = await own_assistant.ask("list_runs", evaluation=NAME)
    assert "tone failed on 58.3% of its logs" in answer


async def test_runs_left_out_come_with_the_cursor(assistant: Assistant) -> None:
    """A small budget shows some runs, and the exact call shows the others."""
    answers = await assistant.all_pages("list_runs", evaluation=NAME, max_tokens=400)
    shown = [line.split(" | ")[0] for answer in answers for line in answer.splitlines() if " | completed | " in line]
    shown += [line.split(" | ")[0] for answer in answers for line in answer.splitlines() if " | running | " in line]
    assert sorted(shown) == ["v1-baseline (control)", "v2-concise", "v3-policy-quotes"]


async def test_an_unknown_evaluation_names_the_nearest(assistant: Assistant) -> None:
    """A typo is answered with what was meant."""
    answer = await assistant.refuse("list_runs", evaluation="Wich promt answers tikets")
    assert answer.startswith(
        'Error: evaluation: no evaluation is named "Wich promt answers tikets". Nearest: Which prompt'
    )


async def test_an_ambiguous_name_lists_its_candidates_from_the_last_changed(own_assistant: Assistant) -> None:
    """The caller can choose, and the most recent comes first."""
    for name in ("Which tone", "Which length"):
        file = FileReference(path="support/answer-ticket")
        await own_assistant.client.evaluations.create(CreateEvaluationRequest(name=name, file=file, evaluators=[]))
    answer = await own_assistant.refuse("list_runs", evaluation="which")
    assert answer.startswith('Error: evaluation: "which" matches 3: Which length (evr_')
    assert answer.index("Which tone") < answer.index(NAME)


async def test_a_new_run_is_known_at_once(own_assistant: Assistant) -> None:
    """What the server remembers of an evaluation never hides what was added since."""
    id = (await own_assistant.ask("list_runs", evaluation=NAME)).partition("(")[2].partition(")")[0]
    await own_assistant.ask("get_logs", evaluation=NAME)
    prompt = await own_assistant.client.prompts.upsert(
        PromptRequest(path="support/answer-ticket", model="new", version_name="v4-new")
    )
    await own_assistant.client.runs.create(
        id, CreateRunRequest(version=VersionReference(version_id=prompt.version_id), orchestrated=False)
    )
    assert "0 logs in v4-new" in await own_assistant.ask("get_logs", evaluation=NAME, runs=["v4-new"])
    assert "v4-new" in await own_assistant.ask("list_runs", evaluation=NAME)
