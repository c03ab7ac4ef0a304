"""Tools: what is only theirs."""

import pytest
from tests.api.v5_calls import V5

pytestmark = pytest.mark.anyio


async def test_environment_variables_are_added_changed_and_deleted(v5: V5) -> None:
    """Each answer lists what there is then."""
    tool = await v5.ok("POST", "/tools", {"path": "t", "source_code": "def f(): ..."})
    place = f"/tools/{tool['id']}/environment-variables"
    assert await v5.ok("GET", place) == []
    await v5.ok("POST", place, [{"name": "A", "value": "1"}, {"name": "B", "value": "2"}])
    changed = await v5.ok("POST", place, [{"name": "A", "value": "3"}])
    assert changed == [{"name": "A", "value": "3"}, {"name": "B", "value": "2"}]
    assert await v5.ok("DELETE", f"{place}/A") == [{"name": "B", "value": "2"}]
    assert await v5.ok("GET", place) == [{"name": "B", "value": "2"}]
    await v5.refused(404, "DELETE", f"{place}/A")
    await v5.refused(404, "GET", "/tools/nothing/environment-variables")
    await v5.refused(422, "POST", place, [{"name": "A"}])


async def test_environment_variables_are_in_no_other_answer(v5: V5) -> None:
    """Neither the tool nor its logs show them."""
    tool = await v5.ok("POST", "/tools", {"path": "t", "source_code": "def f(): ..."})
    await v5.ok("POST", f"/tools/{tool['id']}/environment-variables", [{"name": "A", "value": "secret"}])
    await v5.ok("POST", "/tools/log", {"path": "t"})
    for path in (f"/tools/{tool['id']}", "/tools", "/files", f"/logs?file_id={tool['id']}"):
        assert "secret" not in (await v5.send("GET", path)).text


async def test_the_type_of_a_tool_is_kept(v5: V5) -> None:
    """It is not what identifies a version."""
    function = {"name": "f", "description": "d", "strict": True, "parameters": {"type": "object", "properties": {}}}
    tool = await v5.ok("POST", "/tools", {"path": "t", "function": function, "tool_type": "json_schema"})
    assert (tool["tool_type"], tool["function"]) == ("json_schema", function)
    assert (await v5.ok("POST", "/tools", {"path": "t", "function": function}))["version_id"] == tool["version_id"]
    await v5.refused(422, "POST", "/tools", {"path": "t", "tool_type": "hammer"})
