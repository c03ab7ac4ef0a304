"""What the SDK's clients of prompts, flows, tools, agents, evaluators and datasets have in common, and `files`."""

from typing import Any, NamedTuple

import pytest

Record = dict[str, Any]


class Kind(NamedTuple):
    """A type of file: two contents, and what the SDK calls the methods that it names after the type."""

    name: str
    first: Record
    second: Record
    update_version: str
    delete_version: str

    def client(self, client: Any) -> Any:
        """The SDK's client of this type."""
        return getattr(client, f"{self.name}s")

    def response(self, sdk: Any) -> Any:
        """The SDK's class of this type."""
        return getattr(sdk, f"{self.name.capitalize()}Response")

    def update(self, client: Any, **arguments: Any) -> Any:
        """Rename or describe a version."""
        return getattr(self.client(client), self.update_version)(**arguments)

    def delete(self, client: Any, **arguments: Any) -> Any:
        """Delete a version."""
        return getattr(self.client(client), self.delete_version)(**arguments)


def _spec(return_type: str) -> Record:
    return {"arguments_type": "target_free", "return_type": return_type, "evaluator_type": "external"}


KINDS = (
    Kind(
        "prompt",
        {"model": "gpt-4o", "template": "Say {{word}}", "stop": ["."], "other": {"logit_bias": {"1": 2}}},
        {"model": "gpt-4o", "template": [{"role": "user", "content": "{{word}}"}], "reasoning_effort": "high"},
        "patch_prompt_version",
        "delete_prompt_version",
    ),
    Kind(
        "flow",
        {"attributes": {"v": 1}},
        {"attributes": {"v": {"w": [1]}}},
        "update_flow_version",
        "delete_flow_version",
    ),
    Kind(
        "tool",
        {"function": {"name": "f", "description": "d", "parameters": {"type": "object"}}, "tool_type": "json_schema"},
        {"source_code": "def f(): ...", "setup_values": {"k": "v"}},
        "update_tool_version",
        "delete_tool_version",
    ),
    Kind(
        "agent",
        {"model": "gpt-4o", "max_iterations": 3},
        {
            "model": "gpt-4o",
            "tools": [{"type": "inline", "json_schema": {"name": "f", "description": "d"}, "on_agent_call": "stop"}],
        },
        "patch_agent_version",
        "delete_agent_version",
    ),
    Kind(
        "evaluator",
        {"spec": _spec("boolean")},
        {"spec": {**_spec("select"), "options": [{"name": "good", "valence": "positive"}, {"name": "bad"}]}},
        "update_evaluator_version",
        "delete_evaluator_version",
    ),
    Kind(
        "dataset",
        {"datapoints": [{"inputs": {"a": "1"}}]},
        {"datapoints": [{"inputs": {"a": "2"}, "target": {"b": [1, None]}}]},
        "update_dataset_version",
        "delete_dataset_version",
    ),
)


@pytest.fixture(params=KINDS, ids=lambda kind: kind.name)
def kind(request: pytest.FixtureRequest) -> Kind:
    """Each type of file in turn."""
    assert isinstance(request.param, Kind)
    return request.param


def status_of(sdk: Any, call: Any, **arguments: Any) -> int:
    """The status of a call that fails."""
    with pytest.raises(sdk.core.ApiError) as raised:
        call(**arguments)
    return int(raised.value.status_code)


def test_content_makes_versions(client: Any, sdk: Any, kind: Kind, folder: str) -> None:
    """The same content is the same version; the first one stays the default; each comes back as the SDK's class."""
    files = kind.client(client)
    first = files.upsert(path=f"{folder}/file", **kind.first)
    again = files.upsert(id=first.id, **kind.first)
    second = files.upsert(path=f"{folder}/file", **kind.second)
    assert (first.path, first.name, first.type) == (f"{folder}/file", "file", kind.name)
    assert (again.id, again.version_id) == (first.id, first.version_id)
    assert (second.id, second.version_id != first.version_id) == (first.id, True)
    assert isinstance(files.get(id=first.id), kind.response(sdk))
    assert files.get(id=first.id).version_id == first.version_id
    assert files.get(id=first.id, version_id=second.version_id).version_id == second.version_id
    assert [version.version_id for version in files.list_versions(id=first.id).records] == [
        second.version_id,
        first.version_id,
    ]


def test_a_file_is_found_by_path_as_its_own_class(client: Any, sdk: Any, kind: Kind, folder: str) -> None:
    """The SDK tells types apart by what validates first, so nothing required may be missing."""
    for content in (kind.first, kind.second):
        kind.client(client).upsert(path=f"{folder}/file", **content)
        found = client.files.retrieve_by_path(path=f"{folder}/file")
        assert type(found) is kind.response(sdk)
        (listed,) = client.files.list_files(path=folder).records
        assert type(listed) is kind.response(sdk)
    assert status_of(sdk, client.files.retrieve_by_path, path=f"{folder}/other") == 404


def test_versions_are_named_and_deleted(client: Any, sdk: Any, kind: Kind, folder: str) -> None:
    """A name is unique within the file; the version in use cannot be deleted."""
    files = kind.client(client)
    first = files.upsert(path=f"{folder}/file", version_name="one", version_description="The first.", **kind.first)
    second = files.upsert(path=f"{folder}/file", **kind.second)
    assert (first.version_name, first.version_description) == ("one", "The first.")
    place = {"id": first.id, "version_id": second.version_id}
    assert status_of(sdk, kind.update, client=client, name="one", **place) == 409
    renamed = kind.update(client, name="two", description="Better.", **place)
    assert (renamed.version_name, renamed.version_description) == ("two", "Better.")
    assert kind.delete(client, **place) is None
    assert [version.version_name for version in files.list_versions(id=first.id).records] == ["one"]
    assert status_of(sdk, kind.delete, client=client, id=first.id, version_id=first.version_id) == 409
    assert status_of(sdk, files.get, **place) == 404


def test_versions_are_deployed(client: Any, sdk: Any, kind: Kind, folder: str) -> None:
    """Each environment has its version; without one the file is not found there."""
    files = kind.client(client)
    first = files.upsert(path=f"{folder}/file", **kind.first)
    second = files.upsert(path=f"{folder}/file", **kind.second)
    environments = {environment.name: environment for environment in files.list_environments(id=first.id)}
    assert environments["production"].tag == "default"
    assert environments["production"].file.version_id == first.version_id
    assert type(environments["production"].file) is kind.response(sdk)
    assert environments["staging"].file is None
    staging = environments["staging"].id
    assert status_of(sdk, files.get, id=first.id, environment="staging") == 404
    deployed = files.set_deployment(id=first.id, environment_id=staging, version_id=second.version_id)
    assert deployed.version_id == second.version_id
    assert [environment.name for environment in deployed.environments] == ["staging"]
    assert files.get(id=first.id, environment="staging").version_id == second.version_id
    by_path = client.files.retrieve_by_path(path=f"{folder}/file", environment="staging")
    assert by_path.version_id == second.version_id
    assert files.remove_deployment(id=first.id, environment_id=staging) is None
    assert status_of(sdk, files.get, id=first.id, environment="staging") == 404
    assert status_of(sdk, files.get, id=first.id, environment="nowhere") == 404


def test_a_file_is_moved_and_deleted(client: Any, sdk: Any, kind: Kind, folder: str) -> None:
    """Its id stays when it moves; its path is free when it is gone."""
    files = kind.client(client)
    first = files.upsert(path=f"{folder}/file", **kind.first)
    moved = files.move(id=first.id, path=f"{folder}/below/renamed")
    assert (moved.id, moved.path, moved.name) == (first.id, f"{folder}/below/renamed", "renamed")
    assert files.move(id=first.id, name="again").path == f"{folder}/below/again"
    assert status_of(sdk, client.files.retrieve_by_path, path=f"{folder}/file") == 404
    other = files.upsert(path=f"{folder}/file", **kind.first)
    assert status_of(sdk, files.move, id=other.id, path=f"{folder}/below/again") == 409
    assert files.delete(id=first.id) is None
    assert status_of(sdk, files.get, id=first.id) == 404
    assert files.upsert(path=f"{folder}/below/again", **kind.first).id != first.id


def test_files_of_one_type_are_paged_to_their_end(client: Any, kind: Kind, folder: str) -> None:
    """The SDK asks until a page is empty; names are searched whatever their case, and sorted either way."""
    files = kind.client(client)
    names = [f"{folder.replace(' ', '')}x{number}" for number in range(5)]
    for name in names:
        files.upsert(path=f"{folder}/{name}", **kind.first)
    wanted = names[0][:-1].upper()
    newest_first = [file.name for file in files.list(name=wanted, size=2)]
    assert newest_first == names[::-1]
    assert [file.name for file in files.list(name=wanted, size=3, sort_by="name", order="asc")] == names
    pages = [[file.name for file in page.items] for page in files.list(name=wanted, size=2).iter_pages() if page.items]
    assert [len(page) for page in pages] == [2, 2, 1]


def test_a_path_has_one_type(client: Any, sdk: Any, folder: str) -> None:
    """Another type at the same path is a conflict, and so is one below it that would hide it."""
    client.flows.upsert(path=f"{folder}/file", attributes={})
    assert status_of(sdk, client.prompts.upsert, path=f"{folder}/file", model="gpt-4o") == 409


def test_all_files_are_listed_as_their_classes(client: Any, sdk: Any, folder: str) -> None:
    """Types, directories below, environments and names narrow the list; pages are counted."""
    for kind in KINDS:
        kind.client(client).upsert(path=f"{folder}/below/{kind.name}", **kind.first)
    everything = client.files.list_files(path=folder, size=100)
    assert (everything.total, everything.page, everything.size) == (6, 1, 100)
    assert {type(file) for file in everything.records} == {kind.response(sdk) for kind in KINDS}
    two = client.files.list_files(path=f"/{folder}/", type=["prompt", "agent"], sort_by="name", order="asc")
    assert [file.type for file in two.records] == ["agent", "prompt"]
    one = client.files.list_files(path=folder, type="flow", environment="production")
    assert [file.name for file in one.records] == ["flow"]
    assert client.files.list_files(path=folder, page=2, size=4).total == 6
    assert client.files.list_files(path=folder, page=9, size=4).records == []
    assert [file.name for file in client.files.list_files(path=folder, name="DATA").records] == ["dataset"]


def test_prompts_and_agents_have_their_text(client: Any, folder: str) -> None:
    """The content of a `.prompt` or `.agent` file is given where it is asked for, and read again."""
    prompt = client.prompts.upsert(
        path=f"{folder}/prompt",
        model="gpt-4o",
        temperature=0.5,
        template=[{"role": "system", "content": "Be brief"}, {"role": "user", "content": "{{question}}"}],
    )
    agent = client.agents.upsert(path=f"{folder}/agent", model="gpt-4o", max_iterations=3)
    assert prompt.raw_file_content is None
    listed = client.files.list_files(path=folder, include_raw_file_content=True).records
    assert all(file.raw_file_content for file in listed)
    text = client.files.retrieve_by_path(path=prompt.path, include_raw_file_content=True).raw_file_content
    assert "model: gpt-4o" in text
    assert "{{question}}" in text
    assert client.prompts.serialize(id=prompt.id) == text
    assert client.agents.serialize(id=agent.id) == next(file.raw_file_content for file in listed if file.id == agent.id)
    kernel = client.prompts.deserialize(prompt=text)
    assert (kernel.model, kernel.temperature) == ("gpt-4o", 0.5)
    assert [(message["role"], message["content"]) for message in kernel.template] == [
        ("system", "Be brief"),
        ("user", "{{question}}"),
    ]
    assert client.agents.deserialize(agent=client.agents.serialize(id=agent.id)).max_iterations == 3


def test_a_template_is_filled(client: Any, folder: str) -> None:
    """Inputs take the place of variables, and nothing is stored."""
    prompt = client.prompts.upsert(
        path=f"{folder}/prompt", model="gpt-4o", template=[{"role": "user", "content": "Say {{word}}"}]
    )
    filled = client.prompts.populate(id=prompt.id, request={"word": "yes"})
    assert filled.populated_template[0]["content"] == "Say yes"
    assert [variable.name for variable in prompt.inputs] == ["word"]


def test_what_the_server_does_not_do_is_refused_in_words(client: Any, sdk: Any, folder: str) -> None:
    """Calls of models and tools are refused; they do not pretend."""
    prompt = client.prompts.upsert(path=f"{folder}/prompt", model="gpt-4o")
    with pytest.raises(sdk.error.HumanloopRuntimeError) as raised:
        client.prompts.call(path=prompt.path, inputs={})
    cause = raised.value.__cause__
    assert isinstance(cause, sdk.core.ApiError)
    assert cause.status_code == 400
    assert "cannot call models" in str(cause.body)
