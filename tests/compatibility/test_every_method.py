"""Every method of every client of the SDK, called as a user calls it, by the sync client and by the async one."""

import inspect
import warnings
from collections.abc import Generator
from typing import Any

import pytest
from tests.compatibility.test_files import KINDS, Kind
from tests.compatibility.test_methods import methods

pytestmark = pytest.mark.anyio

Record = dict[str, Any]
Call = tuple[str, Record]
Session = Generator[Call, Any, Any]

REFUSED = {
    "prompts.call",
    "prompts.call_stream",
    "agents.call",
    "agents.call_stream",
    "agents.continue_call",
    "agents.continue_call_stream",
    "tools.call",
}
"""Methods that need a model or code to run: the server answers 400."""


def _session(folder: str) -> Session:
    """The calls, each by `group.method` with its arguments; an answer is sent back in."""
    files: Record = {}
    for kind in KINDS:
        files[kind.name] = yield from _files(kind, folder, files)
    logs = yield from _logs(files)
    yield from _datasets_and_tools(files)
    yield from _evaluations(files, logs)
    yield from _directories(folder)
    yield from _calls(files)
    yield "logs.delete", {"id": list(logs.values())}
    for kind in KINDS:
        yield from _ends(kind, files[kind.name])


def _files(kind: Kind, folder: str, made: Record) -> Session:
    group = f"{kind.name}s"
    first = yield f"{group}.upsert", {"path": f"{folder}/{kind.name}", **kind.first}
    again = yield f"{group}.upsert", {"id": first.id, **kind.first}
    assert again.version_id == first.version_id
    second = yield f"{group}.upsert", {"id": first.id, **kind.second}
    assert second.version_id != first.version_id
    got = yield f"{group}.get", {"id": first.id}
    assert got.version_id == first.version_id
    listed = yield f"{group}.list", {"name": kind.name, "user_filter": "me", "sort_by": "name", "order": "asc"}
    assert first.id in [item.id for item in listed]
    versions = yield f"{group}.list_versions", {"id": first.id}
    assert [item.version_id for item in versions.records] == [second.version_id, first.version_id]
    named = {"id": first.id, "version_id": second.version_id, "name": "second", "description": "said"}
    renamed = yield f"{group}.{kind.update_version}", named
    assert (renamed.version_name, renamed.version_description) == ("second", "said")
    environments = yield f"{group}.list_environments", {"id": first.id}
    staging = next(item for item in environments if item.name == "staging")
    place = {"id": first.id, "environment_id": staging.id}
    yield f"{group}.set_deployment", {**place, "version_id": second.version_id}
    deployed = yield f"{group}.get", {"id": first.id, "environment": "staging"}
    assert deployed.version_id == second.version_id
    yield f"{group}.remove_deployment", place
    yield f"{group}.{kind.delete_version}", {"id": first.id, "version_id": second.version_id}
    moved = yield f"{group}.move", {"id": first.id, "path": f"{folder}/moved {kind.name}"}
    assert moved.path == f"{folder}/moved {kind.name}"
    found = yield "files.retrieve_by_path", {"path": moved.path}
    assert (found.id, found.type) == (first.id, kind.name)
    return moved


def _logs(files: Record) -> Session:
    """A log of each type in a trace, and a judgment."""
    evaluator = files["evaluator"]
    flow = {"path": files["flow"].path, "inputs": {"q": "why"}, "log_status": "incomplete"}
    root = yield "flows.log", flow
    logs: Record = {"flow": root.id}
    for kind, update in (("prompt", "update_log"), ("tool", "update"), ("agent", "update_log")):
        log = yield f"{kind}s.log", {"path": files[kind].path, "output": "so", "trace_parent_id": root.id}
        yield f"{kind}s.{update}", {"id": files[kind].id, "log_id": log.id, "output": "changed"}
        logs[kind] = log.id
    judged = yield "evaluators.log", {"parent_id": root.id, "path": evaluator.path, "judgment": True}
    logs["judgment"] = judged.id
    yield "flows.update_log", {"log_id": root.id, "output": "because", "log_status": "complete"}
    whole = yield "logs.get", {"id": root.id}
    assert sorted(child["output"] for child in whole["trace_children"]) == ["changed"] * 3
    listed = yield "logs.list", {"file_id": files["flow"].id, "include_trace_children": True}
    assert [item.id for item in listed] == [root.id]
    monitored = {"activate": [{"evaluator_version_id": evaluator.version_id}]}
    for kind in ("prompt", "flow", "tool", "agent", "evaluator"):
        shown = yield f"{kind}s.update_monitoring", {"id": files[kind].id, **monitored}
        assert [item.state for item in shown.evaluators] == ["active"]
        yield (
            f"{kind}s.update_monitoring",
            {"id": files[kind].id, "deactivate": [{"evaluator_version_id": evaluator.version_id}]},
        )
    return logs


def _datasets_and_tools(files: Record) -> Session:
    dataset, tool = files["dataset"], files["tool"]
    rows = ("rows.csv", b"q,target\nhow,so\nwhen,now\n", "text/csv")
    extended = yield "datasets.upload_csv", {"id": dataset.id, "file": rows}
    points = yield "datasets.list_datapoints", {"id": dataset.id, "version_id": extended.version_id}
    assert len(points) == extended.datapoints_count == dataset.datapoints_count + 2
    yield "tools.add_environment_variable", {"id": tool.id, "request": [{"name": "PLACE", "value": "here"}]}
    variables = yield "tools.get_environment_variables", {"id": tool.id}
    assert [(item.name, item.value) for item in variables] == [("PLACE", "here")]
    left = yield "tools.delete_environment_variable", {"id": tool.id, "name": "PLACE"}
    assert left == []
    for kind in ("prompt", "agent"):
        text = yield f"{kind}s.serialize", {"id": files[kind].id}
        kernel = yield f"{kind}s.deserialize", {kind: text}
        assert kernel.model == files[kind].model
    filled = yield "prompts.populate", {"id": files["prompt"].id, "request": {"word": "hello"}}
    assert filled.populated_template == "Say hello"


def _evaluations(files: Record, logs: Record) -> Session:
    evaluator = {"path": files["evaluator"].path, "orchestrated": False}
    body = {"file": {"id": files["flow"].id}, "evaluators": []}
    one = yield "evaluations.create", {**body, "name": "one"}
    two = yield "evaluations.create", {**body, "name": "two"}
    attached = yield "evaluations.add_evaluators", {"id": one.id, "evaluators": [evaluator]}
    assert [item.version.version_id for item in attached.evaluators] == [files["evaluator"].version_id]
    references = {name: {"version_id": files[name].version_id} for name in ("dataset", "flow")}
    versions = {"dataset": references["dataset"], "version": references["flow"]}
    run = yield "evaluations.create_run", {"id": one.id, "orchestrated": False, **versions}
    in_run = {"id": one.id, "run_id": run.id}
    controlled = yield "evaluations.update_evaluation_run", {**in_run, "control": True}
    assert controlled.control
    yield "evaluations.add_logs_to_run", {**in_run, "log_ids": [logs["flow"]]}
    yield "evaluations.add_existing_run", {"id": two.id, "run_id": run.id}
    stats = yield "evaluations.get_stats", {"id": one.id}
    assert [item.num_true for item in stats.run_stats[0].evaluator_stats] == [1]
    logged = yield "evaluations.get_logs", {"id": one.id, "run_id": [run.id]}
    assert [item.log.id for item in logged.records] == [logs["flow"]]
    closed = yield "evaluations.update_evaluation_run", {**in_run, "status": "completed"}
    assert closed.status == "completed"
    yield "evaluations.remove_run", in_run
    left = yield "evaluations.list_runs_for_evaluation", {"id": one.id}
    kept = yield "evaluations.list_runs_for_evaluation", {"id": two.id}
    assert ([item.id for item in left.runs], [item.id for item in kept.runs]) == ([], [run.id])
    detached = {"id": one.id, "evaluator_version_id": files["evaluator"].version_id}
    without = yield "evaluations.remove_evaluator", detached
    assert without.evaluators == []
    got = yield "evaluations.get", {"id": one.id}
    listed = yield "evaluations.list", {"file_id": files["flow"].id}
    assert (got.name, [item.id for item in listed]) == ("one", [two.id, one.id])
    yield "evaluations.delete", {"id": one.id}


def _directories(folder: str) -> Session:
    made = yield "directories.create", {"path": f"{folder}/empty"}
    renamed = yield "directories.update", {"id": made.id, "name": "still empty"}
    assert renamed.path == f"{folder}/still empty"
    got = yield "directories.get", {"id": made.id}
    assert [item.path for item in got.parents][-1] == folder
    everything = yield "directories.list", {}
    assert made.id in [item.id for item in everything]
    yield "directories.delete", {"id": made.id}
    listed = yield "files.list_files", {"path": folder, "type": ["flow", "dataset"]}
    assert {item.type for item in listed.records} == {"flow", "dataset"}


def _calls(files: Record) -> Session:
    """What is refused, each by its 400."""
    for name in sorted(REFUSED):
        arguments: Record = {"path": files[name.split("s.")[0]].path}
        if "continue" in name:
            arguments = {"log_id": "none", "messages": []}
        status = yield name, arguments
        assert status == 400, name


def _ends(kind: Kind, file: Any) -> Session:
    yield f"{kind.name}s.delete", {"id": file.id}
    left = yield f"{kind.name}s.list", {"size": 50}
    assert file.id not in [item.id for item in left]


def test_every_method_does_its_work(client: Any, sdk: Any, folder: str) -> None:
    """None of the SDK's methods is left out here."""
    called = set()
    session = _session(folder)
    answer = None
    while (call := _next(session, answer)) is not None:
        name, arguments = call
        called.add(name)
        group, method = name.split(".")
        try:
            answer = getattr(getattr(client, group), method)(**arguments)
            answer = list(answer) if _is_stream(answer) else answer
        except (sdk.core.ApiError, sdk.error.HumanloopRuntimeError) as error:
            answer = _status(error, name)
    assert called == {name for name, _ in methods(client)}


async def test_every_method_of_the_async_client_does_its_work(sdk: Any, server: str, folder: str) -> None:
    """As of the sync client."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        client = sdk.AsyncHumanloop(api_key="any key", base_url=f"{server}/v5")
    called = set()
    session = _session(folder)
    answer = None
    while (call := _next(session, answer)) is not None:
        name, arguments = call
        called.add(name)
        group, method = name.split(".")
        try:
            answer = getattr(getattr(client, group), method)(**arguments)
            answer = await answer if inspect.isawaitable(answer) else answer
            answer = [item async for item in answer] if _is_stream(answer) else answer
        except sdk.core.ApiError as error:
            answer = _status(error, name)
    await client._client_wrapper.httpx_client.httpx_client.aclose()
    assert called == {name for name, _ in methods(client)}


def _next(session: Session, answer: Any) -> Call | None:
    try:
        return session.send(answer)
    except StopIteration:
        return None


def _is_stream(answer: Any) -> bool:
    """Whether an answer is a pager or a stream, to be read to its end."""
    return hasattr(answer, "__anext__") or hasattr(answer, "__next__") or hasattr(answer, "get_next")


def _status(error: Any, name: str) -> Any:
    """The status of a refusal that is expected; any other error is raised."""
    failure = error.__cause__ or error
    if name not in REFUSED:
        raise error
    return failure.status_code
