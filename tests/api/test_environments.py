"""Environments, and the versions that are deployed to them."""

import pytest
from tests.api.v5_calls import V5, Json

pytestmark = pytest.mark.anyio


async def test_there_are_a_default_environment_and_staging(v5: V5) -> None:
    """The first version is deployed to the default one by itself, later ones are not."""
    first = await v5.prompt(temperature=0)
    second = await v5.prompt(temperature=1)
    production, staging = await v5.ok("GET", f"/prompts/{first['id']}/environments")
    assert (production["name"], production["tag"]) == ("production", "default")
    assert (staging["name"], staging["tag"], staging["file"]) == ("staging", "other", None)
    assert production["file"]["version_id"] == first["version_id"]
    assert (await v5.ok("GET", f"/prompts/{first['id']}"))["version_id"] == first["version_id"]
    assert second["environments"] == []


@pytest.mark.parametrize("kind", ["prompt", "flow", "tool", "agent", "evaluator", "dataset"])
async def test_a_version_is_deployed_and_taken_back(v5: V5, kind: str) -> None:
    """An environment has one version of a file; the deployed version says so."""
    spec: Json = {"arguments_type": "target_free", "return_type": "text", "evaluator_type": "external"}
    contents: list[Json] = [
        {
            "model": f"m{number}",
            "attributes": {"n": number},
            "spec": {**spec, "attributes": {"n": number}},
            "datapoints": [{"inputs": {"n": str(number)}}],
        }
        for number in range(2)
    ]
    first, second = [await v5.ok("POST", f"/{kind}s", {"path": "it", **content}) for content in contents]
    place = f"/{kind}s/{first['id']}"
    staging = (await v5.ok("GET", f"{place}/environments"))[1]["id"]
    deployed = await v5.ok("POST", f"{place}/environments/{staging}", version_id=second["version_id"])
    assert [item["name"] for item in deployed["environments"]] == ["staging"]
    assert (await v5.ok("GET", place, environment="staging"))["version_id"] == second["version_id"]
    await v5.ok("POST", f"{place}/environments/{staging}", version_id=first["version_id"])
    assert (await v5.ok("GET", place, environment=staging))["version_id"] == first["version_id"]
    assert (await v5.send("DELETE", f"{place}/environments/{staging}")).status_code == 204
    assert "has no version in environment `staging`" in await v5.refused(404, "GET", place, environment="staging")


async def test_without_a_default_deployment_the_newest_version_is_shown(v5: V5) -> None:
    """A file can always be read while it has a version."""
    first = await v5.prompt(temperature=0)
    second = await v5.prompt(temperature=1)
    await v5.ok("DELETE", f"/prompts/{first['id']}/environments/production")
    assert (await v5.ok("GET", f"/prompts/{first['id']}"))["version_id"] == second["version_id"]


async def test_unknown_environments_are_named(v5: V5) -> None:
    """Wherever one is looked up the sentence is the one that clients know."""
    prompt = await v5.prompt()
    place = f"/prompts/{prompt['id']}"
    sentence = "Environment `nowhere` does not exist."
    assert await v5.refused(404, "GET", place, environment="nowhere") == sentence
    assert await v5.refused(404, "GET", "/files", environment="nowhere") == sentence
    retrieve = await v5.refused(404, "POST", "/files/retrieve-by-path", {"path": "bots/support"}, environment="nowhere")
    assert retrieve == sentence
    deploy = await v5.refused(404, "POST", f"{place}/environments/nowhere", version_id=prompt["version_id"])
    assert deploy == sentence
    assert await v5.refused(404, "DELETE", f"{place}/environments/nowhere") == sentence
    await v5.refused(404, "POST", f"{place}/environments/staging", version_id="prv_nothing")
    other = await v5.prompt("other")
    await v5.refused(404, "POST", f"{place}/environments/staging", version_id=other["version_id"])
    await v5.refused(422, "POST", f"{place}/environments/staging")
