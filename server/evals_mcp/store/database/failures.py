"""Failures of the storage as sentences. No queries."""

import logging
import re
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import (
    DatabaseError,
    DBAPIError,
    InterfaceError,
    InternalError,
    OperationalError,
    ProgrammingError,
    StatementError,
)
from sqlalchemy.exc import TimeoutError as NoConnectionFreeError

from evals_mcp.errors import EvalsError, Invalid, Raced, Unavailable

_log = logging.getLogger(__name__)

READ_ONLY = "The database cannot be written: the file or its folder is read-only, or it was opened with mode=ro."
BUSY = "The database is busy with other writes. Repeat the request."


@contextmanager
def plain_errors() -> Iterator[None]:
    """Raise Unavailable for failures of the storage, and Invalid for values that it cannot hold."""
    try:
        yield
    except (TimeoutError, NoConnectionFreeError) as error:
        raise Unavailable(BUSY) from error
    except UnicodeDecodeError as error:  # of a message of SQLite that quotes what is damaged
        raise Unavailable(_DAMAGED) from error
    except sqlite3.Error as error:
        raise Unavailable(_sqlite_sentence(error) or _DAMAGED) from error
    except (OperationalError, DatabaseError, InterfaceError) as error:
        if _sqlstate(error) in _RACES:
            _log.warning("Another writer changed the same data: %s", _sqlstate(error))
            raise Raced from error
        if _sqlstate(error) == _PROGRAM_LIMIT:
            raise Invalid(_TOO_LONG) from error
        sentence = _explain(error)
        if sentence is None:
            raise
        raise Unavailable(sentence) from error
    except StatementError as error:
        if not isinstance(error.orig, Invalid):
            raise
        raise error.orig from error


def _sqlite_sentence(error: sqlite3.Error) -> str | None:
    """The message for an error of SQLite; None for a bug of ours."""
    code = getattr(error, "sqlite_errorcode", None)
    if code is None:  # from the driver: text that is not UTF-8 is an operational error
        return _DAMAGED if isinstance(error, sqlite3.OperationalError) else None
    if code & 0xFF == sqlite3.SQLITE_ERROR and _MISSING.match(str(error)):
        # All of them were there after the migrations. If we named one that never was, the log tells.
        _log.error("The database lacks something: %s", error)
        return _DAMAGED
    return _SQLITE_SENTENCES.get(code & 0xFF)


_MISSING = re.compile(r"no such (table|column)|table \S+ has no column|ON CONFLICT clause does not match")
_DAMAGED = "The database file is damaged. It was not changed. Restore a backup or choose another."
_SQLITE_SENTENCES = {
    sqlite3.SQLITE_FULL: "The database disk is full. Nothing was written. Free some space and repeat.",
    sqlite3.SQLITE_NOTADB: "The database file is damaged or not a SQLite database. It was not changed.",
    sqlite3.SQLITE_CORRUPT: _DAMAGED,
    sqlite3.SQLITE_READONLY: READ_ONLY,
    sqlite3.SQLITE_CANTOPEN: "The database file cannot be opened or created: it must not be a folder, its own "
    "folder must exist and be writable, and its path must have at most 500 characters.",
    sqlite3.SQLITE_BUSY: BUSY,
    sqlite3.SQLITE_PROTOCOL: BUSY,
    sqlite3.SQLITE_IOERR: "The database disk reports an error. Nothing was written.",
}


_GONE = "The workspace's data is gone: it was removed while it was in use. Nothing was written."
UNREACHABLE = (
    "The database server cannot be reached or refused the request. "
    "Check that it runs, and check address, user and password. Then repeat."
)
_ADDRESS = (
    "The address of the database has an option that is unknown or has a wrong value. Correct what stands behind `?`."
)
_POSTGRESQL_SENTENCES = {
    "3F000": _GONE,
    "42P01": _GONE,
    "25006": "The database cannot be written: the server is a read-only replica, or set to read only.",
    "25P03": "The database server gave up the request, which did nothing for minutes. Nothing was written. Repeat it.",
    "42501": "The database user lacks a permission: it must be able to create schemas and own those of evals-mcp.",
    "53100": "The database disk is full. Nothing was written. Free some space and repeat.",
    "53300": "The database server has no free connection. Repeat the request.",
    "55P03": BUSY,
    "57014": "The database server stopped the request because it took too long. Nothing was written.",
}

_PROGRAM_LIMIT = "54000"  # here: a row of an index that is too long
_TOO_LONG = "A name or an id is too long for PostgreSQL: at most about 2,700 bytes fit into its indexes. Shorten it."


_RACES = frozenset(("40001", "40P01", "23503", "23505"))
"""Failures of PostgreSQL that another writer causes: no serial order, a deadlock, a row that is gone or that is there
already. Writers of a workspace take turns, unless they are connected to different nodes."""


def _explain(error: DBAPIError) -> str | None:
    """The message for a failure of the storage; None for a bug of ours."""
    if isinstance(error.orig, sqlite3.Error):
        return _sqlite_sentence(error.orig)
    sentence = _POSTGRESQL_SENTENCES.get(_sqlstate(error))
    if sentence is _GONE:  # if we named a table that never was, the log tells
        _log.warning("The database lacks something: %s", str(error.orig).partition("\n")[0])
    if sentence is not None:
        return sentence
    lost_in_pooler = isinstance(error, InternalError) and not _sqlstate(error)  # two answers where one was due
    if lost_in_pooler or isinstance(error, OperationalError | InterfaceError):
        return UNREACHABLE
    if isinstance(error, ProgrammingError) and error.statement is None:  # the driver did not take the address
        return _ADDRESS
    return None


def _sqlstate(error: DBAPIError) -> str:
    """The code of a failure of PostgreSQL; "" for others."""
    return getattr(error.orig, "sqlstate", None) or ""


def failure_kind(error: EvalsError) -> str:
    """One of a few words for an error that `plain_errors` raised."""
    if isinstance(error, Raced):
        return "raced"
    return _KINDS.get(str(error), "limit" if error.status == _INSUFFICIENT_STORAGE else "other")


_INSUFFICIENT_STORAGE = 507
_KINDS = {
    BUSY: "busy",
    READ_ONLY: "read_only",
    _DAMAGED: "damaged",
    UNREACHABLE: "unreachable",
    _POSTGRESQL_SENTENCES["53100"]: "full",
    _SQLITE_SENTENCES[sqlite3.SQLITE_FULL]: "full",
    _SQLITE_SENTENCES[sqlite3.SQLITE_NOTADB]: "damaged",
    _SQLITE_SENTENCES[sqlite3.SQLITE_IOERR]: "damaged",
    _POSTGRESQL_SENTENCES["53300"]: "no_connection",
    _POSTGRESQL_SENTENCES["57014"]: "stopped",
}
