"""Checks of the data: the database, or the remote server and its key."""

import os
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from evals_mcp.config import Settings, default_database
from evals_mcp.doctor.findings import Finding, State
from evals_mcp.errors import Conflict, EvalsError, NotFound, Unauthorized, with_reason
from evals_mcp.variables import is_postgresql

_OTHER = "Choose another with EVALS_MCP_DATABASE."
_NAME = "Set EVALS_MCP_WORKSPACE to one of them, or create one."
_REACH = "Start the database server, or correct EVALS_MCP_DATABASE; the password may be in ~/.pgpass."
_WAIT = "Wait until the other program is done, or end it. Then repeat."


class Data(NamedTuple):
    """Where data is: what is equal for the same place, and its address as it was written, without a password."""

    place: str
    shown: str


def data_of(settings: Settings) -> Data:
    """Where the data is. Raises Invalid."""
    from evals_mcp.client.urls import read_base_url
    from evals_mcp.store.database.states import database_state

    if settings.base_url is not None:
        host = read_base_url(settings.base_url).host
        return Data(host, host)
    place = database_state(settings.database, is_default=False).address
    return Data(place, _shown(settings.database, place))


def _shown(address: str, place: str) -> str:
    """The whole path of a file, and any other address as it was written, without a password."""
    from evals_mcp.store.database.addresses import shown_address

    return shown_address(address) if is_postgresql(address) else place


def check_database(settings: Settings) -> Finding:
    """Integrity, size and version of the database. Creates and changes nothing."""
    from evals_mcp.store.database.checkup import FOREIGN, check_up
    from evals_mcp.store.database.failures import BUSY, UNREACHABLE
    from evals_mcp.store.database.states import creatable, database_state
    from evals_mcp.store.teams.addressed import find_place

    address = ""
    try:
        state = database_state(settings.database, is_default=settings.database == default_database())
        shown = _shown(settings.database, state.address)
        address = f"{shown}: "
        if state.missing:
            return _missing(state.address, state.others, can_be_created=creatable(settings.database))
        start = time.perf_counter()
        place = find_place(settings.database)
        found = check_up(settings.database, place.schema)
        seconds = time.perf_counter() - start
    except EvalsError as error:
        advice = f"Upgrade evals-mcp. {_OTHER}" if isinstance(error, Conflict) else _OTHER
        advice = _NAME if isinstance(error, NotFound) or "?workspace=" in str(error) else advice
        advice = {FOREIGN: _OTHER, BUSY: _WAIT, UNREACHABLE: _REACH}.get(str(error), advice)
        return Finding("database", State.WRONG, f"{address}{with_reason(error)}", advice)
    parts = [_size(found.size)]
    if found.server:
        parts.append(f"PostgreSQL {found.server}")
        parts += [f"workspaces {', '.join(place.workspaces)}"] if place.workspaces else []
    if found.revision is None:
        parts.append("no evaluations yet")
    else:
        parts.append(f"schema {found.revision}" + (f" of {found.newest}" if found.revision != found.newest else ""))
    if found.evaluations is not None:
        parts.append(f"{found.evaluations:,} evaluation{'' if found.evaluations == 1 else 's'}")
    if found.problems:
        advice = "Restore a backup (`evals-mcp restore`), or save what can be read with `evals-mcp copy`."
        return Finding("database", State.WRONG, f"{shown} is damaged: {'; '.join(found.problems)}.", advice)
    if not found.server:
        parts.append("intact")
    if found.revision not in (None, found.newest):
        parts.append("upgraded when it is next opened")
    message = f"{shown}: {', '.join(parts)}"
    if not found.server and not os.access(state.address, os.W_OK) and not settings.read_only:
        advice = "Make it writable, or set EVALS_MCP_READ_ONLY=true."
        return Finding("database", State.NOTE, f"{message}, read-only", advice, {"check": seconds})
    return Finding("database", State.OK, message, seconds={"check": seconds})


def _missing(address: str, others: Sequence[str], *, can_be_created: bool) -> Finding:
    if not can_be_created:
        advice = f"Make the folder {Path(address).parent} writable. {_OTHER}"
        return Finding("database", State.WRONG, f"{address} does not exist and cannot be created.", advice)
    beside = f" Beside it: {', '.join(others)}." if others else ""
    advice = "Load evaluations: `evals-mcp import FILE`, or ask your assistant for the sample."
    return Finding("database", State.NOTE, f"{address} will be created by the first write.{beside}", advice)


def _size(size: int) -> str:
    return f"{size / 1e6:,.1f} MB" if size >= 100_000 else f"{size / 1e3:,.1f} kB"


async def check_remote(settings: Settings) -> Finding:
    """Whether the remote server answers and accepts the key."""
    from evals_mcp.wiring import build_client

    key = "the key is accepted" if settings.api_key else "no key is set, and none is needed"
    host = ""
    try:
        async with build_client(settings) as client:
            host = f"{client.connection.host}: "
            start = time.perf_counter()
            await client.raw_pages.files(1, 1)
            seconds = time.perf_counter() - start
            ours = (
                "evals-mcp answers"
                if client.extended
                else "a server with the documented routes alone, which are slower, answers"
            )
    except Unauthorized as error:
        return Finding("remote server", State.WRONG, f"{host}{error}", settings.key_advice)
    except EvalsError as error:
        advice = "Check HUMANLOOP_BASE_URL, the network and the server."
        return Finding("remote server", State.WRONG, f"{host}{error}", advice)
    return Finding("remote server", State.OK, f"{host}{ours}, {key}", seconds={"answer": seconds})
