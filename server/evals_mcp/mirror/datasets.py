"""Datasets of a mirrored server. A version never changes, so its datapoints are read once."""

from dataclasses import dataclass, field
from functools import partial
from typing import Any

import anyio

from evals_mcp.client.raw_pages import RawPages
from evals_mcp.importers.api_records import key_of, read_file, read_version
from evals_mcp.mirror.paging import PagedList, read_pages
from evals_mcp.mirror.scratch import Scratch
from evals_mcp.models.model import JsonObject


@dataclass
class _Reading:
    """How far the datapoints of a version were read. `ids` has the readable ones, by page."""

    pages: PagedList
    ids: dict[int, list[str]] = field(default_factory=dict)
    lock: anyio.Lock = field(default_factory=anyio.Lock)
    is_put: bool = False


class Datasets:
    """Puts dataset versions into the scratch workspace."""

    def __init__(self, raw: RawPages, scratch: Scratch) -> None:
        self._raw = raw
        self._scratch = scratch
        self._readings: dict[str, _Reading] = {}

    def has(self, version_id: str | None) -> bool:
        """Whether a version is in the scratch workspace with all its datapoints."""
        reading = self._readings.get(version_id or "")
        return reading is not None and reading.is_put

    async def read(self, dataset: JsonObject) -> None:
        """Read the rest of a version. Raises EvalsError if a page cannot be read."""
        counted = PagedList(key_of, counted=dataset["datapoints_count"])
        reading = self._readings.setdefault(dataset["version_id"], _Reading(counted))
        async with reading.lock:
            if not reading.is_put:
                await self._read(dataset, reading)

    async def _read(self, dataset: JsonObject, reading: _Reading) -> None:
        dataset_id, version_id = dataset["id"], dataset["version_id"]

        async def take(number: int, fresh: list[Any]) -> None:
            await self._scratch.put_datapoints(dataset_id, fresh)
            keys = [key for item in fresh if (key := key_of(item)) is not None]
            reading.ids[number] = [key for key in keys if self._scratch.has_datapoint(key)]

        await self._scratch.put_changed([read_file(dataset)])
        await read_pages(reading.pages, partial(self._raw.datapoints, dataset_id, version_id), take)
        for error in reading.pages.failures.values():
            raise error
        ids = [id for number in sorted(reading.ids) for id in reading.ids[number]]
        await self._scratch.put([read_version(dataset, ids)])
        reading.is_put = True
