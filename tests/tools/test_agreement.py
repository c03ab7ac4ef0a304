"""How evaluators and authors agree, as list_runs tells it."""

import json
import re
from typing import Any

import pytest
from pydantic import TypeAdapter
from tests.assistant import Assistant
from tests.judged_pairs import NAME, document_of, read_votes
from tests.small_evaluations import make_evaluation

from evals_mcp.importers.loader import load_document, stream
from evals_mcp.models.evaluators import JudgeExamples
from evals_mcp.models.sql import SqlQuestion

pytestmark = pytest.mark.anyio
JUDGE = {"return_type": "boolean"}
HUMAN = {"return_type": "boolean", "evaluator_type": "human"}


def _row(answer: str, pair: str) -> list[str]:
    (line,) = [line for line in answer.splitlines() if line.startswith(f"{pair} | ")]
    return line.split(" | ")


async def test_recorded_judges_agree_with_people_as_published(own_assistant: Assistant) -> None:
    """Eight judges and people: kappa, raw agreement, rates against people, and the logs that the offered call shows."""
    await load_document(own_assistant.client, stream(document_of(read_votes())))
    answer = await own_assistant.ask("list_runs", evaluation=NAME, show="agreement", max_tokens=8_000)
    assert _row(answer, "human, gpt-4-vanilla")[1:4] == ["419", "83% (79 to 86)", "0.66 (0.58 to 0.72)"]
    assert _row(answer, "human, chatgpt-vanilla")[3].startswith("-0.18 (")
    assert _row(answer, "human, palm2-vanilla")[1:4:2] == ["415", "0.37 (0.28 to 0.46)"]
    assert _row(answer, "gpt-4-vanilla, gpt-4-cot")[2:4] == ["92% (89 to 94)", "0.84 (0.78 to 0.89)"]
    assert (
        "Where human says output_1, falcon-vanilla does on 84% (78 to 88); where human says output_2, on 28%" in answer
    )
    assert "Krippendorff's alpha (nominal) 0.29 (0.25 to 0.32), 9 together on 419 logs" in answer
    where = re.search(r"Disagreements of human, chatgpt-cot: get_logs\(.*where=\[\"(.*)\", \"(.*)\"\]\)", answer)
    assert where is not None
    assert "164 logs" in await own_assistant.ask("get_logs", evaluation=NAME, where=list(where.groups()))
    pages = await own_assistant.all_pages("list_runs", evaluation=NAME, show="agreement", max_tokens=1_500)
    pairs = [line.split(" | ")[0] for page in pages for line in page.splitlines() if re.match(r"[\w-]+, .* \| ", line)]
    assert len(pages) > 1
    assert len(pairs) == len(set(pairs)) == 36
    natural = await own_assistant.ask("list_runs", evaluation=NAME, show="agreement", where=["subset=natural"])
    assert _row(natural, "human, gpt-4-cot")[1:3] == ["100", "94% (88 to 97)"]
    of_one = await own_assistant.ask("list_runs", evaluation=NAME, show="agreement", evaluator="gpt-4-cot")
    assert _row(of_one, "gpt-4-vanilla, gpt-4-cot")[2:4] == ["92% (89 to 94)", "0.84 (0.78 to 0.89)"]
    pairs = [line for line in of_one.splitlines() if re.match(r"[\w-]+, .* \| ", line)]
    assert len(pairs) == 8
    assert all("gpt-4-cot" in pair for pair in pairs)
    assert of_one.count("Where human says output_1") == 1


async def _labelled(assistant: Assistant) -> str:
    """A judge of 200 logs in two runs, and people on 60 of the first, of which it is wrong on every tenth."""
    small = await make_evaluation(assistant.client, "Labelled", human=HUMAN, judge=JUDGE, other=JUDGE)
    logs: list[tuple[str, dict[str, Any]]] = []
    for number in range(100):
        good = number % 10 < 7
        said = good if number % 10 else not good
        judgments: dict[str, object] = {"small/judge": said, "small/other": True}
        logs.append((f"q{number}", judgments | ({"small/human": good} if number < 60 else {})))
    await small.run("v1", logs)
    await small.run("v2", [(f"q{number}", {"small/judge": number % 2 == 0}) for number in range(100)])
    return small.id


async def test_examples_in_a_judges_prompt_leave_its_test_set(own_assistant: Assistant) -> None:
    """As logs or as datapoints, named in the specification or marked later, in agreement and corrected differences."""
    client = own_assistant.client
    judge = {**JUDGE, "attributes": {"examples": ["log_of_another_server"]}}
    small = await make_evaluation(client, "Labelled", human=HUMAN, judge=judge)
    for run in ("v1", "v2"):
        said = [(f"q{n}", {"small/judge": n % 10 > 2, "small/human": n % 10 > 0}) for n in range(60)]
        await small.run(run, [*said, *((f"q{n}", {"small/judge": n % 2 == 0}) for n in range(60, 90))])
    overview = await client.reviews.get_evaluation(small.id)
    version_id = next(row.version_id for row in overview.evaluators if row.path == "small/judge")
    sql = """SELECT a.log, a.datapoint, a.run FROM judgments a JOIN judgments b USING (log, run)
        WHERE a.evaluator = 'human' AND b.evaluator = 'judge' AND a.boolean AND NOT b.boolean ORDER BY run, log"""
    _, wrong = await client.reviews.query(overview, SqlQuestion(sql=sql))

    async def mark(*ids: str) -> list[str]:
        path = ("review", "evaluators", version_id, "examples")
        answer = await client.connection.send("PUT", path, TypeAdapter(JudgeExamples), JudgeExamples(ids=list(ids)))
        return answer.ids

    asked = {"evaluation": small.id, "show": "agreement"}
    assert "judge does on 78% (" in await own_assistant.ask("list_runs", **asked)
    compared = {"evaluation": small.id, "baseline": "v1", "candidates": ["v2"], "max_tokens": 8_000}
    whole = await own_assistant.ask("compare_runs", **compared)
    assert "against 120 labels of human" in whole
    assert "examples" not in whole
    first, second = (str(row[0]) for row in wrong.rows[:2])
    assert await mark(first, second) == sorted([first, second, "log_of_another_server"])
    answer = await own_assistant.ask("list_runs", **asked)
    assert "Left out for judge: 2 logs that its prompt shows as examples." in answer
    assert _row(answer, "human, judge")[1] == "118 for 60 datapoints"
    await mark(*{str(row[1]) for row in wrong.rows})
    answer = await own_assistant.ask("list_runs", **asked)
    assert "Left out for judge: 24 logs that its prompt shows as examples." in answer
    assert "judge does on 100% (" in answer
    left_out = await own_assistant.ask("compare_runs", **compared)
    assert "against 96 labels of human" in left_out
    assert "Left out: 24 labels of examples in its prompt." in left_out
    assert await mark() == ["log_of_another_server"]
    assert "Left out" not in await own_assistant.ask("list_runs", **asked)


async def test_a_judges_rate_is_corrected_by_peoples_labels(own_assistant: Assistant) -> None:
    """In words, by run: with labels of its own, and by the judge's errors where a run has none."""
    answer = await own_assistant.ask("list_runs", evaluation=await _labelled(own_assistant), show="agreement")
    assert "Where human says true, judge does on 86% (72 to 93); where human says false, on 100% (82 to 100)." in answer
    assert "v1: judge says true on 60% of 100 logs; against 60 labels of human that means about 70% (" in answer
    assert (
        "v2: judge says true on 50% of 100 logs; if it errs as on the labelled logs, that means about 58% (" in answer
    )
    assert (
        "kappa: agreement beyond chance: 1 if always equal, 0 as by chance, below 0 if less than by chance." in answer
    )
    assert "of type human judged" not in answer
    assert "labels of chosen logs, such as regressions or disagreements, bias them." in answer


async def test_agreement_that_tells_nothing_is_no_figure(own_assistant: Assistant) -> None:
    """A constant judge, one that judged no common log, numbers of different ranges: the answer says so."""
    small = await make_evaluation(
        own_assistant.client,
        "Odd agreement",
        human=HUMAN,
        always=JUDGE,
        equal=JUDGE,
        apart=JUDGE,
        stars={"return_type": "number", "number_limits": {"min": 1, "max": 5}},
        points={"return_type": "number", "number_limits": {"min": 0, "max": 100}},
    )
    logs: list[tuple[str, dict[str, Any]]] = [
        (
            f"q{number}",
            {
                "small/always": True,
                "small/equal": True,
                "small/human": number % 3 > 0,
                "small/stars": number % 5 + 1,
                "small/points": number,
            },
        )
        for number in range(30)
    ]
    await small.run("v1", [*logs, *((f"r{number}", {"small/apart": number > 2}) for number in range(5))])
    answer = await own_assistant.ask("list_runs", evaluation=small.id, show="agreement")
    assert "No kappa, because all their judgments are equal: always, equal." in answer
    assert "Always the same judgment on the common logs, so its kappa is 0 by definition: always, equal." in answer
    assert "Never judged the same log: human and apart" in answer
    assert "stars, points" not in answer
    assert _row(answer, "always, equal")[3] == "-"
    nothing = await own_assistant.ask("list_runs", evaluation=small.id, show="agreement", where=["latency>99999"])
    assert "No two evaluators or authors judged the same log" in nothing


async def test_agreement_without_people_says_what_it_does_not_tell(own_assistant: Assistant) -> None:
    """How right a judge is: only labels of people tell, and the answer says what they are."""
    small = await make_evaluation(own_assistant.client, "No people", one=JUDGE, other=JUDGE)
    await small.run("v1", [(f"q{item}", {"small/one": item > 3, "small/other": item > 5}) for item in range(12)])
    answer = await own_assistant.ask("list_runs", evaluation=small.id, show="agreement")
    assert "No evaluator of type human judged these logs, so nothing here tells how right a judge is." in answer


async def test_authors_of_an_evaluator_are_raters(own_assistant: Assistant) -> None:
    """Two people who share logs are a pair, and their common evaluator counts each log once against the judge."""
    small = await make_evaluation(own_assistant.client, "Two people", human=HUMAN, judge=JUDGE)
    run_id = await small.run("v1", [(f"q{number}", {"small/judge": number % 2 == 0}) for number in range(20)])
    for number, log in enumerate(await _log_ids(own_assistant, small.id)):
        await small.judge(log, "small/human", number % 2 == 0, user="ann")
        await small.judge(log, "small/human", number % 4 == 0, user="ben")
    assert run_id
    answer = await own_assistant.ask("list_runs", evaluation=small.id, show="agreement")
    assert _row(answer, "human by ann, ben")[1].startswith("20")
    assert _row(answer, "human by ann, ben")[2].startswith("75% (")
    assert _row(answer, "human, judge")[1] == "20"


async def _log_ids(assistant: Assistant, evaluation: str) -> list[str]:
    answer = await assistant.ask("get_logs", evaluation=evaluation, limit=50, max_tokens=20_000)
    shown = re.findall(r"^(log_[^;\s]+)(?= \||$)", answer, re.MULTILINE)
    return [id for short in shown for id in await assistant.client.reviews.find_log_ids(short)]


async def test_the_offered_call_names_odd_evaluators_and_options(own_assistant: Assistant) -> None:
    """Names and options with quotes, dots, operators and bars are quoted, so that the call finds these logs."""
    options = [{"name": 'so "good"|=fine'}, {"name": "bad"}, {"name": "true"}]
    odd = {"return_type": "select", "options": options}
    small = await make_evaluation(own_assistant.client, "Odd names", **{"a.b=c": odd, "plain": odd})
    judgments: list[dict[str, object]] = [{"small/a.b=c": 'so "good"|=fine', "small/plain": "true"}] * 3
    judgments += [{"small/a.b=c": "bad", "small/plain": "bad"}]
    await small.run("v1", [(f"q{number}", given) for number, given in enumerate(judgments)])
    answer = await own_assistant.ask("list_runs", evaluation=small.id, show="agreement")
    offered = answer.partition("get_logs(")[2].partition("where=")[2].rpartition(")")[0]
    assert "3 logs" in await own_assistant.ask("get_logs", evaluation=small.id, where=json.loads(offered))


async def test_errors_are_by_a_field_on_request(own_assistant: Assistant) -> None:
    """Datapoints of one customer are alike, so intervals by customer are wider; other views and words are refused."""
    small = await make_evaluation(own_assistant.client, "Clustered", human=HUMAN, judge=JUDGE)
    rows: list[tuple[str, dict[str, Any]]] = []
    for number in range(90):
        is_equal = (number // 10) % 3 > 0
        rows.append((f"q{number}", {"small/human": number % 2 == 0, "small/judge": (number % 2 == 0) is is_equal}))
    customers = {question: f"customer {number // 10}" for number, (question, _) in enumerate(rows)}
    await small.run("v1", rows, targets=customers)
    asked = {"evaluation": small.id, "show": "agreement"}
    alone = _row(await own_assistant.ask("list_runs", **asked), "human, judge")
    answer = await own_assistant.ask("list_runs", **asked, cluster="answer")
    by_customer = _row(answer, "human, judge")
    assert alone[1:3] == ["90", "67% (56 to 76)"]
    assert by_customer[1] == "90 for 9 clusters"
    low, high = map(int, re.findall(r"\((\d+) to (\d+)\)", by_customer[2])[0])
    assert low < 45
    assert high > 80
    assert "Intervals are by answer: logs with the same value count as one cluster." in answer
    refused = await own_assistant.refuse("list_runs", **asked, cluster="length")
    assert 'cluster: "length" is no field of the datapoints. Fields: question, answer.' in refused
    assert "show=agreement" in await own_assistant.refuse("list_runs", evaluation=small.id, cluster="answer")
