"""Tokens that nobody should send: none of them opens anything, and none is an error of ours."""

import os
import random
import string
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.identity_provider import IdentityProvider, public_key, signed

from evals_mcp.errors import Unauthorized
from evals_mcp.oauth.people import signed_in
from evals_mcp.oauth.settings import OAuthSettings
from evals_mcp.oauth.signing_keys import Provider
from evals_mcp.oauth.tokens import verified_claims

pytestmark = pytest.mark.anyio
EXAMPLES = int(os.environ.get("EVALS_MCP_EXAMPLES", "300"))
PUBLISHED = IdentityProvider("http://127.0.0.1:9")
SETTINGS = OAuthSettings(PUBLISHED.issuer, "https://evals.example/mcp", jwks_url=f"{PUBLISHED.origin}/keys")
_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


async def _fetched(url: str) -> dict[str, Any]:
    return {"keys": [public_key("ec"), public_key("rsa")]}


async def test_no_change_of_a_token_holds() -> None:
    """One character more, less or other, parts in another order, parts of another token."""
    provider = Provider(SETTINGS, _fetched)
    good = [signed(PUBLISHED.claims(aud=SETTINGS.audience, jti=str(n)), k, a) for n, (k, a) in
            enumerate((("ec", "ES256"), ("rsa", "RS256"), ("rsa", "PS256")))]  # fmt: skip
    for token in good:
        assert (await verified_claims(token, SETTINGS, provider))["sub"] == "u-1"
    choice = random.Random(13)
    for _ in range(EXAMPLES * 10):
        token = choice.choice(good)
        changed = _changed(choice, token, choice.choice(good))
        if changed not in good:
            with pytest.raises(Unauthorized):
                await verified_claims(changed, SETTINGS, provider)


def _changed(choice: random.Random, token: str, other: str) -> str:
    at = choice.randrange(len(token))
    match choice.randrange(5):
        case 0:
            return token[:at] + choice.choice(string.ascii_letters + "-_=.") + token[at + 1 :]
        case 1:
            return token[:at] + token[at + 1 :]
        case 2:
            return token[:at] + choice.choice(string.printable + "é\ud800") + token[at:]
        case 3:
            return ".".join(choice.sample(token.split("."), 3))
        case _:
            return ".".join(choice.choice(pair) for pair in zip(token.split("."), other.split("."), strict=True))


@settings(max_examples=EXAMPLES, derandomize="EVALS_MCP_EXAMPLES" not in os.environ, deadline=None)
@given(st.dictionaries(st.sampled_from(("sub", "email", "email_verified", "scope", "scp", "groups", "a")), _json))
def test_whatever_claims_say_is_an_answer(claims: dict[str, Any]) -> None:
    """Somebody, or a refusal."""
    for options in ({}, {"workspace_claim": "groups"}, {"workspace_claim": "a.b", "role_claim": "groups"}):
        asked = OAuthSettings(SETTINGS.issuer, SETTINGS.resource, **options)  # type: ignore[arg-type]
        try:
            who = signed_in(claims, asked)
        except Unauthorized:
            continue
        assert who.person.strip().isprintable()
        assert who.id.isascii()
        assert who.role in ("read", "write")


@settings(max_examples=EXAMPLES, derandomize="EVALS_MCP_EXAMPLES" not in os.environ, deadline=None)
@given(
    st.fixed_dictionaries({}, optional=dict.fromkeys(("exp", "nbf", "iat", "aud", "iss", "sub", "jti"), _json)),
    st.fixed_dictionaries({}, optional={"typ": _json, "crit": _json, "b64": _json, "jku": _json}),
)
async def test_whatever_a_signed_token_says_is_an_answer(claims: dict[str, Any], header: dict[str, Any]) -> None:
    """Its claims, or a refusal, even if the provider itself signs odd things."""
    try:
        token = signed({**PUBLISHED.claims(aud=SETTINGS.audience), **claims}, **header)
    except Exception:  # the library signs no such thing
        return
    try:
        held = await verified_claims(token, SETTINGS, Provider(SETTINGS, _fetched))
    except Unauthorized:
        return
    assert held["iss"] == SETTINGS.issuer
    assert SETTINGS.audience in held["aud"]
