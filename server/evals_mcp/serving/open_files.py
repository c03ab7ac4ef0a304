"""How many files the system lets a process open, connections among them, and whether a server can live with that."""

import logging

from evals_mcp.errors import Unavailable

RESERVED_FILES = 100
"""Of the database, its journal, and bodies that wait in files."""

MOST_CONNECTIONS = 1000
"""Of a process, where the system lets it open files enough."""

_LEAST_FILES = 64
_FEW_CONNECTIONS = 100
_LOGGER = logging.getLogger(__name__)
_ADVICE = f"Allow {MOST_CONNECTIONS + RESERVED_FILES:,}: `ulimit -n`, LimitNOFILE of a unit, --ulimit of a container."


def most_connections() -> int:
    """The connections for which this process has room."""
    files = _most_files()
    return MOST_CONNECTIONS if files is None else max(8, min(MOST_CONNECTIONS, files - RESERVED_FILES))


def require_files() -> None:
    """Raise Unavailable if a server cannot open as many files as it needs."""
    files = _most_files()
    if files is not None and files < _LEAST_FILES:
        raise Unavailable(f"The system lets a process open {files} files, too few for a server. {_ADVICE}")


def tell_of_few_files() -> None:
    """Log it if there is room for few connections."""
    if most_connections() < _FEW_CONNECTIONS:
        told = "The system lets a process open %d files, so each has room for %d connections at once. %s"
        _LOGGER.warning(told, _most_files(), most_connections(), _ADVICE)


def _most_files() -> int | None:
    """How many files this process may have open; None without a limit."""
    try:
        import resource
    except ImportError:  # Windows, which has no such limit
        return None
    files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return None if files == resource.RLIM_INFINITY else files
