import re
from typing import Any

import pytest
from tests.assistant import Assistant, log_ids, next_cursor

pytestmark = pytest.mark.anyio
NAME = "Which prompt answers tickets"


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    """The assistant stays open for all tests here, so the loop does."""
    return "asyncio"


async def _ask(assistant: Assistant, **arguments: Any) -> str:
    return await assistant.ask("get_logs", evaluation=NAME, **arguments)


async def test_a_log_shows_what_a_reviewer_needs(assistant: Assistant) -> None:
    """Its run, datapoint, facts, input, output and every judgment with its explanation."""
    answer = await _ask(assistant, runs=["v2-concise"], where=["policy_correct=false"], limit=1)
    assert '\n15 logs in v2-concise judged "false" by policy_correct, newest first.' in answer
    header, legend, first, given, key, output = answer.splitlines()[2:8]
    evaluators = "policy_correct | helpfulness | tone | contains_greeting"
    facts = "log | run | datapoint | created | latency | tokens in | tokens out | cost"
    assert header == f"{facts} | {evaluators}"
    assert legend == " input (question, plan, locale); = target (facts); → output"
    assert re.match(
        r"log_\w+ \| v2-concise \| dp_\w+ \| \d{4}-\d\d-\d\d \d\d:\d\dZ \| [\d.]+ m?s \| \d+ \| \d+ \| \$[\d.]+ \| "
        r'false \("[^"]+"\) \| \d \| \w+ \| \w+$',
        first,
    )
    assert re.fullmatch(r' ".*", (?:free|plus|pro), \w\w-\w\w', given)
    assert key.startswith(' = "')
    assert output.startswith(' → "')


@pytest.mark.parametrize(
    ("asked", "count"),
    [
        ({}, 120),
        ({"runs": ["v1-baseline"]}, 40),
        ({"runs": ["control", "v2-concise"]}, 80),
        ({"where": ["error=true"]}, 1),
        ({"where": ["policy_correct=true"]}, 94),
        ({"where": ["policy_correct=false"]}, 25),
        ({"where": ["helpfulness=failed"]}, 1),
        ({"where": ["helpfulness=abstained"]}, 1),
        ({"where": ["judgment=missing"]}, 1),
        ({"where": ["judgment=curt"]}, 3),
        ({"where": ["tone=friendly"], "runs": ["v1-baseline"]}, 29),
        ({"where": ["text~no such words anywhere"]}, 0),
    ],
    ids=repr,
)
async def test_filters_leave_what_was_asked_for(assistant: Assistant, asked: dict[str, Any], count: int) -> None:
    """The number of logs is what the sample is known to hold."""
    assert f"\n{count} log{'' if count == 1 else 's'}" in await _ask(assistant, **asked)


async def test_bounds_of_a_number_add_up(assistant: Assistant) -> None:
    """What is below and what is not below are all that were judged."""
    counts = []
    for judgment in ("<4", ">=4", "1..5"):
        answer = await _ask(assistant, where=[f"helpfulness={judgment}"])
        counts.append(int(re.findall(r"^(\d+) logs ", answer, re.MULTILINE)[0]))
    assert counts[0] + counts[1] == counts[2] == 117


async def test_a_text_is_found_and_shown_where_it_matches(assistant: Assistant) -> None:
    """In any case, in inputs and outputs, and not in the names of inputs."""
    answer = await _ask(assistant, where=["text~WARRANTY"], limit=3)
    matches = re.findall(r'^ found: in [^:]*: "(.*)"', answer, re.MULTILINE)
    assert matches
    assert all("warranty" in match.lower() for match in matches)
    assert "\n0 logs" in await _ask(assistant, where=["text~locale"])


@pytest.mark.parametrize("sort", ["newest", "worst", "latency", "cost", "length"])
async def test_walking_the_pages_shows_every_log_once(assistant: Assistant, sort: str) -> None:
    """Whatever the order and the budget, nothing is left out and nothing comes twice."""
    answers = await assistant.all_pages("get_logs", evaluation=NAME, sort=sort, limit=17, max_tokens=1_500)
    shown = [id for answer in answers for id in log_ids(answer)]
    assert len(shown) == len(set(shown)) == {"worst": 119, "cost": 119}.get(sort, 120)


async def test_the_worst_come_first(assistant: Assistant) -> None:
    """By the evaluator named, or by one that tells most, which is said."""
    answer = await _ask(assistant, sort="worst", evaluator="helpfulness", limit=50, max_tokens=20_000)
    stars = [
        float(stars) for stars in re.findall(r"^log_.* \| (\d)(?: \(.*)? \| (?:friendly|neutral|curt)", answer, re.M)
    ]
    assert len(stars) > 40
    assert stars == sorted(stars)
    assert "Sorted by policy_correct. Use evaluator= for another: " in await _ask(assistant, sort="worst")


@pytest.mark.parametrize(
    ("sort", "pattern"), [("latency", r"^log_.* \| ([\d.]+) s \| "), ("cost", r"^log_.* \| \$([\d.]+) \| ")]
)
async def test_the_slowest_and_dearest_come_first(assistant: Assistant, sort: str, pattern: str) -> None:
    """Largest first."""
    answer = await _ask(assistant, sort=sort, limit=60, max_tokens=20_000)
    values = [float(text) for text in re.findall(pattern, answer, re.MULTILINE)]
    assert len(values) > 20
    assert values == sorted(values, reverse=True)


async def test_a_sample_is_even_repeatable_and_goes_on(assistant: Assistant) -> None:
    """Each judgment is there in turns, the same logs come every time, and a larger sample begins with the smaller."""
    answer = await _ask(assistant, sample=True, evaluator="policy_correct", limit=10, max_tokens=8_000)
    assert "\n120 logs, sampled evenly across judgments of policy_correct." in answer
    header = next(line for line in answer.splitlines() if line.startswith("log |")).split(" | ")
    judged = [line.split(" | ")[header.index("policy_correct")] for line in answer.splitlines() if line[:4] == "log_"]
    assert [sum(word in cell for cell in judged) for word in ("true", "false")] == [4, 5]
    larger = await _ask(assistant, sample=True, evaluator="policy_correct", limit=20, max_tokens=20_000)
    assert log_ids(larger)[:10] == log_ids(answer)
    following = await _ask(
        assistant, sample=True, evaluator="policy_correct", limit=10, max_tokens=8_000, cursor=next_cursor(answer)
    )
    assert log_ids(following) == log_ids(larger)[10:]


async def test_a_sample_without_an_evaluator_chooses_one_and_says_so(assistant: Assistant) -> None:
    """Not one that says the same of every log."""
    assert "Sampled by policy_correct. Use evaluator= for another: " in await _ask(assistant, sample=True, limit=2)


@pytest.mark.parametrize(
    "other",
    [
        {"sort": "latency"},
        {"runs": ["v1-baseline"]},
        {"where": ["text~warranty"]},
        {"sample": True},
        {"where": ["tone=curt"]},
        {"where": ["error=true"]},
    ],
    ids=repr,
)
async def test_a_cursor_of_another_question_is_refused(assistant: Assistant, other: dict[str, Any]) -> None:
    """It would show the wrong logs without a word."""
    cursor = next_cursor(await _ask(assistant, limit=1))
    assert "cursor: this cursor belongs to another call" in await assistant.refuse(
        "get_logs", evaluation=NAME, cursor=cursor, **other
    )


async def test_a_cursor_goes_on_with_the_same_question_in_other_words(assistant: Assistant) -> None:
    """Names and ids mean the same, and the size of a page is no part of the question."""
    answer = await _ask(assistant, runs=["v2-concise"], limit=2)
    id = answer.partition("(")[2].partition(")")[0]
    arguments = {"evaluation": id, "runs": ["V2-con"], "limit": 5, "cursor": next_cursor(answer)}
    assert len(log_ids(await assistant.ask("get_logs", **arguments))) == 5


async def test_a_datapoint_is_named_by_the_beginning_of_its_id(assistant: Assistant) -> None:
    """As far as it is unique; an ambiguous one lists its candidates."""
    id = re.findall(r"dp_\w+", await _ask(assistant, limit=1))[0]
    whole = await _ask(assistant, datapoint=id)
    assert (found := re.search(rf"\n3 logs for datapoint ({id}\w{{15}}), newest first\.", whole))
    assert await _ask(assistant, datapoint=found[1]) == whole
    refused = await assistant.refuse("get_logs", evaluation=NAME, datapoint="dp_")
    assert refused.startswith('Error: datapoint: "dp_" is a prefix of several ids: dp_')
    assert "no log exists for" in await assistant.refuse("get_logs", evaluation=NAME, datapoint="dp_nothing")


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"runs": ["v2-consice"]}, 'run: no run is named "v2-consice". Nearest: v2-concise'),
        (
            {"runs": ["v"]},
            'run: "v" matches 3: v3-policy-quotes, v2-concise, v1-baseline (newest first). Use a full name.',
        ),
        ({"evaluator": "polcy"}, "Nearest: policy_correct"),
        ({"where": ["judgment=maybe"]}, 'where: "judgment=maybe": use true or false; a number or a comparison'),
        ({"where": ["tone=angry"]}, "one of friendly, neutral, curt"),
        ({"sort": "worst", "where": ["tone=missing"]}, "sort: logs with a missing judgment"),
        ({"sort": "worst", "sample": True}, "sort: cannot be combined with sample"),
    ],
    ids=repr,
)
async def test_what_is_not_there_is_answered_with_what_is(
    assistant: Assistant, asked: dict[str, Any], said: str
) -> None:
    """The argument is named, and the words that would do."""
    assert said in await assistant.refuse("get_logs", evaluation=NAME, **asked)


async def test_how_many_runs_pass_counts_every_run(assistant: Assistant) -> None:
    """Whichever run's logs are shown, and in whatever order the conditions stand."""
    count, run = "passes_count(policy_correct)=1", "run=v2-concise"
    shown = {
        line.split(", newest")[0]
        for asked in ({"where": [count, run]}, {"where": [run, count]}, {"where": [count], "runs": ["v2-concise"]})
        for line in [(await _ask(assistant, limit=1, **asked)).splitlines()[1]]
    }
    assert len(shown) == 1
    assert "exactly 1 of 3 runs pass by policy_correct" in shown.pop()
    refused = await assistant.refuse("get_logs", evaluation=NAME, where=["passes_count=4"])
    assert "from 0 to 3" in refused


async def test_why_nothing_is_found_looks_at_the_asked_datapoint(assistant: Assistant) -> None:
    """Conditions that together match elsewhere are not said to match nothing."""
    rows = await assistant.ask("list_datapoints", evaluation=NAME, where=["passes(policy_correct)=v2-concise"])
    datapoint = next(line.split(" ")[0] for line in rows.splitlines() if line.startswith("dp_"))
    where = ["policy_correct=false", "run=v2-concise", "latency>0"]
    for tool in ("get_logs", "list_datapoints"):
        answer = await assistant.ask(tool, evaluation=NAME, datapoint=datapoint, where=where)
        assert "together they match nothing" not in answer
        assert 'Alone, too, nothing matches "policy_correct=false"' in answer
