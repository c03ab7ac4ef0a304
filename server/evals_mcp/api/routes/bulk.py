"""Our extension of the API: write a batch of an evaluation document, all of it or nothing."""

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import Header, Query, Request
from starlette.concurrency import run_in_threadpool

from evals_mcp.api.access import CurrentPerson, CurrentStore, NamesCreators
from evals_mcp.api.prefixed import PrefixedRouter, most_values_of
from evals_mcp.api.record_lines import RecordLines, any_record
from evals_mcp.api.routes.work import CurrentRunner
from evals_mcp.errors import Invalid
from evals_mcp.models.bulk import LoadedBatch, RecordPage
from evals_mcp.models.json_values import NDJSON
from evals_mcp.store.bulk.bulk import Bulk, Written
from evals_mcp.store.bulk.reading import BulkReading
from evals_mcp.store.database.acts import current_act
from evals_mcp.store.store import Store

router = PrefixedRouter(prefix="/bulk", tags=["bulk (extension)"])

_BODY = {"requestBody": {"required": True, "content": {NDJSON: {"schema": {"$ref": "#/components/schemas/Record"}}}}}


@router.post("", openapi_extra=_BODY)
async def load_batch(
    request: Request,
    store: CurrentStore,
    person: CurrentPerson,
    names_creators: NamesCreators,
    runner: CurrentRunner,
    overwrite: Annotated[bool, Query(description="Replace existing records with the same ids, as for a copy.")] = False,
    import_id: Annotated[str | None, Header(alias="X-Evals-Import", min_length=1, max_length=200)] = None,
    more: Annotated[bool, Query(description="Defer the server's work on runs to the last batch.")] = False,
) -> LoadedBatch:
    """Store the records of an evaluation document, one per line. Existing records stay; repeating changes nothing."""
    if not request.headers.get("content-type", "").lower().startswith(NDJSON):
        raise Invalid(f"The body must be JSON lines, with the header `Content-Type: {NDJSON}`.", ("body",))
    body = await request.body()
    if not body.strip():
        raise Invalid("The body is empty. Send a record on each line.", ("body",))
    lines = RecordLines(body, most_values_of(request))
    del body
    options = {"overwrite": overwrite, "names_creators": names_creators, "person": person, "import_id": import_id}
    written = await run_in_threadpool(_load, store, lines, options)
    if not (more or overwrite):
        await run_in_threadpool(runner.wake, store, written.run_ids)
    return written.answer


@router.get("")
def read_records(
    store: CurrentStore,
    after: Annotated[str | None, Query(max_length=1_000, description="The `next` of the page before.")] = None,
    size: Annotated[int, Query(ge=1, le=10_000, description="The most records of a page.")] = 1_000,
) -> RecordPage:
    """Read all records of the workspace in an order in which they can be loaded elsewhere, as for a copy."""
    page = BulkReading(store.database).page(after, size)
    return RecordPage.model_construct(records=page.records, next=page.next)


@router.get("/counts")
def count_records(store: CurrentStore) -> dict[str, int]:
    """Count the records of the workspace by kind."""
    return BulkReading(store.database).counts()


def describe_records(document: dict[str, Any]) -> None:
    """Add the schemas of records to an OpenAPI document, because it cannot derive them from lines."""
    schemas = document["components"]["schemas"]
    record = any_record().json_schema(ref_template="#/components/schemas/{model}")
    schemas |= {name: schema for name, schema in record.pop("$defs").items() if name not in schemas}
    schemas["Record"] = record


def _load(store: Store, lines: RecordLines, options: Mapping[str, Any]) -> Written:
    return Bulk(store.database).load(lines.records(), act=current_act(), **options)
