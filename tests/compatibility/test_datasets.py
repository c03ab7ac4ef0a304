"""What only datasets have in the SDK: datapoints, actions on them, and CSV files."""

from typing import Any

import pytest

Record = dict[str, Any]
A, B, C = ({"inputs": {"letter": letter}, "target": {"output": letter}} for letter in "abc")


def letters(dataset: Any) -> list[str]:
    """What the datapoints of a dataset are for."""
    return [point.inputs["letter"] for point in dataset.datapoints]


def test_datapoints_are_set_added_and_removed(client: Any, folder: str) -> None:
    """Adding and removing start from the newest version; no datapoints to add gives that version."""

    def upsert(*points: Record, **arguments: Any) -> Any:
        return client.datasets.upsert(
            path=f"{folder}/data", datapoints=list(points), include_datapoints=True, **arguments
        )

    first = upsert(A, B)
    added = upsert(C, A, action="add")
    removed = upsert(B, action="remove")
    assert [letters(dataset) for dataset in (first, added, removed)] == [["a", "b"], ["a", "b", "c"], ["a", "c"]]
    assert upsert(action="add").version_id == removed.version_id
    assert upsert(B, A).version_id == first.version_id
    assert letters(upsert(C, action="add", version_id=first.version_id)) == ["a", "b", "c"]
    assert letters(upsert(C, action="add", environment="production")) == ["a", "b", "c"]
    assert {point.id for point in first.datapoints} < {point.id for point in added.datapoints}


def test_a_dataset_shows_its_datapoints_where_they_are_asked_for(client: Any, sdk: Any, folder: str) -> None:
    """Inputs, messages and targets come back as they were given; the count is always there."""
    messages = [{"role": "user", "content": "Hi"}]
    points = [{"messages": messages}, {"inputs": {"a": "1"}, "target": {"b": 1, "c": [True], "d": {"e": "f"}}}]
    made = client.datasets.upsert(path=f"{folder}/data", datapoints=points)
    assert (made.datapoints, made.datapoints_count) == (None, 2)
    dataset = client.datasets.get(id=made.id, include_datapoints=True)
    first, second = dataset.datapoints
    assert isinstance(first, sdk.DatapointResponse)
    assert (first.inputs, first.messages[0].content) == ({}, "Hi")
    assert (second.inputs, second.messages) == ({"a": "1"}, None)
    assert second.target == {"b": 1, "c": [True], "d": {"e": "f"}}
    assert client.datasets.list_versions(id=made.id).records[0].datapoints is None
    with_points = client.datasets.list_versions(id=made.id, include_datapoints="latest_saved").records[0]
    assert len(with_points.datapoints) == 2


def test_datapoints_are_paged_to_their_end(client: Any, folder: str) -> None:
    """In the order they were given, 50 at a time unless told otherwise."""
    points = [{"inputs": {"n": str(number)}} for number in range(120)]
    dataset = client.datasets.upsert(path=f"{folder}/data", datapoints=points)
    newer = client.datasets.upsert(path=f"{folder}/data", datapoints=points[:1])
    for size in (None, 7):
        listed = list(client.datasets.list_datapoints(id=dataset.id, size=size))
        assert [point.inputs["n"] for point in listed] == [str(number) for number in range(120)]
    assert len(list(client.datasets.list_datapoints(id=dataset.id, version_id=newer.version_id))) == 1
    assert len(client.datasets.list_datapoints(id=dataset.id).items) == 50


def test_a_csv_file_adds_datapoints(client: Any, folder: str) -> None:
    """To the default version; the SDK sends the file without saying where its parts begin."""
    dataset = client.datasets.upsert(path=f"{folder}/data", datapoints=[A])
    content = b"letter,target.output\nx,X\ny,\n"
    grown = client.datasets.upload_csv(id=dataset.id, file=("points.csv", content, "text/csv"), version_name="csv")
    assert (grown.version_name, grown.datapoints_count) == ("csv", 3)
    points = list(client.datasets.list_datapoints(id=dataset.id, version_id=grown.version_id))
    assert [point.inputs["letter"] for point in points] == ["a", "x", "y"]
    assert points[1].target == {"output": "X"}


def test_a_dataset_is_not_found_or_not_described(client: Any, sdk: Any, folder: str) -> None:
    """404 for what is not there, 422 as the SDK's own error for what is malformed."""
    with pytest.raises(sdk.core.ApiError) as raised:
        client.datasets.get(id="ds_unknown")
    assert raised.value.status_code == 404
    with pytest.raises(sdk.UnprocessableEntityError) as refused:
        client.datasets.upsert(path=f"{folder}/data", datapoints=[A], action="replace")
    assert isinstance(refused.value.body, sdk.HttpValidationError)
    assert refused.value.body.detail[0].loc == ["body", "action"]
