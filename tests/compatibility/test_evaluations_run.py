"""`evaluations.run` as its users call it: what is posted, what is read back, and that it always ends."""

from collections.abc import Sequence
from typing import Any

import pytest

Record = dict[str, Any]
TWO = [
    {"inputs": {"word": "a"}, "target": {"output": "A"}},
    {"inputs": {"word": "b"}, "target": {"output": "C"}},
]


def shout(word: str) -> str:
    """The flow that most tests evaluate."""
    return word.upper()


def fail(word: str) -> str:
    """A callable that always raises."""
    raise ValueError(f"cannot say {word}")


def is_target(log: Record, datapoint: Record) -> bool:
    """Whether the output is the expected one."""
    return bool(log["output"] == datapoint["target"]["output"])


def is_short(log: Record, datapoint: Record) -> bool:
    """Another source for the evaluator at the same path."""
    return len(log["output"]) == 1


def length(log: Record) -> float:
    """The number of characters of the output."""
    return float(len(log["output"]))


def abstain(log: Record) -> None:
    """Judge nothing."""


def raise_error(log: Record) -> bool:
    """Fail to judge."""
    raise RuntimeError("no opinion")


def leading_letter(log: Record) -> str:
    """The first letter, as an option."""
    return str(log["output"])[0]


def letters(log: Record) -> list[str]:
    """Every letter, as options."""
    return sorted(set(log["output"]))


def not_a_number(log: Record) -> str:
    """A judgment that the evaluator's return type does not allow."""
    return "many"


def evaluator(path: str, function: Any, return_type: str, args_type: str = "target_free", **more: Any) -> Record:
    """An evaluator that runs in this process."""
    return {"path": path, "callable": function, "return_type": return_type, "args_type": args_type, **more}


def evaluate(
    client: Any,
    folder: str,
    evaluators: Sequence[Record] = (),
    *,
    name: str | None = "first",
    file: Record | None = None,
    dataset: Record | None = None,
    workers: int = 4,
) -> Any:
    """Run an evaluation of the flow `shout` over two datapoints, but for what is given."""
    flow = {"path": f"{folder}/flow", "type": "flow", "version": {"attributes": {"v": 1}}, "callable": shout}
    data = {"path": f"{folder}/data", "datapoints": TWO}
    return client.evaluations.run(
        name=name, file=file or flow, dataset=dataset or data, evaluators=list(evaluators), workers=workers
    )


def evaluations_of(client: Any, folder: str, name: str = "flow") -> list[Any]:
    """The evaluations of a file, newest first."""
    file = client.files.retrieve_by_path(path=f"{folder}/{name}")
    return list(client.evaluations.list(file_id=file.id))


def stats_of(client: Any, folder: str, name: str = "flow") -> Any:
    """The statistics of a file's newest evaluation."""
    return client.evaluations.get_stats(id=evaluations_of(client, folder, name)[0].id)


def logs_of(client: Any, folder: str, name: str = "flow") -> list[Any]:
    """The logs of a file's newest evaluation, with their judgments."""
    evaluation = evaluations_of(client, folder, name)[0]
    return list(client.evaluations.get_logs(id=evaluation.id, size=1000).records)


def test_a_new_flow_over_a_new_dataset_is_judged_here(
    client: Any, sdk: Any, folder: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Booleans and numbers arrive, thresholds are checked on them, and the report is printed."""
    checks = evaluate(
        client,
        folder,
        [
            evaluator(f"{folder}/exact", is_target, "boolean", "target_required", threshold=0.5),
            evaluator(f"{folder}/length", length, "number", threshold=1.5),
        ],
    )
    assert [(check.path, check.threshold_check) for check in checks] == [
        (f"{folder}/exact", True),
        (f"{folder}/length", False),
    ]
    stats = stats_of(client, folder)
    (run,) = stats.run_stats
    exact, characters = run.evaluator_stats
    assert (stats.status, run.status, run.num_logs) == ("completed", "completed", 2)
    assert isinstance(exact, sdk.BooleanEvaluatorStatsResponse)
    assert (exact.total_logs, exact.num_true, exact.num_false, exact.num_errors) == (2, 1, 1, 0)
    assert isinstance(characters, sdk.NumericEvaluatorStatsResponse)
    assert (characters.mean, characters.sum, characters.std) == (1, 2, 0)
    report = capsys.readouterr().err
    assert f"Results of {folder}/flow" in report
    assert run.run_id in report


def test_the_same_name_again_is_a_second_run_of_the_same_evaluation(client: Any, folder: str) -> None:
    """The newest run comes first, and changes are from the run before it."""
    exact = [evaluator(f"{folder}/exact", is_target, "boolean", "target_required")]
    evaluate(client, folder, exact)
    flow = {"path": f"{folder}/flow", "type": "flow", "version": {"attributes": {"v": 2}}, "callable": str}
    better = {**flow, "callable": lambda word: {"a": "A", "b": "C"}[word]}
    (check,) = evaluate(client, folder, exact, file=better)
    assert (check.score, check.delta) == (1, 0.5)
    (evaluation,) = evaluations_of(client, folder)
    assert evaluation.runs_count == 2
    runs = client.evaluations.list_runs_for_evaluation(id=evaluation.id).runs
    stats = client.evaluations.get_stats(id=evaluation.id)
    assert [run.version.attributes["v"] for run in runs] == [2, 1]
    assert [run.run_id for run in stats.run_stats] == [run.id for run in runs]
    assert [run.evaluator_stats[0].num_true for run in stats.run_stats] == [2, 1]


def test_a_changed_evaluator_counts_for_the_one_attached(client: Any, folder: str) -> None:
    """Its new source is a new version, which the evaluation does not have; the run is completed all the same."""
    evaluate(client, folder, [evaluator(f"{folder}/exact", is_target, "boolean", "target_required")])
    (check,) = evaluate(client, folder, [evaluator(f"{folder}/exact", is_short, "boolean", "target_required")])
    assert (check.score, check.delta) == (1, 0.5)
    assert [run.evaluator_stats[0].num_true for run in stats_of(client, folder).run_stats] == [2, 1]
    file = client.files.retrieve_by_path(path=f"{folder}/exact")
    assert len(client.evaluators.list_versions(id=file.id).records) == 2


def test_a_file_and_a_dataset_that_exist_are_named_by_path_or_id(client: Any, folder: str) -> None:
    """The default version is evaluated, and a dataset without datapoints is not changed."""
    evaluate(client, folder)
    flow = client.files.retrieve_by_path(path=f"{folder}/flow")
    data = client.files.retrieve_by_path(path=f"{folder}/data")
    by_path = {"path": f"{folder}/flow", "type": "flow", "callable": shout}
    by_id = {"id": flow.id, "type": "flow", "callable": shout}
    evaluate(client, folder, file=by_path, dataset={"path": f"{folder}/data"}, name="second")
    evaluate(client, folder, file=by_id, dataset={"id": data.id}, name="third")
    for evaluation in evaluations_of(client, folder):
        (run,) = client.evaluations.list_runs_for_evaluation(id=evaluation.id).runs
        assert run.version.version_id == flow.version_id
        assert run.dataset.version_id == data.version_id
        assert client.evaluations.get_stats(id=evaluation.id).run_stats[0].num_logs == 2
    assert len(client.datasets.list_versions(id=data.id).records) == 1


def test_a_prompt_is_called_here(client: Any, sdk: Any, folder: str) -> None:
    """Its logs are of the prompt's version, and carry inputs and output."""
    version = {"model": "gpt-4o", "template": [{"role": "user", "content": "{{word}}"}], "temperature": 0.5}
    file = {"path": f"{folder}/prompt", "type": "prompt", "version": version, "callable": shout}
    evaluate(client, folder, [evaluator(f"{folder}/length", length, "number")], file=file)
    (first, second) = logs_of(client, folder, "prompt")
    assert isinstance(first.log, sdk.PromptLogResponse)
    assert first.log.prompt.temperature == 0.5
    assert {item.log.inputs["word"]: item.log.output for item in (first, second)} == {"a": "A", "b": "B"}
    assert {item.datapoint.inputs["word"] for item in (first, second)} == {"a", "b"}
    assert [judgment.judgment for item in (first, second) for judgment in item.evaluator_logs] == [1, 1]
    assert isinstance(first.evaluator_logs[0], sdk.EvaluatorLogResponse)


def test_a_tool_cannot_be_called_here(client: Any, folder: str) -> None:
    """The SDK refuses it after it made the run, and cancels that."""
    tool = {"function": {"name": "shout", "description": "Say it louder."}}
    file = {"path": f"{folder}/tool", "type": "tool", "version": tool, "callable": shout}
    assert evaluate(client, folder, file=file) == []
    assert stats_of(client, folder, "tool").run_stats[0].status == "cancelled"


@pytest.mark.parametrize(
    ("kind", "version"),
    [
        ("prompt", {"model": "gpt-4o"}),
        ("tool", {"function": {"name": "shout", "description": "Say it louder."}}),
        ("agent", {"model": "gpt-4o", "max_iterations": 2}),
    ],
)
def test_what_the_server_would_have_to_call_is_completed_with_errors(
    client: Any, folder: str, kind: str, version: Record
) -> None:
    """Without a callable the server makes the logs: until it can, it says so in each, and the SDK does not wait."""
    client.evaluators.upsert(path=f"{folder}/python", spec=python_spec())
    checks = evaluate(
        client,
        folder,
        [{"path": f"{folder}/python", "threshold": 0.5}],
        file={"path": f"{folder}/{kind}", "type": kind, "version": version},
    )
    assert [check.threshold_check for check in checks] == [False]
    (run,) = stats_of(client, folder, kind).run_stats
    assert (run.status, run.num_logs, run.evaluator_stats[0].num_errors) == ("completed", 2, 2)
    logs = logs_of(client, folder, kind)
    assert all("cannot generate" in item.log.error and item.log.output is None for item in logs)
    assert {item.datapoint.inputs["word"] for item in logs} == {"a", "b"}


def python_spec() -> Record:
    """An evaluator that the server would have to run."""
    return {
        "arguments_type": "target_free",
        "return_type": "boolean",
        "evaluator_type": "python",
        "code": "def f(log):\n    return True\n",
    }


def test_an_evaluator_is_evaluated(client: Any, folder: str) -> None:
    """A file of the type evaluator is a version like any other, and nothing waits for it."""
    client.evaluators.upsert(path=f"{folder}/python", spec=python_spec())
    evaluate(client, folder, file={"path": f"{folder}/python", "type": "evaluator"})
    (run,) = stats_of(client, folder, "python").run_stats
    assert run.status == "completed"


def test_evaluators_that_the_server_would_have_to_run_fail_and_say_so(client: Any, folder: str) -> None:
    """Python and LLM evaluators named by path; those that run here are judged beside them."""
    spec = python_spec()
    llm = {**spec, "evaluator_type": "llm", "prompt": {"model": "gpt-4o", "template": "Is {{log.output}} right?"}}
    del llm["code"]
    client.evaluators.upsert(path=f"{folder}/python", spec=spec)
    client.evaluators.upsert(path=f"{folder}/llm", spec=llm)
    evaluate(
        client,
        folder,
        [{"path": f"{folder}/python"}, evaluator(f"{folder}/length", length, "number"), {"path": f"{folder}/llm"}],
    )
    python, characters, model = stats_of(client, folder).run_stats[0].evaluator_stats
    assert (python.num_errors, characters.num_judgments, model.num_errors) == (2, 2, 2)
    errors = {judgment.error for item in logs_of(client, folder) for judgment in item.evaluator_logs}
    assert len(errors) == 3
    assert None in errors


@pytest.mark.parametrize("chosen", ["version_id", "environment"])
def test_a_version_is_chosen_by_id_or_environment(client: Any, folder: str, chosen: str) -> None:
    """The file is then named by its id, and the server makes the logs."""
    first = client.prompts.upsert(path=f"{folder}/prompt", model="gpt-4o")
    second = client.prompts.upsert(path=f"{folder}/prompt", model="gpt-4o-mini")
    client.prompts.set_deployment(id=first.id, environment_id="staging", version_id=second.version_id)
    value = {"version_id": second.version_id, "environment": "staging"}[chosen]
    evaluate(client, folder, file={"id": first.id, "type": "prompt", chosen: value})
    (run,) = stats_of(client, folder, "prompt").run_stats
    assert (run.version_id, run.status) == (second.version_id, "completed")


def test_a_callable_that_raises_is_judged_too(client: Any, folder: str) -> None:
    """Its log has the error and no output, so that evaluators which read the output fail as well."""
    file = {"path": f"{folder}/flow", "type": "flow", "version": {"attributes": {}}, "callable": fail}
    evaluate(
        client,
        folder,
        [evaluator(f"{folder}/length", length, "number"), evaluator(f"{folder}/abstain", abstain, "boolean")],
        file=file,
    )
    characters, nothing = stats_of(client, folder).run_stats[0].evaluator_stats
    assert (characters.num_errors, nothing.num_nulls) == (2, 2)
    assert {item.log.error for item in logs_of(client, folder)} == {"cannot say a", "cannot say b"}


def test_evaluators_that_raise_abstain_or_are_wrong_still_complete_the_run(client: Any, sdk: Any, folder: str) -> None:
    """A failure and a null count as such; a judgment of the wrong type is refused and becomes a failure."""
    evaluate(
        client,
        folder,
        [
            evaluator(f"{folder}/raises", raise_error, "boolean"),
            evaluator(f"{folder}/abstains", abstain, "number"),
            evaluator(f"{folder}/wrong", not_a_number, "number"),
        ],
    )
    (run,) = stats_of(client, folder).run_stats
    raises, abstains, wrong = run.evaluator_stats
    assert run.status == "completed"
    assert isinstance(raises, sdk.BooleanEvaluatorStatsResponse)
    assert (raises.num_errors, raises.num_judgments) == (2, 0)
    assert isinstance(abstains, sdk.NumericEvaluatorStatsResponse)
    assert (abstains.num_nulls, abstains.mean, abstains.percentiles) == (2, 0, {})
    assert (wrong.num_errors, wrong.num_judgments) == (2, 0)
    errors = [judgment.error for item in logs_of(client, folder) for judgment in item.evaluator_logs]
    assert sum("no opinion" in (error or "") for error in errors) == 2


def test_options_and_texts_are_counted(client: Any, sdk: Any, folder: str) -> None:
    """Select, multi-select and text judgments come back as the SDK's own classes."""
    evaluate(
        client,
        folder,
        [
            evaluator(f"{folder}/select", leading_letter, "select"),
            evaluator(f"{folder}/several", letters, "multi_select"),
            evaluator(f"{folder}/text", leading_letter, "text"),
        ],
    )
    select, several, text = stats_of(client, folder).run_stats[0].evaluator_stats
    assert isinstance(select, sdk.SelectEvaluatorStatsResponse)
    assert isinstance(several, sdk.SelectEvaluatorStatsResponse)
    assert select.num_judgments_per_option == several.num_judgments_per_option == {"A": 1, "B": 1}
    assert isinstance(text, sdk.TextEvaluatorStatsResponse)
    assert text.num_judgments == 2
    judgments = [judgment.judgment for item in logs_of(client, folder) for judgment in item.evaluator_logs]
    assert judgments.count(["A"]) == 1


def test_an_empty_dataset_is_completed_at_once(client: Any, folder: str) -> None:
    """There is nothing to wait for."""
    evaluate(client, folder, [evaluator(f"{folder}/length", length, "number")], dataset={"path": f"{folder}/empty"})
    (run,) = stats_of(client, folder).run_stats
    assert (run.status, run.num_logs) == ("completed", 0)


def test_without_a_name_every_call_is_an_evaluation_of_its_own(client: Any, folder: str) -> None:
    """Nameless evaluations never clash."""
    evaluate(client, folder, name=None)
    evaluate(client, folder, name=None)
    assert [evaluation.name for evaluation in evaluations_of(client, folder)] == [None, None]


def test_datapoints_may_have_messages(client: Any, folder: str) -> None:
    """They reach the callable beside the inputs, which are empty and not missing."""

    def last_words(messages: list[Record]) -> str:
        return str(messages[-1]["content"])

    messages = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hello"}]
    file = {"path": f"{folder}/flow", "type": "flow", "version": {"attributes": {}}, "callable": last_words}
    evaluate(client, folder, file=file, dataset={"path": f"{folder}/data", "datapoints": [{"messages": messages}]})
    (item,) = logs_of(client, folder)
    assert (item.log.output, item.log.error) == ("Hello", None)
    assert [message.content for message in item.datapoint.messages] == ["Be brief.", "Hello"]


def test_a_callable_may_log_itself(client: Any, folder: str) -> None:
    """Its log counts, whichever version it names, and the SDK adds none."""

    def log_it(word: str) -> str:
        client.prompts.log(path=f"{folder}/prompt", prompt={"model": "other"}, inputs={"word": word}, output="own")
        return "not this"

    file = {"path": f"{folder}/prompt", "type": "prompt", "version": {"model": "gpt-4o"}, "callable": log_it}
    evaluate(client, folder, [evaluator(f"{folder}/length", length, "number")], file=file)
    logs = logs_of(client, folder, "prompt")
    assert [(item.log.output, item.log.prompt.model) for item in logs] == [("own", "other")] * 2
    assert all(item.datapoint is not None for item in logs)
    assert stats_of(client, folder, "prompt").run_stats[0].status == "completed"


def test_a_callable_that_calls_a_prompt_cancels_the_run(client: Any, folder: str) -> None:
    """The server calls no model; the SDK takes its refusal as fatal and does not wait."""
    client.prompts.upsert(path=f"{folder}/inner", model="gpt-4o")

    def call_it(word: str) -> str:
        return str(client.prompts.call(path=f"{folder}/inner", inputs={"word": word}).logs[0].output)

    file = {"path": f"{folder}/flow", "type": "flow", "version": {"attributes": {}}, "callable": call_it}
    assert evaluate(client, folder, file=file) == []
    assert stats_of(client, folder).run_stats[0].status == "cancelled"


def test_a_file_that_is_not_there_needs_a_version(client: Any, sdk: Any, folder: str) -> None:
    """Nothing is created."""
    with pytest.raises(Exception, match="File does not exist"):
        evaluate(client, folder, file={"path": f"{folder}/flow", "type": "flow", "callable": shout})
    with pytest.raises(sdk.core.ApiError):
        client.files.retrieve_by_path(path=f"{folder}/flow")


@pytest.mark.parametrize("workers", [4, 20])
def test_workers_side_by_side_lose_nothing(client: Any, folder: str, workers: int) -> None:
    """Every datapoint has one log, and every log one judgment of each evaluator."""
    points = [{"inputs": {"word": f"w{number}"}, "target": {"output": f"W{number}"}} for number in range(60)]
    evaluate(
        client,
        folder,
        [
            evaluator(f"{folder}/exact", is_target, "boolean", "target_required"),
            evaluator(f"{folder}/length", length, "number"),
        ],
        dataset={"path": f"{folder}/data", "datapoints": points},
        workers=workers,
    )
    (run,) = stats_of(client, folder).run_stats
    assert (run.num_logs, [item.total_logs for item in run.evaluator_stats]) == (60, [60, 60])
    assert run.evaluator_stats[0].num_true == 60
    logs = logs_of(client, folder)
    assert sorted(item.datapoint.inputs["word"] for item in logs) == sorted(point["inputs"]["word"] for point in points)
    assert {len(item.evaluator_logs) for item in logs} == {2}
