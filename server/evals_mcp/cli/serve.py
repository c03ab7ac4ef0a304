"""`evals-mcp serve`: the API over HTTP for a team."""

import argparse
import gc
import os
from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from evals_mcp.cli.arguments import add_database
from evals_mcp.serving.options import ServeOptions
from evals_mcp.serving.setting import settings_of

if TYPE_CHECKING:
    from evals_mcp.serving.configuration import Configuration


def add_command(commands: Any) -> None:
    """Add the command to the parser."""
    serve = commands.add_parser(
        "serve",
        help="serve the API over HTTP",
        epilog="Sign-in with OAuth at /mcp is set by EVALS_MCP_OAUTH_ISSUER, EVALS_MCP_OAUTH_RESOURCE and others, or "
        "by a table [oauth] of the file: see docs/serving.md.",
    )
    serve.add_argument("--config", metavar="FILE", help="a TOML file with settings; SIGHUP reads it again")
    serve.add_argument(
        "--check", action="store_true", help="show the settings and check the database, instead of serving"
    )
    for setting in settings_of(ServeOptions):
        if setting.name != "database" and not setting.secret:
            shown = f"; default {setting.default}" if setting.default else ""
            is_flag = {"nargs": "?", "const": "true"} if setting.kind == "flag" else {}
            metavar = "true|false" if setting.kind == "flag" else setting.metavar
            words = (setting.meaning + shown).replace("`", "").replace("%", "%%")
            serve.add_argument(setting.option, metavar=metavar, dest=setting.name, help=words, **is_flag)
    add_database(serve)
    serve.set_defaults(command=_serve_http)


def _serve_http(parsed: argparse.Namespace) -> int:
    from evals_mcp.serving.configuration import read_configuration

    read = partial(read_configuration, _given(parsed), os.environ, parsed.config)
    configuration = read()
    if parsed.check:
        return _check(configuration)
    if configuration.is_supervised:
        from evals_mcp.serving.supervisor import supervise

        supervise(configuration.options, lambda: read(again=True).options)
    else:
        gc.disable()  # what is imported is no garbage
        from evals_mcp.serving.serve import serve

        gc.enable()
        serve(configuration.options)
    return 0


def _given(parsed: argparse.Namespace) -> Mapping[str, str]:
    """The settings that the command line has."""
    given = {setting.name: getattr(parsed, setting.name, None) for setting in settings_of(ServeOptions)}
    given["database"] = parsed.own_database or parsed.database
    return {name: text for name, text in given.items() if text is not None}


def _check(configuration: "Configuration") -> int:
    from evals_mcp.serving.checking import check, effective_lines

    for line in effective_lines(configuration):
        print(line)
    print(f"# {check(configuration.options)}")
    return 0
