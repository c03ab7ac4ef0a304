"""Logs are labelled by a person or the assistant: from free notes to failure modes and a judge that agrees."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from tests.assistant import Assistant, connect_assistant
from tests.documented_only import documented_client, mirror_of

from evals_mcp.api.app import create_app
from evals_mcp.api.grants import OpenAccess
from evals_mcp.models.evaluators import EvaluatorRequest
from evals_mcp.models.log_requests import EvaluatorLogRequest
from evals_mcp.models.references import EvaluatorReference
from evals_mcp.store.store import open_store

pytestmark = pytest.mark.anyio
NAME = "Which prompt answers tickets"
PERSON = {"evaluation": NAME, "kind": "human", "author": "ann"}


async def _ids(assistant: Assistant, amount: int, **arguments: Any) -> list[str]:
    answer = await assistant.ask("get_logs", evaluation=NAME, limit=amount, **arguments)
    found = re.findall(r"^(log_\w+)", answer, re.MULTILINE)
    assert len(found) == amount
    return found


def _rows(logs: list[str], judgments: list[Any], key: str = "judgment") -> list[str]:
    return [json.dumps({"log": log, key: value}) for log, value in zip(logs, judgments, strict=True)]


async def test_notes_become_a_taxonomy_with_counts_and_agreement(own_assistant: Assistant) -> None:
    """Twenty free notes are listed and searched; the categories made of them are counted and compared with a judge."""
    logs = await _ids(own_assistant, 20, sample=True)
    notes = [("Counts calendar days.", "Quotes a policy that was replaced.")[n % 2] for n in range(20)]
    noted = await own_assistant.ask("label_logs", **PERSON, labels=_rows(logs, notes, "note"))
    assert noted.startswith("Labelled 20 logs with notes (a person's judgment by ann).\nCreated evaluator ")
    assert "notes: text." in noted
    listed = await own_assistant.ask("get_logs", evaluation=NAME, where=["notes=judged"], limit=20, max_tokens=20_000)
    assert "20 logs judged by notes" in listed
    assert listed.count('"Counts calendar days."') == 10
    found = await own_assistant.ask("get_logs", evaluation=NAME, where=["notes~CALENDAR"])
    assert '10 logs with text by notes containing "CALENDAR"' in found
    assert "100 logs with a missing" in await own_assistant.ask("get_logs", evaluation=NAME, where=["notes=missing"])
    modes = ["date" if "days" in note else "outdated policy" for note in notes]
    labelled = await own_assistant.ask("label_logs", **PERSON, evaluator="failure_mode", labels=_rows(logs, modes))
    assert ': date 10, "outdated policy" 10.' in labelled
    counted = await own_assistant.ask(
        "query",
        evaluation=NAME,
        sql="SELECT option, count(*) AS n FROM judgments WHERE evaluator = 'failure_mode' GROUP BY 1 ORDER BY 1",
    )
    assert counted.splitlines()[-2:] == ["date | 10", '"outdated policy" | 10']
    assert "date 50%" in (await own_assistant.ask("list_runs", evaluation=NAME)).replace("failure_mode", "")
    judge = await own_assistant.ask(
        "label_logs", evaluation=NAME, evaluator="failure_mode", labels=_rows(logs[:10], modes[:8] + ["date"] * 2)
    )
    assert judge.startswith('Labelled 10 logs with "failure_mode (assistant)" (an assistant\'s judgment by mcp)')
    assert 'failure_mode equals "failure_mode (assistant)" on 90% (60 to 98) of 10 logs that both judged' in judge
    several = await own_assistant.ask(
        "label_logs", **PERSON, evaluator="problems", logs=logs[:2], judgment='["date", "tone"]'
    )
    assert "problems: multi_select with the options date, tone." in several
    assert "New options: policy." in await own_assistant.ask(
        "label_logs", **PERSON, evaluator="problems", logs=logs[2:3], judgment="policy"
    )


async def test_the_judge_is_measured_by_version_and_its_errors_are_material(own_assistant: Assistant) -> None:
    """Each version has its rate; differing logs and few-shot examples are named, and the labels that narrow it."""
    client = own_assistant.client
    evaluation = await client.reviews.get_evaluation(NAME)
    logs = await _ids(own_assistant, 20, sample=True)
    truth = [n % 2 == 0 for n in range(20)]
    versions = []
    for number in range(2):
        spec = {"arguments_type": "target_free", "return_type": "boolean", "attributes": {"prompt": number}}
        request = EvaluatorRequest.model_validate(
            {"path": "judges/grounded", "spec": {**spec, "evaluator_type": "llm"}}
        )
        versions.append((await client.evaluators.upsert(request)).version_id)
    await client.evaluations.add_evaluators(
        evaluation.id, [EvaluatorReference(version_id=versions[1], orchestrated=False)]
    )
    for number, (beginning, right) in enumerate(zip(logs, truth, strict=True)):
        (log,) = await client.reviews.find_log_ids(beginning)
        version, judgment = versions[number // 10], right if number >= 10 else number < 6
        given = EvaluatorLogRequest(parent_id=log, judgment=judgment)
        await client.evaluators.log(given, version_id=version)
    answer = await own_assistant.ask("label_logs", **PERSON, evaluator="grounded", labels=_rows(logs, truth))
    lines = answer.splitlines()
    assert lines[2].startswith(f'"grounded@{versions[1]}" equals "grounded (human)" on 100% (')
    assert lines[3].startswith(f'"grounded@{versions[0]}" equals "grounded (human)" on 50% (')
    assert re.search(r"About \d+ more labels would halve the interval", lines[3])
    assert re.search(
        r"They differ: label (\w+), grounded (\w+): log_\w+, log_\w+(, log_\w+)?; label \2, grounded \1", answer
    )
    assert re.search(r"Few-shot examples for grounded: log_\w+ \(\w+\)", answer)
    await _examples_are_marked(own_assistant, answer, versions[1])
    labelled = await own_assistant.ask("label_logs", evaluation=NAME, evaluator="grounded", labels=_rows(logs, truth))
    assert '"grounded (human)" equals "grounded (assistant)" on 100% (' in labelled
    assert "Few-shot" not in labelled  # what an assistant says teaches no judge
    assert "They differ" not in labelled
    again = await own_assistant.ask("label_logs", **PERSON, evaluator="grounded", logs=logs[:2], judgment="false")
    assert f"Replaced 2 earlier labels of this author: {logs[0]}" in again
    assert "true → false" in again
    assert "unchanged" in again
    other = await own_assistant.ask("label_logs", **PERSON, evaluator="right:boolean", labels=_rows(logs, truth))
    assert '"grounded (assistant)" equals right on 100% (' in other
    assert '"grounded (human)" equals' not in other  # people's labels are no judge


async def _examples_are_marked(assistant: Assistant, answer: str, version_id: str) -> None:
    """The offered call marks them for the judge's version, agreement leaves them out, and an undo brings them back."""
    agreement = {"evaluation": NAME, "show": "agreement", "evaluator": "grounded"}
    evaluation = await assistant.client.reviews.get_evaluation(NAME)
    before = await assistant.ask("list_runs", **agreement)
    (named,) = (line for line in answer.splitlines() if line.startswith("Few-shot examples for grounded: "))
    assert named.endswith(f'label_logs(evaluation="{evaluation.id}", evaluator="grounded:examples", logs=["…"])')
    examples = re.findall(r"(log_\w+) \(", named)
    call = {"evaluation": NAME, "evaluator": "grounded:examples", "logs": examples, "request_id": "examples"}
    dry = await assistant.ask("label_logs", **call, dry_run=True)
    assert dry.startswith("Dry run, nothing was stored. Would mark ")
    assert await assistant.ask("list_runs", **agreement) == before
    marked = await assistant.ask("label_logs", **call)
    assert marked.startswith(f"Marked {len(examples)} examples in the prompt of grounded: log_")
    assert "Left out for " in await assistant.ask("list_runs", **agreement)
    evaluation = await assistant.client.reviews.get_evaluation(NAME)
    (judge,) = (row for row in evaluation.evaluators if row.version_id == version_id)
    assert judge.examples == sorted(examples)
    assert "nothing was written again" in await assistant.ask("label_logs", **call)
    handle = re.findall(r"write_\w+", marked)[-1]
    more = await assistant.ask("label_logs", **{**call, "logs": examples[:1], "request_id": "fewer"})
    refused = await assistant.refuse("undo", write=handle)
    assert "Other examples of" in refused
    for write in (re.findall(r"write_\w+", more)[-1], handle):
        await assistant.ask("undo", write=write)
    assert await assistant.ask("list_runs", **agreement) == before
    for wrong, words in (
        ({"logs": ["log_unknown"]}, "no log has the id"),
        ({"logs": examples, "judgment": "true"}, "takes logs alone"),
        ({"logs": examples, "evaluator": "grounded (human):examples"}, "has people's labels"),
    ):
        assert words in await assistant.refuse("label_logs", **{**call, "request_id": "wrong", **wrong})


async def test_the_agreement_is_that_of_the_even_sample(own_assistant: Assistant) -> None:
    """Labels of regressions, which were chosen, leave it as they leave that of list_runs, and both say so."""
    asked = {"evaluation": NAME, "reviewer": "ann"}
    for order in ("regression", "regression", "regression", "even", "even", "even", "even"):
        item = await own_assistant.ask("next_to_review", **asked, order=order)
        found = re.search(r"log (log_\w+) of run", item)
        assert found is not None
        label = await own_assistant.ask(
            "label_logs", **PERSON, evaluator="policy_correct:boolean", logs=[found[1]], judgment="true"
        )
        assert ("of the even sample that both judged" in label) == (order == "even")
    answer = await own_assistant.ask("list_runs", evaluation=NAME, show="agreement")
    counts = re.search(r": (\d+) of the even sample that next_to_review handed out; (\d+) others are left out", answer)
    assert counts is not None
    assert f" of {counts[1]} logs of the even sample that both judged" in label
    assert f" {counts[2]} labels of other logs left out." in label


_WRONG: list[tuple[dict[str, Any], str]] = [
    ({}, "logs, labels: give exactly one"),
    ({"logs": ["x"], "labels": ["{}"]}, "logs, labels: give exactly one"),
    ({"labels": ["{}"], "judgment": "x"}, "labels: give judgments and notes in the rows"),
    ({"labels": ["[1]"]}, "labels, row 1: must be a JSON object"),
    ({"labels": ['{"id": "x"}']}, "is unknown. The keys are log, judgment, note"),
    ({"labels": ['{"judgment": 1}']}, "labels, row 1: give the id of a log"),
    ({"logs": ["log_unknown"]}, "labels, row 1: give a judgment"),
    ({"logs": ["log_unknown"], "judgment": "x"}, "Row 1: Log `log_unknown` does not exist"),
    ({"logs": ["log_unknown"], "judgment": '{"a": 1}', "evaluator": "tone:colour"}, "does not define an evaluator"),
    ({"labels": ['{"log": "log_unknown", "judgment": [1]}']}, "a judgment is true or false"),
]


async def test_wrong_arguments_are_named(own_assistant: Assistant) -> None:
    """And nothing is stored."""
    before = await own_assistant.client.bulk.counts()
    for wrong, words in _WRONG:
        assert words in await own_assistant.refuse("label_logs", **{"evaluation": NAME, "evaluator": "mode", **wrong})
    assert await own_assistant.client.bulk.counts() == before


async def test_one_wrong_row_of_a_hundred_stores_none(own_assistant: Assistant) -> None:
    """The row is named, with what is allowed; so are typing errors of options, which a statement lets through."""
    logs = await _ids(own_assistant, 100, max_tokens=20_000)
    before = await own_assistant.client.bulk.counts()
    rows = _rows(logs, [5] * 99 + [6])
    refused = await own_assistant.refuse("label_logs", **PERSON, evaluator="stars:number:1..5:higher", labels=rows)
    assert "Row 100: The evaluator's numbers are at least 1 and at most 5. No label was stored." in refused
    assert await own_assistant.client.bulk.counts() == before
    dry = await own_assistant.ask("label_logs", **PERSON, evaluator="stars", labels=rows, dry_run=True)
    assert dry.startswith("Dry run, nothing was stored. Would label 100 logs with ")
    assert "Would create evaluator" in dry
    assert await own_assistant.client.bulk.counts() == before
    await own_assistant.ask("label_logs", **PERSON, evaluator="mode:select:tone|date", logs=logs[:2], judgment="tone")
    typo = await own_assistant.refuse("label_logs", **PERSON, evaluator="mode", logs=logs[:1], judgment="tones")
    assert "`tones` is not an option, but `tone` is. If it is meant as another one, state it: " in typo
    stated = await own_assistant.ask(
        "label_logs", **PERSON, evaluator="mode:select:tones", logs=logs[:1], judgment="tones"
    )
    assert "New options: tones. All options: tone, date, tones." in stated


async def test_a_text_of_json_is_no_option_and_a_truth_in_any_case_is_one(own_assistant: Assistant) -> None:
    """A list in a text is its options where several are allowed; a NUL in a batch is told with its row."""
    one, other = await _ids(own_assistant, 2)
    yes = await own_assistant.ask("label_logs", **PERSON, evaluator="fine", logs=[one], judgment="True")
    assert "Created evaluator" in yes
    assert "fine: boolean." in yes
    several = {**PERSON, "evaluator": "tags:multi_select:date|tone"}
    both = await own_assistant.ask("label_logs", **several, labels=_rows([one], ['["date", "tone"]']))
    assert "[date, tone]" in both
    await own_assistant.ask("label_logs", **PERSON, evaluator="mode:select:date|tone", logs=[one], judgment="date")
    before = await own_assistant.client.bulk.counts()
    listed = await own_assistant.refuse(
        "label_logs", **PERSON, evaluator="mode", logs=[one], judgment='["date","tone"]'
    )
    assert "is JSON, not the name of an option" in listed
    rows = [json.dumps({"log": log, "judgment": "tone", "note": f"a{end}"}) for log, end in ((one, ""), (other, "\0"))]
    assert "labels, row 2, note: text must not" in await own_assistant.refuse(
        "label_logs", **PERSON, evaluator="mode", labels=rows
    )
    assert await own_assistant.client.bulk.counts() == before


async def test_a_repeated_call_labels_once_and_an_undo_takes_it_back(own_assistant: Assistant) -> None:
    """The second call says so, and has the handle of the first."""
    logs = await _ids(own_assistant, 3)
    call = {**PERSON, "evaluator": "ok", "logs": logs, "judgment": "true", "request_id": "one"}
    first = await own_assistant.ask("label_logs", **call)
    before = await own_assistant.client.bulk.counts()
    repeat = "This request_id was used before: this is the first result, and nothing was written again.\nUndo: "
    assert await own_assistant.ask("label_logs", **call) == first.replace("\nUndo: ", f"\n{repeat}")
    assert await own_assistant.client.bulk.counts() == before
    refused = await own_assistant.refuse("label_logs", **{**call, "judgment": "false"})
    assert "belongs to another request" in refused
    await own_assistant.ask("undo", write=re.findall(r"write_\w+", first)[-1], confirm=True)
    gone = await own_assistant.refuse("get_logs", evaluation=NAME, where=["ok=true"])
    assert 'no evaluator or field of the datapoints is named "ok"' in gone


async def test_a_server_without_our_routes_gets_labels_one_by_one(tmp_path: Path, sample_database: Path) -> None:
    """Options and evaluators are made by its own routes; an error says what was stored."""
    path = tmp_path / "evals.db"
    path.write_bytes(sample_database.read_bytes())
    store = open_store(str(path))
    client = documented_client(create_app(OpenAccess(store), is_embedded=True))
    async with connect_assistant(client, mirror=mirror_of(client)) as assistant:
        logs = await _ids(assistant, 4)
        dry = await assistant.ask("label_logs", **PERSON, evaluator="mode", logs=logs, judgment="tone", dry_run=True)
        assert "Would create evaluator" in dry
        made = await assistant.ask("label_logs", **PERSON, evaluator="mode", logs=logs, judgment="tone")
        assert "mode: select with the options tone." in made
        assert "New options: date." in await assistant.ask(
            "label_logs", **PERSON, evaluator="mode", logs=logs[:1], judgment="date"
        )
        near = await assistant.refuse("label_logs", **PERSON, evaluator="Mode", logs=logs[:1], judgment="date")
        assert near.startswith(
            f"Error: Evaluator `Mode` does not exist, but `{NAME}/mode` does. If another one is meant"
        )
        found = await assistant.ask("get_logs", evaluation=NAME, where=["mode=tone"])
        assert '3 logs judged "tone" by mode' in found
        assert "policy_correct (assistant)" in await assistant.ask(
            "label_logs", evaluation=NAME, evaluator="policy_correct", logs=logs[:1], judgment="true"
        )
        refused = await assistant.refuse(
            "label_logs", **PERSON, labels=_rows([logs[0], "log_missing"], ["a", "b"], "note")
        )
        assert "Row 2: " in refused
        assert "Stored before it: 1 label." in refused
    store.close()
