"""Keys are rotated and revoked: what goes on, what ends, who did it, and that somebody can go on managing them."""

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import update

from evals_mcp.errors import Conflict, Invalid, NotFound
from evals_mcp.models.roles import Role
from evals_mcp.store.teams.control import Control, open_control
from evals_mcp.store.teams.control_tables import api_keys

HOUR = timedelta(hours=1)


class Clock:
    """A time that a test sets."""

    def __init__(self) -> None:
        self.now = datetime(2030, 1, 1, tzinfo=UTC)

    def __call__(self) -> datetime:
        """The time."""
        return self.now


@pytest.fixture
def clock() -> Clock:
    """The clock of `control`."""
    return Clock()


@pytest.fixture
def control(database_address: str, clock: Clock) -> Iterator[Control]:
    """Teams of an empty database; on PostgreSQL with a workspace `red`."""
    with closing(open_control(database_address, clock)) as opened:
        if not opened.database.is_sqlite:
            opened.create_workspace("red")
        yield opened


def _create(control: Control, name: str, role: Role = Role.LABEL, expires_at: datetime | None = None) -> str:
    """The id of a new key."""
    return control.create_key(control.workspaces()[0].name, name, role=role, expires_at=expires_at, by="root").key.id


def _working(control: Control) -> set[str]:
    listed, now = control.keys(), control.database.now()
    return {key.id for key in listed if key.works(now)}


def test_a_rotated_key_has_all_of_the_old_one(control: Control, clock: Clock) -> None:
    """Person, role, workspace and end; the old one stops at once, and both say who did it and when."""
    ends = clock.now + 90 * 24 * HOUR
    made = control.create_key(control.workspaces()[0].name, "ann", role=Role.LABEL, expires_at=ends, by="root")
    clock.now += HOUR
    new, old = control.rotate_key("ann", by="lead")
    assert new.key[1:6] == (*made.key[1:4], clock.now, ends)
    assert (new.key.created_by, new.key.replaces) == ("lead", made.key.id)
    assert (old.id, old.created_by, old.revoked_by, old.revoked_at) == (made.key.id, "root", "lead", clock.now)
    assert control.keys() == [old, new.key]
    assert control.recognise(made.secret) is None
    recognised = control.recognise(new.secret)
    assert recognised is not None
    assert recognised[0] == new.key


def test_an_overlap_ends_the_old_key_later_and_never_after_its_own_end(control: Control, clock: Clock) -> None:
    """Until then both work, and the name means the new one."""
    _create(control, "ann")
    new, old = control.rotate_key("ann", overlap=HOUR)
    assert (old.expires_at, old.revoked_at, new.key.expires_at) == (clock.now + HOUR, None, None)
    assert _working(control) == {old.id, new.key.id}
    newest, middle = control.rotate_key("ann", overlap=2 * HOUR)
    assert middle.id == new.key.id
    clock.now += HOUR
    assert _working(control) == {middle.id, newest.key.id}
    _create(control, "ben", expires_at=clock.now + HOUR)
    made, replaced = control.rotate_key("ben", overlap=2 * HOUR)
    assert made.key.expires_at == replaced.expires_at == clock.now + HOUR


def test_who_leaves_has_no_key_left(control: Control) -> None:
    """Neither by the name, nor when the new one is rotated at once; by its id only that key ends."""
    first = _create(control, "ann")
    second = control.rotate_key("ann", overlap=HOUR).new.key.id
    third = control.rotate_key("ann").new.key.id
    assert _working(control) == {third}
    fourth = control.rotate_key("ann", overlap=HOUR).new.key.id
    assert [key.id for key in control.revoke_key("ann", by="lead")] == [fourth, third]
    assert _working(control) == set()
    listed = control.keys()
    assert {key.id: key.revoked_by for key in listed} == {
        first: None,
        second: None,
        third: "lead",
        fourth: "lead",
    }
    old = _create(control, "ben")
    new = control.rotate_key("ben", overlap=HOUR).new.key.id
    assert [key.id for key in control.revoke_key(old)] == [old]
    assert _working(control) == {new}


def test_what_cannot_be_rotated_says_why_and_changes_nothing(control: Control, clock: Clock) -> None:
    """A key that ended, one that was rotated, and one that is not there."""
    revoked, expired, old = (
        _create(control, "a"),
        _create(control, "b", expires_at=clock.now + HOUR),
        _create(control, "c"),
    )
    control.revoke_key(revoked)
    new = control.rotate_key(old, overlap=2 * HOUR).new.key.id
    clock.now += HOUR
    before = control.keys()
    for asked, why in ((revoked, r"\(revoked\)"), ("b", r"\(expired\)"), (expired, "Create a new one"), (old, new)):
        with pytest.raises(Conflict, match=why):
            control.rotate_key(asked)
    for asked, workspace in (("nobody", None), (new, "blue")):
        with pytest.raises(NotFound):
            control.rotate_key(asked, workspace)
    assert control.keys() == before


def test_a_name_in_several_workspaces_needs_the_workspace(postgres_address: str) -> None:
    """Else the wrong team's key could stop."""
    with closing(open_control(postgres_address)) as control:
        keys = {name: control.create_key(control.create_workspace(name).name, "ci").key.id for name in ("blue", "red")}
        with pytest.raises(Invalid, match="Several keys"):
            control.rotate_key("ci")
        assert control.rotate_key("ci", "red").old.id == keys["red"]


def test_a_name_that_is_the_id_of_another_key_is_not_guessed(control: Control) -> None:
    """Versions before took such names. Each of the two keys can still be named, and the other one stays."""
    ann, other = _create(control, "ann"), _create(control, "other")
    with control.database.write() as connection:
        connection.execute(update(api_keys).where(api_keys.c.id == other).values(name=ann))
    before = control.keys()
    for end in (control.revoke_key, control.rotate_key):
        with pytest.raises(Invalid, match=f"`{ann}` is the id of the key `ann`.*and the name of.*`{other}`"):
            end(ann)
    assert control.keys() == before
    new = control.rotate_key("ann").new.key.id
    assert _working(control) == {new, other}
    assert [key.id for key in control.revoke_key(other)] == [other]
    assert [key.id for key in control.revoke_key(ann)] == [ann]
    assert _working(control) == {new}


def test_somebody_can_always_manage_keys(control: Control, clock: Clock) -> None:
    """Where it is asked for, the last key of role admin stays. One that was rotated does not count."""
    workspace = control.workspaces()[0].name
    writer, first = _create(control, "writer", Role.WRITE), _create(control, "lead", Role.ADMIN)
    with pytest.raises(Conflict, match="`lead` is the last one of role `admin`"):
        control.revoke_key("lead", keeps_admin=True)
    control.revoke_key(writer, keeps_admin=True)
    second = control.rotate_key("lead", overlap=HOUR).new.key.id
    for asked in ("lead", second):
        with pytest.raises(Conflict, match="rotate this one"):
            control.revoke_key(asked, keeps_admin=True)
    control.revoke_key(first, keeps_admin=True)
    _create(control, "soon", Role.ADMIN, clock.now + HOUR)
    control.revoke_key("lead", keeps_admin=True)
    assert control.has_admin(workspace)
    clock.now += HOUR
    assert not control.has_admin(workspace)
    assert control.revoke_key("soon", keeps_admin=True)[0].name == "soon"
    last = _create(control, "last", Role.ADMIN)
    assert control.revoke_key("last")[0].id == last
    assert not control.has_admin(workspace)
