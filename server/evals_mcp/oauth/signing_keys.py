"""The keys with which an identity provider signs tokens, as it publishes them: found, kept, and asked for again."""

import logging
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import anyio
import jwt

from evals_mcp.client.documents import ANSWERED, NO_ANSWER, fetch_object
from evals_mcp.errors import Unavailable
from evals_mcp.oauth.settings import OAuthSettings, has_safe_scheme

FRESH_SECONDS = 300.0
"""How long keys are used before the provider is asked again. A key that it withdraws is refused after that."""

KNOWN_SECONDS = 3600.0
"""How long keys that are known go on working while the provider cannot be asked."""

PAUSE_SECONDS = 10.0
"""The provider is not asked again within this time, whatever tokens arrive."""

ALGORITHMS = {
    "RSA": ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512"),
    "EC": ("ES256", "ES384", "ES512"),
    "OKP": ("EdDSA",),
}
"""The algorithms of signatures that are taken, by type of key. A secret that both sides know signs nothing here."""

_CURVES = {"P-256": "ES256", "P-384": "ES384", "P-521": "ES512", "Ed25519": "EdDSA"}
_LEAST_RSA_BITS, _MOST_RSA_BITS = 2048, 8192
_MOST_KEYS = 100
_log = logging.getLogger(__name__)

Fetch = Callable[[str], Awaitable[dict[str, Any]]]


class SigningKeys(NamedTuple):
    """What the provider publishes: each key by its id and an algorithm that it may be used with."""

    keys: Mapping[tuple[str, str], jwt.PyJWK]

    @property
    def ids(self) -> frozenset[str]:
        """The ids of all keys."""
        return frozenset(kid for kid, _ in self.keys)


class Provider:
    """The identity provider: its keys, asked for when a token needs them. One loop uses it."""

    def __init__(
        self,
        settings: OAuthSettings,
        fetch: Fetch = fetch_object,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._settings = settings
        self._fetch = fetch
        self._clock = clock
        self._known = SigningKeys({})
        self._known_since: float | None = None
        self._asked_at: float | None = None
        self._failed = False
        self._asking = anyio.Lock()

    async def keys_for(self, kid: str) -> SigningKeys:
        """The keys among which one with an id has to be, if the provider has it: they were asked for lately.

        Raises Unavailable if the provider cannot be asked, and the key is not known, or no longer.
        """
        knows = kid in self._known.ids
        if knows and self._is_within(FRESH_SECONDS):
            return self._known
        if not (knows and self._is_within(KNOWN_SECONDS) and self._asking.statistics().locked):
            # Who goes away while the provider is asked must not end what others wait for.
            with anyio.CancelScope(shield=True):
                async with self._asking:
                    if self._may_ask(kid):
                        await self._ask()
        is_usable = self._is_within(KNOWN_SECONDS)
        if is_usable and (kid in self._known.ids or not self._failed):
            return self._known
        raise Unavailable(
            f"This server cannot check tokens now: the keys of {self._settings.issuer} cannot be read. Try again in "
            f"{PAUSE_SECONDS:.0f} seconds. The server's log says why."
        )

    async def read(self) -> tuple[str, SigningKeys]:
        """Where the keys are published, and the keys. Raises Unavailable, which says what is wrong there."""
        url = self._settings.jwks_url or await self._discover()
        document = await self._fetch(url)
        keys = SigningKeys(dict(reversed(list(_usable_keys(document)))))  # of two with one id, the first counts
        if not keys.keys:
            raise Unavailable(f"{url} has no key that can check a signature (`keys` with `kid` of the type RSA or EC).")
        return url, keys

    def _is_within(self, seconds: float) -> bool:
        return self._known_since is not None and self._clock() - self._known_since < seconds

    def _may_ask(self, kid: str) -> bool:
        """Whether it is still necessary, after a wait, and not too soon."""
        if kid in self._known.ids and self._is_within(FRESH_SECONDS):
            return False
        return self._asked_at is None or self._clock() - self._asked_at >= PAUSE_SECONDS

    async def _ask(self) -> None:
        self._asked_at = self._clock()
        try:
            _, self._known = await self.read()
        except Unavailable as error:
            self._failed = True
            _log.warning("Sign-in: the provider's keys cannot be read. %s", error)
            return
        finally:
            self._asked_at = self._clock()
        self._failed = False
        self._known_since = self._asked_at

    async def _discover(self) -> str:
        """The address of the keys, out of the provider's metadata (RFC 8414, else OpenID Connect Discovery)."""
        issuer = self._settings.issuer
        tried = []
        for url in _metadata_addresses(issuer):
            try:
                return _keys_address(url, await self._fetch(url), issuer)
            except Unavailable as error:
                if error.status == NO_ANSWER:
                    raise
                tried.append(str(error))
        raise Unavailable(
            f"There is no metadata of the issuer that EVALS_MCP_OAUTH_ISSUER names. {' '.join(tried)} Correct the "
            "issuer, or set EVALS_MCP_OAUTH_JWKS_URL."
        )


def _metadata_addresses(issuer: str) -> list[str]:
    """Where an issuer may publish its metadata, in the order of the MCP specification."""
    parts = urlsplit(issuer)
    origin, path = f"{parts.scheme}://{parts.netloc}", parts.path.rstrip("/")
    addresses = [
        f"{origin}/.well-known/oauth-authorization-server{path}",
        f"{origin}/.well-known/openid-configuration{path}",
        f"{origin}{path}/.well-known/openid-configuration",
    ]
    return list(dict.fromkeys(addresses))


def _keys_address(url: str, document: Mapping[str, Any], issuer: str) -> str:
    stated, keys = document.get("issuer"), document.get("jwks_uri")
    if stated != issuer:
        raise Unavailable(
            f"{url} is of the issuer {str(stated)[:200]!a}, not {issuer!a}. If it is your provider, set exactly that.",
            ANSWERED,
        )
    if not isinstance(keys, str) or not has_safe_scheme(keys):
        raise Unavailable(f"{url} has no `jwks_uri` that begins with https://.", ANSWERED)
    if urlsplit(keys).scheme == "http" and urlsplit(issuer).scheme == "https":
        raise Unavailable(f"{url} has a `jwks_uri` without TLS.", ANSWERED)
    return keys


def _usable_keys(document: Mapping[str, Any]) -> Iterator[tuple[tuple[str, str], jwt.PyJWK]]:
    """The public keys in a JWK set that check signatures. Whatever else is in there is left out."""
    listed = document.get("keys")
    for item in listed[:_MOST_KEYS] if isinstance(listed, list) else []:
        if not isinstance(item, dict) or "d" in item or item.get("use", "sig") != "sig":
            continue
        kid, kty, operations = item.get("kid"), item.get("kty"), item.get("key_ops", ["verify"])
        if not isinstance(kid, str) or not kid or not isinstance(kty, str):
            continue
        if not isinstance(operations, list) or "verify" not in operations:
            continue
        for algorithm in ALGORITHMS.get(kty, ()):
            if item.get("alg", algorithm) == algorithm and _fits_curve(item, algorithm):
                key = _public_key(item, algorithm)
                if key is not None:
                    yield (kid, algorithm), key


def _fits_curve(item: Mapping[str, Any], algorithm: str) -> bool:
    return item["kty"] == "RSA" or (isinstance(item.get("crv"), str) and _CURVES.get(item["crv"]) == algorithm)


def _public_key(item: dict[str, Any], algorithm: str) -> jwt.PyJWK | None:
    try:
        key = jwt.PyJWK(item, algorithm)
    except Exception:  # whatever libraries say of numbers that are none
        return None
    if item["kty"] == "RSA" and not _LEAST_RSA_BITS <= key.key.key_size <= _MOST_RSA_BITS:
        return None
    return key
