"""Checks of the hosts: what each has in its configuration, and whether that starts."""

import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any

from mcp.client.stdio import get_default_environment

from evals_mcp.config import Settings, read_settings
from evals_mcp.doctor.data import data_of
from evals_mcp.doctor.findings import Finding, State
from evals_mcp.doctor.handshake import Handshake, shake_hands
from evals_mcp.errors import EvalsError
from evals_mcp.hosts.changes import options_of, servers_in
from evals_mcp.hosts.files import read_config
from evals_mcp.hosts.known import HOSTS, Host, Server
from evals_mcp.hosts.machine import Machine

NAME = "evals"
"""The name that `setup` gives the server."""


async def check_hosts(machine: Machine, shell: Settings | None) -> list[Finding]:
    """A line for each host that is found. `shell` has the settings of this shell, if they are right."""
    found = [host for host in HOSTS if host.is_found(machine)]
    starts = _Starts(shell)
    findings = [finding for host in found for finding in await _check_host(host, machine, starts)]
    if not found:
        advice = "Name one to set it up: `evals-mcp setup HOST`."
        return [Finding("hosts", State.NOTE, f"No host was found in {machine.home}.", advice)]
    return findings


class _Starts:
    """Starts each server once, however many hosts have it."""

    def __init__(self, shell: Settings | None) -> None:
        self.shell = shell
        self._known: dict[tuple[Any, ...], Handshake] = {}

    async def shake_hands(self, server: Server) -> Handshake:
        key = (server.program, server.arguments, *sorted(server.variables.items()))
        if key not in self._known:
            environ = {**get_default_environment(), **server.variables}
            self._known[key] = await shake_hands([server.program, *server.arguments], environ, "legacy")
        return self._known[key]


async def _check_host(host: Host, machine: Machine, starts: _Starts) -> list[Finding]:
    path = host.path(machine)
    set_up = f"`evals-mcp setup {host.key}`"
    try:
        servers = servers_in(host, read_config(path).text)
    except EvalsError as error:
        advice = f"Correct the file, then run {set_up}."
        return [Finding(host.name, State.WRONG, f"{path}: {error}", advice)]
    findings = []
    for name, entry in servers.items():
        server = host.server(entry)
        if server is not None and options_of(server) is not None:
            findings.append(await _check_entry(host, f"{path}, {name}", entry, server, starts))
        elif name == NAME:
            advice = f"Add ours under another name: `evals-mcp setup {host.key} --name evals-mcp`."
            findings.append(Finding(host.name, State.NOTE, f"{path}: {name} is another server.", advice))
    return findings or [Finding(host.name, State.NOTE, f"{path} has no evals-mcp.", f"To add it: {set_up}.")]


async def _check_entry(host: Host, where: str, entry: Mapping[str, Any], server: Server, starts: _Starts) -> Finding:
    set_up = f"`evals-mcp setup {host.key}`"

    def finding(state: State, what: str, advice: str = "", **seconds: float) -> Finding:
        return Finding(host.name, state, f"{where}: {what}", advice, seconds)

    for problem, advice in _problems(host, entry, server):
        return finding(State.WRONG, problem, advice.format(set_up=set_up))
    if entry.get("enabled") is False or entry.get("disabled") is True:
        return finding(State.NOTE, "the server is switched off", "Switch it on in the host.")
    shaken = await starts.shake_hands(server)
    if shaken.problem:
        return finding(State.WRONG, f"{server.program} does not start: {shaken.problem}", f"Run {set_up}.")
    words = f"{server.program} starts, {shaken.tools} tools{_other_data(server, starts.shell)}"
    return finding(State.OK, words, handshake=shaken.connected, tools=shaken.listed)


def _other_data(server: Server, shell: Settings | None) -> str:
    """Where the server's data is, if a person in this shell would look elsewhere."""
    if shell is None:
        return ""
    try:
        theirs, ours = data_of(_settings_of(server)), data_of(shell)
    except EvalsError:
        return ""
    return "" if theirs.place == ours.place else f"; its data is {theirs.shown}, this shell's is {ours.shown}"


def _settings_of(server: Server) -> Settings:
    """The settings of a host's server. Raises Invalid."""
    options = options_of(server) or []
    workspace = _value_of("--workspace", options)
    variables = dict(server.variables) | ({"EVALS_MCP_WORKSPACE": workspace} if workspace else {})
    return read_settings(variables, database=_value_of("--database", options))


def _value_of(option: str, options: Sequence[str]) -> str | None:
    named = [after for before, after in pairwise(options) if before == option]
    named += [word.partition("=")[2] for word in options if word.startswith(f"{option}=")]
    return named[-1] if named else None


def _problems(host: Host, entry: Mapping[str, Any], server: Server) -> Iterator[tuple[str, str]]:
    program = server.program
    if os.path.isabs(program):
        if not os.access(program, os.X_OK):
            yield f"{program} does not exist or cannot be run", "Run {set_up}."
    elif shutil.which(program) is None:
        yield f"{program} is not on the PATH", "Run {set_up}, which writes its full path."
    if host.fixed.get("required") and "required" not in entry:
        yield "`required = true` is missing, so a first answer may come before the tools are there", "Run {set_up}."
    try:
        data_of(_settings_of(server))
    except EvalsError as error:
        yield f"{error}", "Correct it there."
