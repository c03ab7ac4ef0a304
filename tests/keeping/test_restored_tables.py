"""A restore on PostgreSQL makes the tables itself: a backup that somebody changed can bring rows, and nothing else."""

import hashlib
import json
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest
from tests.e2e.in_process import run
from tests.keeping.client_programs import client_programs
from tests.raw_rows import raw_rows
from tests.review_world import Clock, ReviewWorld
from tests.serving.administration import create_workspace, list_workspaces

from evals_mcp.errors import Unavailable
from evals_mcp.keeping.postgresql_backup import back_up_workspaces
from evals_mcp.keeping.postgresql_restore import restore_workspaces
from evals_mcp.store.database.database import create_database
from evals_mcp.store.database.opening import make_tables
from evals_mcp.store.store import open_store

__all__ = ["client_programs"]
pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("client_programs")]
_NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
_DEFINED = """
SELECT replace(pg_get_constraintdef(oid), %(schema)s, 's') FROM pg_constraint
    WHERE connamespace = %(schema)s::regnamespace
UNION ALL SELECT replace(indexdef, %(schema)s, 's') FROM pg_indexes WHERE schemaname = %(schema)s
UNION ALL SELECT format('%%s %%s %%s', relname, relkind, reloptions) FROM pg_class
    WHERE relnamespace = %(schema)s::regnamespace AND relkind <> 't'
UNION ALL SELECT format('%%s %%s %%s %%s %%s', table_name, column_name, data_type, is_nullable, is_identity)
    FROM information_schema.columns WHERE table_schema = %(schema)s
ORDER BY 1
"""
_ADDED = """
SET search_path TO evals_mcp_search;
CREATE TABLE evals_mcp_other.runs_of_code (at text);
CREATE FUNCTION note() RETURNS void LANGUAGE sql AS 'INSERT INTO evals_mcp_other.runs_of_code VALUES (1)';
CREATE FUNCTION code(t text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS
    $$ BEGIN PERFORM evals_mcp_search.note(); RETURN t; END $$;
CREATE FUNCTION on_row() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN PERFORM evals_mcp_search.note(); RETURN NEW; END $$;
CREATE TRIGGER t AFTER INSERT ON logs FOR EACH ROW EXECUTE FUNCTION on_row();
CREATE INDEX of_code ON logs (evals_mcp_search.code(id));
CREATE TABLE own (name text DEFAULT evals_mcp_search.code('x'));
INSERT INTO own VALUES ('mine');
TRUNCATE evals_mcp_other.runs_of_code;
"""


def _defined(address: str, schema: str) -> list[str]:
    with psycopg.connect(address) as connection:
        return [text for (text,) in connection.execute(_DEFINED, {"schema": schema})]


def _change(backup: Path, changed: bytes) -> None:
    """Change a dump, and say in the manifest that it is so."""
    manifest = backup / "manifest.json"
    (backup / "search.dump").write_bytes(changed)
    content = json.loads(manifest.read_text())
    content["workspaces"][0]["sha256"] = hashlib.sha256(changed).hexdigest()
    manifest.write_text(json.dumps(content))


def test_a_backup_brings_rows_and_no_code(postgres_address: str, tmp_path: Path) -> None:
    """Its functions, triggers, indexes and defaults never run: not one of them is made. A flipped byte is told."""
    create_workspace(postgres_address, "search")
    create_workspace(postgres_address, "other")
    with closing(open_store(postgres_address, "evals_mcp_search", Clock())) as store:
        ReviewWorld(store, Clock(), [[True, False], [False, True]])
        rows = raw_rows(store.database)
    defined = _defined(postgres_address, "evals_mcp_search")
    with psycopg.connect(postgres_address, autocommit=True) as connection:
        connection.execute(_ADDED)
    backup = tmp_path / "backup"
    back_up_workspaces(postgres_address, backup, _NOW, ["search"])
    restored = run(["restore", str(backup), "--as", "copy", "--database", postgres_address])
    assert (restored.status, restored.stdout) == (0, "copy\t1 evaluations\t8 logs\n"), restored.stderr
    assert "Not restored, as no workspace of evals-mcp has these tables: own." in restored.stderr
    with closing(open_store(postgres_address, "evals_mcp_copy")) as store:
        assert raw_rows(store.database) == rows
    assert _defined(postgres_address, "evals_mcp_copy") == defined
    with psycopg.connect(postgres_address) as connection:
        assert connection.execute("SELECT * FROM evals_mcp_other.runs_of_code").fetchall() == []
    there = list_workspaces(postgres_address)
    dump = (backup / "search.dump").read_bytes()
    (backup / "search.dump").write_bytes(dump[:999] + bytes([dump[999] ^ 1]) + dump[1_000:])
    with pytest.raises(Unavailable, match="is damaged: it is not what the backup's manifest says"):
        restore_workspaces(backup, postgres_address, as_name="again")
    copying = b"COPY evals_mcp_search.environments (id, name, tag, created_at) FROM stdin;\n"
    assert dump.count(copying) == 1
    statement = b"DROP SCHEMA evals_mcp_other CASCADE;"
    _change(backup, dump.replace(copying, statement.rjust(len(copying) - 1) + b"\n"))
    with pytest.raises(Unavailable, match=r"The backup holds what no workspace has\. Nothing was restored\."):
        restore_workspaces(backup, postgres_address, as_name="again")
    _change(backup, dump)
    manifest = backup / "manifest.json"
    content = json.loads(manifest.read_text())
    content["workspaces"][0]["revision"] = "0009"  # whose tables lack columns of these rows
    manifest.write_text(json.dumps(content))
    with pytest.raises(Unavailable, match=r"The backup holds what no workspace has\."):
        restore_workspaces(backup, postgres_address, as_name="again")
    assert list_workspaces(postgres_address) == there
    with psycopg.connect(postgres_address) as connection:
        left = connection.execute("SELECT nspname FROM pg_namespace WHERE nspname LIKE 'evals_mcp_again%'").fetchall()
        assert left == []
        assert connection.execute("SELECT count(*) FROM evals_mcp_other.environments").fetchall() == [(2,)]


def test_a_backup_of_an_older_revision_is_restored_and_upgraded(postgres_address: str, tmp_path: Path) -> None:
    """It gets the tables of then, so that its rows fit, and ends as one that was upgraded where it was."""
    create_workspace(postgres_address, "search")
    with closing(create_database(postgres_address, "evals_mcp_search")) as database, database.write() as connection:
        connection.exec_driver_sql("DROP SCHEMA evals_mcp_search CASCADE")
        make_tables(connection, "evals_mcp_search", "0007")
        connection.exec_driver_sql("INSERT INTO directories VALUES ('dir_1', NULL, 'a', 'a', NULL, NULL, '[]', 1, 1)")
    (item,) = back_up_workspaces(postgres_address, tmp_path / "backup", _NOW).workspaces
    assert item.revision == "0007"
    restore_workspaces(tmp_path / "backup", postgres_address, as_name="copy")
    with closing(open_store(postgres_address, "evals_mcp_search")) as store:  # which upgrades it
        rows = raw_rows(store.database)
    with closing(open_store(postgres_address, "evals_mcp_copy")) as store:
        assert raw_rows(store.database) == rows
    assert _defined(postgres_address, "evals_mcp_copy") == _defined(postgres_address, "evals_mcp_search")
