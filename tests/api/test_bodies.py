"""What every request is checked for before a handler sees it, over a socket, which bytes and headers really cross."""

import json

import httpx
import pytest
from tests.api.application import emptied_store
from tests.api.v5_calls import V5

from evals_mcp.api.app import create_app
from evals_mcp.api.grants import OpenAccess
from evals_mcp.store.store import Store

pytestmark = pytest.mark.anyio
__all__ = ["emptied_store"]

_JSON = {"content-type": "application/json"}


@pytest.fixture
def api(served_api: httpx.AsyncClient) -> httpx.AsyncClient:
    """The client that speaks over a socket."""
    return served_api


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b"1",
        b"null",
        b'{"model": "\xff", "path": "p"}',
        b'{"model": "\\ud800", "path": "p"}',
        b'{"model": "m", "path": "a\\u0000b"}',
        b'{"model": "m", "path": "p", "attributes": {"a\\u0000": 1}}',
        b'{"model": "m", "path": "p", "attributes": {"a": ["\\udfff"]}}',
        b'{"model": "m", "path": "p", "temperature": NaN}',
        b'{"model": "m", "path": "p", "attributes": {"a": [Infinity]}}',
        b'{"model": "m", "path": "p", "attributes": {"a": -Infinity}}',
        b'{"model": "m", "path": "p", "max_tokens": 9223372036854775808}',
        b'{"model": "m", "path": "p", "temperature": 1e999}',
        b'{"model": "m", "path": "p", "attributes": {"a": -1E+999}}',
        b'{"model": "m", "path": "p", "attributes": {"a": ' + b"9" * 400 + b".0}}",
        b'{"model": "m", "path": "p", "attributes": ' + b'{"a": ' * 100 + b"1" + b"}" * 101,
        b'{"model": "m", "path": "p", "attributes": ' + b"[" * 100_000,
    ],
)
async def test_bodies_that_cannot_be_kept_are_422(api: httpx.AsyncClient, v5: V5, content: bytes) -> None:
    """In the list form, without a word of the value, and nothing is stored."""
    response = await api.post("/v5/prompts", content=content, headers=_JSON)
    assert response.status_code == 422, response.text
    assert all({"loc", "msg", "type"} == set(item) for item in response.json()["detail"])
    assert (await v5.ok("GET", "/files"))["total"] == 0


async def test_a_hundred_levels_are_taken_and_given_back(v5: V5) -> None:
    """Brackets in text are no levels."""
    deep: object = "[{" * 200
    for _ in range(98):
        deep = {"a": deep}
    made = await v5.prompt(attributes=deep)
    assert (await v5.ok("GET", f"/prompts/{made['id']}"))["attributes"] == deep


async def test_harmless_escapes_pass(api: httpx.AsyncClient) -> None:
    """Whole surrogate pairs, the word NaN in text, and a backslash before u0000."""
    text = 'NaN Infinity \\u0000 \U0001f600 "\n\t'
    body = json.dumps({"path": "p", "model": "m", "template": text}).encode()
    assert b"\\ud83d" in body
    response = await api.post("/v5/prompts", content=body, headers=_JSON)
    assert response.json()["template"] == text


@pytest.mark.parametrize("path", ["/v5/files?name=a%00", "/v5/logs?file_id=%00", "/v5/prompts/a%00b"])
async def test_nul_in_an_address_is_refused(api: httpx.AsyncClient, path: str) -> None:
    """No database can look for it."""
    assert (await api.get(path)).status_code == 422


async def test_a_body_over_the_limit_is_413(store: Store) -> None:
    """One byte less passes; it is read no further than the limit."""
    app = create_app(OpenAccess(store), largest_body=200)
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://api") as client:
        body = json.dumps({"path": "p", "model": "m", "readme": ""})
        fits = body.replace('""', '"' + "x" * (200 - len(body)) + '"')
        assert (await client.post("/v5/prompts", content=fits, headers=_JSON)).status_code == 200
        response = await client.post("/v5/prompts", content=fits + " ", headers=_JSON)
        assert (response.status_code, "200 bytes" in response.json()["detail"]) == (413, True)


async def test_doubled_slashes_are_one(api: httpx.AsyncClient) -> None:
    """A base address that ends in a slash makes them."""
    assert (await api.get("/v5//files")).status_code == 200


async def test_unknown_routes_and_methods_say_so(api: httpx.AsyncClient) -> None:
    """As JSON."""
    missing = await api.get("/v5/nothing")
    assert (missing.status_code, missing.json()) == (404, {"detail": "This server has no GET /v5/nothing."})
    assert (await api.put("/v5/files")).status_code == 405


async def test_unknown_keys_are_ignored(v5: V5) -> None:
    """Newer clients may send more."""
    await v5.prompt(new_parameter=1)


async def test_every_answer_is_signed(api: httpx.AsyncClient) -> None:
    """By which a client knows that it may use the extension."""
    assert (await api.get("/v5/files")).headers["x-evals-mcp"]


@pytest.mark.parametrize("content_type", ["application/x-www-form-urlencoded", "text/plain"])
async def test_json_that_does_not_say_so_is_refused_with_the_header_to_send(
    api: httpx.AsyncClient, content_type: str
) -> None:
    """`curl -d` alone sends a form; a page in a browser can too, without asking."""
    body = b'{"path": "p", "model": "m"}'
    response = await api.post("/v5/prompts", content=body, headers={"content-type": content_type})
    assert response.status_code == 422
    assert "`Content-Type: application/json`" in response.json()["detail"][0]["msg"]
