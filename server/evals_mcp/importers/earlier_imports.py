"""What an evaluation had before an import, to tell what the import changes in it."""

from collections.abc import Iterable, Iterator
from typing import Self

from evals_mcp.client.client import EvalsClient
from evals_mcp.errors import NotFound
from evals_mcp.importers.loader import Loaded
from evals_mcp.models.evaluation_document import Record, RunRecord
from evals_mcp.models.rows import Overview


class EarlierImport:
    """The runs and evaluators that an evaluation had, and those of the document that is loaded into it."""

    def __init__(self, name: str, before: Overview | None) -> None:
        self._name = name
        self._before = before
        self._runs: list[RunRecord] = []
        self._attached: list[str] = []
        self._paths: dict[str, str] = {}
        self._names: dict[str, str] = {}

    @classmethod
    async def read(cls, client: EvalsClient, name: str, evaluation_id: str) -> Self:
        """Ask the server for the evaluation. Raises EvalsError."""
        try:
            return cls(name, (await client.reviews.get_evaluation(evaluation_id)).overview)
        except NotFound:
            return cls(name, None)

    def watched(self, document: Iterable[Record]) -> Iterator[Record]:
        """The records of the document, as they are."""
        for record in document:
            if record.record == "file":
                self._paths[record.id] = record.path
            elif record.record == "version":
                self._names[record.id] = self._paths[record.file_id].rpartition("/")[2]
            elif record.record == "evaluation":
                self._attached = [item.version_id for item in record.evaluators]
            elif record.record == "run":
                self._runs.append(record)
            yield record

    def notes(self, loaded: Loaded, labels: Iterable[str]) -> Iterator[str]:
        """Sentences about new runs of versions that had runs, and about new evaluators. `labels` are those of runs."""
        if self._before is None:
            return
        versions, known = loaded.ids.get("version", {}), {run.id for run in self._before.runs}
        over = {(run.version_id, run.dataset_version_id) for run in self._before.runs}
        for run, label in zip(self._runs, labels, strict=True):
            version_id, dataset_version_id = (
                versions.get(id or "", id) for id in (run.version_id, run.dataset_version_id)
            )
            if run.id not in known and version_id in {other for other, _ in over}:
                what = "results" if (version_id, dataset_version_id) in over else "datapoints"
                yield f"{label} has other {what} than in an earlier import: a new run."
        there = {evaluator.version_id for evaluator in self._before.evaluators}
        new = [self._names[id] for id in self._attached if versions.get(id, id) not in there]
        if there and new:
            yield (
                f"{self._name} was there with other evaluators or types; new ones: {', '.join(new)}. "
                "To keep them apart, import with --evaluation NEW. To start over, import into a new database "
                "(evals-mcp import --into FILE)."
            )
