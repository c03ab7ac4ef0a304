"""The web page of an evaluation, and the address that responses give for it."""

import base64

import httpx
import pytest
from tests.api.v5_calls import V5, evaluated

from evals_mcp.api.access import Grant, OpenAccess
from evals_mcp.api.app import create_app
from evals_mcp.errors import Unauthorized
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


async def test_the_page_shows_the_report(v5: V5) -> None:
    """As text: what people wrote into names is no markup, and nothing is loaded or run."""
    hostile = "<script>alert(1)</script>"
    await v5.prompt(f"bots/{hostile}")
    evaluation = await v5.evaluation(name=f"{hostile}&amp;", path=f"bots/{hostile}")
    page = await v5.client.get(evaluation["url"])
    assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert "<script" not in page.text
    assert "<h1>&lt;script&gt;alert(1)&lt;/script&gt;&amp;amp;</h1>" in page.text
    assert "Results of bots/&lt;script&gt;" in page.text
    assert (await v5.client.get("/evaluations/unknown")).status_code == 404


async def test_in_process_nobody_opens_a_page(store: Store) -> None:
    """The address is then the resource that a chat can read."""
    app = create_app(OpenAccess(store), is_embedded=True)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://embedded") as client:
        v5 = V5(client)
        made = await evaluated(v5, 1)
        assert made.evaluation["url"] == f"evals://evaluations/{made.evaluation['id']}"


class _OneKey:
    """Access with the key `secret`."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def grant(self, key: str | None) -> Grant:
        """The store for the one key."""
        if key != "secret":
            raise Unauthorized("The API key is unknown or revoked.")
        return Grant(self._store)

    def check(self) -> None:
        """It is always there."""


async def test_a_server_with_keys_takes_the_key_as_password_for_pages_only(store: Store) -> None:
    """A browser asks for it. It would send it with requests of other sites too, so the API takes no passwords."""
    transport = httpx.ASGITransport(create_app(_OneKey(store)))
    async with httpx.AsyncClient(transport=transport, base_url="http://team") as client:
        client.headers["X-API-KEY"] = "secret"
        made = await evaluated(V5(client), 1)
        del client.headers["X-API-KEY"]
        url = made.evaluation["url"]
        refused = await client.get(url)
        assert (refused.status_code, refused.headers["www-authenticate"][:5]) == (401, "Basic")
        assert (await client.get(url, auth=("", "secret"))).status_code == 200
        assert (await client.get(url, auth=("", "wrong"))).status_code == 401
        for broken in ("Basic", "Basic ///", f"Basic {base64.b64encode(b'secret').decode()}", "Basic \xff"):
            header = broken.encode("latin-1")
            assert (await client.get(url, headers={b"authorization": header})).status_code == 401
        api = await client.get(f"/v5/evaluations/{made.evaluation['id']}", auth=("", "secret"))
        assert (api.status_code, api.headers["www-authenticate"]) == (401, "X-API-KEY")
        assert (await client.post(url, auth=("", "secret"))).status_code == 401
