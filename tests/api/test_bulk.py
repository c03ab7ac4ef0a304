"""Our route for bulk loads: a batch is stored whole or not at all, and the same again changes nothing."""

import json
from typing import Any

import httpx
import pytest
from tests.api.application import emptied_store
from tests.api.v5_calls import V5
from tests.every_route import LINES
from tests.loaded_stores import held_rows
from tests.recount import check_counts

from evals_mcp.store.store import Store

pytestmark = pytest.mark.anyio
__all__ = ["emptied_store"]

Json = dict[str, Any]

_SPEC = {"arguments_type": "target_free", "return_type": "number", "evaluator_type": "external"}
_LLM = {**_SPEC, "evaluator_type": "llm", "prompt": {"model": "m"}}
_TIMES = {
    "created_at": "2024-05-01T10:00:00Z",
    "updated_at": "2024-05-02T10:00:00Z",
    "last_used_at": "2024-05-03T10:00:00Z",
}


def _record(kind: str, id: str, **fields: Any) -> Json:
    return {"record": kind, "id": id, **fields}


def _files() -> list[Json]:
    times = {name: _TIMES[name] for name in ("created_at", "updated_at")}
    return [
        _record("file", "pr_1", type="prompt", path="team/answers", description="Answers.", tags=["a"], **times),
        _record("version", "prv_1", file_id="pr_1", content={"model": "m"}, name="v1", description="First.", **_TIMES),
        _record("version", "prv_2", file_id="pr_1", content={"model": "n"}, name="v2", **_TIMES),
        _record("file", "ds_1", type="dataset", path="team/questions"),
        _record("datapoint", "dp_1", dataset_id="ds_1", inputs={"q": "One?"}, target={"a": 1}),
        _record("datapoint", "dp_2", dataset_id="ds_1", inputs={"q": "Two?"}),
        _record("version", "dsv_1", file_id="ds_1", datapoint_ids=["dp_2", "dp_1"]),
        _record("file", "ev_1", type="evaluator", path="team/quality"),
        _record("version", "evv_1", file_id="ev_1", content={"spec": _SPEC}),
    ]


def _evaluation() -> list[Json]:
    attached = [{"version_id": "evv_1", "orchestrated": False, "added_at": _TIMES["updated_at"]}]
    times = {name: _TIMES[name] for name in ("created_at", "updated_at")}
    joined = [{"evaluation_id": "evr_1", "control": True, "added_at": _TIMES["updated_at"]}]
    of = {"version_id": "prv_1", "dataset_version_id": "dsv_1"}
    return [
        _record("evaluation", "evr_1", name="Which?", file_id="pr_1", evaluators=attached, **times),
        _record("run", "run_1", evaluations=joined, created_at=_TIMES["created_at"], **of),
    ]


def _logs() -> list[Json]:
    logged = {"version_id": "prv_1", "run_ids": ["run_1"], "created_at": _TIMES["created_at"]}
    judged = {"evaluator_version_id": "evv_1", "created_at": _TIMES["created_at"]}
    return [
        _record("log", "log_1", source_datapoint_id="dp_1", output="Yes.", inputs={"q": "One?"}, **logged),
        _record("judgment", "log_2", judged_log_id="log_1", judgment=3, output="Good.", **judged),
        _record("log", "log_3", version_id="prv_2", trace_parent_id="log_1", output="Below."),
        _record("log", "log_4", source_datapoint_id="dp_2", error="Too slow.", **logged),
        _record("judgment", "log_5", judged_log_id="log_4", error="Nothing to judge.", **judged),
    ]


def _document() -> list[Json]:
    return [*_files(), *_evaluation(), *_logs()]


async def _send(api: httpx.AsyncClient, records: list[Json], **query: Any) -> httpx.Response:
    lines = "\n".join(map(json.dumps, records))
    return await api.post("/v5/bulk", content=lines, headers=LINES, params=query)


async def _load(api: httpx.AsyncClient, records: list[Json], **query: Any) -> Json:
    answer = await _send(api, records, **query)
    assert answer.status_code == 200, answer.text
    loaded: Json = answer.json()
    return loaded


async def _get(api: httpx.AsyncClient, path: str) -> Any:
    answer = await api.get(f"/v5/{path}")
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_a_document_is_answered_as_it_was_sent(api: httpx.AsyncClient, store: Store) -> None:
    """Ids, names, times, order of datapoints, trace, and statistics."""
    loaded = await _load(api, _document())
    assert loaded == {
        "added": {
            "file": 3,
            "version": 4,
            "datapoint": 2,
            "evaluation": 1,
            "run": 1,
            "log": 3,
            "judgment": 2,
        },
        "ids": {},
    }
    version = await _get(api, "prompts/pr_1?version_id=prv_1")
    assert {name: version[name] for name in _TIMES} == _TIMES
    described = (version["version_name"], version["version_description"], version["description"], version["tags"])
    assert described == ("v1", "First.", "Answers.", ["a"])
    points = (await _get(api, "datasets/ds_1/datapoints"))["records"]
    assert [point["id"] for point in points] == ["dp_2", "dp_1"]
    evaluation = await _get(api, "evaluations/evr_1")
    assert (evaluation["created_at"], evaluation["updated_at"]) == (_TIMES["created_at"], _TIMES["updated_at"])
    (run,) = (await _get(api, "evaluations/evr_1/runs"))["runs"]
    assert (run["id"], run["control"], run["status"], run["added_at"]) == (
        *("run_1", True, "completed"),
        _TIMES["updated_at"],
    )
    log = await _get(api, "logs/log_1")
    assert [child["id"] for child in log["trace_children"]] == ["log_3"]
    assert [(each["id"], each["judgment"], each["output"]) for each in log["evaluator_logs"]] == [("log_2", 3, "Good.")]
    (stats,) = (await _get(api, "evaluations/evr_1/stats"))["run_stats"]
    assert stats["num_logs"] == 2
    assert stats["evaluator_stats"][0]["num_errors"] == 1
    check_counts(store)


async def test_the_same_again_changes_nothing(api: httpx.AsyncClient, store: Store) -> None:
    """Whole, or in other batches."""
    await _load(api, _document())
    before = held_rows(store)
    assert await _load(api, _document()) == {"added": {}, "ids": {}}
    for records in (_files(), _evaluation(), _logs(), _logs()[1:]):
        assert await _load(api, records) == {"added": {}, "ids": {}}
    assert held_rows(store) == before


async def test_a_whole_number_is_the_same_with_and_without_a_point(api: httpx.AsyncClient, store: Store) -> None:
    """SQLite stores 3.0 as 3."""
    await _load(api, _document())
    before = held_rows(store)
    logs = _logs()
    logs[1]["judgment"] = 3.0
    assert await _load(api, logs) == {"added": {}, "ids": {}}
    logs[1]["judgment"] = 2.0
    assert "already exists with another judgment" in (await _send(api, logs)).text
    assert held_rows(store) == before


async def test_nulls_and_empty_lines_count_as_absent(api: httpx.AsyncClient) -> None:
    """But a null in free JSON is content."""
    point = _record("datapoint", "dp_9", dataset_id="ds_1", inputs={"q": None}, messages=None, target=None)
    lines = "\r\n\n".join(json.dumps(record) for record in [*_files(), point, *_evaluation()])
    answer = await api.post("/v5/bulk", content=lines + "\n\n", headers=LINES)
    assert answer.status_code == 200, answer.text
    nothing = {"run_ids": None, "created_at": None, "log_status": None, "inputs": None, "record": "log"}
    await _load(api, [{**_logs()[0], **nothing}])
    log = await _get(api, "logs/log_1")
    assert (log["log_status"], log["inputs"]) == ("complete", {})


async def test_what_is_there_already_stands_for_the_documents_ids(api: httpx.AsyncClient, store: Store) -> None:
    """A file at the path, a version and a datapoint of the content, an evaluation of the name."""
    prompt = (await api.post("/v5/prompts", json={"path": "team/answers", "model": "m"})).json()
    point = {"inputs": {"q": "One?"}, "target": {"a": 1}}
    query = {"include_datapoints": True}
    dataset = (
        await api.post("/v5/datasets", params=query, json={"path": "team/questions", "datapoints": [point]})
    ).json()
    named = {"name": "Which?", "file": {"path": "team/answers"}, "evaluators": []}
    evaluation = (await api.post("/v5/evaluations", json=named)).json()
    loaded = await _load(api, _document())
    assert loaded["ids"] == {
        "file": {"pr_1": prompt["id"], "ds_1": dataset["id"]},
        "version": {"prv_1": prompt["version_id"]},
        "datapoint": {"dp_1": dataset["datapoints"][0]["id"]},
        "evaluation": {"evr_1": evaluation["id"]},
    }
    shown = await _get(api, f"evaluations/{evaluation['id']}")
    assert [item["version"]["version_id"] for item in shown["evaluators"]] == ["evv_1"]
    log = await _get(api, "logs/log_1")
    assert log["source_datapoint_id"] == dataset["datapoints"][0]["id"]
    assert log["prompt"]["version_id"] == prompt["version_id"]
    before = held_rows(store)
    assert (await _load(api, _document()))["added"] == {}
    assert held_rows(store) == before
    same = await api.post("/v5/datasets", json={"path": "team/questions", "datapoints": [{"inputs": {"q": "Two?"}}]})
    assert same.json()["datapoints_count"] == 1


async def test_what_was_deleted_comes_back(api: httpx.AsyncClient, store: Store) -> None:
    """Files, evaluations and logs."""
    await _load(api, _document())
    for path in ("logs?id=log_1", "evaluations/evr_1", "prompts/pr_1", "datasets/ds_1"):
        assert (await api.delete(f"/v5/{path}")).status_code == 204
    await _load(api, _document())
    (run,) = (await _get(api, "evaluations/evr_1/runs"))["runs"]
    assert (run["id"], run["status"]) == ("run_1", "completed")
    assert (await _get(api, "prompts/pr_1"))["path"] == "team/answers"
    check_counts(store)


_LOG = _record("log", "log_9", version_id="prv_1")
_JUDGMENT = _record("judgment", "log_9", evaluator_version_id="evv_1", judged_log_id="log_1")
_WRONG: list[tuple[Json, list[Any], str]] = [
    ({}, [], "record"),
    ({"record": "log"}, ["log", "id"], "required"),
    ({"record": "none", "id": "x"}, [], "none"),
    (_record("file", "a/b", type="prompt", path="p"), ["file", "id"], "pattern"),
    (_record("file", "", type="prompt", path="p"), ["file", "id"], "at least"),
    (_record("file", "pr_9", type="wrong", path="p"), ["file", "type"], "prompt"),
    (_record("file", "pr_9", type="prompt", path="/"), ["file", "path"], "path"),
    (_record("file", "pr_9", type="prompt", path="team/questions"), ["file"], "dataset"),
    (_record("file", "pr_1", type="flow", path="p"), ["file"], "prompt"),
    (_record("datapoint", "dp_9", dataset_id="pr_1"), ["datapoint"], "Unknown dataset `pr_1`"),
    (_record("datapoint", "dp_1", dataset_id="ds_1", inputs={"q": 2}), ["datapoint"], "other content"),
    (_record("version", "v_9", file_id="none"), ["version"], "Unknown file `none`"),
    (_record("version", "v_9", file_id="pr_1", content={}), ["version", "content", "model"], "required"),
    (_record("version", "v_9", file_id="ev_1", content={"spec": {}}), ["version", "content", "spec"], "evaluator_type"),
    (_record("version", "prv_1", file_id="pr_1", content={"model": "x"}), ["version"], "other content"),
    (_record("version", "v_9", file_id="ds_1", datapoint_ids=["dp_1", "none"]), ["version"], "`none`"),
    (_record("version", "v_9", file_id="pr_1", content={"model": "x"}, datapoint_ids=["dp_1"]), ["version"], "dataset"),
    (
        _record("version", "v_9", file_id="pr_1", content={"model": "x", "linked_tools": ["none"]}),
        ["version"],
        "Tool `none`",
    ),
    (_record("evaluation", "evr_9", evaluators=[{"version_id": "prv_1"}]), ["evaluation"], "evaluator version `prv_1`"),
    (_record("evaluation", "evr_9", file_id="ds_1"), ["evaluation"], "`ds_1`"),
    (_record("evaluation", "evr_1", name="Other"), ["evaluation"], "other"),
    (_record("run", "run_9", evaluations=[{"evaluation_id": "none"}]), ["run"], "Unknown evaluation `none`"),
    (_record("run", "run_9", evaluations=[], version_id="dsv_1"), ["run"], "`dsv_1`"),
    (_record("run", "run_9", evaluations=[], dataset_version_id="prv_1"), ["run"], "`prv_1`"),
    (_record("run", "run_9", evaluations=[], status="done"), ["run", "status"], "pending"),
    (_record("run", "run_1", evaluations=[], version_id="prv_2"), ["run"], "another version"),
    ({**_LOG, "version_id": "evv_1"}, ["log"], "`evv_1`"),
    ({**_LOG, "run_ids": ["run_1", "none"]}, ["log"], "Unknown run `none`"),
    ({**_LOG, "trace_parent_id": "none"}, ["log"], "Unknown log `none`"),
    ({**_LOG, "trace_parent_id": "log_9"}, ["log"], "Unknown log `log_9`"),
    ({**_LOG, "provider_latency": "soon"}, ["log", "provider_latency"], "number"),
    ({**_LOG, "prompt_tokens": 2**63}, ["log", "prompt_tokens"], "less than"),
    ({**_LOG, "prompt_tokens": -1}, ["log", "prompt_tokens"], "is negative. Give 0 or more"),
    ({**_LOG, "output_cost": -0.5}, ["log", "output_cost"], "is negative"),
    ({**_JUDGMENT, "provider_latency": -1}, ["judgment", "provider_latency"], "is negative"),
    ({**_LOG, "id": "log_1", "output": "No."}, ["log"], "another"),
    ({**_LOG, "id": "log_2"}, ["log"], "judgment"),
    ({**_JUDGMENT, "judged_log_id": "none"}, ["judgment"], "Unknown log `none`"),
    ({**_JUDGMENT, "judged_log_id": "log_2"}, ["judgment", "judged_log_id"], "itself"),
    ({**_JUDGMENT, "judgment": "good"}, ["judgment", "judgment"], "number"),
    ({**_JUDGMENT, "judgment": {}}, ["judgment", "judgment"], ""),
    ({**_JUDGMENT, "evaluator_version_id": "prv_1"}, ["judgment"], "evaluator version `prv_1`"),
    ({**_JUDGMENT, "id": "log_2", "judgment": 4}, ["judgment"], "another judgment"),
    ({"record": "clear", "run_id": "run_1"}, ["clear"], "overwrite"),
]


async def test_a_version_whose_name_is_taken_comes_without_it(api: httpx.AsyncClient, v5: V5) -> None:
    """As names are unique in a file, and another content may have had the name."""
    await _load(api, [*_document(), _record("version", "prv_3", file_id="pr_1", content={"model": "x"}, name="v1")])
    versions = (await v5.ok("GET", "/prompts/pr_1/versions"))["records"]
    names = {item["version_id"]: item["version_name"] for item in versions}
    assert names == {"prv_1": "v1", "prv_2": "v2", "prv_3": None}


async def test_a_wrong_record_is_named_and_nothing_of_its_batch_is_kept(api: httpx.AsyncClient, store: Store) -> None:
    """By its line, counted from 0, in the list form of 422."""
    await _load(api, _document())
    before = held_rows(store)
    good = [{**_LOG, "id": "log_7"}, {**_JUDGMENT, "id": "log_8", "judged_log_id": "log_7"}]
    for record, location, message in _WRONG:
        answer = await _send(api, [*good, record, *good])
        assert answer.status_code == 422, (record, answer.text)
        first = answer.json()["detail"][0]
        assert first["loc"][: 2 + len(location)] == ["body", 2, *location], (record, answer.text)
        assert message in first["msg"], (record, answer.text)
        assert held_rows(store) == before, record


async def test_the_numbers_of_refused_records_do_no_harm(api: httpx.AsyncClient, store: Store) -> None:
    """What comes after a refusal is stored as ever, and stays in the order in which it came."""
    await _load(api, [*_files(), *_evaluation()])
    assert (await _send(api, [*_logs(), {**_JUDGMENT, "judged_log_id": "none"}])).status_code == 422
    await _load(api, _logs())
    created = await api.post("/v5/prompts/log", json={"path": "team/answers", "output": "Later."})
    assert created.status_code == 200
    logs = (await _get(api, "logs?file_id=pr_1"))["records"]
    assert [log["id"] for log in logs] == [created.json()["id"], "log_4", "log_3", "log_1"]
    check_counts(store)


@pytest.mark.parametrize(
    ("content", "location"),
    [
        (b"{", ["body", 0]),
        (b"\n1", ["body", 1]),
        (b"[]", ["body", 0]),
        (b'{"record": "log", "id": "\xff"}', ["body", 0]),
        (b'{}\n{"a": "\\u0000"}', ["body", 1, "a"]),
        (b'{}\n{"a": ["\\ud800"]}', ["body", 1, "a", 0]),
        (b'{}\n\n{"a": NaN}', ["body", 2]),
        (b'{}\n{"a": 1e999}', ["body", 1]),
        (b"{}\n" + b'{"a": ' * 101 + b"1" + b"}" * 101, ["body", 1]),
    ],
)
async def test_lines_that_cannot_be_kept_are_named(api: httpx.AsyncClient, content: bytes, location: list[Any]) -> None:
    """Before any record is looked at."""
    answer = await api.post("/v5/bulk", content=content, headers=LINES)
    assert answer.status_code == 422, answer.text
    assert answer.json()["detail"][0]["loc"] == location


async def test_a_body_that_is_no_json_lines_is_refused(api: httpx.AsyncClient) -> None:
    """Nothing at all, and lines that do not say that they are lines."""
    for header in ("application/json", "text/plain"):
        answer = await api.post("/v5/bulk", content="{}", headers={"content-type": header})
        assert answer.status_code == 422
        assert "`Content-Type: application/x-ndjson`" in answer.json()["detail"][0]["msg"]
    assert (await api.post("/v5/bulk", content=b" \n", headers=LINES)).status_code == 422


async def test_records_overwrite_where_they_shall(api: httpx.AsyncClient, store: Store) -> None:
    """What has an id becomes what its record says, in place; what runs keep of it follows."""
    await _load(api, _document())
    changed = [
        _record("file", "pr_1", type="prompt", path="moved/answers", description="Moved."),
        _record("version", "prv_2", file_id="pr_1", content={"model": "n"}, name="v1"),
        _record("version", "prv_3", file_id="pr_1", content={"model": "n"}, name="v3"),
        _record("datapoint", "dp_1", dataset_id="ds_1", inputs={"q": "Once?"}),
        _record("datapoint", "dp_3", dataset_id="ds_1", inputs={"q": "Once?"}),
        _record("evaluation", "evr_1", name="Renamed", file_id="pr_1"),
        _record("evaluation", "evr_2", name="Second", file_id="pr_1", evaluators=[{"version_id": "evv_1"}]),
        _record("run", "run_1", evaluations=[{"evaluation_id": "evr_2"}], version_id="prv_3", status="cancelled"),
        {**_logs()[0], "version_id": "prv_3", "output": "No.", "error": "Broken.", "log_status": "incomplete"},
        {**_logs()[1], "judgment": 5},
    ]
    await _load(api, changed, overwrite=True)
    check_counts(store)
    assert (await _get(api, "evaluations/evr_1"))["evaluators"] == []
    assert (await _get(api, "evaluations/evr_1/runs"))["runs"] == []
    (run,) = (await _get(api, "evaluations/evr_2/runs"))["runs"]
    assert (run["status"], run["control"], run["version"]["version_id"]) == ("cancelled", False, "prv_3")
    log = await _get(api, "logs/log_1")
    assert (log["output"], log["error"], log["created_at"]) == ("No.", "Broken.", _TIMES["created_at"])
    assert log["prompt"]["path"] == "moved/answers"
    assert [each["judgment"] for each in log["evaluator_logs"]] == [5]
    (stats,) = (await _get(api, "evaluations/evr_2/stats"))["run_stats"]
    assert stats["evaluator_stats"][0]["mean"] == 5
    names = {item["version_id"]: item["version_name"] for item in (await _get(api, "prompts/pr_1/versions"))["records"]}
    assert names == {"prv_1": None, "prv_2": "v1", "prv_3": "v3"}
    before = held_rows(store)
    await _load(api, changed, overwrite=True)
    check_counts(store)
    assert {name: rows for name, rows in held_rows(store).items() if name != "runs"} == {
        name: rows for name, rows in before.items() if name != "runs"
    }


async def test_a_path_goes_to_the_last_file_that_claims_it(api: httpx.AsyncClient) -> None:
    """Where a load overwrites; runs and logs of the other one still show it."""
    await _load(api, _document())
    other = _record("file", "pr_2", type="prompt", path="team/answers")
    version = _record("version", "prv_9", file_id="pr_2", content={"model": "m"})
    await _load(api, [other, version], overwrite=True)
    found = await api.post("/v5/files/retrieve-by-path", json={"path": "team/answers"})
    assert found.json()["id"] == "pr_2"
    assert (await _get(api, "logs/log_1"))["prompt"]["id"] == "pr_1"
    assert (await _send(api, [_record("evaluation", "evr_2", name="Which?", file_id="pr_1")], overwrite=True)).json()[
        "detail"
    ][0]["loc"] == ["body", 0, "evaluation"]


async def test_a_cleared_run_gives_up_its_logs(api: httpx.AsyncClient, store: Store) -> None:
    """Those that another run has, too, stay there; the others go with judgments and traces."""
    second = _record("run", "run_2", evaluations=[{"evaluation_id": "evr_1"}], version_id="prv_1")
    shared = {**_logs()[0], "run_ids": ["run_1", "run_2"]}
    await _load(api, [*_files(), *_evaluation(), second, shared, *_logs()[1:]])
    await _load(api, [{"record": "clear", "run_id": run} for run in ("run_1", "none")], overwrite=True)
    check_counts(store)
    logs = (await _get(api, "evaluations/evr_1/logs"))["records"]
    assert [(record["run_id"], record["log"]["id"]) for record in logs] == [("run_2", "log_1")]
    assert (await api.get("/v5/logs/log_4")).status_code == 404
    await _load(api, _logs(), overwrite=True)
    assert (await _get(api, "evaluations/evr_1/logs"))["total"] == 3
    check_counts(store)


async def test_the_servers_work_waits_for_the_last_batch(api: httpx.AsyncClient) -> None:
    """An evaluator that the server would run gets error judgments of the logs that the document leaves unjudged."""
    judge = [
        _record("file", "ev_2", type="evaluator", path="team/llm"),
        _record("version", "evv_2", file_id="ev_2", content={"spec": _LLM}),
    ]
    attached = [{"version_id": "evv_2", "orchestrated": True}]
    evaluation, run = _evaluation()
    await _load(
        api, [*_files(), *judge, {**evaluation, "evaluators": attached}, run, _logs()[0], _logs()[3]], more=True
    )
    judged = {**_JUDGMENT, "evaluator_version_id": "evv_2", "judgment": 1}
    assert (await _get(api, "logs/log_1"))["evaluator_logs"] == []
    await _load(api, [run, judged])
    logs = [(await _get(api, f"logs/{id}"))["evaluator_logs"] for id in ("log_1", "log_4")]
    assert [[each["judgment"] for each in judgments] for judgments in logs] == [[1], [None]]
    assert "cannot run LLM evaluators" in logs[1][0]["error"]


async def test_words_that_are_not_known_yet_are_kept(api: httpx.AsyncClient) -> None:
    """A newer server may have other providers, valences and kinds of evaluator."""
    spec = {**_SPEC, "evaluator_type": "jury", "return_type": "select", "options": [{"name": "a", "valence": "odd"}]}
    newer = [
        _record("version", "prv_9", file_id="pr_1", content={"model": "m", "provider": "new", "max_tokens": 1}),
        _record("version", "evv_9", file_id="ev_1", content={"spec": spec}),
        _record("log", "log_9", version_id="prv_9", tool_choice="sometimes", messages=[{"role": "critic"}]),
        _record("judgment", "log_10", evaluator_version_id="evv_9", judged_log_id="log_9", judgment="a"),
    ]
    await _load(api, [*_files(), *newer])
    log = await _get(api, "logs/log_9")
    assert (log["prompt"]["provider"], log["tool_choice"], log["messages"][0]["role"]) == ("new", "sometimes", "critic")
    assert log["evaluator_logs"][0]["evaluator"]["spec"]["evaluator_type"] == "jury"
