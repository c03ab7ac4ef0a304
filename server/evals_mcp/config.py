"""Settings from arguments and environment variables. No other module reads the environment."""

import json
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from evals_mcp.errors import Invalid
from evals_mcp.variables import (
    DEFAULT_JOURNAL_DAYS,
    DEFAULT_MAX_TOKENS,
    LEAST_TOKENS,
    MOST_JOURNAL_DAYS,
    MOST_TOKENS,
    flag,
    given,
    whole_number,
    with_workspace,
    workspace_of_file,
)

if TYPE_CHECKING:
    from evals_mcp.oauth.settings import OAuthSettings

VARIABLES = {
    "EVALS_MCP_DATABASE": "Where the data is: a file, `sqlite:///…` or `postgresql://…`. Default: a file in your "
    "user data folder.",
    "EVALS_MCP_WORKSPACE": "The workspace of a PostgreSQL database, unless its address names one (`?workspace=NAME`).",
    "HUMANLOOP_BASE_URL": "Address of a Humanloop-compatible server, with or without `/v5`. It replaces the database.",
    "HUMANLOOP_API_KEY": "API key for that server. Logs, errors and answers never contain it.",
    "EVALS_MCP_MAX_TOKENS": "Token limit of an answer, 300 to 20,000, unless a call sets its own. Default 4,000.",
    "EVALS_MCP_READ_ONLY": "`true` removes the tools and prompts that write, and `serve` refuses writes.",
    "EVALS_MCP_JOURNAL_DAYS": "Days that entries of the journal of writes are kept, 1 to 36,500. Default 90.",
    "EVALS_MCP_ACTOR": "Your name in the journal and of your labels. Default: the host's name; of commands, the system "
    "user's.",
    "EVALS_MCP_IMPORT_DIRS": "Folders that the chat may import files from, separated by `:` (on Windows `;`). Default: "
    "none.",
}
"""The environment variables that we read, and what each means."""

OAUTH_VARIABLES = {
    "EVALS_MCP_OAUTH_ISSUER": "The identity provider: exactly what it writes as `iss` into tokens and as `issuer` into "
    "its metadata.",
    "EVALS_MCP_OAUTH_RESOURCE": "The address of this server that people enter, such as `https://evals.internal/mcp`.",
    "EVALS_MCP_OAUTH_AUDIENCE": "What tokens must have as `aud`. Default: the resource.",
    "EVALS_MCP_OAUTH_JWKS_URL": "Where the provider publishes its keys. Default: `jwks_uri` of its metadata.",
    "EVALS_MCP_OAUTH_WORKSPACE": "The workspace of everybody who signs in (PostgreSQL). A SQLite file has only one.",
    "EVALS_MCP_OAUTH_WORKSPACE_CLAIM": "Instead: the claim that leads to the workspace, such as `groups`. Names with "
    "dots lead into objects (`realm_access.roles`).",
    "EVALS_MCP_OAUTH_WORKSPACES": "Its values and their workspaces: `evals-search=search, evals-ads=ads`, or a JSON "
    "object. Default: the value is the workspace's name.",
    "EVALS_MCP_OAUTH_PERSON_CLAIM": "Claims with the person's name in the journal and on labels; the first that is "
    "there counts. Default `email, sub`.",
    "EVALS_MCP_OAUTH_ROLE_CLAIM": "The claim that gives the role. Default `scope` (or `scp`).",
    "EVALS_MCP_OAUTH_ROLES": "Its values and their roles, `read`, `label`, `write` or `admin` as keys have; the "
    "highest counts. Default `evals:read=read, evals:write=write`.",
    "EVALS_MCP_OAUTH_DEFAULT_ROLE": "The role of tokens without such a value. Default: none, they are refused.",
    "EVALS_MCP_OAUTH_SCOPES": "The scopes that assistants ask the provider for. Default: the values of the roles, if "
    "they are scopes.",
}
"""The environment variables of `serve` for sign-in with OAuth, and what each means."""

_BY_VARIABLE = "Set HUMANLOOP_API_KEY to a key of this server."
_IN_BUNDLE = 'Set "API key" in Settings, Extensions, Evals, Configure to a key of this server.'


@dataclass(frozen=True, slots=True)
class Settings:
    """Where the data is and how the server behaves. The API is remote if `base_url` is set, else embedded.

    The address of a PostgreSQL `database` names its workspace, wherever that was set.

    The chat imports files below `import_folders`, which are absolute; `has_folder_option` if the command line names
    them, or could. `key_advice` tells how to set the API key. A person who has the bundle has no command line. `actor`
    is the person's name in the journal.
    """

    database: str
    base_url: str | None = None
    api_key: str | None = None
    key_advice: str = field(default="", compare=False)
    max_tokens: int = DEFAULT_MAX_TOKENS
    read_only: bool = False
    import_folders: tuple[Path, ...] = ()
    has_folder_option: bool = False
    in_bundle: bool = False
    journal_days: int = DEFAULT_JOURNAL_DAYS
    actor: str | None = None

    def __repr__(self) -> str:
        """Omit the key, so that no log can hold it."""
        return f"Settings(database={self.database!r}, base_url={self.base_url!r})"


def read_settings(
    environ: Mapping[str, str],
    *,
    database: str | None = None,
    import_folders: Sequence[str] | None = None,
    in_bundle: bool = False,
) -> Settings:
    """Read the settings from an environment; `database` and `import_folders` override their variables.

    Empty values and placeholders that a host did not fill (`${user_config.…}`) count as unset. Raises Invalid.
    """
    base_url = _value(environ, "HUMANLOOP_BASE_URL")
    return Settings(
        database=read_database(environ, database) if base_url is None else _database(environ, database),
        base_url=base_url,
        api_key=_value(environ, "HUMANLOOP_API_KEY"),
        max_tokens=read_max_tokens(environ),
        read_only=read_read_only(environ),
        import_folders=_folders(import_folders or ())
        or _folders((_value(environ, "EVALS_MCP_IMPORT_DIRS") or "").split(os.pathsep)),
        has_folder_option=import_folders is not None,
        in_bundle=in_bundle,
        key_advice=_IN_BUNDLE if in_bundle else _BY_VARIABLE,
        journal_days=read_journal_days(environ),
        actor=read_actor(environ),
    )


def read_database(environ: Mapping[str, str], database: str | None = None) -> str:
    """The address of the database, with its workspace; `database` overrides the variable.

    Raises Invalid for a workspace of a SQLite file.
    """
    address, workspace = _database(environ, database), read_workspace(environ)
    if workspace_of_file(address, workspace) is not None:
        from evals_mcp.store.database.addresses import require_no_workspace_of_file

        require_no_workspace_of_file(address, workspace)
    return address


def _database(environ: Mapping[str, str], database: str | None) -> str:
    address = database or _value(environ, "EVALS_MCP_DATABASE") or default_database()
    return with_workspace(address, read_workspace(environ))


def read_max_tokens(environ: Mapping[str, str]) -> int:
    """The most tokens of an answer whose call sets no limit. Raises Invalid."""
    name = "EVALS_MCP_MAX_TOKENS"
    return _whole_number(name, _value(environ, name), DEFAULT_MAX_TOKENS, LEAST_TOKENS, MOST_TOKENS)


def read_journal_days(environ: Mapping[str, str]) -> int:
    """How many days the journal keeps entries. Raises Invalid."""
    name = "EVALS_MCP_JOURNAL_DAYS"
    return _whole_number(name, _value(environ, name), DEFAULT_JOURNAL_DAYS, 1, MOST_JOURNAL_DAYS)


def read_read_only(environ: Mapping[str, str]) -> bool:
    """Whether nothing may be written. Raises Invalid."""
    return _flag("EVALS_MCP_READ_ONLY", _value(environ, "EVALS_MCP_READ_ONLY"))


def read_oauth(
    environ: Mapping[str, str], table: Mapping[str, object] | None = None, place: str = ""
) -> "OAuthSettings | None":
    """How people sign in with OAuth; None if no setting is about it. Raises Invalid, for a misspelled name, too.

    `table` has settings of a file, at `place`: under the names of their variables, in lower case and without what all
    begin with. Lists and tables of texts are settings that have several values. Variables override them.
    """
    values: dict[str, str | None] = {
        f"EVALS_MCP_OAUTH_{name.upper()}": _text(value, f"{place}.{name}") for name, value in (table or {}).items()
    }
    values |= {name: _value(environ, name) for name in environ if name.startswith("EVALS_MCP_OAUTH_")}
    if not any(values.values()):
        return None
    from difflib import get_close_matches

    for name in values.keys() - OAUTH_VARIABLES.keys():
        (near, *_) = get_close_matches(name, OAUTH_VARIABLES, n=1, cutoff=0.0)
        raise Invalid(f"{name[:60]} is no setting. Did you mean {near}?")
    from evals_mcp.oauth.settings import read_oauth as read

    return read(values)


def _text(value: object, place: str) -> str:
    """A setting of a file as its variable has it. Raises Invalid."""
    if isinstance(value, str):
        return value
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return ", ".join(value)
    if isinstance(value, dict) and all(isinstance(item, str) for item in value.values()):
        return json.dumps(value)
    raise Invalid(f"{place} must be a text, a list of texts, or a table of texts.")


def read_actor(environ: Mapping[str, str]) -> str | None:
    """The person's name in an environment."""
    return _value(environ, "EVALS_MCP_ACTOR")


def read_workspace(environ: Mapping[str, str]) -> str | None:
    """The name of a workspace of a PostgreSQL database."""
    return _value(environ, "EVALS_MCP_WORKSPACE")


def is_read_only(environ: Mapping[str, str]) -> bool:
    """Whether an environment asks for a server that only reads. False if the setting is wrong."""
    return flag(_value(environ, "EVALS_MCP_READ_ONLY") or "") is True


def default_database() -> str:
    """The database file in the platform's user data directory. Raises Invalid for a user without a home."""
    from platformdirs import user_data_path

    try:
        return str(Path(user_data_path("evals-mcp", appauthor=False)) / "evals.db")
    except RuntimeError:
        raise Invalid("The home folder is unknown. Name the database: set EVALS_MCP_DATABASE to a full path.") from None


def _value(environ: Mapping[str, str], name: str) -> str | None:
    return given(environ.get(name, ""))


def _whole_number(name: str, value: str | None, default: int, least: int, most: int) -> int:
    if value is None:
        return default
    number = whole_number(value, least, most)
    if number is None:
        raise Invalid(f"{name} must be a whole number from {least} to {most:,}, not {value[:40]!r}.")
    return number


def _folders(given: Iterable[str]) -> tuple[Path, ...]:
    """The folders as absolute paths. A placeholder that a host did not fill is none. Raises Invalid."""
    folders = []
    for text in (text.strip() for text in given):
        if not text or text.startswith("${"):
            continue
        try:
            folder = Path(text).expanduser()
        except RuntimeError:
            raise Invalid("EVALS_MCP_IMPORT_DIRS: the home folder (~) is unknown. Write full paths.") from None
        if not folder.is_absolute():
            raise Invalid(f"EVALS_MCP_IMPORT_DIRS must name folders by full paths, not {text[:40]!r}.")
        folders.append(folder)
    return tuple(dict.fromkeys(folders))


def _flag(name: str, value: str | None) -> bool:
    is_set = False if value is None else flag(value)
    if is_set is None:
        raise Invalid(f"{name} must be true or false, not {str(value)[:40]!r}.")
    return is_set
