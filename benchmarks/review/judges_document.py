"""The judges of LLMBar as evaluation documents: one of their texts, and one of their votes as tool calls in flows.

No version has a name. Nobody recorded costs or steps, so these are made from the texts by fixed rules.
"""

import json
from collections.abc import Iterator
from typing import Any

from benchmarks.review.truth import DATA

from evals_mcp.models.evaluation_document import (
    AttachedEvaluator,
    DatapointRecord,
    EvaluationRecord,
    FileRecord,
    JudgmentRecord,
    LogRecord,
    Record,
    RunEvaluation,
    RunRecord,
    VersionRecord,
)

FOLDER = DATA / "llm-judges"
JUDGES, VOTES, PREFERENCES, WINS = "llmbar/judge", "llmbar/vote", "llmbar/preference", "llmbar/win"
VOTERS = {"GPT-4/Vanilla": "GPT-4", "ChatGPT/Vanilla": "ChatGPT", "PaLM2/Vanilla": "PaLM2", "Falcon/Vanilla": "Falcon"}
BROKEN, HALF = "LLaMA2", "PaLM2"  # all logs fail; only the output's costs are logged
PROMPT_COST, OUTPUT_COST, VOTED = 0.002, 0.001, 120
ORDERS = {"first": "order_1", "swapped": "order_2"}
WIN_JUDGES = ("GPT-4/Vanilla", "ChatGPT/Vanilla", "Falcon/Vanilla")
LABELLED = {"output_1": 4, "output_2": 40}  # people judged each fourth win of output_1, each fortieth of output_2


def read_lines(name: str) -> list[dict[str, Any]]:
    """The lines of a file of the folder."""
    with (FOLDER / name).open(encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def judges_document() -> Iterator[Record]:
    """All judges over all datapoints: a run each, judged by whether it agrees with people."""
    about = json.loads((FOLDER / "runs.json").read_text(encoding="utf-8"))
    points = read_lines("dataset.jsonl")
    yield from _files(
        JUDGES, points, {item["id"]: {"return_type": "boolean"} for item in about["evaluation"]["evaluators"]}
    )
    for run in about["runs"]:
        version = run["version"]
        yield VersionRecord(
            id=f"judge-{run['id']}",
            file_id=_id(JUDGES),
            content={"model": version["model"], "template": "Which output is better?", "attributes": version["config"]},
        )
        yield _run(JUDGES, run["id"], f"judge-{run['id']}", control=run["id"] == "gpt-4-vanilla")
        for line in read_lines(f"logs-{run['id']}.jsonl"):
            id = f"log_{run['id']}_{line['datapoint_id']}"
            yield LogRecord(
                id=id,
                version_id=f"judge-{run['id']}",
                run_ids=[f"{_id(JUDGES)}-{run['id']}"],
                source_datapoint_id=_point(JUDGES, line["datapoint_id"]),
                output=line["output"],
            )
            for name, given in line["judgments"].items():
                yield JudgmentRecord(
                    id=f"{id}-{name}",
                    evaluator_version_id=f"{_id(JUDGES)}-{name}-1",
                    judged_log_id=id,
                    judgment=given.get("judgment"),
                )


def votes_document() -> Iterator[Record]:
    """Votes on the first datapoints: a flow each, with a step that has the costs, and its vote as a tool call.

    People and judges choose an option without valence; `biased` is true, which is bad, if a swap changed the vote.
    """
    points = read_lines("dataset.jsonl")[:VOTED]
    options = {"return_type": "select", "options": [{"name": "output_1"}, {"name": "output_2"}]}
    valences = [{"name": "true", "valence": "negative"}, {"name": "false", "valence": "positive"}]
    evaluators = {"people": options, "vote": options, "biased": {"return_type": "boolean", "options": valences}}
    yield from _files(VOTES, points, evaluators, type="flow")
    yield FileRecord(id="step", type="prompt", path="llmbar/step")
    yield VersionRecord(id="step-1", file_id="step", content={"model": "gpt-4o"})
    votes = {line["id"]: line for line in read_lines("votes.jsonl")}
    for name, model in [*VOTERS.items(), ("LLaMA2/Vanilla", BROKEN)]:
        version_id = f"vote-{model}"
        yield VersionRecord(id=version_id, file_id=_id(VOTES), content={"attributes": {"judge": model}})
        yield _run(VOTES, model, version_id, control=model == "GPT-4")
        for point in points:
            yield from _vote(model, version_id, point, votes[point["id"]], votes[point["id"]][name])


def preferences_document() -> Iterator[Record]:
    """Which output people and all judges prefer: a run for each order of the outputs, an evaluator for each voter."""
    points, votes = read_lines("dataset.jsonl"), read_lines("votes.jsonl")
    judges = [name for name in votes[0] if "/" in name]
    options = {"return_type": "select", "options": [{"name": "output_1"}, {"name": "output_2"}]}
    kinds = {"people": "human"} | {evaluator_name(name): "llm" for name in judges}
    evaluators = {name: {**options, "evaluator_type": kind} for name, kind in kinds.items()}
    yield from _files(PREFERENCES, points, evaluators, type="flow", metadata=True)
    for order, key in ORDERS.items():
        yield _named_version(PREFERENCES, order, {"attributes": {"order": order}})
        yield _run(PREFERENCES, order, f"{_id(PREFERENCES)}-{order}", control=order == "first")
        for point, line in zip(points, votes, strict=True):
            id = f"log_{order}_{point['id']}"
            yield _log(PREFERENCES, id, order, point, f"{point['inputs']['output_1']} | {point['inputs']['output_2']}")
            yield _judgment(PREFERENCES, id, "people", line["human"])
            for name in judges:
                yield _judgment(PREFERENCES, id, evaluator_name(name), line[name][key])


def wins_document() -> Iterator[Record]:
    """Whether an output wins against the other, by judges on all datapoints and by people on some."""
    points, votes = read_lines("dataset.jsonl"), read_lines("votes.jsonl")
    kinds = {"people": "human"} | {evaluator_name(name): "llm" for name in WIN_JUDGES}
    yield from _files(
        WINS, points, {name: {"return_type": "boolean", "evaluator_type": kind} for name, kind in kinds.items()}
    )
    for output, order in (("output_1", "order_1"), ("output_2", "order_2")):
        yield _named_version(WINS, output, {"model": "gpt-4o", "attributes": {"takes": output}})
        yield _run(WINS, output, f"{_id(WINS)}-{output}", control=output == "output_1")
        for index, (point, line) in enumerate(zip(points, votes, strict=True)):
            id = f"log_{output}_{point['id']}"
            yield _log(WINS, id, output, point, point["inputs"][output])
            if index % LABELLED[output] == 0:
                yield _judgment(WINS, id, "people", line["human"] == output)
            for name in WIN_JUDGES:
                yield _judgment(WINS, id, evaluator_name(name), line[name][order] == output)


def evaluator_name(judge: str) -> str:
    """The evaluator of a judge, such as `gpt-4-vanilla`."""
    return judge.lower().replace("/", "-").replace("_", "-")


def _named_version(path: str, name: str, content: dict[str, Any]) -> Record:
    return VersionRecord(id=f"{_id(path)}-{name}", file_id=_id(path), name=name, content=content)


def _log(path: str, id: str, run: str, point: dict[str, Any], output: str) -> Record:
    return LogRecord(
        id=id,
        version_id=f"{_id(path)}-{run}",
        run_ids=[f"{_id(path)}-{run}"],
        source_datapoint_id=_point(path, point["id"]),
        output=output,
    )


def _judgment(path: str, log: str, evaluator: str, judgment: Any) -> Record:
    return JudgmentRecord(
        id=f"{log}-{evaluator}",
        evaluator_version_id=f"{_id(path)}-{evaluator}-1",
        judged_log_id=log,
        judgment=judgment,
    )


def _vote(
    model: str, version_id: str, point: dict[str, Any], votes: dict[str, Any], vote: dict[str, Any]
) -> Iterator[Record]:
    id = f"log_{model}_{point['id']}"
    call = {
        "id": "c1",
        "type": "function",
        "function": {"name": "cast_vote", "arguments": json.dumps({"winner": vote["order_1"]})},
    }
    failed = model == BROKEN
    yield LogRecord.model_validate(
        {
            "id": id,
            "version_id": version_id,
            "run_ids": [f"{_id(VOTES)}-{model}"],
            "source_datapoint_id": _point(VOTES, point["id"]),
            "output_message": None if failed else {"role": "assistant", "tool_calls": [call]},
            "error": f"LLaMA2 gave no vote on {point['id']}" if failed else None,
            "metadata": {"ticket": f"ticket-{model}-{point['id']}"},
        }
    )
    if failed:
        return
    yield LogRecord(
        id=f"{id}_step",
        version_id="step-1",
        trace_parent_id=id,
        inputs={"swapped": f"swapped vote of {model} on {point['id']}"},
        output=str(vote["order_2"]),
        prompt_tokens=10,
        output_tokens=5,
        prompt_cost=None if model == HALF else PROMPT_COST,
        output_cost=OUTPUT_COST * (2 if model == "Falcon" else 1),
    )
    given = {
        "people": (votes["human"], f"People preferred {votes['human']} of {point['id']}."),
        "vote": (vote["order_1"], None),
        "biased": (None if None in vote.values() else vote["order_1"] != vote["order_2"], None),
    }
    for evaluator, (judgment, explanation) in given.items():
        yield JudgmentRecord(
            id=f"{id}-{evaluator}",
            evaluator_version_id=f"{_id(VOTES)}-{evaluator}-1",
            judged_log_id=id,
            judgment=judgment,
            output=explanation,
        )


def _files(
    path: str,
    points: list[dict[str, Any]],
    evaluators: dict[str, dict[str, Any]],
    type: Any = "prompt",
    *,
    metadata: bool = False,
) -> Iterator[Record]:
    """The file, the dataset, the evaluators and the evaluation."""
    yield FileRecord(id=_id(path), type=type, path=path)
    yield FileRecord(id=f"{_id(path)}-data", type="dataset", path=f"{path} data")
    for point in points:
        yield DatapointRecord(
            id=_point(path, point["id"]),
            dataset_id=f"{_id(path)}-data",
            inputs={**point["inputs"], "row": point["id"]},
            target=point["target"],
            metadata=point["metadata"] if metadata else None,
        )
    yield VersionRecord(
        id=f"{_id(path)}-data-1",
        file_id=f"{_id(path)}-data",
        datapoint_ids=[_point(path, point["id"]) for point in points],
    )
    for name, spec in evaluators.items():
        yield FileRecord(id=f"{_id(path)}-{name}", type="evaluator", path=f"{path} evaluators/{name}")
        whole = {"evaluator_type": "external", "arguments_type": "target_free", **spec}
        yield VersionRecord(id=f"{_id(path)}-{name}-1", file_id=f"{_id(path)}-{name}", content={"spec": whole})
    attached = [AttachedEvaluator(version_id=f"{_id(path)}-{name}-1") for name in evaluators]
    yield EvaluationRecord(id=f"{_id(path)}-evaluation", name=path, file_id=_id(path), evaluators=attached)


def _run(path: str, name: str, version_id: str, *, control: bool) -> Record:
    belongs = RunEvaluation(evaluation_id=f"{_id(path)}-evaluation", control=control)
    return RunRecord(
        id=f"{_id(path)}-{name}", evaluations=[belongs], version_id=version_id, dataset_version_id=f"{_id(path)}-data-1"
    )


def _point(path: str, name: str) -> str:
    return f"dp_{path.rpartition('/')[2]}_{name}"


def _id(path: str) -> str:
    return path.replace("/", "-")
