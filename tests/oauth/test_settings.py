"""The settings of sign-in, out of the environment: what each may be, and what follows from none."""

import pytest

from evals_mcp.config import OAUTH_VARIABLES, read_oauth
from evals_mcp.errors import Invalid
from evals_mcp.oauth.settings import OAuthSettings

ISSUER, RESOURCE = "https://login.example/realms/team", "https://evals.example/mcp"


def _read(**changes: str) -> OAuthSettings | None:
    given = {"ISSUER": ISSUER, "RESOURCE": RESOURCE} | changes
    return read_oauth({f"EVALS_MCP_OAUTH_{name}": value for name, value in given.items()})


def test_nothing_set_means_no_sign_in() -> None:
    """Also for placeholders that nobody filled."""
    assert read_oauth({}) is None
    assert read_oauth(dict.fromkeys(OAUTH_VARIABLES, "${x}")) is None


def test_issuer_and_resource_are_enough() -> None:
    """The audience is the resource, and scopes give the roles."""
    settings = _read()
    assert settings == OAuthSettings(ISSUER, RESOURCE, audience=RESOURCE, scopes=("evals:read", "evals:write"))


def test_each_setting_is_read() -> None:
    """As texts, lists and mappings, whose values may have any character."""
    settings = _read(
        AUDIENCE="api://evals",
        JWKS_URL="https://login.example/keys?v=2",
        WORKSPACE_CLAIM="groups",
        WORKSPACES='{"CN=evals,OU=search": "search", "ads": "ads"}',
        PERSON_CLAIM="preferred_username, email",
        ROLE_CLAIM="roles",
        ROLES="a=b=READ, lead = write",
        DEFAULT_ROLE="Read",
        SCOPES="openid api://evals/use",
    )
    assert settings == OAuthSettings(
        ISSUER,
        RESOURCE,
        audience="api://evals",
        jwks_url="https://login.example/keys?v=2",
        workspace_claim="groups",
        workspaces={"CN=evals,OU=search": "search", "ads": "ads"},
        person_claims=("preferred_username", "email"),
        role_claim="roles",
        roles={"a=b": "read", "lead": "write"},
        default_role="read",
        scopes=("openid", "api://evals/use"),
    )
    by_group = _read(ROLE_CLAIM="groups", ROLES="a=read")
    assert by_group is not None
    assert by_group.scopes == ()


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("ISSUER", "", "Set EVALS_MCP_OAUTH_ISSUER, too"),
        ("RESOURCE", "", "Set EVALS_MCP_OAUTH_RESOURCE, too"),
        ("ISSUER", "http://login.example", r"EVALS_MCP_OAUTH_ISSUER must begin with https://"),
        ("ISSUER", "http://127.0.0.1.evil.example", "must begin with https://"),
        ("ISSUER", "login.example", "must be an address such as https://host/path, not `login.example`"),
        ("ISSUER", "https://[::1", "must be an address"),
        ("ISSUER", "https://login.example:x", "must be an address"),
        ("ISSUER", "https://login.exämple", "must be an address"),
        ("ISSUER", "https://login.example?tenant=1", "no name or password, query or fragment"),
        ("ISSUER", "https://a:b@login.example", "no name or password"),
        ("RESOURCE", "https://evals.example", "which ends in `/mcp`, not `https://evals.example`"),
        ("RESOURCE", "https://evals.example/mcp/", "which ends in `/mcp`"),
        ("RESOURCE", 'https://evals.example/"/mcp', "query or fragment"),
        ("JWKS_URL", "http://127.0.0.1/keys", "as the issuer does"),
        ("JWKS_URL", "file:///etc/passwd", "must be an address"),
        ("WORKSPACES", "a=b", "needs EVALS_MCP_OAUTH_WORKSPACE_CLAIM"),
        ("ROLES", "a=owner", "`owner` is no role. Roles are `read`, `label`, `write`, `admin`"),
        ("ROLES", "a=read, a=write", "maps `a` twice"),
        ("ROLES", "read", "must be `VALUE=MEANING, VALUE=MEANING`, or a JSON object"),
        ("ROLES", "{}", "so nobody could read"),
        ("ROLES", '{"a": 1}', "must be `VALUE=MEANING"),
        ("ROLES", "{", "must be `VALUE=MEANING"),
        ("DEFAULT_ROLE", "root", "`root` is no role"),
        ("WORKSPACES_CLAIM", "groups", "is no setting. Did you mean EVALS_MCP_OAUTH_WORKSPACE_CLAIM?"),
        ("PERSON_CLAIM", ",", "must name a claim"),
        ("SCOPES", 'a"b', "visible ASCII characters"),
    ],
)
def test_what_cannot_be_meant_is_refused(name: str, value: str, said: str) -> None:
    """With the setting's name, before the server starts."""
    with pytest.raises(Invalid, match=said):
        _read(**{name: value})


def test_a_file_has_the_same_settings() -> None:
    """In the shapes of its language; variables count before them."""
    table = {
        "issuer": ISSUER,
        "resource": RESOURCE,
        "workspace_claim": "groups",
        "workspaces": {"CN=evals,OU=search": "search"},
        "person_claim": ["name", "sub"],
    }
    settings = read_oauth({"EVALS_MCP_OAUTH_WORKSPACE_CLAIM": "teams"}, table, "serve.toml: oauth")
    assert settings is not None
    assert settings.workspace_claim == "teams"
    assert settings.workspaces == {"CN=evals,OU=search": "search"}
    assert settings.person_claims == ("name", "sub")
    with pytest.raises(Invalid, match=r"serve\.toml: oauth\.issuer must be a text"):
        read_oauth({}, table | {"issuer": 1}, "serve.toml: oauth")
    with pytest.raises(Invalid, match="Did you mean EVALS_MCP_OAUTH_ISSUER"):
        read_oauth({}, table | {"isuer": ISSUER}, "serve.toml: oauth")


def test_a_workspace_comes_from_a_claim_or_from_a_setting() -> None:
    """Not from both."""
    with pytest.raises(Invalid, match="not both"):
        _read(WORKSPACE="a", WORKSPACE_CLAIM="groups")
