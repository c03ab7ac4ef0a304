"""The options of a server from arguments, the environment and a file, in this order.

Commands that work on its database find that in the same way.
"""

import tomllib
from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any, NamedTuple

from evals_mcp.config import default_database, read_oauth, read_workspace
from evals_mcp.errors import Invalid
from evals_mcp.serving.configuration_file import read_text
from evals_mcp.serving.options import ServeOptions
from evals_mcp.serving.setting import PREFIX, Setting, settings_of
from evals_mcp.store.database.addresses import require_no_workspace_of_file
from evals_mcp.variables import ONLY_WORKSPACE, given, is_postgresql, split_workspace, with_workspace

CONFIG_VARIABLE = f"{PREFIX}CONFIG"
"""The variable that names the file, where no argument does."""

_DATABASE_VARIABLE = "EVALS_MCP_DATABASE"
_WORKSPACE_VARIABLE = "EVALS_MCP_WORKSPACE"
OAUTH_TABLE = "oauth"
"""The table of a file with the settings of sign-in, named as their variables: `issuer`, `resource` and so on."""

_DEFAULT = "default"


class Configuration(NamedTuple):
    """Options, and where each comes from: an argument, a variable, a file, or the default."""

    options: ServeOptions
    sources: Mapping[str, str]
    file: str | None

    @property
    def is_supervised(self) -> bool:
        """Whether processes of their own serve, which others can replace: with a number of them, and with a file."""
        return self.options.workers is not None or self.file is not None


def read_configuration(
    arguments: Mapping[str, str], environ: Mapping[str, str], file: str | None, *, again: bool = False
) -> Configuration:
    """Read the options. Empty variables, and placeholders that nobody filled, count as unset.

    With `again`, the file was read before, and a pipe is refused.

    Raises Invalid for a wrong value or an unknown name, with what is meant, and for a file that cannot be read.
    No error shows the value of a text, which may be a secret.
    """
    settings = list(settings_of(ServeOptions))
    _refuse_unknown_variables(environ, settings)
    path, table = _table(file, environ, settings, again=again)
    oauth = table.pop(OAUTH_TABLE, {})
    values: dict[str, Any] = {}
    sources: dict[str, str] = {}
    for setting in settings:
        variable = given(environ.get(setting.variable, ""))
        if setting.name in arguments:
            values[setting.name] = setting.from_text(arguments[setting.name], setting.option)
            sources[setting.name] = setting.option
        elif variable is not None:
            values[setting.name] = setting.from_text(variable, setting.variable)
            sources[setting.name] = setting.variable
        elif setting.name in table:
            values[setting.name] = setting.from_toml(table[setting.name], f"{path}: {setting.name}")
            sources[setting.name] = str(path)
        else:
            sources[setting.name] = _DEFAULT
    if "database" not in values:
        values["database"] = default_database()  # which needs a home folder
    is_file = not is_postgresql(values["database"])
    values["database"], workspace = split_workspace(values["database"])
    if workspace is not None:
        values["workspace"], sources["workspace"] = workspace, sources["database"]
    elif (values.get("workspace"), sources["workspace"]) == (ONLY_WORKSPACE, _WORKSPACE_VARIABLE) and is_file:
        del values["workspace"]  # the keys of a file open nothing else
        sources["workspace"] = _DEFAULT
    values["oauth"] = read_oauth(environ, oauth, f"{path}: {OAUTH_TABLE}")
    return Configuration(ServeOptions(**values), sources, path)


def served_database(
    named: str | None, environ: Mapping[str, str], file: str | None, *, takes_workspace: bool = True
) -> str:
    """The address of a server's database: the one that is `named`, else that of the environment, else that of the file.

    It has the workspace that the environment or, if it `takes_workspace`, the file names. What else stands in the file
    is the server's: only the names are looked at. Raises Invalid as `read_configuration`, and for a workspace of a
    SQLite file.
    """
    settings = list(settings_of(ServeOptions))
    _refuse_unknown_variables(environ, settings)
    path, table = _table(file, environ, settings)
    of_file: dict[str, str] = {
        setting.name: setting.from_toml(table[setting.name], f"{path}: {setting.name}")
        for setting in settings
        if setting.name in ("database", "workspace") and setting.name in table
    }
    address = named or given(environ.get(_DATABASE_VARIABLE, ""))
    if address is None:
        address = of_file["database"] if "database" in of_file else default_database()
    workspace = read_workspace(environ) or (of_file.get("workspace") if takes_workspace else None)
    require_no_workspace_of_file(address, workspace)
    return with_workspace(address, workspace)


def _table(
    file: str | None, environ: Mapping[str, str], settings: list[Setting], *, again: bool = False
) -> tuple[str | None, dict[str, Any]]:
    """The path of the file, if there is one, and what stands in it."""
    path = file or given(environ.get(CONFIG_VARIABLE, ""))
    return path, {} if path is None else _read_file(path, settings, again=again)


def _refuse_unknown_variables(environ: Mapping[str, str], settings: list[Setting]) -> None:
    known = [CONFIG_VARIABLE, *(setting.variable for setting in settings)]
    for name in environ:
        if name.startswith(PREFIX) and name not in known:
            raise Invalid(f"{name[:60]} is no setting.{_near(name, known)}")


def _read_file(path: str, settings: list[Setting], *, again: bool) -> dict[str, Any]:
    try:
        table = tomllib.loads(read_text(path, again=again))
    except OSError as error:
        raise Invalid(f"The configuration {path} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError:
        raise Invalid(f"The configuration {path} is not UTF-8.") from None
    except tomllib.TOMLDecodeError as error:
        place = str(error).rpartition("(")[2].rstrip(")")
        raise Invalid(f"The configuration {path} is not TOML, {place}.") from None
    except RuntimeError:
        raise Invalid("The home folder (~) of the configuration is unknown. Write its full path.") from None
    known = [*(setting.name for setting in settings), OAUTH_TABLE]
    for name in table:
        if name not in known:
            raise Invalid(f"{path}: {name[:60]!r} is no setting.{_near(name.replace('-', '_'), known)}")
    return table


def _near(name: str, known: list[str]) -> str:
    near = get_close_matches(name[:60], known, 1, 0.6)
    return f" Did you mean {near[0]}?" if near else f" Settings: {', '.join(known)}."
