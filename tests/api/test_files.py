"""Files of every type: upsert, list, find, move, delete, versions."""

from typing import Any

import pytest
from tests.api.v5_calls import V5

pytestmark = pytest.mark.anyio

_SPEC = {"arguments_type": "target_free", "return_type": "boolean", "evaluator_type": "external"}
CONTENTS: dict[str, dict[str, Any]] = {
    "prompt": {"model": "small"},
    "flow": {"attributes": {}},
    "tool": {"function": {"name": "f", "description": "d"}},
    "agent": {"model": "small"},
    "evaluator": {"spec": _SPEC},
    "dataset": {"datapoints": []},
}
OTHER_CONTENTS: dict[str, dict[str, Any]] = {
    "prompt": {"model": "large"},
    "flow": {"attributes": {"n": 1}},
    "tool": {"function": {"name": "g", "description": "d"}},
    "agent": {"model": "large"},
    "evaluator": {"spec": {**_SPEC, "attributes": {"n": 1}}},
    "dataset": {"datapoints": [{"inputs": {"q": "1"}}]},
}
kinds = pytest.mark.parametrize("kind", sorted(CONTENTS))


@kinds
async def test_the_same_content_is_the_same_version(v5: V5, kind: str) -> None:
    """By path or by id; names and descriptions are not content, and another content is another version."""
    first = await v5.ok("POST", f"/{kind}s", {"path": "a/it", **CONTENTS[kind], "version_name": "one"})
    again = await v5.ok("POST", f"/{kind}s", {"id": first["id"], **CONTENTS[kind], "version_description": "said"})
    other = await v5.ok("POST", f"/{kind}s", {"path": "/a/it/", **OTHER_CONTENTS[kind]})
    assert (again["id"], again["version_id"]) == (first["id"], first["version_id"])
    assert (again["version_name"], again["version_description"]) == ("one", "said")
    assert other["id"] == first["id"]
    assert other["version_id"] != first["version_id"]
    assert first["type"] == kind
    listed = await v5.ok("GET", f"/{kind}s/{first['id']}/versions")
    assert [item["version_id"] for item in listed["records"]] == [other["version_id"], first["version_id"]]
    assert set(listed) == {"records"}


@kinds
async def test_every_version_is_committed(v5: V5, kind: str) -> None:
    """As SDKs up to 0.8.29 expect: responses say so, committing gives the version as it is, and messages describe."""
    body = {"path": "it", **CONTENTS[kind], "commit_message": "first"}
    made = await v5.ok("POST", f"/{kind}s", body)
    assert (made["status"], made["version_description"]) == ("committed", "first")
    version = f"/{kind}s/{made['id']}/versions/{made['version_id']}"
    committed = await v5.ok("POST", f"{version}/commit", {"commit_message": "again"})
    assert committed == await v5.ok("GET", f"/{kind}s/{made['id']}")
    assert committed["version_description"] == "first"
    await v5.refused(404, "POST", f"/{kind}s/{made['id']}/versions/unknown/commit", {"commit_message": "again"})


@kinds
async def test_version_names_are_unique_in_a_file(v5: V5, kind: str) -> None:
    """A clash is 409 and changes nothing; the same name in another file is fine."""
    first = await v5.ok("POST", f"/{kind}s", {"path": "it", **CONTENTS[kind], "version_name": "one"})
    clash = {"path": "it", **OTHER_CONTENTS[kind], "version_name": "one"}
    assert "has the name `one`" in await v5.refused(409, "POST", f"/{kind}s", clash)
    assert len((await v5.ok("GET", f"/{kind}s/{first['id']}/versions"))["records"]) == 1
    second = await v5.ok("POST", f"/{kind}s", {"path": "it", **OTHER_CONTENTS[kind]})
    place = f"/{kind}s/{first['id']}/versions/{second['version_id']}"
    await v5.refused(409, "PATCH", place, {"name": "one"})
    renamed = await v5.ok("PATCH", place, {"name": "two", "description": "more"})
    assert (renamed["version_name"], renamed["version_description"]) == ("two", "more")
    await v5.ok("POST", f"/{kind}s", {"path": "other", **CONTENTS[kind], "version_name": "one"})


@kinds
async def test_bad_upserts_are_refused_and_leave_nothing(v5: V5, kind: str) -> None:
    """No name, an unknown id, an id of another kind, a path of another type, a missing key, a wrong type."""
    path = f"/{kind}s"
    other = await v5.ok(
        "POST", "/flows" if kind != "flow" else "/prompts", {"path": "taken", "attributes": {}, "model": "m"}
    )
    await v5.refused(422, "POST", path, CONTENTS[kind])
    await v5.refused(422, "POST", path, {"path": "", **CONTENTS[kind]})
    await v5.refused(404, "POST", path, {"id": "pr_nothing", **CONTENTS[kind]})
    await v5.refused(404, "POST", path, {"id": other["id"], **CONTENTS[kind]})
    await v5.refused(409, "POST", path, {"path": "taken", **CONTENTS[kind]})
    await v5.refused(422, "POST", path, {"path": "new", **CONTENTS[kind], "version_name": 7})
    await v5.refused(422, "POST", path, {"path": "x" * 501, **CONTENTS[kind]})
    if kind != "tool":
        await v5.refused(422, "POST", path, {"path": "new"})
    await v5.refused(422, "POST", path, [])
    assert (await v5.ok("GET", "/files"))["total"] == 1
    assert (await v5.ok("GET", "/directories/root"))["subdirectories"] == []


@kinds
async def test_null_counts_as_absent(v5: V5, kind: str) -> None:
    """A key that is null is the same as none, whatever the key."""
    nulls = dict.fromkeys(("id", "version_name", "version_description", "description", "tags", "readme"))
    first = await v5.ok("POST", f"/{kind}s", {"path": "it", **CONTENTS[kind]})
    again = await v5.ok("POST", f"/{kind}s", {"path": "it", **CONTENTS[kind], **nulls})
    assert again["version_id"] == first["version_id"]


@kinds
async def test_reads_of_what_is_not_there_are_404(v5: V5, kind: str) -> None:
    """Unknown ids, ids of another kind, versions of other files."""
    found = await v5.ok("POST", f"/{kind}s", {"path": "it", **CONTENTS[kind]})
    other = await v5.ok("POST", f"/{kind}s", {"path": "other", **CONTENTS[kind]})
    wrong = "flow" if kind != "flow" else "prompt"
    for path in ("", "/versions", "/environments"):
        await v5.refused(404, "GET", f"/{kind}s/nothing{path}")
        await v5.refused(404, "GET", f"/{wrong}s/{found['id']}{path}")
    await v5.refused(404, "GET", f"/{kind}s/{found['id']}", version_id=other["version_id"])
    await v5.refused(404, "PATCH", f"/{kind}s/{found['id']}/versions/{other['version_id']}", {"name": "x"})
    await v5.refused(404, "DELETE", f"/{kind}s/{found['id']}/versions/{other['version_id']}")


@kinds
async def test_a_deleted_file_frees_its_path(v5: V5, kind: str) -> None:
    """It is gone from every list, its versions cannot be used, and the path makes a new file."""
    found = await v5.ok("POST", f"/{kind}s", {"path": "it", **CONTENTS[kind]})
    assert (await v5.send("DELETE", f"/{kind}s/{found['id']}")).status_code == 204
    await v5.refused(404, "DELETE", f"/{kind}s/{found['id']}")
    await v5.refused(404, "GET", f"/{kind}s/{found['id']}")
    await v5.refused(404, "POST", "/files/retrieve-by-path", {"path": "it"})
    assert (await v5.ok("GET", f"/{kind}s"))["records"] == []
    new = await v5.ok("POST", f"/{kind}s", {"path": "it", **CONTENTS[kind]})
    assert new["id"] != found["id"]
    assert new["version_id"] != found["version_id"]


@kinds
async def test_a_file_is_moved_and_renamed(v5: V5, kind: str) -> None:
    """By path, name or directory; a path that is taken is 409, a bad name 422."""
    found = await v5.ok("POST", f"/{kind}s", {"path": "a/it", **CONTENTS[kind]})
    await v5.ok("POST", f"/{kind}s", {"path": "b/taken", **CONTENTS[kind]})
    place = f"/{kind}s/{found['id']}"
    moved = await v5.ok("PATCH", place, {"path": "b/that"})
    assert (moved["path"], moved["name"], moved["version_id"]) == ("b/that", "that", found["version_id"])
    assert (await v5.ok("PATCH", place, {"name": "this"}))["path"] == "b/this"
    await v5.refused(409, "PATCH", place, {"name": "taken"})
    await v5.refused(422, "PATCH", place, {"name": "c/d"})
    await v5.refused(422, "PATCH", place, {"path": "x" * 501})
    await v5.refused(404, "PATCH", f"/{kind}s/nothing", {"name": "x"})
    root = (await v5.ok("GET", "/directories/root"))["id"]
    await v5.refused(404, "PATCH", place, {"directory_id": "dir_nothing"})
    assert (await v5.ok("PATCH", place, {"directory_id": root}))["path"] == "this"


async def test_versions_in_use_are_not_deleted(v5: V5) -> None:
    """Deployed, logged to, run, evaluated over or attached: 409 says which; an unused one goes."""
    deployed = await v5.prompt(temperature=0)
    logged = await v5.prompt(temperature=1)
    run_version = await v5.prompt(temperature=2)
    unused = await v5.prompt(temperature=3)
    await v5.ok("POST", "/prompts/log", {"path": "bots/support"}, version_id=logged["version_id"])
    dataset = await v5.dataset()
    evaluators = [await v5.evaluator(attributes={"n": number}) for number in range(2)]
    evaluation = await v5.ok(
        "POST",
        "/evaluations",
        {"file": {"path": "bots/support"}, "evaluators": [{"version_id": evaluators[1]["version_id"]}]},
    )
    await v5.run(evaluation, version={"version_id": run_version["version_id"]})
    versions = f"/prompts/{deployed['id']}/versions"
    assert "it is deployed" in await v5.refused(409, "DELETE", f"{versions}/{deployed['version_id']}")
    assert "it has logs" in await v5.refused(409, "DELETE", f"{versions}/{logged['version_id']}")
    assert "a run uses it" in await v5.refused(409, "DELETE", f"{versions}/{run_version['version_id']}")
    await v5.ok("DELETE", f"/datasets/{dataset['id']}/environments/production")
    await v5.refused(409, "DELETE", f"/datasets/{dataset['id']}/versions/{dataset['version_id']}")
    attached = f"/evaluators/{evaluators[0]['id']}/versions/{evaluators[1]['version_id']}"
    assert "attached" in await v5.refused(409, "DELETE", attached)
    assert (await v5.send("DELETE", f"{versions}/{unused['version_id']}")).status_code == 204
    assert len((await v5.ok("GET", versions))["records"]) == 3
    again = await v5.prompt(temperature=3)
    assert again["version_id"] == unused["version_id"]


async def test_files_are_listed_by_name_type_directory_and_environment(v5: V5) -> None:
    """Filters narrow, sorting orders, pages cut; what is past the end is empty with the right total."""
    for kind, content in CONTENTS.items():
        await v5.ok("POST", f"/{kind}s", {"path": f"dir_{kind}/My {kind}", **content})

    async def names(**query: Any) -> list[str]:
        return [item["name"] for item in (await v5.ok("GET", "/files", **query))["records"]]

    everything = sorted(f"My {kind}" for kind in CONTENTS)
    assert sorted(await names()) == everything
    assert await names(sort_by="name", order="asc") == everything
    assert await names(name="MY PR") == ["My prompt"]
    assert await names(name="%") == []
    assert await names(type=["flow", "tool"], sort_by="name", order="asc") == ["My flow", "My tool"]
    assert await names(path="dir_flow") == ["My flow"]
    assert len(await names(path="")) == 6
    assert await names(path="/dir_flow/") == ["My flow"]
    assert await names(template=True) == []
    assert await names(environment="staging") == []
    assert len(await names(environment="production")) == 6
    page = await v5.ok("GET", "/files", page=2, size=4, sort_by="name", order="asc")
    assert ([item["name"] for item in page["records"]], page["total"], page["size"]) == (everything[4:], 6, 4)
    assert (await v5.ok("GET", "/files", page=9))["records"] == []
    empty = await v5.ok("GET", "/files", size=0)
    assert (empty["records"], empty["total"]) == ([], 6)
    assert (await v5.ok("GET", "/files", size=5000))["size"] == 1000
    assert (await v5.ok("GET", "/prompts", user_filter="nobody"))["total"] == 1


async def test_a_directory_is_not_its_namesakes(v5: V5) -> None:
    """`%` and `_` in a path mean themselves."""
    await v5.prompt("a_b/one")
    await v5.prompt("axb/two")
    assert [item["path"] for item in (await v5.ok("GET", "/files", path="a_b"))["records"]] == ["a_b/one"]


async def test_a_directory_that_does_not_exist_is_named(v5: V5) -> None:
    """The sentence is the one that clients look for."""
    await v5.prompt()
    said = await v5.refused(404, "GET", "/files", path="bots/nowhere")
    assert said == "Directory `bots/nowhere` does not exist."


async def test_bad_list_parameters_are_refused(v5: V5) -> None:
    """Unknown enums, pages before the first, negative sizes."""
    for query in ({"type": "song"}, {"page": 0}, {"size": -1}, {"sort_by": "color"}, {"order": "up"}, {"page": "x"}):
        await v5.refused(422, "GET", "/files", **query)


async def test_retrieval_by_path_finds_every_type(v5: V5) -> None:
    """With the default version or an environment's, and the text form of prompts and agents if asked for."""
    for kind, content in CONTENTS.items():
        made = await v5.ok("POST", f"/{kind}s", {"path": f"it/{kind}", **content})
        found = await v5.ok("POST", "/files/retrieve-by-path", {"path": f"/it//{kind}/"})
        assert (found["type"], found["id"]) == (kind, made["id"])
        whole = await v5.ok("POST", "/files/retrieve-by-path", {"path": f"it/{kind}"}, include_raw_file_content=True)
        assert bool(whole.get("raw_file_content")) == (kind in ("prompt", "agent"))
    await v5.refused(404, "POST", "/files/retrieve-by-path", {"path": "it/nothing"})
    await v5.refused(404, "POST", "/files/retrieve-by-path", {"path": ""})
    await v5.refused(422, "POST", "/files/retrieve-by-path", {})


async def test_raw_content_is_in_lists_if_asked_for(v5: V5) -> None:
    """It is text that reads as the same version again."""
    prompt = await v5.prompt(template=[{"role": "system", "content": "Be kind to {{name}}."}], temperature=0.5)
    listed = await v5.ok("GET", "/files", type=["prompt", "agent"], include_raw_file_content=True)
    text = listed["records"][0]["raw_file_content"]
    assert "<system>\nBe kind to {{name}}.\n</system>" in text
    logged = await v5.ok("POST", "/prompts/log", {"path": "bots/support", "prompt": text})
    assert logged["version_id"] == prompt["version_id"]
    assert (await v5.ok("GET", "/files"))["records"][0]["raw_file_content"] is None
