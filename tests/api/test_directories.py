"""Directories: made, read, moved and deleted, with the files in them."""

import pytest
from tests.api.v5_calls import V5

pytestmark = pytest.mark.anyio


async def test_a_path_is_made_with_its_parents(v5: V5) -> None:
    """Creating by path makes every directory above it, and answers 201."""
    response = await v5.send("POST", "/directories", {"path": "/a//b/c/"})
    assert response.status_code == 201
    made = response.json()
    assert (made["path"], made["name"], made["tags"]) == ("a/b/c", "c", [])
    shown = await v5.ok("GET", f"/directories/{made['id']}")
    assert [parent["path"] for parent in shown["parents"]] == ["", "a", "a/b"]
    assert shown["parents"][-1]["id"] == made["parent_id"]


async def test_a_name_is_made_in_a_parent(v5: V5) -> None:
    """Without a parent the root is meant."""
    top = await v5.ok("POST", "/directories", {"name": "top"})
    below = await v5.ok("POST", "/directories", {"name": "below", "parent_id": top["id"]})
    assert (top["path"], below["path"]) == ("top", "top/below")
    root = await v5.ok("GET", "/directories/root")
    assert top["parent_id"] == root["id"]
    assert root["parent_id"] is None


async def test_the_root_is_found_by_its_name_and_by_its_id(v5: V5) -> None:
    """It has an empty path, no parents, and what is directly in it."""
    await v5.prompt("alone")
    await v5.prompt("bots/support")
    root = await v5.ok("GET", "/directories/root")
    assert (root["path"], root["parents"]) == ("", [])
    assert [item["name"] for item in root["subdirectories"]] == ["bots"]
    assert [(item["type"], item["path"], item["directory_id"]) for item in root["files"]] == [
        ("prompt", "alone", root["id"])
    ]
    assert await v5.ok("GET", f"/directories/{root['id']}") == root
    assert [item["path"] for item in await v5.ok("GET", "/directories")] == ["", "bots"]


async def test_a_directory_shows_its_files_whole(v5: V5) -> None:
    """Each with its type and default version; deleted files, and those without versions, are gone."""
    first, gone, bare = [await v5.prompt(f"bots/{name}") for name in ("first", "gone", "bare")]
    await v5.ok("DELETE", f"/prompts/{gone['id']}")
    await v5.ok("DELETE", f"/prompts/{bare['id']}/environments/production")
    await v5.ok("DELETE", f"/prompts/{bare['id']}/versions/{bare['version_id']}")
    shown = await v5.ok("GET", f"/directories/{first['directory_id']}")
    assert shown["files"] == [await v5.ok("GET", f"/prompts/{first['id']}")]


async def test_a_move_takes_everything_along(v5: V5) -> None:
    """Paths of directories and files below follow, and only those."""
    prompt = await v5.prompt("old/in/support")
    neighbour = await v5.prompt("older/support")
    root = await v5.ok("GET", "/directories/root")
    old = next(item for item in root["subdirectories"] if item["name"] == "old")
    moved = await v5.ok("PATCH", f"/directories/{old['id']}", {"path": "new/place"})
    assert (moved["path"], moved["name"]) == ("new/place", "place")
    assert (await v5.ok("GET", f"/prompts/{prompt['id']}"))["path"] == "new/place/in/support"
    found = await v5.ok("POST", "/files/retrieve-by-path", {"path": "new/place/in/support"})
    assert found["id"] == prompt["id"]
    await v5.refused(404, "POST", "/files/retrieve-by-path", {"path": "old/in/support"})
    assert (await v5.ok("GET", f"/prompts/{neighbour['id']}"))["path"] == "older/support"


async def test_a_rename_and_a_new_parent_go_together(v5: V5) -> None:
    """A new parent keeps the name unless another is given."""
    here, there = [await v5.ok("POST", "/directories", {"path": path}) for path in ("here/it", "there")]
    moved = await v5.ok("PATCH", f"/directories/{here['id']}", {"parent_id": there["id"]})
    assert (moved["path"], moved["parent_id"]) == ("there/it", there["id"])
    renamed = await v5.ok("PATCH", f"/directories/{here['id']}", {"name": "that"})
    assert renamed["path"] == "there/that"
    same = await v5.ok("PATCH", f"/directories/{here['id']}", {})
    assert same["path"] == "there/that"


async def test_only_empty_directories_are_deleted(v5: V5) -> None:
    """What is in them comes first; a deleted file does not hold one."""
    prompt = await v5.prompt("outer/inner/support")
    inner = await v5.ok("GET", f"/directories/{prompt['directory_id']}")
    outer = inner["parents"][-1]
    assert "is not empty" in await v5.refused(409, "DELETE", f"/directories/{outer['id']}")
    assert "is not empty" in await v5.refused(409, "DELETE", f"/directories/{inner['id']}")
    log_id = await v5.log(path="outer/inner/support")
    await v5.ok("DELETE", f"/prompts/{prompt['id']}")
    for directory in (inner, outer):
        assert (await v5.send("DELETE", f"/directories/{directory['id']}")).status_code == 204
    assert (await v5.ok("GET", f"/logs/{log_id}"))["prompt"]["path"] == "outer/inner/support"
    assert (await v5.prompt("outer/inner/support"))["id"] != prompt["id"]


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (400, {}),
        (400, {"name": "a", "path": "b"}),
        (400, {"path": "a", "parent_id": "root"}),
        (404, {"name": "a", "parent_id": "dir_nowhere"}),
        (409, {"path": "taken/already"}),
        (409, {"name": "taken"}),
        (422, {"path": "//"}),
        (422, {"path": "x" * 501}),
        (422, {"name": "a/b"}),
        (422, {"name": ""}),
    ],
)
async def test_what_cannot_be_created_is_refused(v5: V5, status: int, body: dict[str, str]) -> None:
    """Contradictions, unknown parents, paths that are taken, and names that are none."""
    await v5.ok("POST", "/directories", {"path": "taken/already"})
    await v5.refused(status, "POST", "/directories", body)


async def test_what_cannot_be_changed_is_refused(v5: V5) -> None:
    """The root, a move into itself, a path that is taken or too long, an unknown directory."""
    outer = await v5.ok("POST", "/directories", {"path": "outer"})
    await v5.ok("POST", "/directories", {"path": "outer/" + "x" * 400})
    await v5.ok("POST", "/directories", {"path": "taken"})
    place = f"/directories/{outer['id']}"
    await v5.refused(409, "PATCH", "/directories/root", {"name": "other"})
    await v5.refused(409, "DELETE", "/directories/root")
    assert "into itself" in await v5.refused(409, "PATCH", place, {"path": "outer/inner"})
    await v5.refused(409, "PATCH", place, {"path": "taken"})
    await v5.refused(422, "PATCH", place, {"path": "y" * 200})
    await v5.refused(400, "PATCH", place, {"path": "new", "parent_id": "root"})
    assert (await v5.ok("GET", place))["path"] == "outer"
    for method in ("GET", "PATCH", "DELETE"):
        text = await v5.refused(404, method, "/directories/dir_nowhere", {} if method == "PATCH" else None)
        assert text == "Directory `dir_nowhere` does not exist."
