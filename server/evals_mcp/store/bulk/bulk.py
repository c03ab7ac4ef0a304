"""Write a batch of an evaluation document: all of it, or nothing."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from evals_mcp.models.bulk import LoadedBatch
from evals_mcp.models.evaluation_document import (
    ClearRecord,
    DatapointRecord,
    DeploymentRecord,
    DirectoryRecord,
    EvaluationRecord,
    FileRecord,
    JudgmentRecord,
    LogRecord,
    Record,
    ReviewItemRecord,
    RunRecord,
    VersionRecord,
)
from evals_mcp.models.referring import Kind
from evals_mcp.store.bulk.batch import Batch
from evals_mcp.store.bulk.datapoints import write_datapoints
from evals_mcp.store.bulk.deployments import write_deployments
from evals_mcp.store.bulk.directories import write_directories
from evals_mcp.store.bulk.evaluations import write_evaluations
from evals_mcp.store.bulk.files import write_files
from evals_mcp.store.bulk.import_entries import ImportEntry
from evals_mcp.store.bulk.logs import write_logs
from evals_mcp.store.bulk.review_items import write_review_items
from evals_mcp.store.bulk.runs import clear_runs, write_runs
from evals_mcp.store.bulk.versions import write_versions
from evals_mcp.store.database.acts import Act, count_rows
from evals_mcp.store.database.repository import Repository

_WRITERS: dict[Any, Any] = {
    DirectoryRecord: write_directories,
    FileRecord: write_files,
    DatapointRecord: write_datapoints,
    VersionRecord: write_versions,
    DeploymentRecord: write_deployments,
    EvaluationRecord: write_evaluations,
    RunRecord: write_runs,
    ClearRecord: clear_runs,
    LogRecord: write_logs,
    ReviewItemRecord: write_review_items,
}
"""The writer of each kind of record, in an order in which referenced records come first."""


class Written(NamedTuple):
    """The result of a batch, and the runs that may now have work for the server."""

    answer: LoadedBatch
    run_ids: list[str]


class Bulk(Repository):
    """Evaluation documents, batch by batch."""

    def load(
        self,
        records: Iterable[tuple[int, Record]],
        *,
        overwrite: bool = False,
        names_creators: bool = True,
        person: str | None = None,
        act: Act | None = None,
        import_id: str | None = None,
    ) -> Written:
        """Store the new ones of some records, given with their positions. Loading them again changes nothing.

        Raises Invalid with the position for a record that is wrong, refers to something unknown, or has the id of
        something else. With `overwrite`, an id always means the same thing, and records replace it. Otherwise judgments
        without a user are those of `person`, as in `Logs.create_judgment`. What records say of their creators counts
        if the load `names_creators`; else whoever loads them is noted. Batches with one `import_id` share an entry
        of the journal, whose undo deletes what they brought.
        """
        by_kind: dict[Any, list[tuple[int, Record]]] = defaultdict(list)
        for position, record in records:
            # Logs and judgments refer to each other, so they stay in one order.
            kind = type(record)
            by_kind[LogRecord if kind is JudgmentRecord else kind].append((position, record))
        with self._database.write() as connection:
            own = None if overwrite else person
            batch = Batch(connection, self._database.now(), overwrite, names_creators, own)
            made_directories = bool(by_kind[DirectoryRecord] or by_kind[FileRecord])
            entry = ImportEntry(batch, act, import_id, has_directories=made_directories)
            for kind, write in _WRITERS.items():
                if by_kind[kind]:
                    write(batch, by_kind[kind])
            entry.record(_subject(batch, by_kind))
            count_rows("log", batch.added["log"])
            count_rows("judgment", batch.added["judgment"])
            answer = LoadedBatch(added=dict(batch.added), ids=batch.ids, other_creators=batch.other_creators or None)
            return Written(answer, sorted(batch.run_ids))


def _subject(batch: Batch, by_kind: Mapping[Any, list[tuple[int, Record]]]) -> str:
    """The id of the first evaluation of a batch, else of the first file or run, or what else comes first."""
    nouns: tuple[tuple[Any, Kind], ...] = ((EvaluationRecord, "evaluation"), (FileRecord, "file"), (RunRecord, "run"))
    for kind, noun in nouns:
        for _, record in by_kind.get(kind, ()):
            id: str = vars(record)["id"]
            return batch.ids.get(noun, {}).get(id, id)
    return next((vars(record).get("id", "") for records in by_kind.values() for _, record in records), "")
