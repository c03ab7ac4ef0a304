"""The list of evaluations of a mirrored server, without runs and logs."""

from contextlib import suppress
from functools import partial
from typing import Any

from pydantic import ValidationError

from evals_mcp.client.raw_pages import RawPages
from evals_mcp.client.reviews import Reviews
from evals_mcp.errors import EvalsError, Unauthorized
from evals_mcp.importers.api_records import Unreadable, key_of, read_evaluation, read_file
from evals_mcp.mirror.overviews import read_definition
from evals_mcp.mirror.paging import for_each, read_records
from evals_mcp.mirror.scratch import Scratch
from evals_mcp.models.evaluation_document import EvaluationRecord, FileRecord
from evals_mcp.models.model import JsonObject


class Catalog:
    """All evaluations of files, in a separate workspace, so that reading logs does not make one look changed."""

    def __init__(self, raw: RawPages, scratch: Scratch) -> None:
        self._raw = raw
        self._scratch = scratch
        self._files: dict[str, FileRecord] = {}
        self._evaluations: dict[str, dict[str, JsonObject]] = {}
        self._put: dict[str, EvaluationRecord] = {}
        self._unread: dict[str, EvalsError | None] = {}

    @property
    def reviews(self) -> Reviews:
        """Questions about the list."""
        return self._scratch.reviews

    @property
    def unread(self) -> dict[str, EvalsError | None]:
        """The paths of files whose evaluations could not be listed last time, with the error, if any."""
        return {self._files[id].path: error for id, error in self._unread.items() if id in self._files}

    @property
    def file_ids(self) -> list[str]:
        """The files that can have logs and evaluations."""
        return list(self._files)

    def path(self, file_id: str | None) -> str | None:
        """The path of a file, if known."""
        file = self._files.get(file_id or "")
        return None if file is None else file.path

    def find(self, word: str) -> list[str]:
        """The ids of the evaluations with this id, else with this name or file."""
        known = [
            (id, item.get("name"), file_id)
            for file_id, found in self._evaluations.items()
            for id, item in found.items()
        ]
        by_id = [id for id, _, _ in known if id == word]
        return by_id or [id for id, name, file_id in known if word in (name, self.path(file_id))]

    async def refresh(self) -> None:
        """Read the files and their evaluations, starting with files that could not be read last time.

        Raises EvalsError if the files, or the evaluations of all files, cannot be listed.
        """
        await self.refresh_files()
        ordered = sorted(self._files, key=lambda file_id: file_id not in self._unread)
        self._unread = dict.fromkeys(ordered)
        await for_each(ordered, self._read_evaluations)
        errors = [error for error in self._unread.values() if error is not None]
        if errors and len(errors) == len(ordered):
            raise errors[0]

    async def refresh_files(self) -> None:
        """Read the list of files. Raises EvalsError."""
        found: dict[str, FileRecord] = {}
        for item in await read_records(self._raw.files):
            with suppress(Unreadable):
                file = read_file(item)
                if file.type != "dataset":
                    found[file.id] = file
        self._files = found

    async def publish(self) -> None:
        """Update the workspace. Raises EvalsError."""
        records: dict[str, EvaluationRecord] = {}
        named: set[tuple[str, Any]] = set()
        versions: list[JsonObject] = []
        for file_id in self._files:
            for evaluation in self._evaluations.get(file_id, {}).values():
                with suppress(ValidationError, Unreadable):
                    evaluators = read_definition(evaluation, [], None, None).evaluators
                    record = read_evaluation(evaluation, evaluators, file_id)
                    # In our files, names are unique.
                    record.name = None if (file_id, record.name) in named else record.name
                    named.add((file_id, record.name))
                    records[record.id] = record
                    versions += evaluators
        for id in [id for id, record in self._put.items() if records.get(id) != record]:
            await self._scratch.delete_evaluation(id)
            del self._put[id]
        new = sorted(
            (item for id, item in records.items() if id not in self._put), key=lambda item: str(item.created_at)
        )
        if new:
            await self._scratch.put_changed(self._files.values())
            await self._scratch.put_versions(versions)
            await self._scratch.put(new)
            self._put |= {record.id: record for record in new}

    async def _read_evaluations(self, file_id: str) -> None:
        try:
            found = await read_records(partial(self._raw.evaluations, file_id))
        except Unauthorized:
            raise
        except EvalsError as error:
            self._unread[file_id] = error
            return
        self._evaluations[file_id] = {key: item for item in found if (key := key_of(item)) is not None}
        del self._unread[file_id]
