"""Workspaces and keys in the store, on SQLite and on PostgreSQL."""

import threading
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest
from sqlalchemy import event, text

from evals_mcp.errors import Conflict, Invalid, NotFound
from evals_mcp.models.roles import Role
from evals_mcp.store.database.opening import revisions
from evals_mcp.store.files.files import FileChange
from evals_mcp.store.teams.control import CONTROL, Control, open_control
from evals_mcp.store.teams.control_tables import metadata
from evals_mcp.store.teams.keys import NewSecret, new_secret


@pytest.fixture
def control(database_address: str) -> Iterator[Control]:
    """Teams of an empty database; on PostgreSQL with a workspace `red`."""
    opened = open_control(database_address)
    if not opened.database.is_sqlite:
        opened.create_workspace("red")
    yield opened
    opened.close()


@pytest.fixture
def on_postgresql(postgres_address: str) -> Iterator[Control]:
    """Teams of an empty PostgreSQL database."""
    opened = open_control(postgres_address)
    yield opened
    opened.close()


def _only(control: Control) -> str:
    return control.workspaces()[0].name


def test_a_key_opens_its_workspace_until_it_is_revoked(control: Control) -> None:
    """The key itself is recognised; a revoked one is not, and stays in the list."""
    made = control.create_key(_only(control), "ci", role=Role.READ)
    recognised = control.recognise(made.secret)
    assert recognised is not None
    assert recognised[0] == made.key == control.keys()[0]
    assert recognised[1] == control.workspaces()[0]
    (revoked,) = control.revoke_key(made.key.id)
    assert revoked.revoked_at is not None
    assert control.recognise(made.secret) is None
    assert control.keys() == [revoked]
    assert control.revoke_key(made.key.id) == [revoked]


def test_a_key_is_nowhere_in_the_database(control: Control) -> None:
    """What is kept of a key does not open anything."""
    made = control.create_key(_only(control), "ci")
    with control.database.read() as connection:
        kept = [str(row) for table in metadata.sorted_tables for row in connection.execute(table.select())]
    random_part = made.secret.rsplit("_", 1)[1]
    assert not any(random_part in row for row in kept)
    assert any(made.key.id in row for row in kept)


def test_a_key_with_another_secret_is_not_recognised(control: Control) -> None:
    """The id alone opens nothing."""
    made = control.create_key(_only(control), "ci")
    last = "0" if made.secret[-1] != "0" else "1"
    assert control.recognise(made.secret[:-1] + last) is None
    assert control.recognise(made.key.id) is None
    assert control.recognise("") is None


def test_every_wrong_key_is_refused_by_the_same_work(control: Control) -> None:
    """The same statement finds no row, whether the id of the key exists, or the text has the form of one."""
    made = control.create_key(_only(control), "ci")
    done: list[str] = []

    def note(*given: Any) -> None:
        done.append(given[2])

    event.listen(control.database.engine, "after_cursor_execute", note)
    work = []
    for wrong in (made.secret[:-1] + "!", new_secret().secret, "no key", ""):
        done.clear()
        assert control.recognise(wrong) is None
        work.append(tuple(done))
    assert len(set(work)) == 1
    assert "digest =" in work[0][-1]


def test_a_server_counts_as_keyed_when_every_key_is_revoked(control: Control) -> None:
    """Revoking the last key closes a server; it does not open it to everybody."""
    assert not control.has_keys()
    made = control.create_key(_only(control), "ci")
    control.revoke_key(made.key.id)
    assert control.has_keys()


def test_a_name_is_free_again_once_its_key_is_revoked(control: Control) -> None:
    """Two keys of a workspace that open it never share a name."""
    workspace = _only(control)
    first = control.create_key(workspace, "ci")
    with pytest.raises(Conflict, match="`ci`"):
        control.create_key(workspace, "ci", role=Role.READ)
    assert [key.id for key in control.revoke_key("ci")] == [first.key.id]
    second = control.create_key(workspace, "ci", role=Role.READ)
    assert [key.id for key in control.revoke_key("ci")] == [second.key.id]
    assert [key.id for key in control.revoke_key("ci")] == [second.key.id]


def test_the_name_of_a_key_can_be_shown(control: Control) -> None:
    """A name that a terminal would not show as it is is refused."""
    for name in ("", "   ", "two\nlines", "x" * 101, "\x1b[31m"):
        with pytest.raises(Invalid, match="visible"):
            control.create_key(_only(control), name)
    assert control.keys() == []


def test_no_name_is_the_id_of_another_key(control: Control) -> None:
    """Else who revokes a key by its id could mean another one, also of another workspace."""
    made = control.create_key(_only(control), "ci").key
    with pytest.raises(Invalid, match="is the id of another key"):
        control.create_key(_only(control), made.id)
    assert control.keys() == [made]
    assert control.create_key(_only(control), "integrations").key.name == "integrations"


def test_unknown_names_are_not_found(control: Control) -> None:
    """The message says what there is."""
    with pytest.raises(NotFound, match=f"`{_only(control)}`"):
        control.create_key("blue", "ci")
    with pytest.raises(NotFound, match="keys list"):
        control.revoke_key("ci")


def test_a_file_is_one_workspace(tmp_path_factory: pytest.TempPathFactory) -> None:
    """On SQLite the workspace need not be named, and there is no second one."""
    opened = open_control(str(tmp_path_factory.mktemp("one") / "evals.db"))
    assert [item.name for item in opened.workspaces()] == ["default"]
    made = opened.create_key(None, "mine")
    assert made.key.workspace == "default"
    with pytest.raises(Invalid, match="another file"):
        opened.create_workspace("blue")
    opened.close()


def test_names_of_workspaces_are_checked(on_postgresql: Control) -> None:
    """A name goes into the name of a schema, so it has plain characters only."""
    for name in ("", "Red", "red-1", "rot ", 'r"; DROP', "röt", "a" * 41, "red\n"):
        with pytest.raises(Invalid, match="lower-case"):
            on_postgresql.create_workspace(name)
    assert on_postgresql.workspaces() == []


def test_workspaces_are_listed_by_name_and_made_once(on_postgresql: Control) -> None:
    """Names that are special to PostgreSQL are names like any other."""
    for name in ("red", "public", "evals_mcp", "a" * 40, "0"):
        on_postgresql.create_workspace(name)
    assert [item.name for item in on_postgresql.workspaces()] == ["0", "a" * 40, "evals_mcp", "public", "red"]
    with pytest.raises(Conflict, match="already"):
        on_postgresql.create_workspace("red")


def test_a_key_needs_a_workspace_where_there_may_be_several(on_postgresql: Control) -> None:
    """On PostgreSQL the workspace is named, even if there is one only."""
    with pytest.raises(Invalid, match="workspaces create"):
        on_postgresql.create_key(None, "ci")
    on_postgresql.create_workspace("red")
    with pytest.raises(Invalid, match="`red`"):
        on_postgresql.create_key(None, "ci")


def test_a_name_in_several_workspaces_is_not_guessed(on_postgresql: Control) -> None:
    """The candidates are listed by their ids."""
    keys = []
    for workspace in ("blue", "red"):
        on_postgresql.create_workspace(workspace)
        keys.append(on_postgresql.create_key(workspace, "ci").key)
    with pytest.raises(Invalid, match=rf"`{keys[0].id}` \(workspace blue\), `{keys[1].id}` \(workspace red\)"):
        on_postgresql.revoke_key("ci")
    listed = on_postgresql.keys()
    assert [key.revoked_at for key in listed] == [None, None]


def test_workspaces_hold_their_own_rows_and_no_keys(on_postgresql: Control) -> None:
    """A workspace is a schema; the tables of keys are in none of them."""
    stores = {name: on_postgresql.open(on_postgresql.create_workspace(name)) for name in ("blue", "red")}
    stores["red"].files.upsert("flow", None, "ours", {"attributes": {}}, FileChange())
    assert stores["red"].files.page().total == 1
    assert stores["blue"].files.page().total == 0
    with on_postgresql.database.read() as connection:
        rows = connection.execute(
            text("SELECT table_schema FROM information_schema.tables WHERE table_name='api_keys'")
        )
        assert rows.scalars().all() == ["evals_mcp"]


def test_a_workspace_that_was_half_made_is_made_by_the_next_try(on_postgresql: Control) -> None:
    """The schema may be there already, from a try that did not come to its end."""
    with on_postgresql.database.write() as connection:
        connection.execute(text("CREATE SCHEMA evals_mcp_red"))
    store = on_postgresql.open(on_postgresql.create_workspace("red"))
    assert store.files.page().total == 0


def test_a_schema_that_holds_something_else_is_left_alone(on_postgresql: Control) -> None:
    """No workspace is made in it, and none is listed."""
    with on_postgresql.database.write() as connection:
        connection.execute(text("CREATE SCHEMA evals_mcp_red"))
        connection.execute(text("CREATE TABLE evals_mcp_red.theirs (id int)"))
    with pytest.raises(Conflict, match="another program"):
        on_postgresql.create_workspace("red")
    assert on_postgresql.workspaces() == []


def test_everybody_may_open_at_once(database_address: str) -> None:
    """Several that open an empty database at the same time make its tables once."""
    failures: list[BaseException] = []

    def open_and_close() -> None:
        try:
            open_control(database_address).close()
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=open_and_close) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []


def test_tables_of_a_newer_version_are_refused(control: Control, database_address: str) -> None:
    """The keys are left as they are."""
    control.create_key(_only(control), "ci")
    place = CONTROL.version_table if control.database.is_sqlite else f"evals_mcp.{CONTROL.version_table}"
    with control.database.write() as connection:
        connection.execute(text(f"UPDATE {place} SET version_num = '9999'"))
    with pytest.raises(Conflict, match="newer version"):
        open_control(database_address)
    assert len(control.keys()) == 1


@pytest.mark.usefixtures("real_migrations")
def test_migrations_make_the_tables_that_the_queries_use(control: Control) -> None:
    """What the migrations leave is what `control_tables` says."""
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    assert revisions(CONTROL) == ["0001", "0002", "0003", "0004"]
    names = set(metadata.tables)
    with control.database.write() as connection:
        if control.database.schema:
            connection.execute(text(f"SET LOCAL search_path TO {control.database.schema}"))
        context = MigrationContext.configure(
            connection, opts={"include_name": lambda name, kind, _: kind != "table" or name in names}
        )
        assert compare_metadata(context, metadata) == []


def test_keys_of_the_version_before_keep_what_they_may(database_address: str) -> None:
    """Those that only read do so still, the others write; all work on, and nothing of them is lost."""
    made = _keys_before_roles(database_address)
    with closing(open_control(database_address)) as control:
        listed = control.keys()
        found = {key.name: (key.id, key.role, key.workspace, key.revoked_at is None) for key in listed}
        workspace = _only(control)
        assert found == {
            "reader": (made["reader"].key_id, Role.READ, workspace, True),
            "writer": (made["writer"].key_id, Role.WRITE, workspace, True),
            "gone": (made["gone"].key_id, Role.WRITE, workspace, False),
        }
        for name, one in made.items():
            recognised = control.recognise(one.secret)
            assert (recognised is None) == (name == "gone")
            assert recognised is None or recognised[0].expires_at is recognised[0].last_used_at is None
        assert {(key.created_by, key.revoked_by, key.replaces) for key in listed} == {(None, None, None)}


def test_a_server_of_the_version_before_goes_on_reading(database_address: str) -> None:
    """What it asks while others have upgraded the keys is answered, and every key only reads."""
    made = _keys_before_roles(database_address)
    with closing(open_control(database_address)) as control:
        new = [control.create_key(_only(control), role.word, role=role).key.id for role in Role]
        where = "evals_mcp." if control.database.schema else ""
        asked = f"SELECT id, workspace, name, read_only, digest, created_at, revoked_at FROM {where}api_keys"
        with control.database.read() as connection:
            reads = {row.id: bool(row.read_only) for row in connection.execute(text(asked))}
        assert reads == dict.fromkeys((*new, *(one.key_id for one in made.values())), True)
        recognised = control.recognise(made["writer"].secret)
        assert recognised is not None
        assert recognised[0].role is Role.WRITE


def _keys_before_roles(address: str) -> dict[str, NewSecret]:
    """Keys as the first revision has them, in a database of that revision; their secrets by their names."""
    made = {name: new_secret() for name in ("reader", "writer", "gone")}
    with closing(open_control(address)) as control:
        if not control.database.is_sqlite:
            control.create_workspace("red")
        where, workspace = "evals_mcp." if control.database.schema else "", _only(control)
        with control.database.write() as connection:
            connection.execute(text(f"DROP INDEX {where}ix_api_keys_digest"))
            for column in ("role", "expires_at", "last_used_at", "created_by", "revoked_by", "replaces"):
                connection.execute(text(f"ALTER TABLE {where}api_keys DROP COLUMN {column}"))
            for column in ("most_logs", "most_bytes", "most_requests"):
                connection.execute(text(f"ALTER TABLE {where}workspaces DROP COLUMN {column}"))
            connection.execute(text(f"DROP TABLE {where}removed_workspaces"))
            connection.execute(text(f"UPDATE {where}{CONTROL.version_table} SET version_num = '0001'"))
            columns = "id, workspace, name, read_only, digest, created_at, revoked_at"
            insert = text(
                f"INSERT INTO {where}api_keys ({columns}) "
                "VALUES (:id, :workspace, :name, :read_only, :digest, :created, :revoked)"
            )
            for number, (name, one) in enumerate(made.items()):
                row: dict[str, Any] = {
                    "id": one.key_id,
                    "workspace": workspace,
                    "name": name,
                    "digest": one.digest,
                }
                revoked = 9 if name == "gone" else None
                row = {**row, "read_only": name == "reader", "created": number, "revoked": revoked}
                connection.execute(insert, row)
    return made
