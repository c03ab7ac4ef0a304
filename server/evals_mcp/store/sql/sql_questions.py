"""Answer questions in SQL about one evaluation. The modules beside this one check and write the SQL."""

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from decimal import Decimal
from functools import partial
from typing import Any

from sqlalchemy import Connection, bindparam, select

from evals_mcp.errors import Invalid
from evals_mcp.models.resolved import ResolvedEvaluation, resolve
from evals_mcp.models.sql import SqlQuestion, SqlRows
from evals_mcp.store.database.database import Database, driver_connection
from evals_mcp.store.database.tables import versions
from evals_mcp.store.questions.evaluation_states import EvaluationState, EvaluationStates
from evals_mcp.store.questions.overviews import Overviews
from evals_mcp.store.revision_cache import RevisionCache
from evals_mcp.store.sql import limits
from evals_mcp.store.sql.sqlite_reading import GuardedConnection, IdleConnection
from evals_mcp.store.sql.view_queries import Evaluation, evaluation_values, postgresql_views, sqlite_views


class SqlQuestions:
    """Answers questions in SQL."""

    def __init__(
        self, database: Database, evaluations: EvaluationStates, overviews: Overviews, cache: RevisionCache
    ) -> None:
        self._database = database
        self._cache = cache
        self._evaluations = evaluations
        self._overviews = overviews
        self._login: Any = None  # its modules are for PostgreSQL only
        self._idle = IdleConnection()
        database.on_replacement(self._idle.close)
        database.on_close(self._idle.close)

    def answer(self, evaluation_id: str, question: SqlQuestion, known: str | None = None) -> SqlRows:
        """The rows of a SELECT over the views of an evaluation.

        `known` is the token of the caller's overview: if it is an older one, the newest comes with the rows.
        Raises NotFound, and Invalid for SQL that cannot be run or takes too long.
        """
        found = self._answer(evaluation_id, question, known, is_brief=False)
        assert found is not None
        return found

    def answer_briefly(
        self, evaluation_id: str, question: SqlQuestion, known: str | None = None
    ) -> SqlRows | Callable[[], SqlRows]:
        """What `answer` returns, from SQLite, if that takes a moment; else a function that returns it."""
        rows = self._answer(evaluation_id, question, known, is_brief=True)
        return rows or partial(self.answer, evaluation_id, question, known)

    def _answer(
        self, evaluation_id: str, question: SqlQuestion, known: str | None, *, is_brief: bool
    ) -> SqlRows | None:
        """The rows; None for a statement that should be brief and is not."""
        # The parser loads when the first question comes.
        from evals_mcp.store.sql.dialects import SQLITE, postgresql
        from evals_mcp.store.sql.parsing import parse
        from evals_mcp.store.sql.postgresql_reading import QueryLogin
        from evals_mcp.store.sql.selects import Selects

        statement = parse(question.sql)
        with self._database.read() as connection:
            state = self._evaluations.read(connection, evaluation_id)
            newest = self._overviews.newest(connection, state, known)
            if self._database.is_sqlite:
                views = self._views(connection, state, question, sqlite_views)
                with self._guarded(connection, views) as guarded:
                    query = Selects(SQLITE, guarded.names, views).write(statement)
                    guarded.start(None if is_brief else limits.SECONDS)
                    rows = _Rows(question, query.columns).of_sqlite(guarded.connection, query.sql, is_brief=is_brief)
                    return rows and rows.model_copy(update={"newest": newest})
            self._login = self._login or QueryLogin(self._database)
            views = self._views(connection, state, question, partial(postgresql_views, schema=self._login.schema))
        query = Selects(postgresql(self._login.schema), views, views).write(statement)
        texts = [column.type in ("text", "json", "null") for column in query.columns]
        found = self._login.read(query.sql, texts, question.limit, question.characters)
        return _Rows(question, query.columns).of_postgresql(*found).model_copy(update={"newest": newest})

    def _views(
        self,
        connection: Connection,
        state: EvaluationState,
        question: SqlQuestion,
        write: Callable[[Evaluation], dict[str, str]],
    ) -> dict[str, str]:
        """The SQL of the views of an evaluation, written once until it changes."""
        labels = question.run_labels or {}

        def compute() -> dict[str, str]:
            known = self._overviews.newest(connection, state, "")
            assert known is not None
            assert known.overview is not None
            return write(_values(connection, resolve(known.overview), labels))

        return self._cache.get("views", state.id, (state.token, *labels.items()), compute)

    @contextmanager
    def _guarded(self, connection: Connection, views: Mapping[str, str]) -> Iterator[GuardedConnection]:
        """A connection that can read these views only. Errors of SQLite are ours."""
        file = self._database.file
        with _plain_errors():
            if file is None:
                # A temporary database has one connection, which nobody else uses now.
                guarded = GuardedConnection(driver_connection(connection), views)
            else:
                guarded = self._idle.take(views) or GuardedConnection(file.connect_to_read(), views)
            if file is None:
                with guarded.released():
                    yield guarded
                return
            try:
                yield guarded
            except BaseException:
                guarded.connection.close()
                raise
            self._idle.give(guarded)


@contextmanager
def _plain_errors() -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        code = getattr(error, "sqlite_errorcode", None)
        if code is None or code & 0xFF not in _SENTENCES:
            raise
        raise Invalid(_SENTENCES[code & 0xFF]) from error


_SENTENCES = {
    sqlite3.SQLITE_INTERRUPT: limits.TOO_SLOW,
    sqlite3.SQLITE_AUTH: "sql: it reads something other than the views runs, logs, datapoints and judgments.",
    sqlite3.SQLITE_ERROR: "sql: the database cannot run it. Write it in a simpler way.",
    sqlite3.SQLITE_TOOBIG: "sql: a value in it is too long. Use substr.",
    sqlite3.SQLITE_NOMEM: "sql: it needs too much memory. Filter or aggregate first.",
}


class _Rows:
    """The rows of an answer."""

    def __init__(self, question: SqlQuestion, columns: Sequence[Any]) -> None:
        self._question = question
        self._columns = columns
        self._rows: list[list[Any]] = []
        self._lengths: dict[str, int] = {}

    def of_sqlite(self, connection: sqlite3.Connection, sql: str, *, is_brief: bool) -> SqlRows | None:
        """The first rows, and how many more there are; None for a brief statement that was stopped."""
        try:
            with closing(connection.execute(sql)) as cursor:
                for values in cursor:
                    self._add(values, [len(value) if isinstance(value, str) else 0 for value in values])
                    if len(self._rows) == self._question.limit:
                        break
                left_out, counts_all, was_stopped = _count(cursor)
        except sqlite3.OperationalError as error:
            if not is_brief or error.sqlite_errorcode != sqlite3.SQLITE_INTERRUPT:
                raise
            return None
        return None if is_brief and was_stopped else self._answer(left_out, counts_all)

    def of_postgresql(
        self, rows: Iterable[tuple[Sequence[Any], Sequence[int]]], left_out: int, counts_all: bool
    ) -> SqlRows:
        """The first rows, with the lengths of their texts, and how many more there are."""
        for values, lengths in rows:
            self._add(values, lengths)
        return self._answer(left_out, counts_all)

    def _add(self, values: Sequence[Any], lengths: Sequence[int]) -> None:
        row, characters = [], self._question.characters
        for at, (value, length, column) in enumerate(zip(values, lengths, self._columns, strict=True)):
            if isinstance(value, str) and length > characters:
                self._lengths[f"{len(self._rows)}.{at}"] = length
                value = value[:characters]
            elif isinstance(value, Decimal):
                value = int(value) if value == value.to_integral_value() else float(value)
            elif column.type == "boolean" and value is not None:
                value = bool(value)
            row.append(value)
        self._rows.append(row)

    def _answer(self, left_out: int, counts_all: bool) -> SqlRows:
        return SqlRows(
            columns=[column.name for column in self._columns],
            rows=self._rows,
            left_out=left_out,
            counts_all=counts_all,
            lengths=self._lengths,
        )


def _count(cursor: sqlite3.Cursor) -> tuple[int, bool, bool]:
    """How many rows follow, as far as they are counted in time, whether these are all, and whether it was stopped."""
    amount = 0
    try:
        for _ in cursor:
            amount += 1
            if amount > limits.COUNTED:
                return limits.COUNTED, False, False
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode != sqlite3.SQLITE_INTERRUPT:
            raise
        return amount, False, True
    return amount, True, False


def _values(connection: Connection, resolved: ResolvedEvaluation, labels: Mapping[str, str]) -> Evaluation:
    """What the views say of an evaluation."""
    ids = sorted({run.version_id for run in resolved.runs if run.version_id})
    models = {row.id: row.model for row in connection.execute(_MODELS, {"ids": ids})}
    resolved.run_labels.update({id: label for id, label in labels.items() if id in resolved.run_labels})
    return evaluation_values(resolved, models)


_MODELS = select(versions.c.id, versions.c.content["model"].as_string().label("model")).where(
    versions.c.id.in_(bindparam("ids", expanding=True))
)
