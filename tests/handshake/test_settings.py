"""The few settings that are read before the handshake mean what all settings mean."""

from pathlib import Path

import pytest

from evals_mcp.config import is_read_only, read_settings
from evals_mcp.errors import Invalid
from evals_mcp.handshake.settings import early_settings

VALUES = {
    "EVALS_MCP_READ_ONLY": ["", "true", " YES ", "0", "off", "maybe", "${user_config.read_only}"],
    "EVALS_MCP_MAX_TOKENS": [
        "",
        "300",
        "20000",
        "299",
        "20001",
        "4e3",
        "-1",
        "٤٠٠٠",
        "${user_config.max_tokens}",
        "007000",
        "9" * 5_000,
        f"{4_000:05000}",
    ],
    "EVALS_MCP_JOURNAL_DAYS": ["1", "36500", "0", "36501", "x", "9" * 5_000],
    "EVALS_MCP_IMPORT_DIRS": [
        "/tmp",
        "/tmp:/var",
        "relative",
        "~",
        "~nobody-of-this-name/x",
        " /tmp : ",
        "${user_config.x}",
    ],
    "EVALS_MCP_ACTOR": ["Ann"],
    "EVALS_MCP_DATABASE": ["/nowhere/evals.db", "postgresql://host/db", "/nowhere/evals.db?workspace=search"],
    "EVALS_MCP_WORKSPACE": ["search", "default", "${user_config.workspace}"],
}


@pytest.mark.parametrize(("name", "value"), [(name, value) for name, values in VALUES.items() for value in values])
def test_a_variable_is_read_alike(name: str, value: str) -> None:
    """What is wrong leaves the list of tools to the server; read-only is known anyway."""
    environ = {name: value}
    early = early_settings([], environ)
    assert early is not None
    assert early.read_only == is_read_only(environ)
    try:
        settings = read_settings(environ)
    except Invalid:
        assert early.max_tokens is None
    else:
        assert (early.read_only, early.max_tokens) == (settings.read_only, settings.max_tokens)


def test_the_tools_of_a_remote_server_are_not_known_early() -> None:
    """It may lack what some need."""
    early = early_settings([], {"HUMANLOOP_BASE_URL": "http://localhost:1"})
    assert early is not None
    assert early.max_tokens is None


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["--database", "evals.db"],
        ["--import-dirs"],
        ["--import-dirs", "${user_config.import_dirs}"],
        ["--import-dirs", "/tmp", "/var", "--database", "x"],
        ["--database", "x", "--import-dirs", str(Path.home()), ""],
    ],
)
def test_the_options_of_a_host_are_known(arguments: list[str]) -> None:
    """As the bundle and a configuration give them."""
    assert early_settings(arguments, {}) is not None


@pytest.mark.parametrize(
    "arguments",
    [
        ["demo"],
        ["--help"],
        ["--version"],
        ["--database"],
        ["--database", "--help"],
        ["--database=x"],
        ["--data", "x"],
        ["--database", "x", "call", "list_runs"],
        ["--import-dirs", "call"],
        ["--import-dirs", "/tmp", "--unknown"],
        ["serve", "--port", "0"],
    ],
)
def test_all_else_is_for_the_command_line(arguments: list[str]) -> None:
    """A command, a mistake, or an option in another form is answered as before."""
    assert early_settings(arguments, {}) is None


def test_a_shell_that_completes_a_line_is_no_host() -> None:
    """It runs the command, whatever the line, and wants words."""
    assert early_settings([], {"_ARGCOMPLETE": "1"}) is None
