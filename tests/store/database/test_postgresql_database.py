"""Transactions on PostgreSQL, and what its failures are called."""

import random
import string
import threading
from collections.abc import Iterator
from contextlib import closing

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from evals_mcp.errors import Conflict, Invalid, Unavailable
from evals_mcp.models.references import Target
from evals_mcp.store.database import database as database_module
from evals_mcp.store.database.database import create_database
from evals_mcp.store.files.files import FileChange
from evals_mcp.store.logs.logs import LogTarget
from evals_mcp.store.store import Store, open_store

_SPEC = {"arguments_type": "target_free", "return_type": "number", "evaluator_type": "external"}


@pytest.fixture
def store(postgres_address: str) -> Iterator[Store]:
    """A workspace of a PostgreSQL database, made for the test."""
    with closing(open_store(postgres_address, "team")) as opened:
        yield opened


def _flow(store: Store, path: str) -> str:
    return store.files.upsert("flow", None, path, {"attributes": {}}, FileChange()).id


def test_a_read_sees_one_state_of_the_data(store: Store) -> None:
    """What is written meanwhile is not seen by half."""
    count = text("SELECT count(*) FROM team.files")
    with store.database.read() as connection:
        before = connection.execute(count).scalar_one()
        _flow(store, "meanwhile")
        assert connection.execute(count).scalar_one() == before
    with store.database.read() as connection:
        assert connection.execute(count).scalar_one() == before + 1


def test_a_read_cannot_write(store: Store) -> None:
    """The server itself refuses it, and the sentence is ours."""
    with pytest.raises(Unavailable, match="read-only"), store.database.read() as connection:
        connection.execute(text("DELETE FROM team.environments"))


def test_writers_of_a_workspace_take_turns(
    store: Store, postgres_address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that does not get its turn, in this process or another, is told that the database is busy."""
    monkeypatch.setattr(database_module, "_BUSY_MILLISECONDS", 50)
    with closing(create_database(postgres_address, "team")) as other, store.database.write():
        with pytest.raises(Unavailable, match="busy"), other.write():
            pass
        failures: list[Exception] = []

        def write_too() -> None:
            try:
                with store.database.write():
                    pass
            except Unavailable as error:
                failures.append(error)

        thread = threading.Thread(target=write_too)
        thread.start()
        thread.join()
        assert "busy" in str(failures[0])


def test_writers_of_different_workspaces_do_not_wait_for_each_other(store: Store, postgres_address: str) -> None:
    """A workspace's lock is its own."""
    with closing(open_store(postgres_address, "other")) as other, store.database.write():
        assert _flow(other, "meanwhile")


def test_no_session_is_left_changed(store: Store) -> None:
    """What a transaction sets is gone with it: a pooler may give the session to somebody else."""
    _flow(store, "some")
    questions = [
        "SELECT count(*) FROM pg_prepared_statements",
        "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'",
        "SELECT count(*) FROM pg_settings WHERE source = 'session' AND name IN ('search_path', 'lock_timeout')",
    ]
    with store.database.read() as connection:
        assert [connection.execute(text(question)).scalar_one() for question in questions] == [0, 0, 0]


def test_a_read_sees_one_state_and_cannot_write(store: Store) -> None:
    """And so does the next one, after one that failed. A write on the same connection is an ordinary one again."""
    count, write = text("SELECT count(*) FROM team.versions"), text("DELETE FROM team.deployments")
    for _ in range(2):
        with store.database.read() as connection:
            assert connection.execute(text("SHOW transaction_isolation")).scalar_one() == "repeatable read"
            before = connection.execute(count).scalar_one()
            _flow(store, f"beside {before}")
            assert connection.execute(count).scalar_one() == before
            with pytest.raises(DBAPIError, match="read-only transaction"):
                connection.execute(write)
    with store.database.write() as connection:
        assert connection.execute(text("SHOW transaction_isolation")).scalar_one() == "read committed"
        assert connection.execute(write).rowcount == 2


def test_a_read_that_takes_too_long_is_stopped(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """A question that nobody can wait for does not keep its connection; the next one has its own time."""
    with monkeypatch.context() as patched:
        patched.setattr(database_module, "_READ_MILLISECONDS", 50)
        with pytest.raises(Unavailable, match="too long"), store.database.read() as connection:
            connection.execute(text("SELECT pg_sleep(60)"))
    with store.database.engine.connect() as connection:
        assert connection.execute(text("SHOW statement_timeout")).scalar_one() == "0"


def test_a_writer_that_is_lost_gives_its_turn_away(
    store: Store, postgres_address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its transaction ends without it, and the next writer goes on."""
    monkeypatch.setattr(database_module, "_IDLE_MILLISECONDS", 50)
    with closing(create_database(postgres_address, "team")) as other:

        def write_and_wait() -> None:
            with store.database.write() as connection:
                with other.write():
                    pass
                connection.execute(text("SELECT 1"))

        with pytest.raises(Unavailable, match="did nothing for minutes"):
            write_and_wait()


def test_connections_that_the_server_ended_are_replaced(store: Store, postgres_address: str) -> None:
    """A restarted server is used again at once; what was under way is given up whole."""
    _flow(store, "before")
    ended = text("WITH gone AS (DELETE FROM team.deployments) SELECT pg_terminate_backend(pg_backend_pid())")
    with pytest.raises(Unavailable, match="cannot be reached"), store.database.write() as connection:
        connection.execute(ended)
    with psycopg.connect(postgres_address, autocommit=True) as admin:
        admin.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    assert store.files.page().total == 1
    with store.database.read() as connection:
        assert connection.execute(text("SELECT count(*) FROM team.deployments")).scalar_one() == 1


def test_large_tables_keep_their_statistics_fresh(store: Store) -> None:
    """With ten million logs, a fifth of them would be long in coming."""
    factors = text(
        "SELECT relname FROM pg_class WHERE relnamespace = 'team'::regnamespace "
        "AND 'autovacuum_analyze_scale_factor=0.02' = ANY (reloptions) ORDER BY relname"
    )
    with store.database.read() as connection:
        assert list(connection.execute(factors).scalars()) == ["journal", "judgments", "logs", "run_logs"]


@pytest.mark.parametrize(
    ("sqlstate", "words"),
    [
        ("40001", "Repeat"),
        ("40P01", "Repeat"),
        ("53100", "disk"),
        ("53300", "no free connection"),
        ("57014", "too long"),
    ],
)
def test_failures_of_the_server_have_sentences(store: Store, sqlstate: str, words: str) -> None:
    """No driver's text reaches a caller."""
    with pytest.raises(Unavailable, match=words) as raised, store.database.write() as connection:
        connection.execute(text(f"DO $$ BEGIN RAISE EXCEPTION 'secret' USING ERRCODE = '{sqlstate}'; END $$"))
    assert "secret" not in str(raised.value)


def test_a_name_that_is_too_long_for_an_index_is_refused(store: Store) -> None:
    """The sentence is for the caller. What repeats itself may be longer, since it is compressed."""
    letters = random.Random(1)
    name = "".join(letters.choices(string.ascii_letters + string.digits, k=5_000))
    with pytest.raises(Invalid, match=r"too long for PostgreSQL: .* Shorten it\.$"):
        store.evaluations.create(name, None, [])
    assert store.evaluations.create("a" * 5_000, None, []).id


def test_a_user_without_rights_is_told_which(postgres_address: str) -> None:
    """A user that may not make schemas can use those that are there, and make none."""
    with psycopg.connect(postgres_address, autocommit=True) as admin:
        admin.execute("DROP ROLE IF EXISTS clerk")
        admin.execute("CREATE ROLE clerk LOGIN")
    with pytest.raises(Unavailable, match="create schemas"):
        open_store(postgres_address.replace("postgres:@", "clerk:@"), "team")


def test_a_schema_with_other_tables_is_refused(postgres_address: str) -> None:
    """It is left as it is."""
    with psycopg.connect(postgres_address, autocommit=True) as admin:
        admin.execute("CREATE SCHEMA team")
        admin.execute("CREATE TABLE team.theirs (id int)")
    with pytest.raises(Conflict, match="another program"):
        open_store(postgres_address, "team")
    with psycopg.connect(postgres_address) as admin:
        found = admin.execute("SELECT table_name FROM information_schema.tables WHERE table_schema = 'team'").fetchall()
    assert found == [("theirs",)]


def test_numbers_may_be_as_large_as_the_api_allows(database_address: str) -> None:
    """Whole numbers have 64 bits on both databases, and sums that have more are cut to them."""
    schema = "team" if "://" in database_address else None
    largest = 2**63 - 1
    with closing(open_store(database_address, schema)) as store:
        evaluation = store.evaluations.create("big", None, []).id
        flow = _flow(store, "big")
        run = store.runs.create(evaluation, None, Target("id", flow), orchestrated=False, use_existing_logs=False).id
        for tokens, cost in ((largest, 1.7e308), (-largest, -1.7e308)):
            fields = {"prompt_tokens": tokens, "output_tokens": tokens, "prompt_cost": cost, "output_cost": cost}
            made = store.logs.create("flow", LogTarget(file_id=flow), fields, run)
            assert store.logs.get(made.id).id == made.id
        with store.database.read() as connection:
            place = "team.run_logs" if schema else "run_logs"
            kept = connection.execute(text(f"SELECT tokens, cost FROM {place} ORDER BY log_number")).all()
    assert [row.tokens for row in kept] == [largest, -largest]
    assert [abs(row.cost) for row in kept] == [1.7976931348623157e308] * 2


def test_a_number_that_json_cannot_say_is_refused(database_address: str) -> None:
    """Nothing of the request is kept, and the sentence is for the caller."""
    with closing(open_store(database_address, "team" if "://" in database_address else None)) as store:
        with pytest.raises(Invalid, match="too large"):
            store.files.upsert("flow", None, "deep/flow", {"attributes": {"limit": float("inf")}}, FileChange())
        assert store.files.page().total == 0
        assert _flow(store, "deep/flow")


def test_more_ids_than_a_statement_can_hold_may_be_named(database_address: str) -> None:
    """They are asked for in parts."""
    with closing(open_store(database_address, "team" if "://" in database_address else None)) as store:
        evaluation = store.evaluations.create("many", None, []).id
        run = store.runs.create(evaluation, None, None, orchestrated=False, use_existing_logs=False).id
        flow = _flow(store, "many")
        made = store.logs.create("flow", LogTarget(file_id=flow), {}).id
        store.runs.add_logs(evaluation, run, [made] * 70_000)
        assert store.runs.logs(evaluation, [run], 1, 10).total == 1
