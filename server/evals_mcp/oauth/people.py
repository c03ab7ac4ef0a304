"""Who somebody is, by the claims of their token: their name, their workspace, and what they may."""

import hashlib
import logging
from collections.abc import Mapping
from typing import Any, NamedTuple

from evals_mcp.errors import InsufficientScope, Unauthorized
from evals_mcp.models.roles import SIGNED_IN
from evals_mcp.oauth.logged import short
from evals_mcp.oauth.settings import ROLES, SCOPE_CLAIMS, OAuthSettings

_LONGEST_NAME = 200
_NOT_VERIFIED = (False, "false", "False")  # some providers write texts
_log = logging.getLogger(__name__)


class SignedIn(NamedTuple):
    """Somebody who has signed in. `id` is short and no secret, and the same for one person at each request.

    `workspace` is None if the settings leave it to the database, which then has only one.
    """

    id: str
    person: str
    workspace: str | None
    role: str


def signed_in(claims: Mapping[str, Any], settings: OAuthSettings) -> SignedIn:
    """Who the claims of a valid token speak of. Raises Unauthorized with status 403 if they open nothing here."""
    person = _person(claims, settings)
    subject = claims.get("sub")
    whose = subject if isinstance(subject, str) else person
    digest = hashlib.sha256(f"{settings.issuer}\n{whose}".encode(errors="surrogatepass")).hexdigest()
    return SignedIn(f"{SIGNED_IN}{digest[:12]}", person, _workspace(claims, settings), _role(claims, settings))


def _person(claims: Mapping[str, Any], settings: OAuthSettings) -> str:
    for name in settings.person_claims:
        value = claim(claims, name)
        if name == "email" and claims.get("email_verified") in _NOT_VERIFIED:
            continue  # anybody could have written it
        if isinstance(value, str) and value.isprintable() and 0 < len(value.strip()) <= _LONGEST_NAME:
            return value.strip()
    named = " or ".join(f"`{name}`" for name in settings.person_claims)
    _log.warning(
        "Sign-in refused: EVALS_MCP_OAUTH_PERSON_CLAIM is %s; a token has the claims %s.", named, _names(claims)
    )
    raise Unauthorized(f"The token names no person: it has no text in {named}.", 403)


def _workspace(claims: Mapping[str, Any], settings: OAuthSettings) -> str | None:
    name = settings.workspace_claim
    if name is None:
        return settings.workspace
    values = _texts(claim(claims, name))
    if settings.workspaces:
        found = {settings.workspaces[value] for value in values if value in settings.workspaces}
    else:
        found = set(values)
    if len(found) == 1:
        return found.pop()
    if found:
        _log.warning(
            "Sign-in refused: `%s` is %s, which names the workspaces %s. Let EVALS_MCP_OAUTH_WORKSPACES lead to one.",
            name,
            short(values),
            short(sorted(found)),
        )
        raise Unauthorized(
            f"The token's claim `{name}` names {len(found)} workspaces, and it must name one. Whoever runs this server "
            "or the identity provider can change that.",
            403,
        )
    if not values:
        _log.warning(
            "Sign-in refused: EVALS_MCP_OAUTH_WORKSPACE_CLAIM is `%s`; a token has the claims %s.", name, _names(claims)
        )
        raise Unauthorized(f"The token opens no workspace: it has no claim `{name}`.", 403)
    _log.warning("Sign-in refused: `%s` is %s, of which EVALS_MCP_OAUTH_WORKSPACES maps none.", name, short(values))
    raise Unauthorized(
        f"The token opens no workspace of this server: no value of its claim `{name}` leads to one.", 403
    )


def _role(claims: Mapping[str, Any], settings: OAuthSettings) -> str:
    """The highest role that the claim gives, else the default one."""
    name = settings.role_claim
    values = _texts(claim(claims, name), are_words=name in SCOPE_CLAIMS)
    if name in SCOPE_CLAIMS and not values:  # the other name of the same
        values = [value for other in SCOPE_CLAIMS for value in _texts(claims.get(other), are_words=True)]
    roles = [settings.roles[value] for value in values if value in settings.roles]
    if roles:
        return max(roles, key=ROLES.index)
    if settings.default_role is not None:
        return settings.default_role
    wanted = " or ".join(f"`{value}`" for value in settings.roles)
    _log.warning(
        "Sign-in refused: `%s` is %s. Let the provider grant %s, or set EVALS_MCP_OAUTH_ROLES (or _DEFAULT_ROLE).",
        name,
        short(values),
        wanted,
    )
    sentence = f"The token gives no right to read here: its claim `{name}` must have {wanted}."
    raise InsufficientScope(sentence) if name in SCOPE_CLAIMS else Unauthorized(sentence, 403)


def claim(claims: Mapping[str, Any], name: str) -> Any:
    """A claim by its name, else by a path of names with dots (`realm_access.roles`); None if it is not there."""
    if name in claims:
        return claims[name]
    value: Any = claims
    for part in name.split("."):
        value = value.get(part) if isinstance(value, Mapping) else None
    return value


def _texts(value: Any, *, are_words: bool = False) -> list[str]:
    """The texts of a claim: one, or those of a list. Scopes are words of one text."""
    if isinstance(value, str):
        return value.split() if are_words else [value]
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []


def _names(claims: Mapping[str, Any]) -> str:
    return short(sorted(claims))
