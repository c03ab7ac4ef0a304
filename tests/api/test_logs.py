"""Logs of any type: listed, filtered, searched, sampled."""

from typing import Any
from urllib.parse import quote

import pytest
from tests.api.application import emptied_store
from tests.api.v5_calls import V5, Json, evaluated

pytestmark = pytest.mark.anyio
__all__ = ["emptied_store"]


async def _ids(v5: V5, file_id: str, **query: Any) -> list[str]:
    return [log["id"] for log in (await v5.ok("GET", "/logs", file_id=file_id, size=100, **query))["records"]]


async def test_logs_are_listed_newest_first_in_pages(v5: V5) -> None:
    """Pages partition them, and what is past the end is empty."""
    prompt = await v5.prompt()
    made = [await v5.log(output=str(number)) for number in range(5)]
    pages = [await v5.ok("GET", "/logs", file_id=prompt["id"], page=page, size=2) for page in (1, 2, 3, 4)]
    assert [log["id"] for page in pages for log in page["records"]] == made[::-1]
    assert [(page["page"], page["size"], page["total"]) for page in pages] == [(n, 2, 5) for n in (1, 2, 3, 4)]
    assert (await v5.ok("GET", "/logs", file_id=prompt["id"], size=0))["total"] == 5
    assert len((await v5.ok("GET", "/logs", file_id=prompt["id"]))["records"]) == 5


async def test_a_log_id_has_at_most_500_characters(v5: V5) -> None:
    """That of a judgment too."""
    prompt, judge = await v5.prompt(), await v5.evaluator()
    assert await v5.log(log_id="l" * 500) == "l" * 500
    log_id = "x" * 501
    for kind, file, fields in (("prompts", prompt, {}), ("evaluators", judge, {"parent_id": "l" * 500, "judgment": 1})):
        refused = await v5.send("POST", f"/{kind}/log", {"path": file["path"], "log_id": log_id, **fields})
        assert refused.status_code == 422
        assert "log_id" in refused.text
        assert "at most 500 characters" in refused.text
    assert await _ids(v5, prompt["id"]) == ["l" * 500]


async def test_logs_are_filtered(v5: V5) -> None:
    """By version, parts of ids and time."""
    prompt = await v5.prompt(temperature=0)
    other = await v5.prompt(temperature=1)
    old = await v5.log(log_id="old-log", created_at="2024-01-01T00:00:00Z")
    new = await v5.log(log_id="new-log", created_at="2024-06-01T00:00:00Z", prompt={"model": "small", "temperature": 1})
    file_id = prompt["id"]
    assert await _ids(v5, file_id, version_id=other["version_id"]) == [new]
    foreign = await v5.prompt("elsewhere")
    assert await _ids(v5, foreign["id"], version_id=other["version_id"]) == []
    assert await _ids(v5, file_id, id="old") == [old]
    assert await _ids(v5, file_id, id=["old", "new"]) == [new, old]
    assert await _ids(v5, file_id, id="%") == []
    assert await _ids(v5, file_id, start_date="2024-03-01T00:00:00Z") == [new]
    assert await _ids(v5, file_id, end_date="2024-03-01T01:00:00+01:00") == [old]
    assert await _ids(v5, file_id, in_trace_filter=False) == [new, old]
    assert await _ids(v5, file_id, in_trace_filter=[True, False]) == [new, old]


async def test_search_looks_into_what_was_said(v5: V5) -> None:
    """Inputs, messages, output and error, whatever the case; quotes and line ends too; signs mean themselves."""
    prompt = await v5.prompt()
    by_field = {
        "output": await v5.log(output="An Apple"),
        "inputs": await v5.log(inputs={"q": 'say "pear"\nnow'}),
        "messages": await v5.log(messages=[{"role": "user", "content": "a Plum"}]),
        "output_message": await v5.log(output=None, output_message={"role": "assistant", "content": "fig"}),
        "error": await v5.log(error="100% grape"),
    }
    words = {
        "output": "aPPLE",
        "inputs": 'Say "pear"\nnow',
        "messages": "plum",
        "output_message": "FIG",
        "error": "100% g",
    }
    for field, word in words.items():
        assert await _ids(v5, prompt["id"], search=word) == [by_field[field]], field
    assert await _ids(v5, prompt["id"], search="kiwi") == []
    assert await _ids(v5, prompt["id"], search="1_0%") == []


async def test_metadata_is_searched_apart(v5: V5) -> None:
    """In keys and values of the metadata and nowhere else."""
    prompt = await v5.prompt()
    marked = await v5.log(metadata={"Team": {"name": 'the "blue" one'}})
    await v5.log(output="team", source="team")
    assert await _ids(v5, prompt["id"], metadata_search="tEAM") == [marked]
    assert await _ids(v5, prompt["id"], metadata_search='the "blue"') == [marked]
    assert await _ids(v5, prompt["id"], metadata_search="red") == []


@pytest.mark.parametrize(
    ("sample", "expected"),
    [(1, [9]), (2, [9, 4]), (3, [9, 5, 2]), (10, list(range(9, -1, -1))), (99, list(range(9, -1, -1)))],
)
async def test_a_sample_is_even_and_the_same_each_time(v5: V5, sample: int, expected: list[int]) -> None:
    """As many logs as asked for, spread over all, in pages like others."""
    prompt = await v5.prompt()
    made = [await v5.log(output=str(number)) for number in range(10)]
    wanted = [made[number] for number in expected]
    assert await _ids(v5, prompt["id"], sample=sample) == wanted
    assert await _ids(v5, prompt["id"], sample=sample) == wanted
    page = await v5.ok("GET", "/logs", file_id=prompt["id"], sample=sample, page=2, size=2)
    assert ([log["id"] for log in page["records"]], page["total"]) == (wanted[2:4], len(wanted))


async def test_a_sample_is_of_what_filters_let_through(v5: V5) -> None:
    """Filters come first."""
    prompt = await v5.prompt()
    kept = [await v5.log(output="keep") for _ in range(4)]
    await v5.log(output="drop")
    found = await _ids(v5, prompt["id"], sample=2, search="keep")
    assert len(found) == 2
    assert set(found) <= set(kept)


async def test_an_evaluator_log_may_carry_what_it_judged(v5: V5) -> None:
    """With `include_parent`; without, only its id."""
    await v5.prompt()
    evaluator = await v5.evaluator()
    log_id = await v5.log(output="judged")
    await v5.judge(log_id, 1, output="because")
    plain = (await v5.ok("GET", "/logs", file_id=evaluator["id"]))["records"][0]
    whole = (await v5.ok("GET", "/logs", file_id=evaluator["id"], include_parent=True))["records"][0]
    assert (plain["parent_id"], plain["parent"]) == (log_id, None)
    assert (whole["parent"]["id"], whole["parent"]["output"]) == (log_id, "judged")
    assert (whole["judgment"], whole["output"]) == (1, "because")


async def test_a_log_shows_its_judgments(v5: V5) -> None:
    """All of them, oldest first, with their evaluators whole."""
    await v5.prompt()
    evaluator = await v5.evaluator()
    log_id = await v5.log()
    made = [await v5.judge(log_id, value) for value in (1, None, 2.5)]
    shown = (await v5.ok("GET", f"/logs/{log_id}"))["evaluator_logs"]
    assert [(item["id"], item["judgment"]) for item in shown] == list(zip(made, (1, None, 2.5), strict=True))
    assert shown[0]["evaluator"]["id"] == evaluator["id"]


async def test_bad_questions_are_refused(v5: V5) -> None:
    """Unknown files, wrong types, samples out of bounds."""
    prompt = await v5.prompt()
    await v5.refused(404, "GET", "/logs", file_id="nothing")
    await v5.refused(404, "GET", "/logs/nothing")
    await v5.refused(422, "GET", "/logs")
    times = ({"start_date": "soon"}, {"end_date": "0001-01-01T00:00:00+14:00"})
    for wrong in ({"page": 0}, {"sample": 0}, *times, {"in_trace_filter": "perhaps"}, {"size": -1}):
        await v5.refused(422, "GET", "/logs", file_id=prompt["id"], **wrong)


async def test_a_log_can_still_be_read_when_its_file_is_gone(v5: V5) -> None:
    """With the file as it was."""
    prompt = await v5.prompt()
    log_id = await v5.log()
    await v5.ok("DELETE", f"/prompts/{prompt['id']}")
    assert (await v5.ok("GET", f"/logs/{log_id}"))["prompt"]["version_id"] == prompt["version_id"]


@pytest.mark.parametrize("log_id", ["2026/05/a", "versions/a", "a b?c#d&e", "ä%2F😀", "log"])
async def test_any_log_id_can_be_read_changed_and_deleted(v5: V5, log_id: str) -> None:
    """Callers may choose ids, and slashes in them are unescaped before routes see them."""
    prompt = await v5.prompt()
    await v5.ok("POST", "/flows", {"path": "bots/flow", "attributes": {}})
    quoted = quote(log_id, safe="")
    assert await v5.log(log_id=log_id) == log_id
    changed = await v5.ok("PATCH", f"/prompts/{prompt['id']}/log/{quoted}", {"output": "changed"})
    assert (changed["id"], changed["output"]) == (log_id, "changed")
    assert (await v5.ok("GET", f"/logs/{quoted}"))["output"] == "changed"
    await v5.ok("DELETE", "/logs", id=log_id)
    body = {"path": "bots/flow", "log_id": log_id, "log_status": "incomplete"}
    assert (await v5.ok("POST", "/flows/log", body))["id"] == log_id
    assert (await v5.ok("PATCH", f"/flows/logs/{quoted}", {"log_status": "complete"}))["id"] == log_id


@pytest.mark.parametrize("kind", ["prompt", "flow", "tool", "agent"])
async def test_an_identical_retry_of_a_log_gives_the_same_log(v5: V5, kind: str) -> None:
    """Nothing is counted twice; anything else under a taken id is 409 and changes nothing."""
    contents = {"tool": {"function": {"name": "f", "description": ""}}, "flow": {"attributes": {}}}
    body: Json = {"path": kind, kind: contents.get(kind, {"model": "m"}), "log_id": f"{kind} 1", "output": "x"}
    body |= {
        "inputs": {"a": [1, 2.5, None]},
        "metadata": {"b": 1},
        "provider_latency": 1,
        "start_time": "2025-01-01T12:00:00.5Z",
    }
    first = await v5.ok("POST", f"/{kind}s/log", body)
    assert await v5.ok("POST", f"/{kind}s/log", body) == first
    for other in (
        {"output": "y"},
        {"output": None},
        {"metadata": None},
        {"error": "late"},
        {"source_datapoint_id": "d"},
    ):
        assert "already exists" in await v5.refused(409, "POST", f"/{kind}s/log", body | other)
    await v5.refused(409, "POST", f"/{kind}s/log", body | {"path": "other"})
    assert (await v5.ok("GET", f"/logs/{kind} 1"))["output"] == "x"
    assert (await v5.ok("GET", "/logs", file_id=first[f"{kind}_id"]))["total"] == 1
    assert (await v5.ok("GET", f"/{kind}s/{first[f'{kind}_id']}"))["version_logs_count"] == 1


async def test_a_retry_for_a_run_stays_in_that_run(v5: V5) -> None:
    """The log counts once. It does not move into another run, also not one that waits for its datapoint."""
    made = await evaluated(v5)
    point = made.dataset["datapoints"][0]
    kept = await v5.log(made.run, point, log_id="mine")
    assert await v5.log(made.run, point, log_id="mine") == kept
    waiting = await v5.run(made.evaluation)
    body = {"path": "bots/support", "output": "fine", "log_id": "mine"}
    body |= {"source_datapoint_id": point["id"], "inputs": point["inputs"]}
    assert (await v5.ok("POST", "/prompts/log", body))["id"] == kept
    assert "does not have it" in await v5.refused(409, "POST", "/prompts/log", {**body, "run_id": waiting["id"]})
    logs = await v5.ok("GET", f"/evaluations/{made.evaluation['id']}/logs")
    assert [(item["run_id"], item["log"]["id"]) for item in logs["records"]] == [(made.run["id"], "mine")]


async def test_an_identical_retry_of_a_judgment_gives_the_same_judgment(v5: V5) -> None:
    """It is one judgment, and the newest one stays the newest."""
    made = await evaluated(v5)
    log = await v5.log(made.run, made.dataset["datapoints"][0])
    body: Json = {"path": "judges/score", "parent_id": log, "judgment": 1, "log_id": "judgment"}
    first = await v5.ok("POST", "/evaluators/log", body)
    second = await v5.judge(log, 0)
    assert await v5.ok("POST", "/evaluators/log", body) == first
    await v5.refused(409, "POST", "/evaluators/log", body | {"judgment": 0})
    shown = (await v5.ok("GET", f"/logs/{log}"))["evaluator_logs"]
    assert [item["id"] for item in shown] == ["judgment", second]
    stats = await v5.ok("GET", f"/evaluations/{made.evaluation['id']}/stats")
    assert stats["run_stats"][0]["evaluator_stats"][0]["mean"] == 0
