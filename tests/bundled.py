"""The bundle as Claude Desktop unpacks and starts it."""

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from tests.e2e.stdio import SERVER

MANIFEST: dict[str, Any] = json.loads((SERVER.parent / "manifest.json").read_text(encoding="utf-8"))
FOLDER = "${__dirname}"


class Started(NamedTuple):
    """What follows Python in the command, and the environment."""

    command: list[str]
    variables: dict[str, str]


def unpack(folder: Path) -> None:
    """Copy the code of the bundle into a folder."""
    shutil.copytree(SERVER, folder / "server", ignore=shutil.ignore_patterns("__pycache__"))


def started_with(folder: Path, **filled: str | list[str]) -> Started:
    """How the host starts it with these fields filled in.

    Fields without a value or a default stay placeholders. One with several values becomes several arguments.
    """
    started = MANIFEST["server"]["mcp_config"]
    assert (started["command"], started["args"][:4]) == ("uv", ["run", "--frozen", "--directory", FOLDER])
    assert started["args"][4] == MANIFEST["server"]["entry_point"]
    defaults = {name: field["default"] for name, field in MANIFEST["user_config"].items() if "default" in field}
    values = {f"${{user_config.{name}}}": value for name, value in {**defaults, **filled}.items()}
    command: list[str] = []
    for part in started["args"][4:]:
        value = values.get(part, part)
        command += value if isinstance(value, list) else [str(value)]
    own = {"HOME": str(folder), "XDG_DATA_HOME": str(folder / "data"), "PYTHONPATH": ""}
    variables = {name: values.get(place, place) for name, place in started["env"].items()}
    return Started(command, {name: _text(value) for name, value in variables.items()} | own)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def field_of(name: str) -> Mapping[str, Any]:
    """What the host's form shows for a field."""
    field: dict[str, Any] = MANIFEST["user_config"][name]
    return field
