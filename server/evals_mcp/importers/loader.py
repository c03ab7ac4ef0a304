"""Load an evaluation document into a server: in bulk if possible, else record by record. Memory holds one batch."""

import secrets
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from dataclasses import dataclass, field

from evals_mcp.client.acting import current_acting
from evals_mcp.client.client import EvalsClient
from evals_mcp.errors import Conflict, Invalid, NotFound
from evals_mcp.importers.single_writes import SingleWrites
from evals_mcp.models.evaluation_document import EvaluationDocument, Record, RunRecord
from evals_mcp.models.json_structure import most_values
from evals_mcp.models.json_values import MOST_VALUES
from evals_mcp.models.referring import Kind

_MOST_RECORDS = 4_000
_MOST_BYTES = 4_000_000
_RECORDS_A_REPORT = 100


@dataclass
class Loaded:
    """The progress of a load: the records read, and the new ones by kind.

    `ids` maps ids in the document to other ids on the server. `other_creators` counts records whose creator the server
    did not take over, because the key may not say who created something.
    """

    records: Counter[str] = field(default_factory=Counter)
    added: Counter[str] = field(default_factory=Counter)
    ids: dict[Kind, dict[str, str]] = field(default_factory=dict)
    other_creators: int = 0

    def count(self, record: Record) -> None:
        """Count a record that was read. One that says that nothing is deployed is no deployment."""
        if record.record != "deployment" or record.version_id is not None:
            self.records[record.record] += 1


Progress = Callable[[Loaded], Awaitable[None]]
"""Called now and then with the progress of a load."""


async def stream(records: Iterable[Record]) -> AsyncIterator[Record]:
    """A document from records in memory."""
    for record in records:
        yield record


async def load_document(
    client: EvalsClient, document: EvaluationDocument, *, overwrite: bool = False, progress: Progress | None = None
) -> Loaded:
    """Store the records of a document that a server does not have yet. Load again to continue an interrupted load.

    With `overwrite`, records replace those with the same ids. Use it to copy another server; it needs the bulk route.
    Raises Invalid with the position of the record (from 1), and EvalsError. Earlier records stay stored.
    """
    loaded = Loaded()
    if await is_extended(client):
        await _load_in_bulk(client, document, loaded, overwrite, progress)
    elif overwrite:
        raise Invalid("This server has no bulk route, so a load cannot overwrite it.")
    else:
        await _load_singly(client, document, loaded, progress)
    return loaded


async def is_extended(client: EvalsClient) -> bool:
    """Whether the server has our extensions. Raises EvalsError."""
    if client.extended is None:
        await client.raw_pages.files(1, 1)
    return bool(client.extended)


async def _load_in_bulk(
    client: EvalsClient, document: EvaluationDocument, loaded: Loaded, overwrite: bool, progress: Progress | None
) -> None:
    batch = _Batch(client, loaded, overwrite)
    # The server works on runs once all records are there, so the last batch names them again. Until then they are
    # running, also if the load breaks off.
    earlier_runs: dict[str, RunRecord] = {}
    async for record in document:
        if not batch.add(record):
            earlier_runs |= batch.runs
            await batch.send(more=True)
            batch.add(record)
            if progress is not None:
                await progress(loaded)
        loaded.count(record)
    for run in earlier_runs.values():
        if not batch.add(run):
            await batch.send(more=False)
            batch.add(run)
    await batch.send(more=False)
    if progress is not None:
        await progress(loaded)


def _unfinished(run: RunRecord) -> RunRecord:
    has_ended = run.status in ("completed", "cancelled") and not run.orchestrated
    return run.model_copy(update={"status": "running"}) if has_ended else run


class _Batch:
    """The next lines to send. Their positions in the document start at 1."""

    def __init__(self, client: EvalsClient, loaded: Loaded, overwrite: bool) -> None:
        self._client = client
        self._loaded = loaded
        self._overwrite = overwrite
        at_work = current_acting()
        self._import_id = secrets.token_hex(8) if at_work is None else at_work.import_id
        self._lines: list[bytes] = []
        self._size = 0
        self._values = 0
        self._first = 1
        self.runs: dict[str, RunRecord] = {}
        """The runs of these lines, unless they overwrite others."""

    def add(self, record: Record) -> bool:
        """Add a record, with the server's ids where they are known, and tell whether there was room beside others."""
        line = self._line(record)
        size, values = self._size + len(line), self._values + most_values(line)
        if self._lines and (len(self._lines) >= _MOST_RECORDS or size > _MOST_BYTES or values > MOST_VALUES):
            return False
        if record.record == "run" and not self._overwrite:
            self.runs[record.id] = record
        self._lines.append(line)
        self._size, self._values = size, values
        return True

    async def send(self, *, more: bool) -> None:
        """Send the lines, if any, and start again. `more` if the document continues."""
        if not self._lines:
            return
        if more:
            unfinished = {self._line(run): self._line(_unfinished(run)) for run in self.runs.values()}
            self._lines = [unfinished.get(line, line) for line in self._lines]
        content = b"\n".join(self._lines)
        try:
            answer = await self._client.bulk.load(
                content, import_id=self._import_id, overwrite=self._overwrite, more=more
            )
        except Invalid as error:
            raise self._located(error) from error
        self._loaded.added.update(answer.added)
        self._loaded.other_creators += answer.other_creators or 0
        for kind, ids in answer.ids.items():
            self._loaded.ids.setdefault(kind, {}).update(ids)
        self._first += len(self._lines)
        self._lines, self._size, self._values, self.runs = [], 0, 0, {}

    def _line(self, record: Record) -> bytes:
        return record.with_ids(self._loaded.ids).line().encode()

    def _located(self, error: Invalid) -> Invalid:
        match error.location:
            case ("body", int() as line, *rest):
                return _refused(self._first + line, str(error.without_location()), *rest)
        return error


async def _load_singly(
    client: EvalsClient, document: EvaluationDocument, loaded: Loaded, progress: Progress | None
) -> None:
    writes = SingleWrites(client, loaded.added, loaded.ids)
    position = 0
    async for record in document:
        position += 1
        loaded.count(record)
        try:
            await writes.write(record)
        except (Invalid, NotFound, Conflict) as error:
            raise _refused(position, str(error), record.record) from error
        if progress is not None and position % _RECORDS_A_REPORT == 0:
            await progress(loaded)
    await writes.finish()
    if progress is not None:
        await progress(loaded)


def _refused(position: int, said: str, *location: str | int) -> Invalid:
    return Invalid(f"Record {position} of the document: {said}", ("document", position, *location))
