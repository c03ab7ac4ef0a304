"""The SDK's `directories`."""

from typing import Any

import pytest


def test_directories_are_made_with_files_or_by_themselves(client: Any, sdk: Any, folder: str) -> None:
    """By path with their parents, or by name in a parent; they are listed and read with what is in them."""
    flow = client.flows.upsert(path=f"{folder}/flow", attributes={})
    outer = client.directories.get(id=flow.directory_id)
    assert (outer.path, outer.name) == (folder, folder)
    below = client.directories.create(name="below", parent_id=outer.id)
    deep = client.directories.create(path=f"{folder}/a/b/c")
    assert (below.path, below.parent_id, deep.name) == (f"{folder}/below", outer.id, "c")
    outer = client.directories.get(id=outer.id)
    assert isinstance(outer, sdk.DirectoryWithParentsAndChildrenResponse)
    assert sorted(item.name for item in outer.subdirectories) == ["a", "below"]
    assert [type(file) for file in outer.files] == [sdk.FlowResponse]
    assert outer.files[0].id == flow.id
    parents = [item.path for item in client.directories.get(id=deep.id).parents]
    assert parents[1:] == [folder, f"{folder}/a", f"{folder}/a/b"]
    assert {below.id, deep.id, outer.id} <= {item.id for item in client.directories.list()}


def test_the_root_has_an_id_of_its_own(client: Any, folder: str) -> None:
    """What is at the top is in it."""
    client.flows.upsert(path=f"{folder}/flow", attributes={})
    root = client.directories.get(id="root")
    assert folder in {item.name for item in root.subdirectories}
    assert client.directories.get(id=root.id).id == root.id


def test_a_directory_is_moved_and_deleted(client: Any, sdk: Any, folder: str) -> None:
    """What is in it follows; one with something in it is not deleted."""
    made = client.directories.create(path=f"{folder}/old")
    flow = client.flows.upsert(path=f"{folder}/old/flow", attributes={})
    moved = client.directories.update(id=made.id, name="new")
    assert (moved.id, moved.path) == (made.id, f"{folder}/new")
    assert client.flows.get(id=flow.id).path == f"{folder}/new/flow"
    with pytest.raises(sdk.core.ApiError) as raised:
        client.directories.delete(id=made.id)
    assert raised.value.status_code == 409
    client.flows.delete(id=flow.id)
    assert client.directories.delete(id=made.id) is None
    with pytest.raises(sdk.core.ApiError) as raised:
        client.directories.get(id=made.id)
    assert raised.value.status_code == 404


def test_a_directory_that_is_not_there_is_said(client: Any, sdk: Any, folder: str) -> None:
    """In the words that the SDK's own tests look for."""
    with pytest.raises(sdk.core.ApiError) as raised:
        client.files.list_files(path=f"{folder}/nothing")
    assert raised.value.status_code == 404
    assert f"Directory `{folder}/nothing` does not exist" in str(raised.value.body)
