"""Access by keys: what a key gives, and for how long."""

import threading
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from anyio import fail_after, sleep
from sqlalchemy import event, text
from sqlalchemy.pool import QueuePool

from evals_mcp.api.keyed_access import KeyedAccess
from evals_mcp.errors import Unauthorized, Unavailable
from evals_mcp.models.roles import Role
from evals_mcp.store.files.files import FileChange
from evals_mcp.store.teams.control import Control, open_control
from evals_mcp.store.teams.keys import secret_digest
from evals_mcp.store.teams.last_uses import LastUses

pytestmark = pytest.mark.anyio


@pytest.fixture
def control(tmp_path: Path) -> Iterator[Control]:
    """Teams of an empty SQLite file."""
    opened = open_control(str(tmp_path / "evals.db"))
    yield opened
    opened.close()


async def test_a_key_gives_the_store_of_its_workspace(postgres_address: str) -> None:
    """Each key opens one workspace; two keys of a workspace open the same store."""
    control = open_control(postgres_address)
    access = KeyedAccess(control)
    grants = []
    for workspace, name in (("red", "a"), ("blue", "a"), ("red", "b")):
        if workspace not in [item.name for item in control.workspaces()]:
            control.create_workspace(workspace)
        role = Role.READ if name == "b" else Role.WRITE
        grants.append(await access.grant(control.create_key(workspace, name, role=role).secret))
    red, blue, also_red = grants
    red.store.files.upsert("flow", None, "ours", {"attributes": {}}, FileChange())
    assert [grant.store.files.page().total for grant in grants] == [1, 0, 1]
    assert red.store is also_red.store is not blue.store
    assert [grant.role for grant in grants] == [Role.WRITE, Role.WRITE, Role.READ]
    assert red.store.database.engine is blue.store.database.engine is control.database.engine
    control.close()


@pytest.mark.parametrize("key", [None, "", "wrong", "evalsmcp_000000000000_" + "0" * 43, "\x00\udcff"])
async def test_no_key_and_unknown_keys_give_nothing(control: Control, key: str | None) -> None:
    """Both are said in a sentence that names neither keys nor workspaces."""
    with pytest.raises(Unauthorized) as raised:
        await KeyedAccess(control).grant(key)
    assert raised.value.status == 401


async def test_a_revoked_key_gives_nothing_within_a_second(control: Control) -> None:
    """What a key gave is kept for less than that."""
    now = [100.0]
    access = KeyedAccess(control, lambda: now[0])
    made = control.create_key(None, "ci")
    granted = await access.grant(made.secret)
    control.revoke_key(made.key.id)
    assert await access.grant(made.secret) is granted
    now[0] += 0.9
    with pytest.raises(Unauthorized, match="revoked"):
        await access.grant(made.secret)


async def test_what_a_slow_look_finds_is_as_old_as_its_beginning(
    control: Control, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else a key that is revoked while the database answers slowly would go on for longer than a second."""
    now, looks = [100.0], [0]
    access, recognise = KeyedAccess(control, lambda: now[0]), control.recognise

    def slowly(secret: str) -> Any:
        looks[0] += 1
        found = recognise(secret)
        now[0] += 0.6
        return found

    monkeypatch.setattr(control, "recognise", slowly)
    made = control.create_key(None, "ci")
    await access.grant(made.secret)
    control.revoke_key("ci")
    with pytest.raises(Unauthorized, match="revoked"):
        await access.grant(made.secret)
    assert looks == [2]


async def test_a_page_ends_with_its_key(control: Control) -> None:
    """The code that a browser keeps is refused as soon as the key is."""
    now = [100.0]
    access = KeyedAccess(control, lambda: now[0])
    made = control.create_key(None, "ann", role=Role.WRITE)
    token = await access.page_token(made.secret)
    granted = await access.grant_page(token)
    assert (granted.role, granted.person) == (Role.READ, "ann")
    other = await access.page_token(control.create_key(None, "ben").secret)
    assert (await access.grant_page(other)).person == "ben"
    forged = (f"{made.key.id}.{'0' * 64}", f"{made.key.id}.{other.partition('.')[2]}", f"{token}0", token[:-1])
    for refused in (*forged, f"{made.key.id}.", made.key.id, secret_digest(made.secret)):
        with pytest.raises(Unauthorized):
            await access.grant_page(refused)
    control.revoke_key("ann")
    now[0] += 0.9
    for refused in (token, token + "0", "", "x", made.key.id, f"{made.key.id}."):
        with pytest.raises(Unauthorized):
            await access.grant_page(refused)
    with pytest.raises(Unauthorized):
        await access.page_token(made.secret)


async def test_a_key_ends_at_its_time(tmp_path: Path) -> None:
    """To the second, also while what it gave is kept; its page, too. The sentence says when it was."""
    now = [datetime(2030, 1, 1, tzinfo=UTC)]
    with closing(open_control(str(tmp_path / "evals.db"), lambda: now[0])) as control:
        access = KeyedAccess(control)
        made = control.create_key(None, "ci", expires_at=datetime(2030, 1, 2, tzinfo=UTC))
        token = await access.page_token(made.secret)
        now[0] += timedelta(hours=24, microseconds=-1)
        assert (await access.grant(made.secret)).person == (await access.grant_page(token)).person == "ci"
        now[0] += timedelta(microseconds=1)
        for asked in (access, KeyedAccess(control)):
            with pytest.raises(Unauthorized, match="expired on 2030-01-02"):
                await asked.grant(made.secret)
            with pytest.raises(Unauthorized, match="expired"):
                await asked.grant_page(token)
        assert control.create_key(None, "ci").key.state(now[0]) == "active"


class _Unreachable:
    """Teams whose database does not answer while it is `away`: it fails at once, or when `answers` is set."""

    def __init__(self, control: Control, patched: pytest.MonkeyPatch) -> None:
        self.away = False
        self.answers: threading.Event | None = None
        recognise = control.recognise

        def recognise_if_there(secret: str) -> Any:
            if self.answers is not None:
                assert self.answers.wait(240)
            if self.away:
                raise Unavailable("The database server cannot be reached.")
            return recognise(secret)

        patched.setattr(control, "recognise", recognise_if_there)


async def test_known_keys_outlive_the_database_of_keys(control: Control, monkeypatch: pytest.MonkeyPatch) -> None:
    """For five minutes after they were seen. Keys that are not known cannot be told from wrong ones."""
    now = [100.0]
    access, database = KeyedAccess(control, lambda: now[0]), _Unreachable(control, monkeypatch)
    known, unknown = (control.create_key(None, name).secret for name in ("ann", "ben"))
    granted = await access.grant(known)
    database.away = True
    now[0] += 299
    assert await access.grant(known) is granted
    with pytest.raises(Unavailable):
        await access.grant(unknown)
    now[0] += 1.1
    with pytest.raises(Unavailable):
        await access.grant(known)
    database.away = False
    assert (await access.grant(known)).person == "ann"


async def test_a_revoked_or_expired_key_does_not_come_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was known of it before does not count once the database is away."""
    now, time = [100.0], [datetime(2030, 1, 1, tzinfo=UTC)]
    with closing(open_control(str(tmp_path / "evals.db"), lambda: time[0])) as control:
        access, database = KeyedAccess(control, lambda: now[0]), _Unreachable(control, monkeypatch)
        revoked = control.create_key(None, "ann").secret
        expiring = control.create_key(None, "ben", expires_at=time[0] + timedelta(seconds=10)).secret
        for key in (revoked, expiring):
            await access.grant(key)
        control.revoke_key("ann")
        now[0] += 1
        with pytest.raises(Unauthorized):
            await access.grant(revoked)
        database.away = True
        time[0] += timedelta(seconds=10)
        with pytest.raises(Unavailable):
            await access.grant(revoked)
        with pytest.raises(Unauthorized, match="expired"):
            await access.grant(expiring)


async def test_a_database_that_hangs_keeps_no_known_key_waiting(
    control: Control, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A look that takes long goes on while the key works; what it finds then counts."""
    now = [100.0]
    access, database = KeyedAccess(control, lambda: now[0]), _Unreachable(control, monkeypatch)
    monkeypatch.setattr("evals_mcp.api.keyed_access.SECONDS_TO_LOOK", 0.0)
    made = control.create_key(None, "ann")
    granted = await access.grant(made.secret)
    database.answers = threading.Event()
    control.revoke_key("ann")
    for _ in range(3):
        now[0] += 1
        assert await access.grant(made.secret) is granted
    database.answers.set()

    async def ask_on() -> None:
        with fail_after(240):
            while await access.grant(made.secret):
                now[0] += 1
                await sleep(0.01)

    with pytest.raises(Unauthorized):
        await ask_on()


async def test_teams_go_on_while_their_keys_are_locked(postgres_address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A database that does not answer about keys, but about a workspace."""
    monkeypatch.setattr("evals_mcp.api.keyed_access.SECONDS_TO_LOOK", 0.2)
    now = [100.0]
    with closing(open_control(postgres_address)) as control, closing(open_control(postgres_address)) as other:
        control.create_workspace("red")
        pool = control.database.engine.pool
        assert isinstance(pool, QueuePool)
        access = KeyedAccess(control, lambda: now[0])
        key = control.create_key("red", "ann").secret
        await access.grant(key)
        control.last_uses.finish()
        with other.database.read() as connection:
            connection.execute(text("LOCK TABLE evals_mcp.api_keys IN ACCESS EXCLUSIVE MODE"))
            for _ in range(3):
                now[0] += 50
                assert (await access.grant(key)).store.files.page().total == 0
        now[0] += 50
        assert (await access.grant(key)).person == "ann"
        with fail_after(240):
            while pool.checkedout():  # noqa: ASYNC110 - by threads that looked while it was locked
                await sleep(0.01)


async def test_uses_are_noted_once_a_minute(control: Control) -> None:
    """Beside the requests; a key that nobody uses, and one that is refused, has none."""
    now = [100.0]
    control.last_uses = LastUses(control.database, lambda: now[0])
    access = KeyedAccess(control, lambda: now[0])
    used, unused = (control.create_key(None, name) for name in ("ann", "ben"))
    writes: list[str] = []
    event.listen(control.database.engine, "after_cursor_execute", lambda *given: writes.append(given[2]))

    async def uses() -> list[datetime | None]:
        await access.grant(used.secret)
        await access.page_token(used.secret)
        with pytest.raises(Unauthorized):
            await access.grant(unused.secret + "0")
        control.last_uses.finish()
        listed = control.keys()
        return [key.last_used_at for key in listed]

    first, never = await uses()
    assert (first is not None, never) == (True, None)
    for _ in range(3):
        now[0] += 19
        assert await uses() == [first, None]
    now[0] += 5
    assert (await uses())[0] != first
    assert len([statement for statement in writes if statement.startswith("UPDATE")]) == 2


async def test_a_use_that_cannot_be_noted_fails_nothing(control: Control, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither on a database that takes no write, nor on one that may not be written."""
    made = control.create_key(None, "ann")
    with control.database.write() as connection:
        connection.execute(text("CREATE TRIGGER t BEFORE UPDATE ON api_keys BEGIN SELECT RAISE(ABORT, 'no'); END"))
    assert (await KeyedAccess(control).grant(made.secret)).person == "ann"
    control.last_uses.finish()
    assert control.keys()[0].last_used_at is None


async def test_a_key_that_was_unknown_is_looked_up_again(control: Control) -> None:
    """Refusals are not kept."""
    access = KeyedAccess(control)
    made = control.create_key(None, "ci")
    with pytest.raises(Unauthorized):
        await access.grant(made.secret + "0")
    assert (await access.grant(made.secret)).key_id == made.key.id


async def test_a_database_that_is_gone_is_said(tmp_path: Path) -> None:
    """A key cannot be told from a wrong one while the keys cannot be read; it is not called wrong."""
    path = tmp_path / "evals.db"
    control = open_control(str(path))
    made = control.create_key(None, "ci")
    control.close()
    path.unlink()
    path.mkdir()
    access = KeyedAccess(control)
    with pytest.raises(Unavailable):
        await access.grant(made.secret)
    with pytest.raises(Unavailable):
        access.check()
    control.close()
