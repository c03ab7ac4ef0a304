"""Copy all that a database or server has to another one, by the bulk routes of both."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from dataclasses import dataclass

from evals_mcp.client.client import EvalsClient
from evals_mcp.errors import Invalid, Unavailable
from evals_mcp.exporters.evaluation_reading import Progress
from evals_mcp.importers.loader import Loaded, load_document
from evals_mcp.models.evaluation_document import DeploymentRecord, Record

_OF_ENVIRONMENTS = ("environment_id", "environment_name", "environment_tag", "environment_created_at")
_NAMED = 3
_PAGE = 1_000


@dataclass(frozen=True, slots=True)
class Copied:
    """By kind: the records of the source, those that are new in the target, and how many it has beyond the source.

    `other_creators` counts records that have another creator there, because the target's key is no admin's.
    """

    records: Mapping[str, int]
    added: Mapping[str, int]
    other_creators: int
    surplus: Mapping[str, int]


async def copy_everything(source: EvalsClient, target: EvalsClient, progress: Progress | None = None) -> Copied:
    """Copy all records with their ids and times. Again, it adds what is new, and brings what changed up to date.
    A target that is the same already is only read.

    `progress` receives the records that were copied so far, and how many there are.

    Raises Invalid for a server without the bulk routes, and for a target with other files at the same paths;
    Unavailable if the target lacks records at the end; and EvalsError.
    """
    for client, role in ((source, "FROM"), (target, "TO")):
        await client.raw_pages.files(1, 1)
        if not client.extended:
            raise Invalid(f"{role} is no server of evals-mcp, so it cannot be copied. Export its evaluations instead.")
    await _require_free_paths(source, target)
    counted = await source.bulk.counts()
    there = sum(counted.values())

    async def tell(loaded: Loaded) -> None:
        if progress is not None:
            await progress(loaded.records.total(), max(there, loaded.records.total()))

    if counted == await target.bulk.counts() and (same := await _same(source, target)) is not None:
        return Copied(same.records, same.added, 0, {})  # to overwrite it would be a write that changes nothing
    loaded = await load_document(target, _records(source), overwrite=True, progress=tell)
    surplus = await _require_all(loaded, target)
    return Copied(loaded.records, loaded.added, loaded.other_creators, surplus)


async def _records(source: EvalsClient) -> AsyncGenerator[Record]:
    after: str | None = None
    while True:
        page = await source.bulk.read(after)
        for record in page.records:
            yield record
        if page.next is None:
            return
        after = page.next


async def _same(source: EvalsClient, target: EvalsClient) -> Loaded | None:
    """The records of both if they are the same, and there are some. Reads no further than to the first difference."""
    loaded = Loaded()
    async with aclosing(_records(source)) as wanted, aclosing(_records(target)) as there:
        async for record in wanted:
            if not _is_there(record, await anext(there, None)):
                return None
            loaded.count(record)
        return loaded if loaded.records and await anext(there, None) is None else None


def _is_there(record: Record, found: Record | None) -> bool:
    """Whether the target has a record. It keeps its own environments, unless one is younger than the source's."""
    if not (isinstance(record, DeploymentRecord) and isinstance(found, DeploymentRecord)):
        return record == found
    if (
        record.environment_created_at is not None
        and found.environment_created_at is not None
        and record.environment_created_at < found.environment_created_at
    ):
        return False
    is_one = (
        record.environment_id == found.environment_id
        or record.environment_name == found.environment_name
        or record.environment_tag == found.environment_tag == "default"
    )
    return is_one and record == found.model_copy(update={name: getattr(record, name) for name in _OF_ENVIRONMENTS})


async def _require_free_paths(source: EvalsClient, target: EvalsClient) -> None:
    """Raise Invalid if the target has another file at a path, because the copy would replace it."""
    there = await _paths(target)
    wanted = await _paths(source) if there else {}
    taken = [path for path, id in wanted.items() if there.get(path, id) != id]
    if taken:
        more = f" and {len(taken) - _NAMED:,} more" if len(taken) > _NAMED else ""
        named = ", ".join(f"`{path}`" for path in taken[:_NAMED])
        raise Invalid(f"TO has other files at {named}{more}. Copy into an empty database, or move these files first.")


async def _paths(client: EvalsClient) -> dict[str, str]:
    """The ids of all files by path."""
    found: dict[str, str] = {}
    page = 1
    while records := (await client.raw_pages.files(page, _PAGE)).records:
        found |= {record["path"]: record["id"] for record in records}
        page += 1
    return found


async def _require_all(loaded: Loaded, target: EvalsClient) -> dict[str, int]:
    """How many more records than the source the target has, by kind. Raises Unavailable if it lacks some."""
    counts = await target.bulk.counts()
    for kind, count in loaded.records.items():
        if counts.get(kind, count) < count:
            raise Unavailable(f"TO has {counts[kind]:,} of {count:,} {kind} records. Copy again.")
    return {kind: count - loaded.records[kind] for kind, count in counts.items() if count > loaded.records[kind]}
