"""The temporary workspace of a mirror. Sends no request to the mirrored server."""

from collections.abc import Iterable
from itertools import count
from typing import Any

from evals_mcp.client.acting import apart
from evals_mcp.client.client import EvalsClient
from evals_mcp.client.reviews import Reviews
from evals_mcp.importers.api_records import (
    Unreadable,
    VersionKey,
    key_of,
    read_datapoint,
    read_file,
    read_version,
    version_key,
)
from evals_mcp.importers.loader import load_document, stream
from evals_mcp.models.evaluation_document import DatapointRecord, EvaluationRecord, FileRecord, Record, RunRecord
from evals_mcp.models.model import JsonObject

_FIRST_JUDGMENT = 2**53


class Scratch:
    """A workspace with the ids of the mirrored server. New records replace old ones with the same id.

    Its methods raise EvalsError.
    """

    def __init__(self, client: EvalsClient) -> None:
        self._client = client
        self._records: dict[str, FileRecord | EvaluationRecord | RunRecord] = {}
        self._versions: set[VersionKey] = set()
        self._unreadable: dict[Any, str] = {}
        self._datapoints: set[str] = set()
        self._judgment_numbers = count(_FIRST_JUDGMENT)
        self.log_numbers: set[int] = set()

    @property
    def reviews(self) -> Reviews:
        """Questions about what was put here."""
        return self._client.reviews

    async def put(self, records: Iterable[Record]) -> None:
        """Put records, each after those it refers to."""
        if self._client.extended is None:
            # The loader would call a route that makes the application prepare all others, which takes a second.
            await self._client.reviews.list_evaluations(limit=1)
        with apart():
            await load_document(self._client, stream(records), overwrite=True)

    async def delete_evaluation(self, evaluation_id: str) -> None:
        """Delete an evaluation."""
        with apart():
            await self._client.evaluations.delete(evaluation_id)

    async def put_changed(self, records: Iterable[FileRecord | EvaluationRecord | RunRecord]) -> None:
        """Put the new and changed records."""
        changed = {record.id: record for record in records if self._records.get(record.id) != record}
        if changed:
            await self.put(changed.values())
            self._records |= changed

    async def put_versions(self, versions: Iterable[JsonObject]) -> None:
        """Put new versions with their files. `why_unreadable` tells why others cannot be put."""
        files: list[FileRecord] = []
        records: dict[VersionKey, Record] = {}
        for version in versions:
            key = version_key(version)
            if key in self._versions or key in records or key.version_id in self._unreadable:
                continue
            try:
                file, records[key] = read_file(version), read_version(version)
            except Unreadable as error:
                self._unreadable[key.version_id] = str(error)
            else:
                files.append(file)
        if records:
            await self.put_changed(files)
            await self.put(records.values())
            self._versions |= records.keys()

    async def put_datapoints(self, dataset_id: str, datapoints: Iterable[Any]) -> None:
        """Put new datapoints of a dataset. Skips unreadable ones."""
        records: dict[str, DatapointRecord] = {}
        for datapoint in datapoints:
            key = key_of(datapoint)
            if key is not None and not self.has_datapoint(key):
                try:
                    records[key] = read_datapoint(datapoint, dataset_id)
                except Unreadable:
                    continue
        if records:
            await self.put(records.values())
            self._datapoints |= records.keys()

    def next_judgment_number(self) -> int:
        """The next number for a judgment, higher than all before and than any judged log's."""
        return next(self._judgment_numbers)

    def has_datapoint(self, datapoint_id: str) -> bool:
        """Whether the workspace has a datapoint."""
        return datapoint_id in self._datapoints

    def why_unreadable(self, version_id: str) -> str | None:
        """Why a version cannot be put; None if it is here."""
        return self._unreadable.get(version_id)
