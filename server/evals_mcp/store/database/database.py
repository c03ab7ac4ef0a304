"""One workspace's database: transactions on SQLite or PostgreSQL. No tables, no queries."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager, nullcontext
from datetime import UTC, datetime
from pathlib import Path
from threading import Lock
from time import perf_counter
from typing import Any

from sqlalchemy import Connection, Engine, text

from evals_mcp.errors import Conflict, Unavailable
from evals_mcp.store.database.acts import current_act
from evals_mcp.store.database.addresses import database_url
from evals_mcp.store.database.engines import WRITES, postgresql_engine, sqlite_engine, temporary_sqlite_engine
from evals_mcp.store.database.failures import BUSY, READ_ONLY, plain_errors
from evals_mcp.store.database.fair_lock import FairLock
from evals_mcp.store.database.sqlite_file import BUSY_MILLISECONDS, SqliteFile
from evals_mcp.store.database.watching import NOBODY, Watcher

_REPLACED = (
    "The database file was deleted or replaced while it was in use. Nothing was written. "
    "Repeat the request: it opens the file that is there then, or creates a new one."
)
_BUSY_MILLISECONDS = BUSY_MILLISECONDS
_READ_MILLISECONDS = 60_000
_IDLE_MILLISECONDS = 300_000


def utc_now() -> datetime:
    """The current time in UTC."""
    return datetime.now(UTC)


class Database:
    """Transactions on one workspace. `read` never writes; only one `write` runs at a time.

    On PostgreSQL a workspace is the schema `schema`. On SQLite it is the file, and `schema` is None. Several databases
    can share an engine, each with its own schema. `file` is None on PostgreSQL and for a temporary database.

    A file that is deleted or replaced fails the transaction that notices it. The next one opens the path again.
    `watcher` is told of transactions.
    """

    def __init__(
        self,
        engine: Engine,
        schema: str | None = None,
        clock: Callable[[], datetime] = utc_now,
        file: SqliteFile | None = None,
    ) -> None:
        self.engine = engine
        self.schema = schema
        self.now = clock
        self.file = file
        # Set all options at once: SQLAlchemy 2.0 accepts no isolation level for an engine that already has options.
        translated: dict[str, Any] = {"schema_translate_map": {None: schema}} if schema else {}
        self._reading = engine if self.is_sqlite else engine.execution_options(**translated, **_BEGUN_HERE)
        self._writing = engine.execution_options(**translated, **{WRITES: True}, **({} if self.is_sqlite else _NEWEST))
        self.watcher: Watcher = NOBODY
        self._turns = FairLock()
        self._preparations: list[Callable[[Database], None]] = []
        self._conditions: list[Callable[[Connection], None]] = []
        self._around_writes: Callable[[Connection], AbstractContextManager[None]] = _alone
        self._within_limits: Callable[[Connection], AbstractContextManager[None]] = _alone
        self._on_replacement: list[Callable[[], None]] = []
        self._on_close: list[Callable[[], None]] = []
        self._opening = Lock()
        self._openings = 0  # of files that replaced the first one
        self._is_lost = False

    @property
    def is_sqlite(self) -> bool:
        """Whether the workspace is a SQLite database."""
        return self.engine.dialect.name == "sqlite"

    @property
    def may_write(self) -> bool:
        """Whether the database may be written, as far as can be told without a try."""
        return self.file is None or self.file.may_write

    @property
    def name(self) -> str:
        """The name of the database for a message, in backquotes."""
        if self.file is not None:
            return f"`{self.file.path.name}`"
        return f"`{self.engine.url.database}`" + (f" (schema `{self.schema}`)" if self.schema else "")

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A transaction that sees one state of the data. Raises Unavailable, also if PostgreSQL takes too long."""
        started = perf_counter()
        with self._failures_told(), plain_errors():
            self._follow_file()
            with self._reading.begin() as connection:
                begun = perf_counter()
                if not self.is_sqlite:
                    connection.exec_driver_sql(f"{_BEGIN_READ}; SET LOCAL statement_timeout = {_READ_MILLISECONDS}")
                yield connection
        self.watcher.transaction("read", begun - started, perf_counter() - begun)

    @contextmanager
    def write(self, *, dry_run: bool = False) -> Iterator[Connection]:
        """An atomic transaction, the only writing one of the workspace. With `dry_run`, it is rolled back at its end.

        Writers of a workspace take turns on SQLite and PostgreSQL. So facts that a query has checked hold until the
        end, and there are no deadlocks. Raises Unavailable, and Invalid for JSON with an infinite number.
        """
        # Threads wait here, without a connection, and not in the database, which may starve one.
        with self._failures_told(), plain_errors(), self._turn() as waited:
            begun = perf_counter()
            if (act := current_act()) is not None:
                act.forget_written()
            self._follow_file()
            if not self.may_write:
                raise Unavailable(READ_ONLY)
            if act is not None and act.require_room is not None and not dry_run:
                act.require_room()
            openings = self._openings
            with self._writing.connect() as connection:
                with connection.begin() as transaction:
                    if not self.is_sqlite:
                        lock_writes(connection, self.schema)
                    for require in self._conditions:
                        require(connection)
                    around = nullcontext() if dry_run else self._around_writes(connection)
                    within = nullcontext() if dry_run else self._within_limits(connection)
                    with around:
                        with within:
                            yield connection
                        self._check_file(openings)
                    if dry_run:
                        transaction.rollback()
                if self.file is not None:
                    self.file.shorten_log(driver_connection(connection))
            self.watcher.transaction("write", waited, perf_counter() - begun)
            if not dry_run:
                self._tell_written()

    @contextmanager
    def _turn(self) -> Iterator[float]:
        """The turn to write, and how long it took to come."""
        started = perf_counter()
        self.watcher.queued(1)
        try:
            turn = self._turns.turn(_BUSY_MILLISECONDS / 1000)
            turn.__enter__()
        finally:
            self.watcher.queued(-1)
        try:
            yield perf_counter() - started
        finally:
            turn.__exit__(None, None, None)

    @contextmanager
    def _failures_told(self) -> Iterator[None]:
        try:
            yield
        except Unavailable as error:
            self.watcher.failed(error)
            raise

    def _tell_written(self) -> None:
        act = current_act()
        if act is not None and (act.kind is not None or act.rows):
            self.watcher.wrote(act.kind, act.rows)

    @contextmanager
    def each_alone(self) -> Iterator[Connection]:
        """A connection that commits each statement by itself, for what PostgreSQL refuses in a transaction."""
        with plain_errors(), self.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            yield connection

    def check(self) -> None:
        """Raise Unavailable if the database cannot be reached."""
        with self.read() as connection:
            connection.execute(text("SELECT 1"))

    def data_version(self) -> int | None:
        """A number that changes whenever the data changes; None if that cannot be told."""
        version = None if self.file is None else self.file.data_version()
        return None if version is None else (self._openings << 32) + version

    def prepared(self, prepare: Callable[["Database"], None], require: Callable[[Connection], None]) -> None:
        """Note that `prepare` has created or upgraded the tables, and will do so in a file that replaces this one.

        Each writing transaction after this begins with `require`, which raises if they are no longer as they were.
        """
        self._conditions.append(require)
        if self.file is not None:
            with plain_errors():
                self.file.open()
            self._preparations.append(prepare)

    def around_writes(self, around: Callable[[Connection], AbstractContextManager[None]]) -> None:
        """Enter `around` in each writing transaction after this, and leave it before the commit."""
        self._around_writes = around

    def within_limits(self, within: Callable[[Connection], AbstractContextManager[None]]) -> None:
        """Enter `within` in each writing transaction after this, and leave it before the journal: it may refuse."""
        self._within_limits = within

    def on_replacement(self, forget: Callable[[], None]) -> None:
        """Call `forget` whenever another file has replaced the one that was open."""
        self._on_replacement.append(forget)

    def on_close(self, end: Callable[[], None]) -> None:
        """Call `end` before the connections are closed: it closes others to the same file."""
        self._on_close.append(end)

    def close(self) -> None:
        """Close all connections."""
        for end in self._on_close:
            end()
        self.engine.dispose()
        if self.file is not None:
            self.file.close()

    def _follow_file(self) -> None:
        """Open the path again if the last transaction lost the file. Raises Unavailable if it is lost now."""
        if self.file is None:
            return
        if self._is_lost or self.file.gained_log():
            self._is_lost = True
            self._open_again()
        elif not self.file.is_there():
            self._is_lost = True
            raise Unavailable(_REPLACED)

    def _check_file(self, openings: int) -> None:
        """Raise Unavailable if what is written now would be lost, because the file or its log is not there."""
        if self.file is None:
            return
        if not self.file.is_same():
            self._is_lost = True
        if self._is_lost or openings != self._openings:
            raise Unavailable(_REPLACED)

    def _open_again(self) -> None:
        with self._opening:
            if not self._is_lost or self.file is None:
                return
            self.engine.dispose()
            if not self.file.let_go():
                raise Unavailable(BUSY)
            with closing(_open_file(self.file.path, self.file.read_only, self.now)) as fresh:
                for prepare in self._preparations:
                    try:
                        prepare(fresh)
                    except Conflict as error:
                        raise Unavailable(str(error)) from error
            self.file.open()
            self._openings += 1
            self._is_lost = False
            for forget in self._on_replacement:
                forget()


def _alone(connection: Connection) -> AbstractContextManager[None]:
    return nullcontext()


# The driver would send the beginning of a transaction by itself, and its limit would be another way to the server.
_BEGUN_HERE: dict[str, Any] = {"isolation_level": "AUTOCOMMIT"}
_BEGIN_READ = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL extra_float_digits = 1"
_NEWEST: dict[str, Any] = {"isolation_level": "READ COMMITTED"}
"""Who had to wait for the turn to write sees what was written meanwhile, whatever level an administrator has set."""
# Settings and locks end with the transaction, as connection poolers require. Nobody waits for the answer of a statement
# that takes so long. A server whose machine was lost does not keep its turn to write until TCP notices; a read may do
# nothing for long, while a backup of its state is made.
_LOCK_WORKSPACE = text(  # the number separates it from other programs' locks
    "SELECT set_config('lock_timeout', :patience, true), set_config('extra_float_digits', '1', true), "
    "set_config('idle_in_transaction_session_timeout', :idle, true), "
    "pg_advisory_xact_lock(1702259057, hashtext(:schema))"
)


def lock_writes(connection: Connection, schema: str | None) -> None:
    """Wait until nobody else writes to a workspace on PostgreSQL, and let nobody until the transaction ends."""
    times = {"patience": str(_BUSY_MILLISECONDS), "idle": str(_IDLE_MILLISECONDS)}
    connection.execute(_LOCK_WORKSPACE, {**times, "schema": schema or ""})


def create_database(address: str, schema: str | None = None, clock: Callable[[], datetime] = utc_now) -> Database:
    """Connect to a database: a path, `sqlite:///path` or `postgresql://…`. Reads and writes no table.

    Raises Invalid for other addresses.
    """
    url = database_url(address)
    if url.get_backend_name() == "sqlite":
        return _open_file(Path(url.database or ""), "mode" in url.query, clock)
    return Database(postgresql_engine(url), schema, clock)


def create_temporary_database(clock: Callable[[], datetime] = utc_now) -> Database:
    """An empty SQLite database that no other process can open, and that ends with this one, even if it is killed.

    SQLite makes the file with mode 0600, and unlinks it before it writes the first page (Windows deletes it with its
    last handle).
    """
    return Database(temporary_sqlite_engine(), None, clock)


def driver_connection(connection: Connection) -> sqlite3.Connection:
    """The driver's connection to SQLite."""
    found = connection.connection.driver_connection
    assert isinstance(found, sqlite3.Connection)
    return found


def _open_file(path: Path, read_only: bool, clock: Callable[[], datetime]) -> Database:
    file = SqliteFile(path, read_only=read_only)
    return Database(sqlite_engine(file), None, clock, file)
