"""PostgreSQL as its administrators set it: it works as any other, or a sentence says why it cannot."""

import secrets
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import psycopg
import pytest
from tests.postgresql import drop_database, in_database
from tests.recount import check_counts

from evals_mcp.errors import Unavailable
from evals_mcp.store.files.files import FileChange
from evals_mcp.store.logs.logs import LogTarget
from evals_mcp.store.store import Store, open_store

_SETTINGS = {
    "backslash_quote": "off",
    "bytea_output": "escape",
    "client_encoding": "LATIN1",
    "datestyle": "German, DMY",
    "default_transaction_isolation": "serializable",
    "extra_float_digits": "-10",
    "intervalstyle": "sql_standard",
    "quote_all_identifiers": "on",
    "search_path": "other, public",
    "standard_conforming_strings": "off",
    "timezone": "Asia/Kolkata",
    "transform_null_equals": "on",
}


@pytest.fixture
def made(postgres_server: str) -> Iterator[Callable[[str], str]]:
    """Makes an empty database with options, and gives its address."""
    names = []

    def make(options: str) -> str:
        names.append(f"made_{secrets.token_hex(6)}")
        with psycopg.connect(postgres_server, autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {names[-1]} TEMPLATE template0 {options}")
        return in_database(postgres_server, names[-1])

    yield make
    for name in names:
        drop_database(postgres_server, name)


def _set(address: str, settings: dict[str, str]) -> None:
    with psycopg.connect(address, autocommit=True) as connection:
        for name, value in settings.items():
            connection.execute(f"ALTER DATABASE {connection.info.dbname} SET {name} = {value!r}")


def _flow(store: Store, path: str) -> str:
    return store.files.upsert("flow", None, path, {"attributes": {"path": path}}, FileChange()).id


def test_settings_of_an_administrator_change_nothing(made: Callable[[str], str]) -> None:
    """Many writers at once, numbers with all their digits, texts of every script, whatever is set for the database."""
    address = made("ENCODING 'UTF8'")
    _set(address, _SETTINGS)
    stores = [open_store(address, "team") for _ in range(4)]
    try:
        with ThreadPoolExecutor(len(stores)) as pool:
            written = list(pool.map(_flow, stores * 8, (f"Ünï – 先月/{number}" for number in range(32))))
        assert len(set(written)) == 32
        log = stores[0].logs.create(
            "flow", LogTarget(file_id=written[0]), {"output": "先月", "provider_latency": 1 / 3}
        )
        assert stores[1].logs.get(log.id).provider_latency == 1 / 3
        check_counts(stores[2])
    finally:
        for store in stores:
            store.close()


def test_a_database_that_is_set_to_be_read_is_read_and_never_written(made: Callable[[str], str]) -> None:
    """As a standby is, or one whose disk is nearly full. A read before gives nobody the right to write."""
    address = made("ENCODING 'UTF8'")
    with closing(open_store(address, "team")) as store:
        written = _flow(store, "before")
    _set(address, {"default_transaction_read_only": "on"})
    with closing(open_store(address, "team")) as store:
        for _ in range(2):
            assert store.files.page().records[0].id == written
            with pytest.raises(Unavailable, match="cannot be written"):
                _flow(store, "after")
        assert store.files.page().total == 1
    with pytest.raises(Unavailable, match="cannot be written"):
        open_store(address, "other")


@pytest.mark.parametrize("encoding", ["LATIN1", "SQL_ASCII"])
def test_another_encoding_is_told(made: Callable[[str], str], encoding: str) -> None:
    """Before anything is made: later, some text would not fit."""
    address = made(f"ENCODING '{encoding}' LOCALE 'C'")
    with pytest.raises(Unavailable, match=f"is {encoding}.*ENCODING 'UTF8'"):
        open_store(address, "team")
    with psycopg.connect(address) as connection:
        found = connection.execute("SELECT nspname FROM pg_namespace WHERE nspname::text = 'team'").fetchall()
    assert found == []
