"""The machine that hosts are on, and the words that start this program there.

Nothing here reads the environment by itself: callers hand it over, so that the paths of every platform are tested.
"""

import os
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from evals_mcp.errors import Invalid


@dataclass(frozen=True, slots=True)
class Machine:
    """A person's home folder, the environment, and `sys.platform`."""

    home: Path
    environ: Mapping[str, str]
    platform: str

    def folder(self, variable: str, default: str) -> Path:
        """The folder that a variable names, else one below the home folder."""
        value = self.environ.get(variable, "").strip()
        return Path(value) if value else self.home / default

    def application(self, name: str) -> Path:
        """The folder in which this platform keeps an application's data."""
        if self.platform == "darwin":
            return self.home / "Library" / "Application Support" / name
        if self.platform == "win32":
            return self.folder("APPDATA", "AppData/Roaming") / name
        return self.folder("XDG_CONFIG_HOME", ".config") / name


def this_machine(environ: Mapping[str, str]) -> Machine:
    """This machine. Raises Invalid if its home folder does not exist."""
    variable = "USERPROFILE" if sys.platform == "win32" else "HOME"
    try:
        home = Path(environ.get(variable) or Path.home())
    except RuntimeError:
        raise Invalid(f"The home folder is unknown. Set {variable} to it.") from None
    if not home.is_dir():
        raise Invalid(f"The home folder {home} does not exist. Set {variable} to yours, so that the hosts are found.")
    return Machine(home.absolute(), environ, sys.platform)


def own_command(environ: Mapping[str, str]) -> list[str]:
    """The words that start this program, by absolute paths: hosts have a PATH of their own."""
    beside = shutil.which("evals-mcp", path=str(Path(sys.executable).parent))
    if beside is None:
        return [sys.executable, "-m", "evals_mcp"]
    linked = shutil.which("evals-mcp", path=environ.get("PATH", ""))
    if linked is not None and os.path.realpath(linked) == os.path.realpath(beside):
        return [os.path.abspath(linked)]  # a link of pipx or uv stays where an upgrade moves the program
    return [os.path.abspath(beside)]
