"""The hosts that we can set up: where each has its configuration, and how it writes a server there."""

import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from evals_mcp.hosts import json_text, toml_text
from evals_mcp.hosts.machine import Machine


@dataclass(frozen=True, slots=True)
class Server:
    """How a host starts our server: the program, its arguments, and variables of the environment."""

    program: str
    arguments: tuple[str, ...] = ()
    variables: Mapping[str, str] = field(default_factory=dict)


class TextFormat(Protocol):
    """How values in a text are read and changed."""

    def set_value(self, text: str, path: tuple[str, ...], value: Any) -> str:
        """The text with a value. Raises Invalid."""

    def remove(self, text: str, path: tuple[str, ...]) -> str:
        """The text without a value. Raises Invalid."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    """A host: the `key` that commands call it by, its configuration, and how it writes a server.

    It reads JSON with `comments`, or with `last_commas` before the end, only if these are set.
    `files` gives the configuration's possible paths; the last is the one to create. `section` leads to the servers by
    name. A new entry begins with `fixed`. `is_list` if the program and its arguments are one list. The host is found
    where its configuration, one of `folders` or one of `programs` is. `then` says what a person does after a change.
    """

    key: str
    name: str
    files: Callable[[Machine], list[Path]]
    section: tuple[str, ...] = ("mcpServers",)
    fixed: Mapping[str, Any] = field(default_factory=dict)
    variables_key: str = "env"
    is_list: bool = False
    has_empty: bool = False
    is_toml: bool = False
    comments: bool = True
    last_commas: bool = True
    folders: Callable[[Machine], list[Path]] = lambda _: []
    programs: tuple[str, ...] = ()
    then: str

    @property
    def format(self) -> TextFormat:
        """The format of its configuration."""
        return toml_text if self.is_toml else json_text

    @property
    def format_name(self) -> str:
        """What a person calls that format."""
        return "TOML" if self.is_toml else "JSON"

    def read(self, text: str) -> dict[str, Any]:
        """What this host reads in a configuration. Raises Invalid where it would read nothing."""
        if self.is_toml:
            return toml_text.read(text)
        return json_text.read(text, comments=self.comments, last_commas=self.last_commas)

    def path(self, machine: Machine) -> Path:
        """Its configuration, which may not exist."""
        paths = self.files(machine)
        return next((path for path in paths if path.exists() or path.is_symlink()), paths[-1])

    def is_found(self, machine: Machine) -> bool:
        """Whether it seems to be installed."""
        path = self.path(machine)
        if path.exists() or path.is_symlink() or any(folder.is_dir() for folder in self.folders(machine)):
            return True
        searched = machine.environ.get("PATH", "")
        return any(shutil.which(program, path=searched) is not None for program in self.programs)

    def entry(self, server: Server) -> dict[str, Any]:
        """The server as this host writes it."""
        command = [server.program, *server.arguments]
        entry: dict[str, Any] = {**({"type": self.fixed["type"]} if "type" in self.fixed else {})}
        entry["command"] = command if self.is_list else server.program
        if not self.is_list and (server.arguments or self.has_empty):
            entry["args"] = list(server.arguments)
        if server.variables or self.has_empty:
            entry[self.variables_key] = dict(server.variables)
        return {**entry, **{key: value for key, value in self.fixed.items() if key not in entry}}

    def server(self, entry: Any) -> Server | None:
        """The server that an entry starts; None if it starts none, such as a remote one."""
        if not isinstance(entry, dict):
            return None
        words = entry.get("command")
        if not isinstance(words, list):
            arguments = entry.get("args", [])
            words = [words, *arguments] if isinstance(arguments, list) else []
        variables = entry.get(self.variables_key) or {}
        if not words or not all(isinstance(word, str) for word in words) or not isinstance(variables, dict):
            return None
        return Server(words[0], tuple(words[1:]), {name: str(value) for name, value in variables.items()})


def _zed(machine: Machine) -> Path:
    if machine.platform == "win32":
        return machine.application("Zed")
    default = machine.home / ".config" / "zed"
    return default if machine.platform == "darwin" else machine.folder("XDG_CONFIG_HOME", ".config") / "zed"


def _opencode(machine: Machine) -> Path:
    return machine.folder("XDG_CONFIG_HOME", ".config") / "opencode"


def _claude_code(machine: Machine) -> list[Path]:
    return [machine.folder("CLAUDE_CONFIG_DIR", "") / ".claude.json"]


HOSTS = (
    Host(
        key="claude-desktop",
        name="Claude Desktop",
        files=lambda machine: [machine.application("Claude") / "claude_desktop_config.json"],
        comments=False,
        last_commas=False,
        folders=lambda machine: [machine.application("Claude")],
        then="Quit and restart Claude Desktop.",
    ),
    Host(
        key="claude-code",
        name="Claude Code",
        files=_claude_code,
        comments=False,  # it would move the file away as corrupt and begin a new one
        last_commas=False,
        fixed={"type": "stdio"},
        has_empty=True,
        folders=lambda machine: [machine.folder("CLAUDE_CONFIG_DIR", ".claude")],
        programs=("claude",),
        then="Start a new session; `claude mcp list` shows the server.",
    ),
    Host(
        key="codex",
        name="Codex",
        files=lambda machine: [machine.folder("CODEX_HOME", ".codex") / "config.toml"],
        section=("mcp_servers",),
        fixed={"required": True},  # else its first answer may come before the tools are there
        is_toml=True,
        folders=lambda machine: [machine.folder("CODEX_HOME", ".codex")],
        programs=("codex",),
        then="Start a new session; `codex mcp list` shows the server.",
    ),
    Host(
        key="gemini",
        name="Gemini CLI",
        files=lambda machine: [machine.home / ".gemini" / "settings.json"],
        last_commas=False,
        folders=lambda machine: [machine.home / ".gemini"],
        programs=("gemini",),
        then="Start a new session; `/mcp` shows the server.",
    ),
    Host(
        key="cursor",
        name="Cursor",
        files=lambda machine: [machine.home / ".cursor" / "mcp.json"],
        folders=lambda machine: [machine.home / ".cursor"],
        programs=("cursor",),
        then="Switch the server on in Cursor's settings, under MCP.",
    ),
    Host(
        key="vscode",
        name="VS Code",
        files=lambda machine: [machine.application("Code") / "User" / "mcp.json"],
        section=("servers",),
        fixed={"type": "stdio"},
        folders=lambda machine: [machine.application("Code") / "User"],
        programs=("code",),
        then="Run `MCP: List Servers` in VS Code and start the server.",
    ),
    Host(
        key="windsurf",
        name="Windsurf",
        files=lambda machine: [machine.home / ".codeium" / "windsurf" / "mcp_config.json"],
        folders=lambda machine: [machine.home / ".codeium" / "windsurf"],
        programs=("windsurf",),
        then="Refresh the servers in Windsurf's Cascade panel.",
    ),
    Host(
        key="zed",
        name="Zed",
        files=lambda machine: [_zed(machine) / "settings.json"],
        section=("context_servers",),
        has_empty=True,
        folders=lambda machine: [_zed(machine)],
        programs=("zed", "zeditor"),
        then="Zed starts the server by itself.",
    ),
    Host(
        key="opencode",
        name="opencode",
        files=lambda machine: [_opencode(machine) / name for name in ("opencode.jsonc", "opencode.json")],
        section=("mcp",),
        fixed={"type": "local", "enabled": True},
        variables_key="environment",
        is_list=True,
        folders=lambda machine: [_opencode(machine)],
        programs=("opencode",),
        then="Start a new session; `opencode mcp list` shows the server.",
    ),
)
"""Every host, in the order in which commands show them."""
