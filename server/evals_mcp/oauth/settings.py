"""What a server is told about its identity provider, and how its words are read. No library is loaded for it."""

import ipaddress
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import SplitResult, urlsplit

from evals_mcp.errors import Invalid
from evals_mcp.models.roles import Role

MCP_PATH = "/mcp"
ROLES = tuple(role.word for role in Role)
"""What a token can allow, in order: each also allows what stands before it."""

SCOPE_CLAIMS = ("scope", "scp")
"""The claims in which providers write the scopes that they have granted."""

_PREFIX = "EVALS_MCP_OAUTH_"
_LONGEST = 2000


@dataclass(frozen=True, slots=True)
class OAuthSettings:
    """The identity provider (`issuer`), this server (`resource`, the address of its `/mcp`), and what claims mean.

    A token must be for `audience`. `workspaces` maps values of `workspace_claim` to workspaces; without a mapping a
    value is the workspace's own name, and without a claim everybody opens `workspace`, or the only one. The first of
    `person_claims` that a token has is the person's name. `roles` maps values of `role_claim` to roles, of which the
    highest counts; `default_role` is for tokens that have none. Clients ask the provider for `scopes`.

    Raises Invalid, which names the setting, for what cannot be meant so.
    """

    issuer: str
    resource: str
    audience: str = ""
    jwks_url: str | None = None
    workspace: str | None = None
    workspace_claim: str | None = None
    workspaces: Mapping[str, str] = field(default_factory=dict)
    person_claims: tuple[str, ...] = ("email", "sub")
    role_claim: str = "scope"
    roles: Mapping[str, str] = field(default_factory=lambda: {"evals:read": "read", "evals:write": "write"})
    default_role: str | None = None
    scopes: tuple[str, ...] | None = None

    def __post_init__(self) -> None:
        """Check each setting, and fill in what follows from others."""
        issuer = _address("ISSUER", self.issuer)
        resource = _address("RESOURCE", self.resource)
        if not resource.path.endswith(MCP_PATH):
            raise Invalid(
                f"{_PREFIX}RESOURCE must be the address that people enter in their assistants, which ends in "
                f"`{MCP_PATH}`, not {_shown(self.resource)}."
            )
        if self.jwks_url is not None:
            _address("JWKS_URL", self.jwks_url, may_query=True)
            if urlsplit(self.jwks_url).scheme == "http" and issuer.scheme == "https":
                raise Invalid(f"{_PREFIX}JWKS_URL must begin with https://, as the issuer does.")
        self._check_workspaces()
        for role in (*self.roles.values(), *([] if self.default_role is None else [self.default_role])):
            if role not in ROLES:
                raise Invalid(f"{_PREFIX}ROLES and {_PREFIX}DEFAULT_ROLE: {_shown(role)} is no role. {_ROLES_ARE}")
        if not self.roles and self.default_role is None:
            raise Invalid(f"{_PREFIX}ROLES maps no value to a role, so nobody could read. {_ROLES_ARE}")
        if not self.person_claims:
            raise Invalid(f"{_PREFIX}PERSON_CLAIM must name a claim.")
        object.__setattr__(self, "audience", self.audience or self.resource)
        if self.scopes is None:
            of_roles = tuple(self.roles) if self.role_claim in SCOPE_CLAIMS else ()
            object.__setattr__(self, "scopes", of_roles)
        for scope in self.asked_scopes:
            if not scope.isascii() or not scope.isprintable() or set(scope) & set(' "\\'):
                raise Invalid(f"{_PREFIX}SCOPES must hold words of visible ASCII characters, not {_shown(scope)}.")

    def _check_workspaces(self) -> None:
        if self.workspace is not None and self.workspace_claim is not None:
            raise Invalid(f"Set {_PREFIX}WORKSPACE or {_PREFIX}WORKSPACE_CLAIM, not both.")
        if self.workspaces and self.workspace_claim is None:
            raise Invalid(f"{_PREFIX}WORKSPACES needs {_PREFIX}WORKSPACE_CLAIM, the claim whose values it maps.")

    @property
    def asked_scopes(self) -> tuple[str, ...]:
        """The scopes that clients ask for."""
        return self.scopes or ()


_ROLES_ARE = f"Roles are {', '.join(f'`{role}`' for role in ROLES)}."


def read_oauth(values: Mapping[str, str | None]) -> OAuthSettings | None:
    """The settings in texts by name (`EVALS_MCP_OAUTH_ISSUER` and so on), or None if none is set. Raises Invalid."""
    given = {name.removeprefix(_PREFIX): value for name, value in values.items() if value and name.startswith(_PREFIX)}
    if not given:
        return None
    for needed, what in (("ISSUER", "the identity provider"), ("RESOURCE", "the address of this server's `/mcp`")):
        if needed not in given:
            raise Invalid(f"Set {_PREFIX}{needed}, too: {what}. Sign-in with OAuth needs both.")
    options: dict[str, Any] = {}
    for name in ("ISSUER", "RESOURCE", "AUDIENCE", "JWKS_URL", "WORKSPACE", "WORKSPACE_CLAIM", "ROLE_CLAIM"):
        if name in given:
            options[name.lower()] = given[name]
    if "WORKSPACES" in given:
        options["workspaces"] = _mapping("WORKSPACES", given["WORKSPACES"])
    if "ROLES" in given:
        options["roles"] = {value: role.lower() for value, role in _mapping("ROLES", given["ROLES"]).items()}
    if "DEFAULT_ROLE" in given:
        options["default_role"] = given["DEFAULT_ROLE"].lower()
    if "PERSON_CLAIM" in given:
        options["person_claims"] = tuple(filter(None, map(str.strip, given["PERSON_CLAIM"].split(","))))
    if "SCOPES" in given:
        options["scopes"] = tuple(dict.fromkeys(given["SCOPES"].replace(",", " ").split()))
    return OAuthSettings(**options)


def _mapping(name: str, text: str) -> dict[str, str]:
    """`VALUE=MEANING, …`, or a JSON object for values with commas. Raises Invalid."""
    wrong = Invalid(f"{_PREFIX}{name} must be `VALUE=MEANING, VALUE=MEANING`, or a JSON object of texts.")
    if text.lstrip().startswith("{"):
        try:
            pairs = list(json.loads(text).items())
        except (ValueError, RecursionError):
            raise wrong from None
    else:
        pairs = [(value, meaning) for value, _, meaning in (part.rpartition("=") for part in text.split(",") if part)]
    found: dict[str, str] = {}
    for value, meaning in pairs:
        if not isinstance(meaning, str) or not (value := value.strip()) or not (meaning := meaning.strip()):
            raise wrong
        if found.setdefault(value, meaning) != meaning:
            raise Invalid(f"{_PREFIX}{name} maps {_shown(value)} twice.")
    return found


def _address(name: str, text: str, *, may_query: bool = False) -> SplitResult:
    """The parts of an address that may be trusted. Raises Invalid."""
    try:
        parts = urlsplit(text)
        host, port = parts.hostname, parts.port
    except ValueError:
        parts, host, port = urlsplit(""), None, None
    if not host or port == 0 or len(text) > _LONGEST or not text.isascii() or not text.isprintable() or " " in text:
        raise Invalid(f"{_PREFIX}{name} must be an address such as https://host/path, not {_shown(text)}.")
    if not has_safe_scheme(text):
        raise Invalid(f"{_PREFIX}{name} must begin with https:// (http:// is for this machine alone).")
    if parts.username is not None or "#" in text or ("?" in text and not may_query) or set(text) & set('"\\'):
        raise Invalid(f"{_PREFIX}{name} must have no name or password, query or fragment: {_shown(text)}.")
    return parts


def has_safe_scheme(address: str) -> bool:
    """Whether an address is protected on its way: by TLS, or because it does not leave this machine."""
    parts = urlsplit(address)
    if parts.scheme != "http":
        return parts.scheme == "https"
    host = parts.hostname or ""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _shown(text: str) -> str:
    return f"`{ascii(text[:60])[1:-1]}`"
