"""A user's program that any SDK for v5 must run: log a trace, evaluate, read back. Prints what it saw as JSON.

`python any_sdk.py URL FOLDER`, with one version of the package `humanloop` on the path.
"""

import importlib
import inspect
import json
import sys
import time
import types
import warnings
from typing import Any

warnings.simplefilter("ignore")

import humanloop  # noqa: E402

URL, FOLDER = sys.argv[1:]
CLIENT: Any = humanloop.Humanloop(api_key="any key", base_url=f"{URL}/v5")
DATAPOINTS = [
    {"inputs": {"word": "a"}, "target": {"output": "A"}},
    {"inputs": {"word": "b"}, "target": {"output": "C"}},
]


def poll_faster() -> None:
    """Let `evaluations.run` look again after a 20th of a second where it would wait for 2 or 5 seconds."""
    polls = iter(range(400))

    def sleep(seconds: float) -> None:
        if next(polls, None) is None:
            raise RuntimeError("the SDK would poll for ever")
        time.sleep(min(seconds, 0.05))

    for name in ("humanloop.evals.run", "humanloop.eval_utils.run"):
        try:
            module = importlib.import_module(name)
        except ModuleNotFoundError:
            continue
        module.time = types.SimpleNamespace(time=time.time, sleep=sleep)  # type: ignore[attr-defined]


def is_target(log: dict[str, Any], datapoint: dict[str, Any]) -> bool:
    """Whether the output is the expected one."""
    return bool(log["output"] == datapoint["target"]["output"])


def length(log: dict[str, Any]) -> float:
    """The number of characters of the output."""
    return float(len(log["output"]))


def abstain(log: dict[str, Any]) -> None:
    """Judge nothing, so that there is no mean."""


def log_a_trace() -> list[str]:
    """The logging quickstart: a flow without a status, a step in it, and the flow is closed at the end."""
    flow = CLIENT.flows.log(path=f"{FOLDER}/quickstart", flow={"attributes": {}}, inputs={"question": "Why?"})
    CLIENT.prompts.log(
        path=f"{FOLDER}/step",
        prompt={"model": "gpt-4o", "template": [{"role": "user", "content": "{{question}}"}]},
        inputs={"question": "Why?"},
        output="Because.",
        trace_parent_id=flow.id,
    )
    takes = inspect.signature(CLIENT.flows.update_log).parameters
    status = "log_status" if "log_status" in takes else "trace_status"
    closed = CLIENT.flows.update_log(log_id=flow.id, output="Because.", **{status: "complete"})
    return [type(closed).__name__, str(closed.output), str(getattr(closed, status))]


def evaluate(name: str, file: dict[str, Any]) -> list[bool]:
    """Whether local evaluators reach their thresholds in a new run of the evaluation with this name."""
    checks = CLIENT.evaluations.run(
        file=file,
        name=name,
        dataset={"path": f"{FOLDER}/dataset", "datapoints": DATAPOINTS},
        evaluators=[
            {
                "path": f"{FOLDER}/is target",
                "callable": is_target,
                "return_type": "boolean",
                "args_type": "target_required",
                "threshold": 0.4,
            },
            {"path": f"{FOLDER}/length", "callable": length, "return_type": "number", "args_type": "target_free"},
            {
                "path": f"{FOLDER}/abstains",
                "callable": abstain,
                "return_type": "number",
                "args_type": "target_free",
                "threshold": 0.5,
            },
        ],
    )
    return [check.threshold_check for check in checks if check.threshold is not None]


def flow_that_logs(word: str) -> str:
    """A callable that logs to the evaluated flow itself, without a status."""
    CLIENT.flows.log(
        path=f"{FOLDER}/logs itself", flow={"attributes": {"v": 1}}, inputs={"word": word}, output=word.upper()
    )
    return word.upper()


def shout(word: str) -> str:
    """What the plain files do."""
    return word.upper()


@CLIENT.flow(path=f"{FOLDER}/decorated", attributes={"v": 1})
def decorated(word: str) -> str:
    """A decorated flow."""
    return word.upper()


def evaluate_files() -> dict[str, list[bool]]:
    """Each kind of file that can be evaluated in this process; the plain flow twice, so that there is a difference."""
    plain = {"path": f"{FOLDER}/flow", "type": "flow", "version": {"attributes": {"v": 1}}, "callable": shout}
    prompt = {"path": f"{FOLDER}/prompt", "type": "prompt", "version": {"model": "gpt-4o"}, "callable": shout}
    logs = {"path": f"{FOLDER}/logs itself", "type": "flow", "version": {"attributes": {"v": 1}}}
    return {
        "plain": evaluate("first", dict(plain)) + evaluate("first", dict(plain)),
        "prompt": evaluate("first", prompt),
        "logs itself": evaluate("first", {**logs, "callable": flow_that_logs}),
        "decorated": evaluate("first", {"path": f"{FOLDER}/decorated", "type": "flow", "callable": decorated}),
    }


def names_of_types() -> dict[str, object]:
    """The classes that the SDK makes of the members of its unions."""
    CLIENT.tools.upsert(path=f"{FOLDER}/tool", function={"name": "f", "description": "d"})
    files = (getattr(CLIENT.files, "list_files", None) or CLIENT.files.list)(size=100).records
    mine = [file for file in files if file.path.startswith(f"{FOLDER}/")]
    flow = next(file for file in mine if file.path.endswith("/flow"))
    (evaluation,) = CLIENT.evaluations.list(file_id=flow.id)
    runs = CLIENT.evaluations.list_runs_for_evaluation(id=evaluation.id).runs
    stats = CLIENT.evaluations.get_stats(id=evaluation.id).run_stats[0].evaluator_stats
    logs = CLIENT.evaluations.get_logs(id=evaluation.id).records
    return {
        "files": {file.path.removeprefix(f"{FOLDER}/"): type(file).__name__ for file in mine},
        "versions": sorted({type(run.version).__name__ for run in runs}),
        "stats": [type(item).__name__ for item in stats],
        "logs": sorted({type(item.log).__name__ for item in logs}),
        "judgments": sorted({type(item).__name__ for log in logs for item in log.evaluator_logs}),
        "specs": sorted(
            {type(item.version.spec).__name__ for item in evaluation.evaluators}
            | {type(file.spec).__name__ for file in mine if hasattr(file, "spec")}
        ),
    }


def commit() -> str | None:
    """Commit a version, in SDKs that have commits."""
    if not hasattr(CLIENT.prompts, "commit"):
        return None
    prompt = CLIENT.prompts.upsert(path=f"{FOLDER}/committed", model="gpt-4o", commit_message="first")
    committed = CLIENT.prompts.commit(id=prompt.id, version_id=prompt.version_id, commit_message="again")
    return str(committed.status) if committed.version_id == prompt.version_id else "another version"


poll_faster()
SEEN = {"trace": log_a_trace(), "checks": evaluate_files(), "commit": commit(), "types": names_of_types()}
sys.stdout.write(json.dumps(SEEN))
