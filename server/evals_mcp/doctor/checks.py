"""All checks, in the order in which a call goes: the program, its settings, the data, the protocol, the hosts."""

from collections.abc import AsyncIterator, Mapping

from evals_mcp.config import read_settings
from evals_mcp.doctor.configurations import check_hosts
from evals_mcp.doctor.data import check_database, check_remote
from evals_mcp.doctor.findings import Finding, State
from evals_mcp.doctor.handshake import ERAS, Era, shake_hands
from evals_mcp.doctor.program import check_program, check_python, check_settings
from evals_mcp.errors import EvalsError
from evals_mcp.hosts.machine import own_command, this_machine

ERA_NAMES: dict[Era, str] = {"legacy": "with a handshake", "auto": "without one, from 2026-07-28 on"}
"""What a person calls the eras of the protocol."""


async def run_checks(environ: Mapping[str, str], database: str | None = None) -> AsyncIterator[Finding]:
    """Check the whole way from a host to the data. `database` overrides the setting."""
    command, settings = own_command(environ), None
    yield check_program(command)
    yield check_python()
    try:
        settings = read_settings(environ, database=database)
    except EvalsError as error:
        yield Finding("settings", State.WRONG, str(error), "Correct the variable of the environment.")
    else:
        for finding in check_settings(environ, settings):
            yield finding
        if settings.base_url is None:
            yield check_database(settings)
        else:
            yield await check_remote(settings)
    for era in ERAS:
        shaken = await shake_hands(command, environ, era)
        if shaken.problem:
            advice = f"Run {' '.join(command)} in a terminal to see more, or install evals-mcp again."
            yield Finding(
                "stdio", State.WRONG, f"The server does not answer ({ERA_NAMES[era]}): {shaken.problem}", advice
            )
        else:
            seconds = {"first answer": shaken.connected, "tools": shaken.listed}
            yield Finding("stdio", State.OK, f"protocol {shaken.protocol}: {shaken.tools} tools", seconds=seconds)
    try:
        machine = this_machine(environ)
    except EvalsError as error:
        yield Finding("hosts", State.WRONG, str(error), "Set it, then repeat.")
        return
    for finding in await check_hosts(machine, settings):
        yield finding
