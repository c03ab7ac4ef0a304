"""Every method of the SDK's `evaluations`, one by one; `run` is in `test_evaluations_run`."""

from collections.abc import Callable
from typing import Any

import pytest

Record = dict[str, Any]
CRITERION = {
    "arguments_type": "target_free",
    "return_type": "boolean",
    "evaluator_type": "external",
    "attributes": {"code": "def f(log): ..."},
}


@pytest.fixture
def flow(client: Any, folder: str) -> Any:
    """A flow of one version."""
    return client.flows.upsert(path=f"{folder}/flow", attributes={"v": 1})


@pytest.fixture
def dataset(client: Any, folder: str) -> Any:
    """A dataset of three datapoints, with them."""
    points = [{"inputs": {"n": str(number)}} for number in range(3)]
    return client.datasets.upsert(path=f"{folder}/data", datapoints=points, include_datapoints=True)


@pytest.fixture
def criterion(client: Any, folder: str) -> Any:
    """An evaluator whose judgments the caller posts."""
    return client.evaluators.upsert(path=f"{folder}/criterion", spec=CRITERION)


@pytest.fixture
def log_run(client: Any, flow: Any, dataset: Any, criterion: Any) -> Callable[..., list[str]]:
    """Logs every datapoint in a run of the flow and judges it; the ids of the logs."""

    def log_all(run_id: str | None, *judgments: bool | None) -> list[str]:
        ids = []
        for point, judgment in zip(dataset.datapoints, judgments, strict=True):
            log = client.flows.log(
                id=flow.id,
                version_id=flow.version_id,
                run_id=run_id,
                source_datapoint_id=point.id,
                inputs=point.inputs,
                output="x",
                log_status="complete",
            )
            client.evaluators.log(parent_id=log.id, id=criterion.id, judgment=judgment)
            ids.append(log.id)
        return ids

    return log_all


def refers_to(file: Any) -> Record:
    """A reference to a version."""
    return {"version_id": file.version_id}


def start_run(client: Any, evaluation: Any, flow: Any, dataset: Any) -> Any:
    """A run whose logs the caller posts."""
    return client.evaluations.create_run(
        id=evaluation.id, dataset=refers_to(dataset), version=refers_to(flow), orchestrated=False
    )


def test_an_evaluation_is_created_read_listed_and_deleted(client: Any, sdk: Any, flow: Any, criterion: Any) -> None:
    """Evaluators are named in each of the three ways; pages are read to their end."""
    made = [
        client.evaluations.create(name=name, file={"id": flow.id}, evaluators=evaluators)
        for name, evaluators in (
            ("none", []),
            ("path", [{"path": criterion.path}]),
            ("id", [{"id": criterion.id, "environment": "production", "orchestrated": False}]),
            ("version", [refers_to(criterion)]),
        )
    ]
    assert [len(evaluation.evaluators) for evaluation in made] == [0, 1, 1, 1]
    assert {item.evaluators[0].version.version_id for item in made[1:]} == {criterion.version_id}
    assert [item.evaluators[0].orchestrated for item in made[1:]] == [True, False, True]
    assert isinstance(made[1].evaluators[0].version.spec, sdk.ExternalEvaluatorRequest)
    read = client.evaluations.get(id=made[0].id)
    assert (read.name, read.file_id, read.runs_count) == ("none", flow.id, 0)
    assert read.created_at.tzinfo is not None
    assert read.url
    listed = list(client.evaluations.list(file_id=flow.id, size=3))
    assert [item.id for item in listed] == [item.id for item in reversed(made)]
    assert client.evaluations.delete(id=made[0].id) is None
    with pytest.raises(sdk.core.ApiError) as raised:
        client.evaluations.get(id=made[0].id)
    assert raised.value.status_code == 404


def test_a_name_is_taken_within_a_file_only(client: Any, sdk: Any, flow: Any, folder: str) -> None:
    """The SDK's `run` relies on 409; another file may have the name, and no name never clashes."""
    other = client.flows.upsert(path=f"{folder}/other", attributes={})
    for file in (flow, other):
        client.evaluations.create(name="same", file={"path": file.path}, evaluators=[])
        client.evaluations.create(name=None, file={"path": file.path}, evaluators=[])
        client.evaluations.create(file={"path": file.path}, evaluators=[])
    with pytest.raises(sdk.core.ApiError) as raised:
        client.evaluations.create(name="same", file={"id": flow.id}, evaluators=[])
    assert raised.value.status_code == 409


def test_evaluators_are_added_and_removed(client: Any, flow: Any, criterion: Any, folder: str) -> None:
    """Both answer with the evaluation as it is then, which the SDK reads."""
    number = client.evaluators.upsert(path=f"{folder}/number", spec={**CRITERION, "return_type": "number"})
    evaluation = client.evaluations.create(file={"id": flow.id}, evaluators=[{"path": criterion.path}])
    both = client.evaluations.add_evaluators(id=evaluation.id, evaluators=[{"path": number.path}])
    assert [item.version.path for item in both.evaluators] == [criterion.path, number.path]
    one = client.evaluations.remove_evaluator(id=evaluation.id, evaluator_version_id=criterion.version_id)
    assert [item.version.path for item in one.evaluators] == [number.path]


def test_a_run_is_made_of_versions_named_in_any_way(client: Any, sdk: Any, flow: Any, dataset: Any) -> None:
    """Version and dataset come back as the SDK's classes; a run may lack both."""
    evaluation = client.evaluations.create(file={"id": flow.id}, evaluators=[])
    for reference in ("path", "id"):
        run = client.evaluations.create_run(
            id=evaluation.id,
            dataset={reference: getattr(dataset, reference)},
            version={reference: getattr(flow, reference)},
            orchestrated=False,
        )
        assert isinstance(run.version, sdk.FlowResponse)
        assert isinstance(run.dataset, sdk.DatasetResponse)
        assert (run.version.version_id, run.dataset.version_id) == (flow.version_id, dataset.version_id)
        assert (run.status, run.control, run.orchestrated) == ("running", False, False)
    bare = client.evaluations.create_run(id=evaluation.id)
    assert (bare.version, bare.dataset, bare.status) == (None, None, "pending")
    assert client.evaluations.get(id=evaluation.id).runs_count == 3
    runs = client.evaluations.list_runs_for_evaluation(id=evaluation.id).runs
    assert runs[0].id == bare.id
    assert [type(run.version) for run in runs] == [type(None), sdk.FlowResponse, sdk.FlowResponse]


def test_a_run_belongs_to_two_evaluations_and_leaves_one(
    client: Any, flow: Any, dataset: Any, criterion: Any, log_run: Callable[..., list[str]]
) -> None:
    """Adding one that exists answers null; what is removed here stays there."""
    first, second = (
        client.evaluations.create(file={"id": flow.id}, evaluators=[refers_to(criterion)]) for _ in range(2)
    )
    run = start_run(client, first, flow, dataset)
    log_run(run.id, True, False, None)
    assert client.evaluations.add_existing_run(id=second.id, run_id=run.id) is None
    assert client.evaluations.get_stats(id=second.id).run_stats[0].evaluator_stats[0].num_true == 1
    assert client.evaluations.remove_run(id=first.id, run_id=run.id) is None
    assert client.evaluations.get_stats(id=first.id).run_stats == []
    assert client.evaluations.get_logs(id=second.id).total == 3


def test_a_run_is_the_control_and_is_closed(client: Any, sdk: Any, flow: Any, dataset: Any) -> None:
    """Only one is the control; a finished run is neither completed nor cancelled again."""
    evaluation = client.evaluations.create(file={"id": flow.id}, evaluators=[])
    old, new = (start_run(client, evaluation, flow, dataset) for _ in range(2))
    for run in (old, new):
        assert client.evaluations.update_evaluation_run(id=evaluation.id, run_id=run.id, control=True).control
    runs = client.evaluations.list_runs_for_evaluation(id=evaluation.id).runs
    assert [(run.id, run.control) for run in runs] == [(new.id, True), (old.id, False)]
    done = client.evaluations.update_evaluation_run(id=evaluation.id, run_id=old.id, status="completed")
    assert done.status == "completed"
    assert client.evaluations.update_evaluation_run(id=evaluation.id, run_id=new.id, status="cancelled").control
    with pytest.raises(sdk.core.ApiError) as raised:
        client.evaluations.update_evaluation_run(id=evaluation.id, run_id=new.id, status="completed")
    assert raised.value.status_code == 409
    with pytest.raises(sdk.core.ApiError) as raised:
        client.evaluations.update_evaluation_run(id=evaluation.id, run_id=old.id, status="running")
    assert raised.value.status_code == 400


def test_logs_are_added_to_a_run_all_or_none(
    client: Any, sdk: Any, flow: Any, criterion: Any, log_run: Callable[..., list[str]]
) -> None:
    """A run without dataset takes the version of its logs, and is completed when they are judged."""
    ids = log_run(None, True, True, False)
    evaluation = client.evaluations.create(file={"id": flow.id}, evaluators=[refers_to(criterion)])
    run = client.evaluations.create_run(id=evaluation.id, orchestrated=False)
    with pytest.raises(sdk.core.ApiError) as raised:
        client.evaluations.add_logs_to_run(id=evaluation.id, run_id=run.id, log_ids=[*ids, "log_unknown"])
    assert raised.value.status_code == 404
    assert client.evaluations.get_logs(id=evaluation.id).total == 0
    answer = client.evaluations.add_logs_to_run(id=evaluation.id, run_id=run.id, log_ids=ids)
    assert (answer.status, answer.version.version_id) == ("completed", flow.version_id)
    stats = client.evaluations.get_stats(id=evaluation.id).run_stats[0].evaluator_stats[0]
    assert (stats.num_true, stats.num_false) == (2, 1)


def test_existing_logs_are_used_for_a_run(
    client: Any, flow: Any, dataset: Any, criterion: Any, log_run: Callable[..., list[str]]
) -> None:
    """Logs of the version for the dataset's datapoints are there at once, with their judgments."""
    log_run(None, True, False, False)
    evaluation = client.evaluations.create(file={"id": flow.id}, evaluators=[refers_to(criterion)])
    run = client.evaluations.create_run(
        id=evaluation.id,
        dataset=refers_to(dataset),
        version=refers_to(flow),
        orchestrated=False,
        use_existing_logs=True,
    )
    assert run.status == "completed"
    assert client.evaluations.get_stats(id=evaluation.id).run_stats[0].num_logs == 3


def test_stats_and_logs_of_several_runs(
    client: Any, sdk: Any, flow: Any, dataset: Any, criterion: Any, log_run: Callable[..., list[str]]
) -> None:
    """Progress and report are texts; pages of logs cover every run, or those named."""
    evaluation = client.evaluations.create(file={"id": flow.id}, evaluators=[refers_to(criterion)])
    runs = [start_run(client, evaluation, flow, dataset) for _ in range(2)]
    for run in runs:
        log_run(run.id, True, False, None)
    stats = client.evaluations.get_stats(id=evaluation.id)
    assert (stats.status, [item.run_id for item in stats.run_stats]) == ("completed", [runs[1].id, runs[0].id])
    assert (stats.run_stats[0].evaluator_stats[0].num_nulls, stats.run_stats[0].version_id) == (1, flow.version_id)
    assert "6/6" in stats.progress
    assert stats.report.endswith("\n")
    pages = [client.evaluations.get_logs(id=evaluation.id, page=page, size=4) for page in (1, 2, 3)]
    assert [len(page.records) for page in pages] == [4, 2, 0]
    assert {page.total for page in pages} == {6}
    assert len({item.log.id for page in pages for item in page.records}) == 6
    assert client.evaluations.get_logs(id=evaluation.id, run_id=runs[0].id).total == 3
    both = client.evaluations.get_logs(id=evaluation.id, run_id=[run.id for run in runs])
    assert both.total == 6
    item = both.records[0]
    assert isinstance(item.log, sdk.FlowLogResponse)
    assert [type(judgment) for judgment in item.evaluator_logs] == [sdk.EvaluatorLogResponse]
    assert item.evaluator_logs[0].parent_id == item.log.id
    assert item.datapoint.id in {point.id for point in dataset.datapoints}
