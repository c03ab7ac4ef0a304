"""A copy of a database is the same database."""

from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from sqlalchemy import select, update
from tests.loaded_stores import OpenStore, Served, empty_file, held_rows, new_store, served
from tests.random_documents import documents
from tests.recount import check_counts
from tests.review_world import Clock, ReviewWorld

from evals_mcp.api.app import create_app
from evals_mcp.api.grants import Grant, OpenAccess
from evals_mcp.client.client import EvalsClient
from evals_mcp.errors import Invalid, NotFound
from evals_mcp.exporters.copying import Copied, copy_everything
from evals_mcp.importers.loader import load_document, stream
from evals_mcp.models.evaluation_document import (
    DirectoryRecord,
    EvaluationRecord,
    FileRecord,
    LogRecord,
    Record,
    RunEvaluation,
    RunRecord,
    VersionRecord,
)
from evals_mcp.models.roles import Role
from evals_mcp.store.database.tables import environments, evaluations, runs, versions
from evals_mcp.store.files.files import FileChange
from evals_mcp.store.logs.logs import LogTarget
from evals_mcp.store.store import Store, open_store

__all__ = ["empty_file", "new_store", "served"]


def _copy(served: Served, source: Store, target: Store, key: Grant | None = None) -> Copied:
    app = create_app(OpenAccess(source))

    async def copy(client: EvalsClient) -> Copied:
        return await copy_everything(EvalsClient(open_app=lambda: app), client)

    copied: Copied = served.use(target, copy, key)
    return copied


@pytest.mark.slow
def test_a_copy_holds_the_same_rows_and_a_second_one_adds_nothing(
    new_store: OpenStore, served: Served, examples: Callable[[int], int]
) -> None:
    """All tables are alike, ids, times and order included."""

    @given(documents())
    @settings(
        max_examples=examples(6), suppress_health_check=[HealthCheck.function_scoped_fixture], phases=[Phase.generate]
    )
    def check(document: list[Record]) -> None:
        with closing(new_store()) as source, closing(new_store()) as target:
            served.load(source, document)
            copied = _copy(served, source, target)
            rows = held_rows(source)
            assert held_rows(target) == rows
            assert served.answers(target) == served.answers(source)
            check_counts(target)
            for kind in ("version", "deployment"):
                assert copied.added[kind] == copied.records[kind]
            assert _copy(served, source, target).added == {}
            assert held_rows(target) == rows

    check()


def test_a_copy_replaces_no_other_file_and_keeps_deleted_ones(new_store: OpenStore, served: Served) -> None:
    """A file of the target at the same path is named, and nothing is copied."""
    path = {"path": "team/answer"}
    flow = FileRecord.model_validate({"id": "fl_1", "type": "flow", **path})
    version = VersionRecord(id="flv_1", file_id="fl_1", content={"attributes": {"n": 1}})
    log = LogRecord(id="log_1", version_id="flv_1", output="x", session_id="s")
    directory = DirectoryRecord(id="dir_empty", path="team/empty", readme="Nothing yet.")
    with closing(new_store()) as source, closing(new_store()) as target, closing(new_store()) as other:
        served.load(source, [directory, flow, version, log])
        served.load(other, [FileRecord.model_validate({"id": "fl_2", "type": "flow", **path})])
        version_of_other = VersionRecord(id="flv_2", file_id="fl_2", content={"attributes": {"n": 2}})
        served.load(other, [version_of_other])
        before = held_rows(other)
        with pytest.raises(Invalid, match=r"TO has other files at `team/answer`\. Copy into an empty database"):
            _copy(served, source, other)
        assert held_rows(other) == before
        source.environments.deploy("flow", "fl_1", "staging", "flv_1")
        copied = _copy(served, source, target)
        assert (copied.records["deployment"], copied.added["deployment"]) == (1, 1)
        assert held_rows(target) == held_rows(source)
        source.files.delete("flow", "fl_1")
        _copy(served, source, target)
        assert held_rows(target) == held_rows(source)
        assert served.answers(target) == served.answers(source)


def test_a_directory_of_the_target_keeps_what_it_says(new_store: OpenStore, served: Served) -> None:
    """One with another id at the same path: the copy fills only what is empty. One with the same id is replaced."""
    made, later = datetime(2024, 1, 1, tzinfo=UTC), datetime(2025, 1, 1, tzinfo=UTC)
    own = DirectoryRecord(id="dir_own", path="team", readme="Ours.", tags=["ours"], created_at=made, updated_at=made)
    times = {"created_at": later, "updated_at": later}
    empty = DirectoryRecord(id="dir_1", path="team", **times)
    full = DirectoryRecord(id="dir_1", path="team", description="New.", readme="New.", tags=["new"], **times)
    filled = own.model_copy(update={"description": "New."})
    with closing(new_store()) as source, closing(new_store()) as target:
        served.load(target, [own])
        for record, left in ((empty, own), (full, filled), (empty, filled)):
            served.load(source, [record], overwrite=True)
            _copy(served, source, target)
            assert _directory(target) == left
        served.load(target, [empty.model_copy(update={"id": "dir_own"})], overwrite=True)
        assert _directory(target) == empty.model_copy(update={"id": "dir_own"})


def _directory(store: Store) -> DirectoryRecord:
    """The only directory but the root."""
    found = store.directories.all()[1]
    return DirectoryRecord.model_validate(found.model_dump(include=set(DirectoryRecord.model_fields)))


def test_a_copy_tells_what_only_the_target_has(new_store: OpenStore, served: Served) -> None:
    """What was there before, and what was undone or deleted in the source after an earlier copy. Nothing is deleted."""
    spec = {"arguments_type": "target_free", "return_type": "boolean", "evaluator_type": "external"}
    with closing(new_store()) as source, closing(new_store()) as target:
        flow = source.files.upsert("flow", None, "flow", {"attributes": {"n": 1}}, FileChange())
        judge = source.files.upsert("evaluator", None, "judge", {"spec": spec}, FileChange())
        logged, judged = (LogTarget(version_id=version) for version in (flow.version_id, judge.version_id))
        first, second = (source.logs.create("flow", logged, {"output": output}) for output in ("1", "2"))
        judgments = [source.logs.create_judgment(judged, first.id, {"judgment": value}) for value in (True, False)]
        assert _copy(served, source, target).surplus == {}
        assert _copy(served, source, target).surplus == {}
        source.logs.create("flow", logged, {"output": "3"})
        assert _copy(served, source, target).surplus == {}
        source.logs.delete([judgments[0].id, judgments[1].id, second.id])
        served.load(target, [DirectoryRecord(id="dir_own", path="own")])
        for _ in range(2):
            copied = _copy(served, source, target)
            assert copied.surplus == {"directory": 1, "log": 1, "judgment": 2}
            assert target.logs.get(second.id).id == second.id


@pytest.mark.parametrize("of", ["nobody", "Ann"])
def test_only_an_admin_says_who_created_something(new_store: OpenStore, served: Served, of: str) -> None:
    """Else it is the person of the key, as for any write, and the copy counts what has another creator than before."""
    flow = FileRecord.model_validate({"id": "fl_1", "type": "flow", "path": "team/answer"})
    version = VersionRecord(id="flv_1", file_id="fl_1", content={"attributes": {"n": 1}})
    evaluation = EvaluationRecord(id="evr_1", name="e", file_id="fl_1")
    run = RunRecord(id="run_1", evaluations=[RunEvaluation(evaluation_id="evr_1")], version_id="flv_1")
    made = [record.model_copy(update={"created_by": "Ann"}) for record in (version, evaluation, run)]
    with closing(new_store()) as source, closing(new_store()) as target:
        served.load(source, [flow, *(made if of == "Ann" else (version, evaluation, run))])
        wanted = {"Ann"} if of == "Ann" else {None}
        assert _creators(source) == wanted
        writes = Grant(target, Role.WRITE, "key_1", "move")
        assert _copy(served, source, target, writes).other_creators == 3
        assert _creators(target) == {"move"}
        assert _copy(served, source, target, writes._replace(role=Role.ADMIN)).other_creators == 0
        assert _creators(target) == wanted
        assert _copy(served, source, target, writes).other_creators == 0
        assert _creators(target) == wanted
        assert held_rows(target) == held_rows(source)


def test_a_document_without_creators_is_that_of_who_loads_it(new_store: OpenStore, served: Served) -> None:
    """An older one, by an admin, too; what is there keeps its creator."""
    flow = FileRecord.model_validate({"id": "fl_1", "type": "flow", "path": "team/answer"})
    version = VersionRecord(id="flv_1", file_id="fl_1", content={"attributes": {"n": 1}})
    with closing(new_store()) as target:
        for name in ("Ann", "Zoe"):
            key = Grant(target, Role.ADMIN, "key_1", name)
            served.use(target, lambda to: load_document(to, stream([flow, version]), overwrite=True), key)
            assert _creators(target) == {"Ann"}


def _creators(store: Store) -> set[str | None]:
    with store.database.read() as connection:
        found = [connection.execute(select(table.c.created_by)).scalars() for table in (versions, evaluations, runs)]
        return {name for names in found for name in names}


def test_environments_are_as_old_as_those_they_are_copied_from(new_store: OpenStore, served: Served) -> None:
    """Where something is deployed. A target that is older than the source keeps its age."""
    flow = FileRecord.model_validate({"id": "fl_1", "type": "flow", "path": "team/answer"})
    version = VersionRecord(id="flv_1", file_id="fl_1", content={"attributes": {"n": 1}})
    with closing(new_store()) as source, closing(new_store()) as target:
        served.load(source, [flow, version])
        for name in ("production", "staging"):
            source.environments.deploy("flow", "fl_1", name, "flv_1")
        for store, year in ((source, 2024), (target, 2025)):
            _set_environments_back(store, year)
        for _ in range(2):
            _copy(served, source, target)
            assert held_rows(target) == held_rows(source)
        deployed = target.files.get("flow", "fl_1").environments
        assert deployed is not None
        assert [environment.created_at.year for environment in deployed] == [2024, 2024]
        _set_environments_back(target, 2023)
        before = held_rows(target)
        _copy(served, source, target)
        assert held_rows(target) == before


def _set_environments_back(store: Store, year: int) -> None:
    with store.database.write() as connection:
        connection.execute(update(environments).values(created_at=datetime(year, 1, 1, tzinfo=UTC)))


def test_examples_of_a_judge_are_copied_and_identify_no_version(new_store: OpenStore, served: Served) -> None:
    """Marked later, too. The same specification is the same version, and v5 answers as before."""
    spec = {"arguments_type": "target_free", "return_type": "boolean", "evaluator_type": "external"}
    with closing(new_store()) as source, closing(new_store()) as target:
        judge = source.files.upsert("evaluator", None, "judge", {"spec": spec}, FileChange())
        for marked in (["log_1"], ["log_1", "dp_2"], []):
            assert source.judge_examples.mark(judge.version_id, marked) == sorted(marked)
            assert _copy(served, source, target).added.get("version", 0) == (1 if marked == ["log_1"] else 0)
            assert held_rows(target)["versions"] == held_rows(source)["versions"]
            for store in (source, target):
                again = store.files.upsert("evaluator", None, "judge", {"spec": spec}, FileChange())
                assert again.version_id == judge.version_id
                assert "examples" not in again.model_dump()
        with pytest.raises(NotFound):
            source.judge_examples.mark("evv_unknown", [])


def test_logs_with_longer_ids_than_are_taken_now_are_copied(new_store: OpenStore, served: Served) -> None:
    """Those that an earlier version stored, and what refers to them."""
    spec = {"arguments_type": "target_free", "return_type": "boolean", "evaluator_type": "external"}
    with closing(new_store()) as source, closing(new_store()) as target:
        flow = source.files.upsert("flow", None, "flow", {"attributes": {"n": 1}}, FileChange())
        judge = source.files.upsert("evaluator", None, "judge", {"spec": spec}, FileChange())
        log = source.logs.create("flow", LogTarget(version_id=flow.version_id), {"log_id": "l" * 2_000})
        fields = {"log_id": "j" * 2_000, "judgment": True}
        source.logs.create_judgment(LogTarget(version_id=judge.version_id), log.id, fields)
        copied = _copy(served, source, target)
        assert (copied.added["log"], copied.added["judgment"]) == (1, 1)
        assert [judgment.id for judgment in target.logs.get(log.id).evaluator_logs] == ["j" * 2_000]


def test_a_copy_has_what_was_handed_to_reviewers(database_address: str, served: Served, tmp_path: Path) -> None:
    """Reasons, leases and the even sample, though numbers of logs differ; a second copy brings them up to date."""
    clock = Clock()
    with closing(open_store(str(tmp_path / "source.db"), None, clock)) as source:
        gone = ReviewWorld(source, clock, [[True], [True]], "gone")
        world = ReviewWorld(source, clock, [[True, False, True, True], [False, True, True, True]])
        source.logs.delete(gone.every_log)
        world.review("ann", 3, world.judgments.__getitem__)
        handed = world.next("ben").item
        world.next("cem", "even", skip=True)
        schema = "evals_mcp_target" if "://" in database_address else None
        with closing(open_store(database_address, schema, clock)) as target:
            copied = _copy(served, source, target)
            handed_out = len(held_rows(source)["review_items"])
            assert copied.added["review_item"] == copied.records["review_item"] == handed_out > 3
            check_counts(target)
            clock.wait(1)
            there = ReviewWorld.__new__(ReviewWorld)
            vars(there).update(vars(world), store=target)
            assert handed is not None
            for reviewer in ("ben", "ann", "dee"):
                own, copy = (of.next(reviewer).item for of in (world, there))
                assert own is not None
                assert copy is not None
                about = (own.log.id, own.reason, own.is_sample, own.baseline and own.baseline.id)
                assert (copy.log.id, copy.reason, copy.is_sample, copy.baseline and copy.baseline.id) == about
            assert _copy(served, source, target).added == {}
