"""The address of an evaluation's page in responses; tests/serving/test_pages.py opens it."""

import httpx
import pytest
from tests.api.v5_calls import V5, evaluated

from evals_mcp.api.app import create_app
from evals_mcp.api.grants import OpenAccess
from evals_mcp.store.store import Store

pytestmark = pytest.mark.anyio


async def test_every_response_gives_the_address_of_the_page(v5: V5) -> None:
    """A person can open what the SDK prints, and the report ends with it."""
    made = await evaluated(v5, 1)
    evaluation = made.evaluation
    address = f"{v5.client.base_url}/evaluations/{evaluation['id']}"
    assert evaluation["url"] == address
    assert (await v5.ok("GET", f"/evaluations/{evaluation['id']}"))["url"] == address
    (listed,) = (await v5.ok("GET", "/evaluations", file_id=made.prompt["id"]))["records"]
    assert listed["url"] == address
    await v5.evaluator("judges/other")
    added = await v5.ok(
        "POST", f"/evaluations/{evaluation['id']}/evaluators", {"evaluators": [{"path": "judges/other"}]}
    )
    other = added["evaluators"][1]["version"]["version_id"]
    assert (
        added["url"] == (await v5.ok("DELETE", f"/evaluations/{evaluation['id']}/evaluators/{other}"))["url"] == address
    )
    report = (await v5.ok("GET", f"/evaluations/{evaluation['id']}/stats"))["report"]
    assert report.endswith(f"\n{address}\n")
    assert "evals://" not in report


async def test_in_process_nobody_opens_a_page(store: Store) -> None:
    """The address is then the resource that a chat can read."""
    app = create_app(OpenAccess(store), is_embedded=True)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://embedded") as client:
        v5 = V5(client)
        made = await evaluated(v5, 1)
        assert made.evaluation["url"] == f"evals://evaluations/{made.evaluation['id']}"
