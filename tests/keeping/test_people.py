"""A person is found by name, and anonymised or deleted: counts, caches and everybody else's figures stay right."""

import json
from collections.abc import Iterator
from contextlib import closing
from itertools import product
from typing import NamedTuple

import pytest
from pydantic import TypeAdapter
from sqlalchemy import update
from tests.e2e.in_process import run
from tests.raw_rows import raw_rows
from tests.recount import check_counts
from tests.review_world import Clock, ReviewWorld
from tests.serving.administration import list_keys

from evals_mcp.errors import Invalid, NotFound
from evals_mcp.keeping.people import forget, look_for
from evals_mcp.keeping.workspaces import OpenWorkspace, opened_workspace
from evals_mcp.models.agreement import AgreementRows
from evals_mcp.models.evaluation_document import Record, ReviewItemRecord
from evals_mcp.models.questions import AgreementQuestion
from evals_mcp.store.bulk.bulk import Bulk
from evals_mcp.store.bulk.reading import BulkReading
from evals_mcp.store.database.acts import Act
from evals_mcp.store.database.tables import evaluations, runs, versions
from evals_mcp.store.logs.logs import LogTarget
from evals_mcp.store.teams.control import open_control

_NAME = 'Ann "O\'Neil", 50%'


class World(NamedTuple):
    """A workspace in which Ann and others labelled, reviewed and logged; `own` is the log whose user Ann is."""

    opened: OpenWorkspace
    review: ReviewWorld
    address: str
    own: str

    @property
    def values(self) -> list[str]:
        """All that the tables hold, as text."""
        return [row for rows in raw_rows(self.opened.store.database).values() for row in rows]

    def agreement(self) -> AgreementRows:
        """How the people agree."""
        return self.opened.store.agreement_questions.answer(self.review.id, AgreementQuestion())


@pytest.fixture
def world(database_address: str) -> Iterator[World]:
    """Ann labelled three logs (one twice, one as Ben did), has a log in the queue, two keys and a journal."""
    clock = Clock()
    with closing(open_control(database_address, clock)) as control:
        name = None if control.database.is_sqlite else control.create_workspace("search").name
        for key in (_NAME, "ben"):
            control.create_key(name, key, by=_NAME)
        control.create_key(name, "gone", by="ben")
        control.revoke_key("gone", by=_NAME)
    with opened_workspace(database_address, name) as opened:
        store = opened.store
        review = ReviewWorld(store, clock, [[True, False, True], [False, True, True]])
        first, second, third = review.logs[0]
        said = ((first, True, _NAME), (first, False, _NAME), (second, True, _NAME), (second, False, "ben"))
        for log_id, says, by in (*said, (third, True, _NAME.upper())):
            review.label(log_id, says, by)
        act = Act(actor=_NAME)
        target = LogTarget(version_id=review.human)
        store.logs.create_judgment(target, review.logs[1][0], {"judgment": True, "user": _NAME}, act=act)
        review.next(_NAME)
        review.next("ben")
        version_id = store.runs.all(review.id)[0].version.version_id  # type: ignore[union-attr]
        own = store.logs.create("prompt", LogTarget(version_id=version_id), {"output": "x", "user": _NAME}).id
        with store.database.write() as connection:  # as whoever has a key creates them
            for table in (evaluations, runs, versions):
                connection.execute(update(table).values(created_by=_NAME))
        yield World(opened, review, database_address, own)


def test_a_person_is_counted_before_anything_changes(world: World) -> None:
    """Judgments, logs, reviews, journal and keys; another spelling is named, and not counted."""
    rows = raw_rows(world.opened.store.database)
    found = look_for(world.opened, _NAME)
    assert found[:5] == (4, 1, 1, 1, 1)
    assert (found.created, found.administered) == (_created(world), 2)
    assert found.similar == [_NAME.upper()]
    assert look_for(world.opened, "nobody").is_empty
    with pytest.raises(Invalid, match="Name a person"):
        forget(world.opened, " ", "delete", None)
    with pytest.raises(NotFound, match="Nothing here has the name `nobody`"):
        forget(world.opened, "nobody", "delete", None)
    assert raw_rows(world.opened.store.database) == rows


def test_a_pseudonym_keeps_every_figure(world: World) -> None:
    """The judgments stay those of one author, whom nobody can name; caches know the new name at once."""
    before = world.agreement()
    done = forget(world.opened, _NAME, "anonymise", "admin")
    pseudonym = done.pseudonym
    assert pseudonym is not None
    assert pseudonym.startswith("former-")
    assert [value for value in world.values if "O'Neil" in value.replace("\\'", "'") and "O'NEIL" not in value] == []
    check_counts(world.opened.store)
    assert look_for(world.opened, _NAME).is_empty
    assert look_for(world.opened, pseudonym)[:7] == (4, 1, 1, 1, 1, _created(world), 2)
    after = world.agreement()
    assert pseudonym in after.model_dump_json()
    assert "O'Neil" not in after.model_dump_json()
    assert _figures(after) == _figures(before)
    assert _NAME not in str(list_keys(world.address))
    keys = {key.name: key.revoked_at for key in list_keys(world.address)}
    assert keys["ben"] is None
    assert keys[pseudonym] is not None
    newest = world.opened.store.journal.page(1, 1).records[0]
    assert (newest.kind, newest.actor, newest.tool) == ("forget", "admin", "evals-mcp forget")


def test_a_document_from_before_brings_no_forgotten_name_back(world: World) -> None:
    """Imported again or copied, it is refused with the pseudonym to write in the place of the name; then it loads."""
    database = world.opened.store.database
    records = BulkReading(database).page(None, 10_000).records
    pseudonym = forget(world.opened, _NAME, "anonymise", None).pseudonym
    assert pseudonym is not None
    before = raw_rows(database)
    told = rf"names a person who was forgotten here: `{pseudonym}` stands in the place of the name.*Write `{pseudonym}`"
    handed_out: list[Record] = [record for record in records if isinstance(record, ReviewItemRecord)]
    for of_before, overwrite in product((records, handed_out), (False, True)):
        with pytest.raises(Invalid, match=told) as raised:
            Bulk(database).load(enumerate(of_before), overwrite=overwrite)
        assert _NAME not in str(raised.value)
    assert raw_rows(database) == before
    read = TypeAdapter(Record).validate_json
    written = [record.line().replace(json.dumps(_NAME)[1:-1], pseudonym) for record in records]
    Bulk(database).load(enumerate(map(read, written)))
    assert raw_rows(database) == before


def _created(world: World) -> int:
    rows = raw_rows(world.opened.store.database)
    return sum(len(rows[table.name]) for table in (evaluations, runs, versions))


def test_other_spellings_are_named(world: World) -> None:
    """Those of users, keys and creators, too, and those that only Unicode tells apart."""
    with closing(open_control(world.address)) as control:
        control.create_key(None if control.database.is_sqlite else "search", "zoe\u0308")
    with world.opened.store.database.write() as connection:
        connection.execute(update(runs).values(created_by="ZO\u00cb"))
    assert look_for(world.opened, "Zo\u00eb").similar == ["ZO\u00cb", "zoe\u0308"]


def _figures(rows: AgreementRows) -> list[str]:
    """The agreement of each pair, in whatever order their names have."""
    return sorted(str((pair.logs, pair.agreement, pair.kappa)) for pair in rows.pairs)


def test_a_person_is_deleted_and_others_count_as_before(world: World) -> None:
    """Ben's label stays, the log of Ann is gone, and so are the name and what Ann wrote, in every counter."""
    rows = raw_rows(world.opened.store.database)
    assert world.agreement() is not None
    done = forget(world.opened, _NAME, "delete", "admin")
    assert (done.pseudonym, done.is_clean) == (None, True)
    assert [value for value in world.values if "O'Neil" in value.replace("\\'", "'")] == []
    check_counts(world.opened.store)
    after = raw_rows(world.opened.store.database)
    assert len(rows["judgments"]) - len(after["judgments"]) == 3  # one of the four was replaced
    assert len(rows["logs"]) - len(after["logs"]) == 5
    with pytest.raises(NotFound):
        world.opened.store.logs.get(world.own)
    judged = world.opened.store.logs.get(world.review.logs[0][1])
    assert {item.user for item in judged.evaluator_logs or []} == {None, "ben"}
    assert "O'Neil" not in world.agreement().model_dump_json()
    assert {key.name for key in list_keys(world.address)} == {"ben", "gone"}


def test_what_goes_with_a_person_is_counted_before(world: World) -> None:
    """Whoever deletes somebody's logs deletes their steps, too, and what others said of them."""
    store = world.opened.store
    version_id = store.runs.all(world.review.id)[0].version.version_id  # type: ignore[union-attr]
    fields = {"output": "step", "trace_parent_id": world.own}
    step = store.logs.create("prompt", LogTarget(version_id=version_id), fields).id
    for judged, by in ((step, "ben"), (world.own, "ben"), (world.own, _NAME)):
        world.review.label(judged, True, by)
    found, logs = look_for(world.opened, _NAME), len(raw_rows(store.database)["logs"])
    assert (found.judgments, found.logs, found.others) == (5, 1, 3)
    assert look_for(world.opened, _NAME, with_logs=False).others == 0
    done = forget(world.opened, _NAME, "delete", None).found
    assert (done, logs - len(raw_rows(store.database)["logs"])) == (found, 5 + 1 + 3)
    check_counts(store)


def test_logs_of_a_user_of_the_same_name_can_stay(world: World) -> None:
    """The name of an end user may be that of a colleague."""
    forget(world.opened, _NAME, "delete", None, with_logs=False)
    assert world.opened.store.logs.get(world.own).user == _NAME
    check_counts(world.opened.store)


def test_the_command_shows_first_and_acts_when_told(world: World) -> None:
    """Without --yes nothing changes; how to forget has no default."""
    rows = raw_rows(world.opened.store.database)
    at = ["--database", world.address]
    if not world.opened.store.database.is_sqlite:
        at += ["--workspace", "search"]
    shown = run(["forget", _NAME, *at])
    assert (shown.status, shown.stdout.splitlines()[0]) == (0, "judgments\t4")
    assert "To do it, add --anonymise or --delete, and --yes." in shown.stderr
    assert f"other spellings: {_NAME.upper()}" in shown.stderr
    assert run(["forget", _NAME, "--delete", "--dry-run", "--yes", *at]).status == 0
    unsaid = run(["forget", _NAME, "--yes", *at])
    assert (unsaid.status, "Say how to forget: --anonymise or --delete." in unsaid.stderr) == (1, True)
    assert raw_rows(world.opened.store.database) == rows
    done = run(["forget", _NAME, "--anonymise", "--yes", *at])
    assert (done.status, "The name is former-" in done.stdout) == (0, True), done.stderr
    assert look_for(world.opened, _NAME).is_empty
