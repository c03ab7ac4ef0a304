"""SQL that tries to reach more than the rows of its evaluation, to write, or to take the machine."""

import secrets
import sqlite3
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import text
from tests.postgresql import drop_database, in_database
from tests.store.sql.conftest import EDGE_CASES, SAMPLE, Asked

from evals_mcp.errors import Conflict, Invalid, Unavailable
from evals_mcp.models.sql_views import VIEWS
from evals_mcp.store.sql import limits
from evals_mcp.store.sql.dialects import SQLITE, postgresql
from evals_mcp.store.sql.parsing import parse
from evals_mcp.store.sql.postgresql_reading import QueryLogin
from evals_mcp.store.sql.selects import Selects
from evals_mcp.store.sql.sqlite_reading import GuardedConnection
from evals_mcp.store.store import open_store

REFUSED = {
    "keys": "SELECT * FROM api_keys",
    "keys of a schema": "SELECT * FROM evals_mcp_control.api_keys",
    "tables below": "SELECT * FROM run_logs",
    "tables of a schema": "SELECT * FROM main.logs",
    "quoted schema": 'SELECT * FROM "main"."logs"',
    "another workspace": "SELECT * FROM evals_mcp_blue.logs",
    "another database": "SELECT * FROM a.b.logs",
    "base views": "SELECT * FROM query_logs",
    "sqlite_master": "SELECT * FROM sqlite_master",
    "temporary schema": "SELECT * FROM temp.sqlite_temp_master",
    "catalog": "SELECT * FROM pg_catalog.pg_shadow",
    "catalog by name": "SELECT * FROM pg_user",
    "information schema": "SELECT * FROM information_schema.tables",
    "in a subquery": "SELECT (SELECT count(*) FROM versions) FROM logs",
    "in a condition": "SELECT 1 FROM logs WHERE log IN (SELECT id FROM files)",
    "in WITH": "WITH x AS (SELECT * FROM files) SELECT * FROM x",
    "in UNION": "SELECT log FROM logs UNION ALL SELECT id FROM files",
    "in ORDER BY": "SELECT log FROM logs ORDER BY (SELECT id FROM files LIMIT 1)",
    "in LIMIT": "SELECT log FROM logs LIMIT (SELECT count(*) FROM files)",
    "in OVER": "SELECT count(*) OVER (ORDER BY (SELECT id FROM files)) FROM logs",
    "in FILTER": "SELECT count(*) FILTER (WHERE EXISTS (SELECT 1 FROM files)) FROM logs",
    "in ON": "SELECT 1 FROM logs JOIN runs ON EXISTS (SELECT 1 FROM files)",
    "view taken by WITH": "WITH logs AS (SELECT 1 AS log) SELECT * FROM logs",
    "view taken by WITH, quoted": 'WITH "LOGS" AS (SELECT 1 AS log) SELECT * FROM logs',
    "WITH within WITH": "WITH a AS (WITH judgments AS (SELECT 1) SELECT * FROM judgments) SELECT * FROM a",
    "function as table": "SELECT * FROM pg_ls_dir('/')",
    "generate_series": "SELECT * FROM generate_series(1, 1000000000)",
    "json_each": "SELECT * FROM logs, json_each(input)",
    "pragma as table": "SELECT * FROM pragma_table_info('logs')",
    "VALUES": "SELECT * FROM (VALUES (1)) AS v(a)",
    "LATERAL": "SELECT * FROM logs, LATERAL (SELECT 1) AS x",
    "unnest": "SELECT unnest(ARRAY[1, 2])",
    "pg_sleep": "SELECT pg_sleep(10)",
    "pg_sleep of a schema": "SELECT pg_catalog.pg_sleep(10)",
    "quoted function": 'SELECT "pg_sleep"(10)',
    "pg_read_file": "SELECT pg_read_file('/etc/passwd')",
    "lo_import": "SELECT lo_import('/etc/passwd')",
    "dblink": "SELECT dblink('host=x', 'SELECT 1')",
    "query_to_xml": "SELECT query_to_xml('SELECT * FROM pg_shadow', true, true, '')",
    "set_config": "SELECT set_config('role', 'postgres', false)",
    "current_setting": "SELECT current_setting('data_directory')",
    "user": "SELECT current_user",
    "session user": "SELECT session_user",
    "version": "SELECT version()",
    "locks": "SELECT pg_advisory_lock(1)",
    "terminate": "SELECT pg_terminate_backend(1)",
    "system column": "SELECT ctid FROM logs",
    "rowid": "SELECT rowid FROM logs",
    "whole row": "SELECT logs FROM logs",
    "load_extension": "SELECT load_extension('x')",
    "readfile": "SELECT readfile('/etc/passwd')",
    "writefile": "SELECT writefile('/tmp/x', 'y')",
    "randomblob": "SELECT randomblob(1000000000)",
    "zeroblob": "SELECT hex(zeroblob(1000000000))",
    "printf": "SELECT printf('%1000000000d', 1)",
    "repeat": "SELECT repeat('x', 1000000000)",
    "lpad": "SELECT lpad('x', 1000000000)",
    "regular expression": "SELECT 1 FROM logs WHERE output ~ '(a+)+$'",
    "similar": "SELECT 1 FROM logs WHERE output SIMILAR TO '(a+)+'",
    "GLOB": "SELECT 1 FROM logs WHERE output GLOB '*a*'",
    "MATCH": "SELECT 1 FROM logs WHERE output MATCH 'a'",
    "a pattern of a column": "SELECT 1 FROM logs WHERE output LIKE output",
    "a long pattern": f"SELECT 1 FROM logs WHERE output LIKE '{'%a' * 500}'",
    "replace that explodes": f"SELECT replace(output, 'a', '{'b' * 5000}') FROM logs",
    "replace by columns": "SELECT replace(output, output, output) FROM logs",
    "regclass": "SELECT CAST('pg_shadow' AS regclass)",
    "xml": "SELECT CAST('<x/>' AS xml)",
    "recursive": "WITH RECURSIVE n AS (SELECT 1 AS a UNION ALL SELECT a + 1 FROM n) SELECT * FROM n",
    "deep": f"SELECT {'(' * 300}1{')' * 300}",
    "very deep": f"SELECT {'(' * 4000}1{')' * 4000}",
    "arrays in arrays": f"SELECT {'ARRAY[' * 30}1{']' * 30}",
    "types in types": f"SELECT CAST(1 AS {'DECIMAL(' * 30}1{')' * 30})",
    "long": f"SELECT {'+'.join('1' * 3000)}",
    "wide": f"SELECT {', '.join(['*'] * 20)} FROM logs",
    "two statements": "SELECT 1; SELECT 2",
    "a second statement after a comment": "SELECT 1 /* ; */ ; DROP TABLE logs --",
    "nothing": " ",
    "a comment only": "-- SELECT 1",
    "SELECT INTO": "SELECT * INTO stolen FROM logs",
    "a write in WITH": "WITH gone AS (DELETE FROM logs RETURNING *) SELECT * FROM gone",
    "an insert in WITH": "WITH x AS (INSERT INTO logs VALUES (1) RETURNING 1) SELECT * FROM x",
    "FOR UPDATE": "SELECT * FROM logs FOR UPDATE",
    "TABLESAMPLE": "SELECT * FROM logs TABLESAMPLE SYSTEM (1)",
    "index hint": "SELECT * FROM logs INDEXED BY x",
    "parameter": "SELECT $1",
    "named parameter": "SELECT :name",
    "question mark": "SELECT ?",
    "blob": "SELECT x'00'",
    "null character": "SELECT 'a\0b'",
    "open quote": "SELECT 'a",
    "open comment": "SELECT 1 /* a",
    "JSON wildcard": "SELECT json_extract(input, '$.*') FROM logs",
    "JSON of a query": "SELECT json_extract(input, output) FROM logs",
    **{
        statement.split()[0]: statement
        for statement in (
            "DELETE FROM logs",
            "INSERT INTO logs VALUES (1)",
            "UPDATE logs SET output = ''",
            "DROP TABLE logs",
            "CREATE TABLE x (a int)",
            "ALTER TABLE logs ADD x int",
            "TRUNCATE logs",
            "ATTACH DATABASE '/tmp/x' AS x",
            "DETACH DATABASE main",
            "PRAGMA query_only = OFF",
            "VACUUM INTO '/tmp/x'",
            "COPY logs TO '/tmp/x'",
            "SET ROLE postgres",
            "RESET ROLE",
            "SHOW data_directory",
            "DO $$ BEGIN END $$",
            "CALL x()",
            "EXPLAIN SELECT 1",
            "GRANT ALL ON logs TO public",
            "BEGIN",
            "COMMIT",
            "LISTEN x",
            "LOAD 'x'",
            "ANALYZE",
            "REINDEX logs",
            "MERGE INTO logs USING runs ON 1=1 WHEN MATCHED THEN DELETE",
            "VALUES (1)",
        )
    },
}
HARMLESS = {
    "a quote in a text": ("SELECT 'a'';DROP TABLE logs;--'", "a';DROP TABLE logs;--"),
    "a backslash": (r"SELECT 'a\'", "a\\"),
    "comments": ("SELECT /* x */ 1 -- ; DROP", 1),
    "a name with a quote": ('SELECT "a"";x" FROM (SELECT 1 AS "a"";x") AS "b"";y"', 1),
    "a placeholder in a text": ("SELECT '%s %(a)s $1 ? :x {0}'", "%s %(a)s $1 ? :x {0}"),
    "letters of any script": ('SELECT "größe" FROM (SELECT 1 AS "größe") AS "таблица"', 1),
    "a very long name": (f"SELECT {'n' * 200}1 FROM (SELECT 7 AS {'n' * 200}1, 8 AS {'n' * 200}2) AS t", 7),
    "a name like ours": ("SELECT c1 FROM (SELECT 5 AS c2, 6 AS c1) AS t1", 6),
    "WITH of a name like ours": ("WITH w1 AS (SELECT 3 AS a), w2 AS (SELECT a + 1 AS a FROM w1) SELECT a FROM w2", 4),
}
SLOW = (
    "SELECT count(*) FROM logs a, logs b, logs c, logs d, logs e",
    "SELECT max(instr(a.output || b.output, c.output || 'x')) FROM logs a, logs b, logs c, logs d",
    "WITH a AS (SELECT l.log FROM logs l, logs m, logs n) SELECT count(DISTINCT log) FROM (SELECT a.log FROM a, a b)",
    "SELECT a.log FROM logs a, logs b, logs c, logs d ORDER BY a.output || b.output || c.output",
)


def test_sql_that_reaches_further_is_refused(asked: Asked) -> None:
    """Before the database sees any of it, in a short and plain message."""
    for name, sql in REFUSED.items():
        with pytest.raises(Invalid) as refused:
            pytest.fail(f"{name}: {asked.rows(sql)}")
        assert str(refused.value).startswith("sql: "), name
        assert len(str(refused.value)) < 500, name
        assert refused.value.__cause__ is None, name


def test_quotes_and_names_stay_what_they_are(asked: Asked) -> None:
    """Whatever a text or a name contains, it is a text or a name."""
    for name, (sql, value) in HARMLESS.items():
        assert asked.rows(sql) == [[value]], name


def test_only_rows_of_the_named_evaluation_are_there(asked: Asked) -> None:
    """The other evaluation of the workspace has none of these runs, logs and datapoints."""
    ids = {
        name: {
            view: {id for (id,) in asked.rows(f"SELECT DISTINCT {column} FROM {view}", name, limit=1000)}
            for view, column in (("runs", "run_id"), ("logs", "log"), ("datapoints", "datapoint"), ("judgments", "log"))
        }
        for name in (SAMPLE, EDGE_CASES)
    }
    for view, mine in ids[SAMPLE].items():
        assert mine
        assert not mine & ids[EDGE_CASES][view]
    other = min(ids[EDGE_CASES]["logs"])
    assert asked.rows(f"SELECT output FROM logs WHERE log = '{other}' OR TRUE AND log = '{other}'") == []


def test_slow_sql_is_stopped(asked: Asked, monkeypatch: pytest.MonkeyPatch) -> None:
    """After the time that it has, in the middle of whatever it does; the next question is answered as before."""
    monkeypatch.setattr(limits, "SECONDS", 0.3)
    for sql in SLOW:
        start = time.monotonic()
        with pytest.raises(Invalid, match="stopped after 5 seconds"):
            asked.ask(sql)
        assert time.monotonic() - start < 20
    monkeypatch.undo()
    assert asked.rows("SELECT count(*) FROM runs") == [[3]]


def test_a_million_rows_are_counted_no_further_than_told(asked: Asked) -> None:
    """The first rows come with the others counted up to a limit."""
    found = asked.ask("SELECT a.log FROM logs a, logs b, logs c", limit=5)
    assert (len(found.rows), found.left_out, found.counts_all) == (5, limits.COUNTED, False)
    found = asked.ask("SELECT log FROM logs", limit=5)
    assert (len(found.rows), found.left_out, found.counts_all) == (5, 115, True)


def test_texts_that_grow_stay_small(asked: Asked) -> None:
    """A text that SQL puts together has at most a million characters."""
    grown = "output"
    for _ in range(5):
        grown = f"replace({grown}, 'e', '{'e' * 100}')"
    found = asked.ask(f"SELECT length({grown}), {grown} FROM logs LIMIT 1", characters=10)
    assert found.rows[0][0] == 1_000_000
    assert (len(found.rows[0][1]), found.lengths) == (10, {"0.1": 1_000_000})


def test_a_long_text_of_digits_is_read_at_once(asked: Asked) -> None:
    """Whether it is a number: trying all ways to split its digits would take hours, and nothing could stop it."""
    digits = f"'{'1' * 10}'"
    for _ in range(2):
        digits = f"replace({digits}, '1', '{'1' * 100}')"
    assert asked.rows(f"SELECT length({digits}), CAST({digits} || 'x' AS REAL)") == [[100_000, None]]
    assert asked.rows(f"SELECT CAST('{'1' * 9_000}x' AS REAL)") == [[None]]


@pytest.mark.parametrize("part", ["SELECT x || x AS x FROM w{}", "SELECT a.x FROM w{0} AS a JOIN w{0} AS b ON TRUE"])
def test_subqueries_that_double_are_refused(asked: Asked, part: str) -> None:
    """A database would copy them into each other before it runs anything, and nothing could stop it."""
    parts = ["w0 AS (SELECT output AS x FROM logs)", *(f"w{n + 1} AS ({part.format(n)})" for n in range(24))]
    with pytest.raises(Invalid, match="repeat too many parts"):
        asked.ask(f"WITH {', '.join(parts)} SELECT x FROM w24")


@pytest.mark.parametrize(
    ("call", "times"),
    [
        ("sqrt({})", 36),
        ("ln({})", 36),
        ("CAST(CAST({} AS TEXT) AS REAL)", 18),
        ("CASE {} WHEN 1 THEN 2 WHEN 3 THEN 4 END", 18),
        ("CAST(coalesce('x', CAST({} AS TEXT))->>'a' AS REAL)", 9),
    ],
)
def test_functions_in_each_other_stay_small(call: str, times: int) -> None:
    """Some repeat their argument in what a database reads: it would double at each level, before any time limit."""
    views = {name: name for name in VIEWS}
    for dialect in (SQLITE, postgresql("schema")):
        grown = "latency"
        with suppress(Invalid):
            for _ in range(times):
                grown = call.format(grown)
                assert len(Selects(dialect, views, views).write(parse(f"SELECT {grown} FROM logs")).sql) < 1_000_000


def test_views_of_many_runs_cannot_be_read_a_thousand_times(asked: Asked) -> None:
    """A database would copy them for each time before it runs anything, which takes gigabytes."""
    tables = [f"SELECT a0.run FROM {', '.join(f'{{0}} AS a{n}' for n in range(19))}"] * 3
    parts = [f"w{n + 1} AS ({part.format(f'w{n}' if n else 'runs')})" for n, part in enumerate(tables)]
    with pytest.raises(Invalid, match="repeat too many parts"):
        asked.ask(f"WITH {', '.join(parts)} SELECT count(*) FROM w3")


def test_sqlite_itself_refuses_all_but_the_views(sqlite_asked: Asked, tmp_path: Path) -> None:
    """Also SQL that nobody has checked reaches nothing on this connection."""
    file = sqlite_asked.store.database.file
    assert file is not None
    view = {"logs": "SELECT log_number AS log FROM main.run_logs"}
    with closing(file.connect_to_read()) as connection:
        (name,) = GuardedConnection(connection, view).names.values()
        assert connection.execute(f"SELECT count(*) FROM {name}").fetchone() > (120,)
        for sql in (
            "SELECT * FROM main.logs",
            "SELECT * FROM main.api_keys",
            "SELECT * FROM sqlite_master",
            "SELECT * FROM run_logs",
            "WITH logs AS (SELECT * FROM main.run_logs) SELECT * FROM logs",
            f"WITH x AS (SELECT log FROM {name}), logs AS (SELECT log_number FROM main.run_logs) SELECT * FROM logs",
            "WITH RECURSIVE n(a) AS (SELECT 1 UNION ALL SELECT a + 1 FROM n) SELECT * FROM n",
            "SELECT load_extension('x')",
            "SELECT randomblob(10)",
            "SELECT printf('%d', 1)",
            "PRAGMA query_only=OFF",
            "PRAGMA journal_mode",
            "CREATE TEMP TABLE x (a)",
            "DELETE FROM main.logs",
            f"ATTACH '{tmp_path / 'new.db'}' AS x",
            f"VACUUM INTO '{tmp_path / 'new.db'}'",
            "BEGIN IMMEDIATE",
            "SELECT * FROM pragma_database_list",
        ):
            with pytest.raises(sqlite3.Error):
                connection.execute(sql).fetchall()
    assert not (tmp_path / "new.db").exists()


def test_the_login_on_postgresql_can_read_views_of_one_workspace_only(postgresql_asked: Asked) -> None:
    """Also SQL that nobody has checked reaches nothing with it: no table, no other workspace, no keys, no file."""
    login = QueryLogin(postgresql_asked.store.database)
    assert postgresql_asked.rows("SELECT count(*) FROM runs") == [[3]]
    with closing(login._connected()) as connection:
        assert connection.execute("SELECT current_user, session_user").fetchone() == (login.role, login.role)
        assert connection.execute(f'SELECT count(*) > 0 FROM "{login.schema}".query_logs').fetchone() == (True,)
        for sql in (
            f'SELECT * FROM "{login.schema}".logs',
            "SELECT * FROM evals_mcp_blue.query_logs",
            "SELECT * FROM evals_mcp_blue.logs",
            "SELECT * FROM evals_mcp.api_keys",
            "SELECT * FROM pg_authid",
            "SELECT pg_read_file('/etc/passwd')",
            "SET ROLE postgres",
            f'DELETE FROM "{login.schema}".query_logs',
            "CREATE TABLE x (a int)",
            "CREATE TEMP TABLE x (a int)",
            "COPY (SELECT 1) TO '/tmp/x'",
        ):
            with pytest.raises(psycopg.Error):
                connection.execute(sql)
            connection.rollback()


def test_a_service_that_may_not_create_a_login_refuses(postgres_server: str) -> None:
    """It never runs the SQL with its own rights, and tells where to read what to do. Then it can."""
    user = f"plain_{secrets.token_hex(4)}"
    with psycopg.connect(postgres_server, autocommit=True) as connection:
        connection.execute(f"CREATE ROLE {user} LOGIN PASSWORD '{user}'")
        connection.execute(f"CREATE DATABASE {user} OWNER {user}")
    address = in_database(postgres_server, user, username=user, password=user)
    with closing(open_store(address, "team")) as store:
        login = QueryLogin(store.database)
        with pytest.raises(Conflict, match=r"may not create a login.*docs/sql\.md"):
            login.read("SELECT 1 AS c1", [False], 1, 1)
        with psycopg.connect(postgres_server, autocommit=True) as connection:
            connection.execute(f"ALTER ROLE {user} CREATEROLE")
        assert login.read("SELECT 1 AS c1", [False], 1, 1) == ([((1,), [0])], 0, True)
        with psycopg.connect(postgres_server, autocommit=True) as connection:
            connection.execute(f"ALTER ROLE {login.role} CREATEDB")
        with pytest.raises(Conflict, match="has more rights than it should"):
            QueryLogin(store.database).read("SELECT 1 AS c1", [False], 1, 1)
    drop_database(postgres_server, user)


def test_an_ended_connection_is_no_fault_of_the_question(postgresql_asked: Asked) -> None:
    """Whoever asked is to repeat the question as it is, and not to write another one."""
    store = postgresql_asked.store
    login = QueryLogin(store.database)
    postgresql_asked.ask("SELECT 1 FROM logs")
    with ThreadPoolExecutor(1) as others:
        asked = others.submit(postgresql_asked.ask, "SELECT count(*) FROM logs a, logs b, logs c, logs d, logs e")
        ended = False
        while not ended and not asked.done():
            with store.database.each_alone() as connection:
                found = connection.execute(_END_OF_ITS_CONNECTION, {"role": login.role}).scalars().all()
                ended = True in found
        with pytest.raises(Unavailable, match="server cannot be reached"):
            asked.result()
    assert postgresql_asked.rows("SELECT count(*) FROM logs") == [[120]]


_END_OF_ITS_CONNECTION = text(
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = :role AND query LIKE 'FETCH%' "
    "AND state = 'active'"
)


def test_views_that_an_upgrade_dropped_come_back(postgresql_asked: Asked) -> None:
    """The question that finds them gone makes them again."""
    postgresql_asked.ask("SELECT 1 FROM logs")
    database = postgresql_asked.store.database
    with database.write() as connection:
        connection.execute(text(f'DROP VIEW "{database.schema}".query_logs'))
    assert postgresql_asked.rows("SELECT count(*) FROM logs") == [[120]]
