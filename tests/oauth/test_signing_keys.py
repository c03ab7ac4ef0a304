"""The keys of an identity provider: found at its issuer, kept for a while, and asked for again, but not too often."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import anyio
import anyio.abc
import pytest
from jwt.utils import base64url_decode, base64url_encode
from tests.identity_provider import PATH, RESOURCE, IdentityProvider, identity_provider, private_key, public_key

from evals_mcp.client.documents import LARGEST_DOCUMENT, fetch_object
from evals_mcp.errors import Unavailable
from evals_mcp.oauth.settings import OAuthSettings
from evals_mcp.oauth.signing_keys import FRESH_SECONDS, KNOWN_SECONDS, PAUSE_SECONDS, Provider

pytestmark = pytest.mark.anyio
METADATA = f"/.well-known/oauth-authorization-server{PATH}"


class Clock:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        """The seconds that it shows."""
        return self.now


@pytest.fixture(scope="module")
def running() -> Iterator[IdentityProvider]:
    """A provider that answers over HTTP."""
    with identity_provider() as made:
        yield made


@pytest.fixture
def published(running: IdentityProvider) -> IdentityProvider:
    """The provider as it is at first, for one test."""
    running.__init__(running.origin)  # type: ignore[misc]
    return running


def _provider(published: IdentityProvider, clock: Callable[[], float], **settings: Any) -> Provider:
    return Provider(OAuthSettings(published.issuer, RESOURCE, **settings), clock=clock)


async def test_keys_are_kept_and_replaced(published: IdentityProvider) -> None:
    """A key that the provider rotates in is found at once; one that it withdraws goes when the keys are old."""
    clock = Clock()
    provider = _provider(published, clock)
    assert (await provider.keys_for("ec")).ids == {"ec"}
    published.keys = {"keys": [public_key("ec-new")]}
    clock.now += FRESH_SECONDS - 1
    assert (await provider.keys_for("ec")).ids == {"ec"}
    assert published.asked == [METADATA, "/keys"]
    assert (await provider.keys_for("ec-new")).ids == {"ec-new"}
    assert "ec" not in (await provider.keys_for("ec")).ids


async def test_unknown_keys_are_asked_for_once_in_a_while(published: IdentityProvider) -> None:
    """However many tokens come, one after another or at once."""
    clock = Clock()
    provider = _provider(published, clock)

    async def ask(kid: str) -> None:
        assert (await provider.keys_for(kid)).ids == {"ec"}

    async with anyio.create_task_group() as tasks:
        for number in range(50):
            tasks.start_soon(ask, f"unknown-{number}")
    assert published.asked.count("/keys") == 1
    for _ in range(9):
        clock.now += PAUSE_SECONDS / 4
        await ask("unknown")
    assert published.asked.count("/keys") == 3


async def test_known_keys_go_on_while_the_provider_is_down(published: IdentityProvider) -> None:
    """For an hour; an unknown one cannot be told from a new one then. Afterwards nothing is known."""
    clock = Clock()
    provider = _provider(published, clock)
    await provider.keys_for("ec")
    good = dict(published.metadata)
    for broken in ({"issuer": "https://evil.example"}, {"jwks_uri": "http://evil.example/keys"}, {"jwks_uri": 1}):
        published.metadata = good | broken
        clock.now += FRESH_SECONDS
        assert (await provider.keys_for("ec")).ids == {"ec"}
        with pytest.raises(Unavailable, match="cannot check tokens now"):
            await provider.keys_for("ec-new")
    clock.now = 1000 + KNOWN_SECONDS
    with pytest.raises(Unavailable, match="cannot check tokens now") as told:
        await provider.keys_for("ec")
    assert "evil" not in str(told.value)
    asked = len(published.asked)
    with pytest.raises(Unavailable):
        await provider.keys_for("ec")
    assert len(published.asked) == asked
    published.metadata = good
    clock.now += PAUSE_SECONDS
    assert (await provider.keys_for("ec")).ids == {"ec"}


async def test_the_metadata_is_found_where_providers_have_it(published: IdentityProvider) -> None:
    """As of OAuth, else of OpenID Connect; or the keys at an address that is set."""
    content: tuple[int, dict[str, str], bytes] = (200, {}, json.dumps(published.metadata).encode())
    others: list[tuple[int, dict[str, str], bytes]] = [
        (404, {}, b""),
        (302, {"Location": "/login"}, b""),
        (200, {}, b"<html>"),
        (200, {}, json.dumps(published.metadata | {"issuer": published.origin}).encode()),
    ]
    for path in (f"/.well-known/openid-configuration{PATH}", f"{PATH}/.well-known/openid-configuration"):
        for other in others:
            published.asked.clear()
            published.answers = {METADATA: other, path: content}
            assert (await _provider(published, Clock()).keys_for("ec")).ids == {"ec"}
            assert published.asked[-2:] == [path, "/keys"]
    published.asked.clear()
    set_address = _provider(published, Clock(), jwks_url=f"{published.origin}/keys")
    assert (await set_address.keys_for("ec")).ids == {"ec"}
    assert published.asked == ["/keys"]


async def test_junk_among_the_keys_is_left_out(published: IdentityProvider) -> None:
    """What cannot check a signature, whatever it looks like; of two keys with one id, the first counts."""
    junk: list[Any] = [
        None, "key", [], {}, {"kid": "a"}, {"kid": 1, "kty": "RSA"}, {"kid": "b", "kty": {}},
        {"kid": "c", "kty": "RSA"},
        {"kid": "d", "kty": "RSA", "n": "AQAB", "e": "x" * 1000}, {"kid": "e", "kty": "oct", "k": "c2VjcmV0"},
        {"kid": "f", "kty": "EC", "crv": ["P-256"], "x": 1, "y": None}, {"kid": "g", "kty": "EC", "crv": "P-256"},
        public_key("rsa", use="enc"), public_key("rsa", key_ops=["encrypt"]), public_key("rsa", key_ops=7),
        public_key("rsa", kid=""), public_key("rsa", alg="HS256"), public_key("rsa", alg="none"),
        public_key("rsa", d="AQAB"), _with_private_half("ec-other"), _of_bits(16384),
        public_key("rsa-short"), public_key("ec", crv="P-384"),
    ]  # fmt: skip
    published.keys = {"keys": [*junk, public_key("ec"), public_key("ec-other", kid="ec")], "more": junk}
    found = await _provider(published, Clock()).keys_for("ec")
    assert list(found.keys) == [("ec", "ES256")]
    (key,) = found.keys.values()
    assert key.key.public_numbers().x == _x(public_key("ec"))


def _with_private_half(name: str) -> dict[str, Any]:
    """A whole key pair, which nobody should publish: whoever reads it can sign."""
    number = private_key(name).private_numbers().private_value
    return public_key(name, d=base64url_encode(number.to_bytes(32)).decode())


def _of_bits(bits: int) -> dict[str, Any]:
    """A key so large that each signature takes long to check."""
    modulus = (2 ** (bits - 1) + 1).to_bytes(bits // 8)
    return public_key("rsa", kid="large", n=base64url_encode(modulus).decode())


def _x(published: dict[str, Any]) -> int:
    return int.from_bytes(base64url_decode(published["x"]), "big")


async def test_who_has_a_known_key_waits_for_nobody() -> None:
    """Only the first asks a provider that is slow; others go on with what was known."""
    clock, answers, asked = Clock(), anyio.Event(), list[str]()
    settings = OAuthSettings("https://login.example", RESOURCE, jwks_url="https://login.example/keys")

    async def fetch(url: str) -> dict[str, Any]:
        asked.append(url)
        if len(asked) > 1:
            await answers.wait()
        return {"keys": [public_key("ec")]}

    provider = Provider(settings, fetch, clock)
    await provider.keys_for("ec")
    clock.now += FRESH_SECONDS
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(provider.keys_for, "ec")
        await anyio.wait_all_tasks_blocked()
        with anyio.fail_after(120):
            assert (await provider.keys_for("ec")).ids == {"ec"}
        answers.set()
    assert len(asked) == 2


async def test_who_goes_away_ends_no_question_that_others_wait_for() -> None:
    """Else one client that gives up would keep all others out for a while."""
    answers, asked, gone = anyio.Event(), list[str](), anyio.CancelScope()
    settings = OAuthSettings("https://login.example", RESOURCE, jwks_url="https://login.example/keys")

    async def fetch(url: str) -> dict[str, Any]:
        asked.append(url)
        await answers.wait()
        return {"keys": [public_key("ec")]}

    provider, found = Provider(settings, fetch, Clock()), []

    async def ask_and_go() -> None:
        with gone:
            await provider.keys_for("ec")

    async def ask() -> None:
        found.append((await provider.keys_for("ec")).ids)

    async with anyio.create_task_group() as tasks:
        for task in (ask_and_go, ask):
            tasks.start_soon(task)
            await anyio.wait_all_tasks_blocked()
        gone.cancel()
        await anyio.wait_all_tasks_blocked()
        answers.set()
    assert (found, len(asked)) == ([frozenset({"ec"})], 1)


async def test_a_provider_that_is_away_is_asked_once() -> None:
    """Not at each address where its metadata could be: everybody would wait three times as long."""
    asked = []

    async def fetch(url: str) -> dict[str, Any]:
        asked.append(url)
        raise Unavailable(f"{url} cannot be reached.")

    with pytest.raises(Unavailable, match="cannot be reached"):
        await Provider(OAuthSettings("https://login.example/team", RESOURCE), fetch).read()
    assert len(asked) == 1


async def test_of_very_many_keys_the_first_count(published: IdentityProvider) -> None:
    """Each token would otherwise cost as much as a provider likes."""
    for others, ids in ((99, {"ec"}), (100, None)):
        published.keys = {"keys": [{}] * others + [public_key("ec")]}
        found = _provider(published, Clock()).keys_for("ec")
        if ids is None:
            with pytest.raises(Unavailable):
                await found
        else:
            assert (await found).ids == ids


@pytest.mark.parametrize(
    ("issuer", "keys", "said"),
    [
        ("https://login.example", "http://login.example/keys", "begins with https://"),
        ("https://login.example", "http://127.0.0.1/keys", "without TLS"),
        ("http://127.0.0.1:1", "http://login.example/keys", "begins with https://"),
        ("https://login.example", "file:///etc/keys", "begins with https://"),
    ],
)
async def test_keys_are_never_read_without_tls(issuer: str, keys: str, said: str) -> None:
    """Whatever the metadata says: who is on the way could put their own keys in."""
    asked = []

    async def fetch(url: str) -> dict[str, Any]:
        asked.append(url)
        return {"issuer": issuer, "jwks_uri": keys}

    with pytest.raises(Unavailable, match=said):
        await Provider(OAuthSettings(issuer, RESOURCE), fetch).read()
    assert keys not in asked


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ((500, {}, b""), "answers with status 500"),
        ((302, {"Location": "http://127.0.0.1:1/keys"}, b""), "redirects to 'http://127.0.0.1:1/keys'"),
        ((200, {}, b"{" + b" " * LARGEST_DOCUMENT + b"}"), "answers with more than 256 kB"),
        ((200, {}, b"<html>"), "does not answer with JSON"),
        ((200, {}, b"[" * 100_000), "does not answer with JSON"),
        ((200, {}, b"[]"), "does not answer with a JSON object"),
        ((200, {}, b'{"keys": {"kid": 1}}'), "has no key that can check a signature"),
        ((200, {}, b'{"error": "no"}'), "has no key that can check a signature"),
    ],
)
async def test_what_is_no_set_of_keys_is_told(
    published: IdentityProvider, answer: tuple[int, dict[str, str], bytes], said: str, caplog: pytest.LogCaptureFixture
) -> None:
    """In the server's log. Clients hear that it is not their token."""
    published.answers = {"/keys": answer}
    with pytest.raises(Unavailable, match="The server's log says why") as told:
        await _provider(published, Clock()).keys_for("ec")
    assert told.value.status == 503
    assert said in caplog.text
    assert f"{published.origin}/keys" in caplog.text


async def test_a_provider_that_does_not_answer_is_told(published: IdentityProvider) -> None:
    """A closed port, and an address without an issuer."""
    for issuer, said in (("http://127.0.0.1:1", "cannot be reached"), (published.origin, "no metadata of the issuer")):
        with pytest.raises(Unavailable, match=said):
            await Provider(OAuthSettings(issuer, RESOURCE)).read()
    with pytest.raises(Unavailable, match=r"does not answer within 0\.01 seconds"):
        await _ask_what_never_answers()


async def _ask_what_never_answers() -> None:
    async with await anyio.create_tcp_listener(local_host="127.0.0.1") as listener:
        port = listener.extra(anyio.abc.SocketAttribute.local_port)
        await fetch_object(f"http://127.0.0.1:{port}/", seconds=0.01)
