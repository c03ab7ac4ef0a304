"""Who runs a command, for the journal."""

from collections.abc import Mapping


def actor_of(environ: Mapping[str, str]) -> str | None:
    """The name in the settings, else that of the system's user; None if the system has no name for it."""
    from getpass import getuser

    from evals_mcp.config import read_actor

    try:
        return read_actor(environ) or getuser()
    except (ImportError, KeyError, OSError):  # an id without a name, as in containers
        return None
