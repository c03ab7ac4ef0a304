"""What the words of a condition mean, asked of the tools: names, values, and what fits several things."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.assistant import Assistant, connect_assistant

from evals_mcp.client.client import EvalsClient
from evals_mcp.models.datasets import DatasetRequest
from evals_mcp.models.evaluations import CreateEvaluationRequest
from evals_mcp.models.evaluators import EvaluatorRequest
from evals_mcp.models.log_requests import EvaluatorLogRequest, PromptLogRequest
from evals_mcp.models.prompts import PromptRequest
from evals_mcp.models.runs import CreateRunRequest
from evals_mcp.wiring import open_embedded_app

pytestmark = pytest.mark.anyio
_NOTES = {"first": {"note": "a"}, "other": {"note": "b"}}
CODES = ("A", "a", "H", "b", "c", "d", "e", "f", "H", "h", "A")


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    """The assistant stays for all tests, so the loop does."""
    return "asyncio"


@pytest.fixture(scope="module")
async def assistant(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Assistant]:
    """An assistant at eleven datapoints with a code, a language, an input `length`, and a nested target."""
    path: Path = tmp_path_factory.mktemp("conditions") / "evals.db"
    app = open_embedded_app(str(path))
    client = EvalsClient(open_app=lambda: app)
    points = [
        {
            "inputs": {"code": code, "number": number, "length": number % 2, "parts": [f"part {number}"]},
            "target": {"target": {"better": "yes" if number % 2 else "no"}},
            "metadata": {
                "lang": "de" if number < 4 else "en",
                "made": f"2026-01-{number + 1:02}",
                "correct": number % 3 == 0,
                "number": number,
                **_NOTES,
            },
        }
        for number, code in enumerate(CODES)
    ]
    dataset = await client.datasets.upsert(
        DatasetRequest.model_validate({"path": "data", "datapoints": points}), include_datapoints=True
    )
    spec = {"arguments_type": "target_free", "return_type": "boolean", "evaluator_type": "external"}
    judges = {
        name: await client.evaluators.upsert(EvaluatorRequest.model_validate({"path": name, "spec": spec}))
        for name in ("right", "correct")
    }
    prompt = await client.prompts.upsert(
        PromptRequest.model_validate({"path": "bot", "model": "m", "version_name": "v"})
    )
    evaluation = await client.evaluations.create(
        CreateEvaluationRequest.model_validate(
            {
                "name": "Words",
                "file": {"path": "bot"},
                "evaluators": [{"version_id": judge.version_id} for judge in judges.values()],
            }
        )
    )
    run = await client.runs.create(
        evaluation.id,
        CreateRunRequest.model_validate(
            {
                "dataset": {"version_id": dataset.version_id},
                "version": {"version_id": prompt.version_id},
                "orchestrated": False,
            }
        ),
    )
    for number, point in enumerate(dataset.datapoints or []):
        log = await client.prompts.log(
            PromptLogRequest.model_validate(
                {"path": "bot", "output": "ok", "source_datapoint_id": point.id, "run_id": run.id}
            ),
            version_id=prompt.version_id,
        )
        if number:
            judgment = {"parent_id": log.id, "judgment": number % 2 == 0}
            await client.evaluators.log(
                EvaluatorLogRequest.model_validate(judgment), version_id=judges["right"].version_id
            )
    async with connect_assistant(client) as connected:
        yield connected


async def _found(assistant: Assistant, *where: str) -> int:
    answer = await assistant.ask("get_logs", evaluation="Words", where=list(where), limit=1)
    return int(answer.splitlines()[1].split(" ")[0])


@pytest.mark.parametrize(
    ("where", "found"),
    [
        (["code=A"], 2),
        (["code=a"], 1),
        (["code=h"], 1),  # is not among the most frequent values, as H is
        (["code=A|a"], 3),
        (["lang=DE"], 4),  # the only value that differs in case alone
        (["lang!=de"], 7),
        (["number>=9"], 2),  # an input and metadata with the same values
        (["number=3..5"], 3),
        (["log.length=1..3"], 11),
        (["code=3..5"], 0),  # is no number
        (["log.metadata.turns=3..5"], 0),
        (["number=3.0"], 1),
        (["number!=1e1|3"], 9),
        (["better=yes"], 5),
        (["target.better=yes"], 5),
        (["target.target.better=no"], 6),
        (["input.length=1"], 5),
        (["log.length=2"], 11),
        (["right=passed"], 5),
        (["right=not passed"], 5),
        (["right!=judged"], 1),
        (["judgment.correct=missing"], 11),
        (["metadata.correct=true"], 4),
    ],
    ids=str,
)
async def test_words_find_what_they_mean(assistant: Assistant, where: list[str], found: int) -> None:
    """A value in another case counts only where no other value can be meant."""
    assert await _found(assistant, *where) == found


@pytest.mark.parametrize(
    ("condition", "forms"),
    [
        ("correct=true", ("judgment.correct=true", "metadata.correct=true")),
        ("length=1", ("log.length=1", "input.length=1")),
        ("metadata.note=a", ("metadata.first.note=a", "metadata.other.note=a")),
    ],
)
async def test_a_name_of_several_things_is_answered_with_their_forms(
    assistant: Assistant, condition: str, forms: tuple[str, str]
) -> None:
    """Each of which works."""
    refused = await assistant.refuse("get_logs", evaluation="Words", where=[condition])
    for form in forms:
        assert f'"{form}"' in refused
        await _found(assistant, form)


async def test_a_range_stands_alone(assistant: Assistant) -> None:
    """Among alternatives or after != it is refused with the bounds, and not read as a text that nothing is."""
    for condition in ("number!=3..5", "number=3..5|7", "log.metadata.turns!=3..5", "log.length=3..5|9"):
        refused = await assistant.refuse("get_logs", evaluation="Words", where=[condition])
        name = condition.partition("=")[0].rstrip("!")
        assert f'Outside of it are "{name}<3" and "{name}>5".' in refused


async def test_dates_compare_as_dates(assistant: Assistant) -> None:
    """A range has both ends. Where no value is a date, and for a bound that is none, the answer says what to write."""
    for condition, found in (("made>2026-01-05", 6), ("made<=2026-01-05", 5), ("made=2026-01-02..2026-01-04", 3)):
        assert await _found(assistant, condition) == found
    refused = await assistant.refuse("get_logs", evaluation="Words", where=["lang>2026-01-05"])
    assert 'no value of lang is an ISO date. Values: "en", "de".' in refused
    refused = await assistant.refuse("get_logs", evaluation="Words", where=["made>5.1.2026"])
    assert '"5.1.2026" is no number and no ISO date. Write, for example, "made>=3" or "made>=2026-01-31".' in refused


async def test_a_side_of_a_comparison_is_about_logs(assistant: Assistant) -> None:
    """So a field of the same name is not meant. What is in no list may be in the metadata of logs."""
    for name, several in (("baseline.length>1", False), ("candidate.correct=true", False), ("correct=true", True)):
        refused = await assistant.refuse("get_logs", evaluation="Words", where=[name])
        assert ("is the name of several things" in refused) == several, refused
    for name in ("customer=acme", "metadata.customer=acme"):
        assert '"log.metadata.customer=acme"' in await assistant.refuse("get_logs", evaluation="Words", where=[name])


async def test_what_matches_nothing_is_told_with_the_values_that_are_there(assistant: Assistant) -> None:
    """And which of several conditions excludes everything."""
    answer = await assistant.ask("get_logs", evaluation="Words", where=["lang=fr"])
    assert '0 logs with metadata lang = "fr"' in answer
    assert 'Values of metadata "lang": "en", "de".' in answer
    both = await assistant.ask("get_logs", evaluation="Words", where=["lang=fr", "right=true"])
    assert 'Alone, too, nothing matches "lang=fr".' in both
    apart = await assistant.ask("get_logs", evaluation="Words", where=["lang=de", "number>=9"])
    assert "Each condition alone matches something; together they match nothing." in apart
    explained = await assistant.ask("get_logs", evaluation="Words", where=["right~yes"])
    assert "right~ searches explanations. For judgments, write right=true." in explained


async def test_a_list_is_no_field_and_its_texts_are_found(assistant: Assistant) -> None:
    """The answer does not deny the input, and tells how to search it."""
    told = 'no input has a field of this name. Existing: code, length, number. Search lists with "text~".'
    asked = {"evaluation": "Words", "where": ["input.parts~part 3"]}
    assert await assistant.refuse("get_logs", **asked) == f'Error: where: "input.parts~part 3": {told}'
    grouped = await assistant.refuse("list_runs", evaluation="Words", group_by="input.parts")
    assert grouped == f'Error: group_by: "input.parts": {told}'
    bare = await assistant.refuse("list_runs", evaluation="Words", group_by="parts")
    assert 'no evaluator or field of the datapoints is named "parts".' in bare
    assert "1 datapoint containing" in await assistant.ask("list_datapoints", evaluation="Words", where=["text~part 3"])


async def test_one_datapoint_is_named_once(assistant: Assistant) -> None:
    """Of two, neither is left out without a word."""
    rows = await assistant.ask("list_datapoints", evaluation="Words")
    first, second = [line.split(" ")[0] for line in rows.splitlines() if line.startswith("dp_")][:2]
    for tool in ("get_logs", "list_datapoints"):
        asked = {"evaluation": "Words", "where": [f"datapoint={first}"]}
        assert first in await assistant.ask(tool, **asked)
        assert "one datapoint is named" in await assistant.refuse(tool, datapoint=second, **asked)
