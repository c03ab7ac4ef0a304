"""Access by keys: what a key gives, and for how long."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from evals_mcp.api.keyed_access import KeyedAccess
from evals_mcp.errors import Unauthorized, Unavailable
from evals_mcp.models.roles import Role
from evals_mcp.store.files.files import FileChange
from evals_mcp.store.teams.control import Control, open_control

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
