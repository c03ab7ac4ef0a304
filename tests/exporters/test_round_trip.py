"""What is exported and imported into an empty database is what was exported."""

import json
import tempfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from tests.loaded_stores import OpenStore, Served, empty_file, new_store, served
from tests.random_documents import documents

from evals_mcp.client.client import EvalsClient
from evals_mcp.exporters.humanloop_export import export_evaluation
from evals_mcp.importers.importing import import_files
from evals_mcp.models.evaluation_document import EvaluationRecord, Record
from evals_mcp.store.store import Store

__all__ = ["empty_file", "new_store", "served"]


def _export(served: Served, store: Store, document: list[Record], folder: Path) -> None:
    async def export(client: EvalsClient) -> None:
        for record in document:
            if isinstance(record, EvaluationRecord):
                await export_evaluation(client, record.id, folder / record.id)

    served.use(store, export)


def _of_exported(answers: dict[str, Any], imported: dict[str, Any]) -> dict[str, Any]:
    """The answers about what an export holds: files that no evaluation uses are not exported."""
    alike = {asked: answers[asked] for asked in imported}
    for asked in alike:
        if asked.endswith("sort_by=name"):
            ids = [file["id"] for file in imported[asked][1]["records"]]
            listed = [file for file in answers[asked][1]["records"] if file["id"] in ids]
            alike[asked] = (200, {**answers[asked][1], "records": listed, "total": len(listed)})
    return alike


def _unordered(value: Any) -> Any:
    """A value without the order of its lists: the order in which logs of different runs came is not exported."""
    if isinstance(value, dict):
        return {key: _unordered(item) for key, item in value.items() if key != "after" and "size=2&" not in key}
    if isinstance(value, list | tuple):
        return sorted(map(_unordered, value), key=lambda item: json.dumps(item, sort_keys=True))
    return value


@pytest.mark.slow
def test_import_of_an_export_answers_alike(
    new_store: OpenStore, served: Served, examples: Callable[[int], int]
) -> None:
    """Every route says the same of the evaluations, runs, logs, judgments and files."""

    @given(documents(runs=2, statuses=("completed", "cancelled"), most_evaluations=1))
    @settings(
        max_examples=examples(6), suppress_health_check=[HealthCheck.function_scoped_fixture], phases=[Phase.generate]
    )
    def check(document: list[Record]) -> None:
        with closing(new_store()) as first, closing(new_store()) as second, tempfile.TemporaryDirectory() as folder:
            served.load(first, document)
            _export(served, first, document, Path(folder))

            async def load(client: EvalsClient) -> None:
                await import_files(client, [Path(folder)])

            served.use(second, load)
            found = served.answers(second)
            wanted = _of_exported(served.answers(first), found)
            assert _unordered(found) == _unordered(wanted)

    check()
