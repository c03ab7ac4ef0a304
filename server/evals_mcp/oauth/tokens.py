"""Access tokens that are JWTs: whether the provider made one, for this server, and whether it holds now.

Each refusal says what is wrong. Clients read which claim or setting to look at; the log also has the claim's value.
Nothing shows a token.
"""

import json
import logging
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Never

import jwt
from jwt.utils import base64url_decode

from evals_mcp.errors import Unauthorized, UnknownToken
from evals_mcp.oauth.logged import short
from evals_mcp.oauth.settings import OAuthSettings
from evals_mcp.oauth.signing_keys import ALGORITHMS, Provider

LEEWAY_SECONDS = 30
"""How far the clocks of the provider and of this server may differ."""

LONGEST_TOKEN = 16 * 1024
"""Characters. A longer token is refused unread."""

_ALGORITHMS = tuple(name for names in ALGORITHMS.values() for name in names)
_TYPES = ("jwt", "at+jwt", "application/at+jwt")
_FORM = re.compile(r"[\w-]+\.[\w-]+\.[\w-]*", re.ASCII)
_UNCHECKED: Any = {f"verify_{name}": False for name in ("signature", "exp", "nbf", "iat", "aud", "iss", "sub", "jti")}
_log = logging.getLogger(__name__)


async def verified_claims(token: str, settings: OAuthSettings, provider: Provider) -> Mapping[str, Any]:
    """The claims of a token. Raises Unauthorized if it does not hold here, UnknownToken if the provider
    has not signed it, and Unavailable as the provider."""
    header, stated = _unverified(token)
    _check_form(header, stated, settings)
    kid, algorithm = header["kid"], header["alg"]
    found = await provider.keys_for(kid)
    key = found.keys.get((kid, algorithm))
    if key is None and kid in found.ids:
        _log.warning("Sign-in refused: the key %s of the provider is not for %s.", short(kid), algorithm)
        raise UnknownToken("The token's `alg` does not fit the provider's key with its `kid`.")
    if key is None:
        _log.warning("Sign-in refused: `kid` is %s; the provider has the keys %s.", short(kid), short(found.ids))
        raise UnknownToken(
            f"The token is signed with a key (`kid`) that {settings.issuer} does not publish. Sign in again; if it "
            "stays so, the provider's keys and the issuer of its tokens do not belong together."
        )
    try:
        return jwt.decode(
            token,
            key,
            algorithms=list(_ALGORITHMS),
            audience=settings.audience,
            issuer=settings.issuer,
            leeway=LEEWAY_SECONDS,
            options={"require": ["exp", "iss", "aud"], "verify_sub": False, "verify_jti": False},
        )
    except jwt.InvalidTokenError as error:
        _refuse(error, stated, settings)


def _unverified(token: str) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """The header and the claims of a token that nobody has vouched for yet."""
    if len(token) > LONGEST_TOKEN:
        _log.warning("Sign-in refused: a token has %d characters.", len(token))
        raise UnknownToken(
            f"The token has more than {LONGEST_TOKEN:,} characters. Let the provider write fewer claims (such as "
            "groups) into access tokens."
        )
    try:
        if not _FORM.fullmatch(token):
            raise jwt.DecodeError
        header = json.loads(base64url_decode(token.partition(".")[0]))
        if isinstance(header, dict):
            _check_header(header)
        whole = jwt.decode_complete(token, options=_UNCHECKED)
    except (jwt.InvalidTokenError, ValueError, RecursionError):
        _log.warning(
            "Sign-in refused: what a client sent is neither a JWT nor one of our API keys. Let the provider issue JWTs."
        )
        raise UnknownToken(
            "This is neither a JWT nor an API key of this server. Access tokens must be JWTs: set the provider to "
            "issue them (some issue opaque tokens unless the client names an audience)."
        ) from None
    return whole["header"], whole["payload"]


def _check_header(header: Mapping[str, Any]) -> None:
    """Refuse, with its reason, what the library takes for no JWT."""
    if "crit" in header:
        _log.warning("Sign-in refused: `crit` is %s, and this server takes no extension.", short(header["crit"]))
        raise UnknownToken("The token demands an extension (`crit`), and this server takes none.")
    if header.get("b64", True) is False:
        _log.warning("Sign-in refused: `b64` is false, and this server takes no extension.")
        raise UnknownToken("The token uses an extension (`b64`), and this server takes none.")
    if not isinstance(header.get("kid", ""), str):
        _refuse_without_key()


def _check_form(header: Mapping[str, Any], stated: Mapping[str, Any], settings: OAuthSettings) -> None:
    """Refuse what no key could make right, so that nobody is asked for one."""
    algorithm, kid, kind = header.get("alg"), header.get("kid"), header.get("typ", "JWT")
    if not isinstance(algorithm, str) or algorithm not in _ALGORITHMS:
        _log.warning("Sign-in refused: `alg` is %s.", short(algorithm))
        raise UnknownToken(
            f"The token is not signed in a way that this server takes (`alg`). It takes {', '.join(_ALGORITHMS)}."
        )
    if not isinstance(kind, str) or kind.lower() not in _TYPES:
        _log.warning("Sign-in refused: `typ` is %s.", short(kind))
        raise UnknownToken("The token is no access token: its `typ` must be `at+jwt` or `JWT`.")
    if stated.get("iss") != settings.issuer:
        _log.warning(
            "Sign-in refused: `iss` is %s, but EVALS_MCP_OAUTH_ISSUER is %s.",
            short(stated.get("iss")),
            short(settings.issuer),
        )
        raise UnknownToken(
            f"The token is not from this server's identity provider: its `iss` must be exactly {settings.issuer}."
        )
    if not isinstance(kid, str) or not kid:
        _refuse_without_key()


def _refuse_without_key() -> Never:
    _log.warning("Sign-in refused: a token has no `kid`. Let the provider write it into the header.")
    raise UnknownToken("The token's header names no key (`kid`).")


def _refuse(error: jwt.InvalidTokenError, stated: Mapping[str, Any], settings: OAuthSettings) -> Never:
    """Raise Unauthorized for what is wrong with a token that has a known key."""
    match error:
        case jwt.InvalidSignatureError():
            _log.warning("Sign-in refused: a signature is not of the key that the token names.")
            raise UnknownToken("The token's signature is wrong: it was changed, or another key has signed it.")
        case jwt.ExpiredSignatureError():
            _log.warning(
                "Sign-in refused: `exp` is %s, and this machine's clock says %s.", _date(stated, "exp"), _now()
            )
            raise Unauthorized("The token has expired (`exp`). Sign in again, or refresh it.")
        case jwt.ImmatureSignatureError():
            _log.warning(
                "Sign-in refused: `nbf` is %s and `iat` is %s, and this machine's clock says %s.",
                _date(stated, "nbf"),
                _date(stated, "iat"),
                _now(),
            )
            raise Unauthorized("The token is not valid yet (`nbf`, `iat`). The clocks of provider and server differ.")
        case jwt.InvalidAudienceError():
            _refuse_audience(stated, settings)
        case jwt.MissingRequiredClaimError(claim="aud"):
            _refuse_audience(stated, settings)
        case jwt.MissingRequiredClaimError():
            _log.warning("Sign-in refused: the claim `%s` is missing.", error.claim)
            raise Unauthorized(f"The token lacks the claim `{error.claim}`.")
    _log.warning("Sign-in refused: a signed token is malformed. %s", short(str(error)))
    raise Unauthorized("The token is malformed: `exp`, `nbf`, `iat` must be numbers.")


def _refuse_audience(stated: Mapping[str, Any], settings: OAuthSettings) -> Never:
    _log.warning(
        "Sign-in refused: `aud` is %s, not %s. Let the provider write that audience, or set EVALS_MCP_OAUTH_AUDIENCE.",
        short(stated.get("aud")),
        short(settings.audience),
    )
    raise Unauthorized(f"The token is not for this server: its `aud` must be exactly {settings.audience}.")


def _date(claims: Mapping[str, Any], name: str) -> str:
    try:
        return datetime.fromtimestamp(int(claims[name]), UTC).isoformat()
    except (KeyError, TypeError, ValueError, OverflowError, OSError):
        return short(claims.get(name))


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
