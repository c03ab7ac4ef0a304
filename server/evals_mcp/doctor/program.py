"""Checks of this program: where it is, its Python, and its settings."""

import os
import platform
import sys
from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches

from evals_mcp import __version__
from evals_mcp.config import OAUTH_VARIABLES, VARIABLES, Settings
from evals_mcp.doctor.findings import Finding, State

_OLDEST = (3, 11)
_PREFIXES = ("EVALS_MCP_", "HUMANLOOP_")


def check_program(command: Sequence[str]) -> Finding:
    """Where the program is that hosts start."""
    words = " ".join(command)
    if not os.access(command[0], os.X_OK):
        return Finding("program", State.WRONG, f"{command[0]} cannot be run.", "Install evals-mcp again.")
    return Finding("program", State.OK, f"evals-mcp {__version__}: {words}")


def check_python() -> Finding:
    """The version of Python, and where it is."""
    message = f"{platform.python_version()}: {sys.executable}"
    if sys.version_info < _OLDEST:
        return Finding("python", State.WRONG, message, "Install Python 3.11 or later.")
    return Finding("python", State.OK, message)


def check_settings(environ: Mapping[str, str], settings: Settings) -> Iterator[Finding]:
    """Which settings are set, names that are none, and folders that do not exist."""
    known = VARIABLES | OAUTH_VARIABLES
    given = [name for name in known if environ.get(name, "").strip()]
    yield Finding("settings", State.OK, ", ".join(given) or "none is set; the defaults hold")
    if settings.base_url is not None and "EVALS_MCP_WORKSPACE" in given:
        message = "EVALS_MCP_WORKSPACE is not used: HUMANLOOP_API_KEY opens the workspace."
        yield Finding("settings", State.NOTE, message, "Remove it, or take a key of that workspace.")
    for name in environ:
        if name.startswith(_PREFIXES) and name not in known:
            near = get_close_matches(name, known, n=1, cutoff=0.8)
            if near:
                yield Finding("settings", State.WRONG, f"{name} is no setting.", f"Call it {near[0]}.")
    for folder in settings.import_folders:
        if not folder.is_dir():
            advice = "Create it, or change EVALS_MCP_IMPORT_DIRS."
            yield Finding("settings", State.WRONG, f"The import folder {folder} does not exist.", advice)
