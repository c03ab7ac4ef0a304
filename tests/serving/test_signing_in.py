"""Sign-in with OAuth at `/mcp`: an identity provider's tokens open a workspace; what is wrong with others is told."""

import base64
import hmac
import json
import logging
import re
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from tests.identity_provider import RESOURCE, IdentityProvider, identity_provider, private_key, public_key, signed
from tests.serving.administration import create_key
from tests.serving.mcp_clients import message

from evals_mcp.api.attempts import watched
from evals_mcp.errors import EvalsError, Unauthorized
from evals_mcp.oauth.people import signed_in
from evals_mcp.oauth.settings import OAuthSettings
from evals_mcp.oauth.tokens import LONGEST_TOKEN
from evals_mcp.serving.options import ServeOptions
from evals_mcp.serving.serve import listening
from evals_mcp.store.teams.control import open_control

pytestmark = pytest.mark.anyio
WELL_KNOWN = "/.well-known/oauth-protected-resource"
METADATA = f"https://evals.example/team{WELL_KNOWN}/mcp"


@pytest.fixture
def provider() -> Iterator[IdentityProvider]:
    """An identity provider, for one test."""
    with identity_provider() as made:
        yield made


@asynccontextmanager
async def serving(
    database: Path | str, provider: IdentityProvider, *, read_only: bool = False, **settings: Any
) -> AsyncIterator[httpx.AsyncClient]:
    """A client of a server that takes a provider's tokens."""
    oauth = OAuthSettings(provider.issuer, RESOURCE, **settings)
    with listening(ServeOptions(str(database), port=0, oauth=oauth, read_only=read_only, slows_refusals=False)) as (
        app,
        _,
    ):
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://evals.example") as client:
            yield client


async def ask(
    client: httpx.AsyncClient, token: str | None, method: str = "tools/list", **params: Any
) -> httpx.Response:
    """The answer to a request of MCP with a token."""
    body, headers = message("2026-07-28", method, **params)
    if token is not None:
        headers["Authorization"] = f"Bearer {token}"
    return await client.post("/mcp", json=body, headers=headers)


def tools(answer: httpx.Response) -> list[str]:
    """The names of the tools in an answer."""
    assert answer.status_code == 200, answer.text
    return [tool["name"] for tool in answer.json()["result"]["tools"]]


async def test_clients_read_where_to_sign_in(tmp_path: Path, provider: IdentityProvider) -> None:
    """Without a key, at each path where clients look, also from pages of other origins and behind a prefix."""
    page = {"Origin": "https://inspector.example"}
    async with serving(tmp_path / "evals.db", provider) as client:
        for path in ("", "/mcp", "/team/mcp"):
            for prefix in ("", "/team"):
                answer = await client.get(f"{prefix}{WELL_KNOWN}{path}", headers=page)
                assert answer.json() == {
                    "resource": RESOURCE,
                    "authorization_servers": [provider.issuer],
                    "scopes_supported": ["evals:read", "evals:write"],
                    "bearer_methods_supported": ["header"],
                    "resource_name": "evals-mcp",
                }
                assert answer.headers["Access-Control-Allow-Origin"] == "*"
        assert (await client.post(WELL_KNOWN)).status_code == 405
        asked = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization,mcp-method"}
        allowed = await client.options("/mcp", headers=page | asked)
        assert (allowed.status_code, allowed.headers["Access-Control-Allow-Origin"]) == (200, "*")
        assert "authorization" in allowed.headers["Access-Control-Allow-Headers"]
        body, headers = message("2026-07-28", "tools/list")
        missing = await client.post("/mcp", json=body, headers=headers | page)
        assert missing.status_code == 401
        sign_in = f'Bearer realm="evals-mcp", resource_metadata="{METADATA}", scope="evals:read evals:write"'
        assert missing.headers["WWW-Authenticate"] == sign_in
        assert missing.headers["Access-Control-Expose-Headers"].startswith("WWW-Authenticate")
        assert provider.issuer in missing.json()["detail"]
        assert provider.asked == []
        for closed in ("/v5/flows", "/.well-known/openid-configuration"):
            answer = await client.get(closed, headers={**page, "Authorization": f"Bearer {provider.token()}"})
            assert answer.status_code == 401
            assert "Access-Control-Allow-Origin" not in answer.headers


async def test_a_token_opens_what_its_role_may(tmp_path: Path, provider: IdentityProvider) -> None:
    """By its scopes; API keys go on beside it; a server that only reads lets nobody write."""
    database = tmp_path / "evals.db"
    key = create_key(str(database), None, "ann").secret
    async with serving(database, provider) as client:
        assert "set_up_run" in tools(await ask(client, provider.token()))
        assert "set_up_run" in tools(await ask(client, key))
        assert "set_up_run" not in tools(await ask(client, provider.token(scope="openid evals:read")))
        assert "set_up_run" not in tools(await ask(client, provider.token(scope=None, scp=["evals:read"])))
        refused = await ask(client, provider.token(scope="openid"))
        assert refused.status_code == 403
        assert 'error="insufficient_scope"' in refused.headers["WWW-Authenticate"]
        assert f'resource_metadata="{METADATA}", scope="evals:read evals:write"' in refused.headers["WWW-Authenticate"]
        assert "`scope` must have `evals:read` or `evals:write`" in refused.json()["error"]["message"]
        assert provider.asked.count("/keys") == 1
    async with serving(database, provider, read_only=True) as client:
        assert "set_up_run" not in tools(await ask(client, provider.token()))
    groups: dict[str, Any] = {
        "role_claim": "realm_access.roles",
        "roles": {"lead": "write", "rater": "label"},
        "default_role": "read",
    }
    async with serving(database, provider, **groups) as client:
        assert "set_up_run" in tools(await ask(client, provider.token(realm_access={"roles": ["x", "lead"]})))
        rating = tools(await ask(client, provider.token(realm_access={"roles": ["rater"]})))
        assert {"label_logs", "set_up_run"} & set(rating) == {"label_logs"}
        assert {"label_logs", "set_up_run"} & set(tools(await ask(client, provider.token()))) == set()


async def test_what_somebody_writes_is_theirs(
    tmp_path: Path, provider: IdentityProvider, capfd: pytest.CaptureFixture[str]
) -> None:
    """The journal has the person of the token; the log has a short id, and no part of a token, in a path either."""
    database = tmp_path / "evals.db"
    key = create_key(str(database), None, "ann").secret
    token = provider.token()
    async with serving(database, provider) as client:
        made = {"evaluation": "mine", "attributes": '{"a": 1}', "version": "v1"}
        assert "Undo:" in (await ask(client, token, "tools/call", name="set_up_run", arguments=made)).text
        for name, verified in (("other", False), ("third", "false")):
            await ask(client, provider.token(email="yan@team.example", email_verified=verified), "tools/call",
                      name="set_up_run", arguments=made | {"evaluation": name})  # fmt: skip
        await client.get(f"/v5/files/{token}", headers={"X-API-KEY": key})
        entries = (await client.get("/v5/journal", headers={"X-API-KEY": key})).json()["records"]
    assert [entry["actor"] for entry in entries] == ["u-1", "u-1", "zoe@team.example"]
    logged = "".join(capfd.readouterr())
    assert "oauth_" in logged
    assert "/v5/files/eyJ***" in logged
    assert not any(part in logged for part in token.split("."))


Change = Callable[[IdentityProvider], str]


def _forged(provider: IdentityProvider, secret: bytes = b"", **header: Any) -> str:
    """A token that is signed with a text that everybody knows, or not at all."""
    parts = [{"typ": "JWT", **header}, provider.claims()]
    content = b".".join(base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=") for part in parts)
    signature = hmac.digest(secret, content, "sha256") if secret else b""
    return (content + b"." + base64.urlsafe_b64encode(signature).rstrip(b"=")).decode()


def _pem(name: str) -> bytes:
    pem: bytes = private_key(name).public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return pem


def _changed(token: str, **claims: Any) -> str:
    header, content, signature = token.split(".")
    stated = json.loads(base64.urlsafe_b64decode(content + "=="))
    changed = base64.urlsafe_b64encode(json.dumps(stated | claims).encode()).rstrip(b"=").decode()
    return f"{header}.{changed}.{signature}"


WRONG: dict[str, tuple[Change, str]] = {
    "expired": (lambda p: p.token(exp=int(time.time()) - 31), "`exp`"),
    "not yet valid": (lambda p: p.token(nbf=int(time.time()) + 90), "not valid yet"),
    "issued later": (lambda p: p.token(iat=int(time.time()) + 90), "not valid yet"),
    "without exp": (lambda p: p.token(exp=None), "lacks the claim `exp`"),
    "exp is a word": (lambda p: p.token(exp="never"), "must be numbers"),
    "exp is infinite": (lambda p: p.token(exp=float("inf")), "must be numbers"),
    "for another server": (lambda p: p.token(aud="https://other.example/mcp"), f"`aud` must be exactly {RESOURCE}"),
    "for a longer name": (lambda p: p.token(aud=RESOURCE + "/"), "`aud` must be exactly"),
    "for nobody": (lambda p: p.token(aud=None), "`aud` must be exactly"),
    "of another issuer": (lambda p: p.token(iss="https://evil.example"), "`iss` must be exactly http://127.0.0.1"),
    "of nobody": (lambda p: p.token(iss=None), "`iss` must be exactly"),
    "changed": (lambda p: _changed(p.token(), sub="root"), "signature is wrong"),
    "another key has signed": (lambda p: signed(p.claims(), signer="ec-other"), "signature is wrong"),
    "an unknown key": (lambda p: signed(p.claims(), "ec-other"), "(`kid`) that http://127.0.0.1"),
    "a key of another kind": (lambda p: signed(p.claims(), "rsa", "RS256", kid="ec"), "`alg` does not fit"),
    "a key for one algorithm": (lambda p: signed(p.claims(), "rsa", "RS256", kid="rsa-512"), "`alg` does not fit"),
    "a key that is too short": (lambda p: signed(p.claims(), "rsa-short", "RS256"), "(`kid`) that"),
    "no key": (lambda p: _forged(p, alg="ES256"), "names no key"),
    "alg none": (lambda p: _forged(p, alg="none", kid="rsa"), "(`alg`)"),
    "alg HS256 with the public key": (lambda p: _forged(p, _pem("rsa"), alg="HS256", kid="rsa"), "(`alg`)"),
    "RS256 that is HS256": (lambda p: _forged(p, _pem("rsa"), alg="RS256", kid="rsa"), "signature is wrong"),
    "an ID token by its type": (lambda p: signed(p.claims(), typ="id+jwt"), "no access token"),
    "characters after the signature": (lambda p: p.token() + "!", "neither a JWT nor an API key"),
    "a critical extension": (lambda p: signed(p.claims(), crit=["x"], x=1), "demands an extension (`crit`)"),
    "an extension that is no list": (lambda p: _forged(p, alg="ES256", kid="ec", crit="x"), "an extension (`crit`)"),
    "content that is not encoded": (lambda p: _forged(p, alg="ES256", kid="ec", b64=False), "extension (`b64`)"),
    "a number as the key": (lambda p: _forged(p, alg="ES256", kid=7), "names no key"),
    "too long": (lambda p: p.token(more="x" * LONGEST_TOKEN), "more than 16,384 characters"),
    "not a JWT": (lambda p: "opaque-" + "0" * 40, "neither a JWT nor an API key"),
    "brackets": (lambda p: base64.urlsafe_b64encode(b"[" * 9000).decode().rstrip("=") + ".e30.x", "neither a JWT"),
    "one text": (lambda p: "e30.ImEi.x", "neither a JWT"),
}


async def test_a_token_that_does_not_hold_is_refused(
    tmp_path: Path, provider: IdentityProvider, caplog: pytest.LogCaptureFixture
) -> None:
    """With 401 and a sentence that says what to look at; the log has a line, and nothing shows the token."""
    provider.keys["keys"] += [public_key("rsa"), public_key("rsa", kid="rsa-512", alg="RS512"), public_key("rsa-short")]
    async with serving(tmp_path / "evals.db", provider) as client:
        for name, (make, said) in WRONG.items():
            caplog.clear()
            token = make(provider)
            with caplog.at_level(logging.WARNING):
                refused = await ask(client, token)
            assert refused.status_code == 401, name
            told = refused.json()["detail"]
            assert said in told, name
            challenge = refused.headers["WWW-Authenticate"]
            assert 'error="invalid_token"' in challenge
            assert f'resource_metadata="{METADATA}"' in challenge
            (record,) = caplog.records
            assert record.getMessage().startswith("Sign-in refused: "), name
            for text in (told, challenge, record.getMessage()):
                assert not any(part in text for part in token.split(".") if len(part) > 9), name
                assert "evil.example" not in text or text == record.getMessage()
        assert provider.asked.count("/keys") == 1
        assert "set_up_run" in tools(await ask(client, provider.token()))


SIGNED = ("expired", "not yet", "issued later", "without exp", "exp is", "for ")


async def test_tokens_that_nobody_signed_are_slowed_as_wrong_keys_are(
    tmp_path: Path, provider: IdentityProvider
) -> None:
    """But none that the provider has signed: whoever has an expired one only signs in again."""
    provider.keys["keys"] += [public_key("rsa"), public_key("rsa", kid="rsa-512", alg="RS512")]
    async with serving(tmp_path / "evals.db", provider) as client:
        for name, (make, _) in WRONG.items():
            with watched() as attempt:
                assert (await ask(client, make(provider))).status_code == 401
            assert (attempt.refused is None) == name.startswith(SIGNED), name


async def test_what_is_near_enough_holds(tmp_path: Path, provider: IdentityProvider) -> None:
    """Half a minute between two clocks, several audiences, and each kind of key."""
    now = int(time.time())
    provider.keys["keys"] += [public_key("rsa"), public_key("ed")]
    async with serving(tmp_path / "evals.db", provider) as client:
        good = [
            provider.token(exp=now - 10),
            provider.token(nbf=now + 20, iat=now + 20),
            provider.token(aud=["account", RESOURCE]),
            *(signed(provider.claims(), "rsa", algorithm) for algorithm in ("RS256", "PS512")),
            signed(provider.claims(), "ed", "EdDSA", typ="JWT"),
        ]
        for token in good:
            assert (await ask(client, token)).status_code == 200


async def test_the_claim_leads_to_one_workspace(tmp_path: Path, provider: IdentityProvider) -> None:
    """Exactly one of its values does; for others the answer says what the claim lacks, and no other workspace opens."""
    mapped: dict[str, Any] = {
        "workspace_claim": "groups",
        "workspaces": {"evals": "default", "also": "default", "gone": "removed"},
    }
    async with serving(tmp_path / "evals.db", provider, **mapped) as client:
        for groups in ("evals", ["staff", "evals"], ["evals", "also"]):
            assert (await ask(client, provider.token(groups=groups))).status_code == 200
        for wrong, said in (
            (["evals", "gone"], "names 2 workspaces"),
            (["staff"], "no value of its claim `groups`"),
            (None, "has no claim `groups`"),
            ({"evals": 1}, "has no claim `groups`"),
            ("gone", "does not exist here (any more)"),
        ):
            refused = await ask(client, provider.token(groups=wrong))
            assert refused.status_code == 403
            assert said in refused.json()["detail"]
            assert "insufficient_scope" not in refused.headers.get("WWW-Authenticate", "")
        nobody = await ask(client, provider.token(groups="evals", email="a\nb", sub=" "))
        assert (nobody.status_code, "names no person" in nobody.json()["detail"]) == (403, True)


def test_a_claim_may_have_dots_in_its_name() -> None:
    """As some providers require of claims that they do not define; it comes before a path into objects."""
    claims = {
        "sub": "u-1",
        "scope": "evals:read",
        "https://team.example/groups": "red",
        "https://team": {"example/groups": "blue"},
    }
    settings = OAuthSettings("https://a.example", RESOURCE, workspace_claim="https://team.example/groups")
    assert signed_in(claims, settings).workspace == "red"
    inner = {"team": {"name": "blue"}}
    named = OAuthSettings("https://a.example", RESOURCE, workspace_claim="team.name")
    assert [signed_in({**claims, **inner, **more}, named).workspace for more in ({}, {"team.name": "red"})] == [
        "blue",
        "red",
    ]


def test_a_name_is_no_longer_than_anybody_reads() -> None:
    """The next claim is taken, if it has one that fits."""
    claims = {"sub": "u-1", "scope": "evals:read", "email": "a" * 201}
    settings = OAuthSettings("https://a.example", RESOURCE)
    assert signed_in(claims, settings).person == "u-1"
    assert signed_in(claims | {"email": "a" * 200}, settings).person == "a" * 200
    with pytest.raises(Unauthorized, match="names no person"):
        signed_in(claims | {"sub": "a" * 201}, settings)


def test_people_of_two_providers_are_two() -> None:
    """Their ids, which the log has, are stable, and tell neither who they are nor where they are from."""
    claims = {"sub": "u-1", "email": "zoe@team.example", "scope": "evals:read"}
    ids = [
        signed_in(claims | more, OAuthSettings(issuer, RESOURCE)).id
        for issuer, more in (
            ("https://a.example", {}),
            ("https://a.example", {"email": "zoe@other.example", "exp": 1}),
            ("https://b.example", {}),
            ("https://a.example", {"sub": "u-2"}),
        )
    ]
    assert ids[0] == ids[1]
    assert len(set(ids)) == 3
    assert all(re.fullmatch("oauth_[0-9a-f]{12}", id) for id in ids)


async def test_a_claim_may_be_any_text(
    postgres_address: str, provider: IdentityProvider, caplog: pytest.LogCaptureFixture
) -> None:
    """Also one that no database can look for, it is no workspace's name. Any log can hold what is said of it."""
    control = open_control(postgres_address)
    control.create_workspace("evals")
    control.close()
    async with serving(postgres_address, provider, workspace_claim="team") as client:
        for text in ("evals\0", "evals\n", "\ud800", "evals ", "'", "EVALS"):
            refused = await ask(client, provider.token(team=text))
            assert (refused.status_code, "does not exist here" in refused.text) == (403, True), refused.text
        assert (await ask(client, provider.token(team="evals"))).status_code == 200
    unled: dict[str, Any] = {}
    for settings, error in (
        (unled, "needs EVALS_MCP_OAUTH_WORKSPACE_CLAIM"),
        ({"workspace": "gone"}, "does not exist"),
    ):
        with pytest.raises(EvalsError, match=error):
            async with serving(postgres_address, provider, **settings):
                pass
    assert caplog.text.isascii()
