"""What a set-up or a removal changes in a host's configuration: worked out first, shown to a person, then written."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any

from evals_mcp.errors import Conflict, Invalid
from evals_mcp.hosts.files import ConfigFile, locked, read_config, write_config
from evals_mcp.hosts.known import Host, Server
from evals_mcp.hosts.machine import Machine

PROGRAM = "evals-mcp"
_MODULE = ("-m", "evals_mcp")
_LAUNCHER = re.compile(r"uvx?|pipx|py|python[\d.]*|env|cmd|wsl", re.IGNORECASE)
_WITH_VALUE = frozenset(("--from", "--with", "--directory", "--project", "--package", "--spec", "--python", "-p"))
"""Options of launchers whose values may be folders or packages of our name."""
_INSTALLED = re.compile(r"[/\\](bin|Scripts)[/\\]evals-mcp(\.exe)?$")


class Kind(StrEnum):
    """What a change does."""

    ADD = "add"
    UPDATE = "update"
    REMOVE = "remove"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Wish:
    """What a person wants: a server under a name, or none there. It may `replace` another server of this name."""

    name: str
    server: Server | None
    replace: bool = False


@dataclass(frozen=True, slots=True)
class Change:
    """A change of a host's configuration. `old` is the entry that is there."""

    host: Host
    file: ConfigFile
    kind: Kind
    old: Any
    after: str


def options_of(server: Server) -> list[str] | None:
    """The arguments that our own server gets, if this starts it in whatever way; else None."""
    if _name_of(server.program) == PROGRAM:
        return list(server.arguments)
    if not _LAUNCHER.fullmatch(_name_of(server.program)):
        return None
    words = ["", *server.arguments]
    for index in range(1, len(words)):
        if words[index - 1] in _WITH_VALUE:
            continue
        if words[index] == PROGRAM or _INSTALLED.search(words[index]):
            return words[index + 1 :]
        if tuple(words[index : index + 2]) == _MODULE:
            return words[index + 2 :]
    return None


def _name_of(program: str) -> str:
    name = PureWindowsPath(PurePosixPath(program).name).name
    return name[:-4] if name.lower().endswith(".exe") else name


def servers_in(host: Host, text: str) -> dict[str, Any]:
    """The entries of a host's configuration by their names. Raises Invalid."""
    found: Any = host.read(text)
    for word in host.section:
        found = found.get(word, {})
        if not isinstance(found, dict):
            raise Invalid(f"{word} is not a group of servers")
    return dict(found)


def plan(host: Host, machine: Machine, wish: Wish) -> Change:
    """Work out a change. Raises Invalid, Conflict and Unavailable with what a person can do."""
    file = read_config(host.path(machine))
    text = file.text
    try:
        old = servers_in(host, text).get(wish.name)
        after, kind = _changed(host, text, old, wish)
    except Conflict as error:
        raise Conflict(f"{file.path}: {error}") from error
    except Invalid as error:
        raise Invalid(
            f"{file.path} cannot be changed as {host.format_name}: {error}. Correct the file, then repeat. "
            "Nothing was written there."
        ) from error
    return Change(host, file, kind, old, after)


def apply(change: Change, machine: Machine, wish: Wish) -> Path | None:
    """Write a change to the file as it is now, and return the backup. Hosts write their configurations, too.

    Raises Conflict if the entry is not what it was when the change was worked out; else as `plan` and `write_config`.
    """
    with locked(change.file):
        now = plan(change.host, machine, wish)
        if now.old != change.old:
            raise Conflict(f"{change.file.path} was changed by another program in the meantime. Repeat the command.")
        return None if now.kind is Kind.NONE else write_config(now.file, now.after)


def _changed(host: Host, text: str, old: Any, wish: Wish) -> tuple[str, Kind]:
    path = (*host.section, wish.name)
    found = host.server(old)
    options = None if found is None else options_of(found)
    if old is not None and options is None and not wish.replace:
        raise Conflict(
            f"{wish.name} is another server there. Choose another name with --name, or add --replace to "
            f"{'remove' if wish.server is None else 'replace'} it."
        )
    if wish.server is None:
        return (text, Kind.NONE) if old is None else (host.format.remove(text, path), Kind.REMOVE)
    if found is None or options is None:
        return host.format.set_value(text, path, host.entry(wish.server)), Kind.ADD if old is None else Kind.UPDATE
    arguments = (*wish.server.arguments, *options)
    entry = host.entry(Server(wish.server.program, arguments, wish.server.variables))
    after = text
    for place, value in _differences(host, old, entry, has_arguments=bool(arguments)):
        if value is _GONE:
            after = host.format.remove(after, (*path, *place))
        else:
            after = host.format.set_value(after, (*path, *place), value)
    return after, Kind.NONE if after == text else Kind.UPDATE


_GONE = object()


def _differences(host: Host, old: Any, entry: Any, *, has_arguments: bool) -> Iterator[tuple[tuple[str, ...], Any]]:
    """What to set or remove in an entry of ours. What a person added or switched off stays."""
    for key, value in entry.items():
        if key == host.variables_key:
            for name, word in value.items():
                if (old.get(key) or {}).get(name) != word:
                    yield (key, name), word
        elif key not in old or (key not in host.fixed and old[key] != value):
            yield (key,), value
    if not host.is_list and not has_arguments and old.get("args"):
        yield ("args",), _GONE
