"""A user's program for v4, with SDK 0.7.35: set up a project, evaluate, log, give feedback. Prints what it saw as JSON.

`python v4_sdk.py URL FOLDER`, with the package `humanloop` 0.7.35 on the path.
"""

import json
import sys
from typing import Any

import humanloop

URL, FOLDER = sys.argv[1:]
SDK: Any = humanloop
CLIENT = SDK.Humanloop(api_key="any key", host=f"{URL}/v4")


def set_up() -> tuple[str, str, str, str]:
    """The ids of a project, a config, a dataset and an evaluator."""
    project = CLIENT.projects.create(name=f"{FOLDER} bot")
    config = CLIENT.model_configs.register(
        project=f"{FOLDER} bot",
        model="gpt-4",
        prompt_template="Answer: {{question}}",
        temperature=0.7,
        max_tokens=-1,
        name="first",
    )
    dataset = CLIENT.datasets.create(project_id=project.id, name=f"{FOLDER} questions", description="Three questions")
    CLIENT.datasets.create_datapoint(
        dataset_id=dataset.id,
        body=[{"inputs": {"question": f"q{number}"}, "target": {"answer": f"a{number}"}} for number in range(3)],
    )
    evaluator = CLIENT.evaluators.create(
        name=f"{FOLDER} exact",
        description="Whether the answer is right",
        arguments_type="target_required",
        return_type="boolean",
        type="external",
    )
    return project.id, config.config.id, dataset.id, evaluator.id


def evaluate(project_id: str, config_id: str, dataset_id: str, evaluator_id: str) -> dict[str, object]:
    """Log an output and a result for each datapoint of an evaluation."""
    evaluation = CLIENT.evaluations.create(
        project_id=project_id,
        config_id=config_id,
        evaluator_ids=[evaluator_id],
        dataset_id=dataset_id,
        hl_generated=False,
    )
    CLIENT.evaluations.update_status(id=evaluation.id, status="running")
    for snapshot in CLIENT.evaluations.list_datapoints(id=evaluation.id, size=50).records:
        log = CLIENT.evaluations.log(
            evaluation_id=evaluation.id,
            datapoint_id=snapshot.datapoint.id,
            log={"inputs": snapshot.datapoint.inputs, "output": "a1"},
        )
        CLIENT.evaluations.result(
            evaluation_id=evaluation.id,
            log_id=log.id,
            evaluator_id=evaluator_id,
            result=snapshot.datapoint.target["answer"] == "a1",
        )
    CLIENT.evaluations.update_status(id=evaluation.id, status="completed")
    read = CLIENT.evaluations.get(id=evaluation.id, evaluator_aggregates=True)
    return {"status": str(read.status), "mean": round(float(read.evaluator_aggregates[0].aggregate_value), 3)}


def log(project_id: str, config_id: str) -> dict[str, object]:
    """Log outside of evaluations, in the ways that guides show, and read it back."""
    one = CLIENT.log(project=f"{FOLDER} bot", config_id=config_id, inputs={"question": "x"}, output="y", duration=1.5)
    session = CLIENT.sessions.create()
    other = CLIENT.log(
        project=f"{FOLDER} other",
        config={"model": "gpt-3.5-turbo", "prompt_template": "Say {{x}}", "type": "model"},
        session_id=session.id,
        inputs={"x": "1"},
        output="1",
    )
    CLIENT.feedback(data_id=one.id, type="rating", value="good", user="anna")
    read = CLIENT.logs.get(id=one.id)
    updated = CLIENT.logs.update(id=one.id, output="z")
    return {
        "same project": str(one.project_id) == project_id,
        "session": str(other.session_id) == str(session.id),
        "feedback": [[str(item.type), str(item.value)] for item in read.feedback],
        "outputs": [str(read.output), str(updated.output)],
        "listed": [str(item.output) for item in CLIENT.logs.list(project_id=str(other.project_id)).records],
    }


def read_back(project_id: str, config_id: str, dataset_id: str, evaluator_id: str) -> dict[str, object]:
    """What the lists say."""
    (config,) = CLIENT.projects.list_configs(id=project_id)
    found = {
        "projects": [str(project.name) for project in CLIENT.projects.list(filter=FOLDER).records],
        "config": [str(config.config.model), str(config.config.prompt_template), float(config.config.temperature)],
        "datasets": [int(item.datapoint_count) for item in CLIENT.datasets.list_all_for_project(project_id=project_id)],
        "evaluators": evaluator_id in [str(item.id) for item in CLIENT.evaluators.list()],
    }
    try:
        CLIENT.complete_deployed(project=f"{FOLDER} bot", inputs={"question": "x"})
    except Exception as error:
        found["complete_deployed"] = [error.status, "calls no model" in str(error.body)]  # type: ignore[attr-defined]
    return found


IDS = set_up()
SEEN = {"evaluation": evaluate(*IDS), "logs": log(*IDS[:2]), "lists": read_back(*IDS)}
sys.stdout.write(json.dumps(SEEN))
