"""`serve --check`: what a server would serve, and whether it could. Nothing is created, upgraded or changed."""

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from evals_mcp.errors import Invalid, Unavailable
from evals_mcp.oauth.settings import OAuthSettings
from evals_mcp.serving.configuration import Configuration
from evals_mcp.serving.options import ServeOptions
from evals_mcp.serving.proxies import Proxies
from evals_mcp.serving.root_path import checked_root_path, path_mismatch
from evals_mcp.serving.setting import Setting, settings_of
from evals_mcp.store.database.addresses import shown_address

if TYPE_CHECKING:
    from evals_mcp.store.teams.looking import Teams

_HIDDEN = "***"


def effective_lines(configuration: Configuration) -> Iterator[str]:
    """Each setting as a file has it, with where it comes from. Secrets are hidden."""
    for setting in settings_of(ServeOptions):
        value = getattr(configuration.options, setting.name)
        source = configuration.sources[setting.name]
        if value is None:
            yield f"# {setting.name} is not set"
        else:
            yield f"{setting.name} = {_shown(setting, value)}  # {source}"
    oauth = configuration.options.oauth
    if oauth is not None:
        yield f"# people sign in at {oauth.issuer} to {oauth.resource}"
        mismatch = path_mismatch(configuration.options.root_path, oauth.resource)
        if mismatch is not None:
            yield f"# {mismatch}"


def _sign_in(oauth: OAuthSettings, teams: "Teams") -> str:
    """What there is of the identity provider. Raises Unavailable, with what is wrong there, and Invalid and NotFound
    if nobody who signs in would get to a workspace."""
    import anyio

    from evals_mcp.oauth.signing_keys import Provider
    from evals_mcp.serving.signing_in import require_workspace

    require_workspace(teams.require, oauth)
    try:
        _, found = anyio.run(Provider(oauth).read)
    except Unavailable as error:
        raise Unavailable(
            f"The identity provider {oauth.issuer} (setting oauth.issuer) cannot be used: {error}"
        ) from error
    gone = sorted({repr(name) for name in oauth.workspaces.values() if name not in teams.workspaces})
    but = f"; mapped to workspaces that do not exist: {', '.join(gone)}" if gone else ""
    return f", and sign-in with keys of the identity provider ({len(found.ids)} found{but})"


def _shown(setting: Setting, value: Any) -> str:
    if setting.secret:
        return json.dumps(_HIDDEN)
    if setting.name == "database":
        return json.dumps(shown_address(value), ensure_ascii=False)
    return json.dumps(list(value) if isinstance(value, tuple) else value, ensure_ascii=False)


def check(options: ServeOptions) -> str:
    """Check options with their database, and say what is there.

    Raises as `serve`, except about the port: the server that this is asked about may have it.
    """
    from evals_mcp.serving.serve import require_servable
    from evals_mcp.store.database.checkup import check_up
    from evals_mcp.store.database.states import creatable, is_missing
    from evals_mcp.store.teams.looking import look_at_teams

    signs_in = options.oauth is not None
    checked_root_path(options.root_path)
    Proxies(options.trusted_proxies)
    if is_missing(options.database):
        if not creatable(options.database):
            raise Invalid("The database file does not exist, and cannot be created there.")
        require_servable(options, keyed=signs_in)
        return "The database does not exist yet. The first start creates it."
    found = check_up(options.database)
    if found.problems:
        raise Invalid(f"The database is damaged: {'; '.join(found.problems)}")
    teams = look_at_teams(options.database)
    require_servable(options, keyed=teams.keys > 0 or signs_in)
    if not teams.keys and not signs_in and bool(found.server) and options.workspace not in teams.workspaces:
        listed = ", ".join(teams.workspaces) or "none yet; create one with `evals-mcp workspaces create`"
        raise Invalid(f"Without keys, set workspace to one that exists. Workspaces: {listed}.")
    keys = f"{teams.active_keys} active keys" if teams.keys else "without keys"
    keys += (
        _sign_in(options.oauth, teams) if options.oauth is not None else "" if teams.keys else ", to this machine only"
    )
    upgraded = "" if found.revision in (None, found.newest) else " The first start upgrades it."
    return f"The database can be served: {keys}.{upgraded}"
