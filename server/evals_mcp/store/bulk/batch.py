"""Shared by the writers of one batch: its transaction, its id mapping, and errors that name the record."""

from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Self, TypeVar

from pydantic import ValidationError
from sqlalchemy import Connection, select

from evals_mcp.errors import Conflict, Invalid, NotFound
from evals_mcp.models.enums import FileType
from evals_mcp.models.evaluation_document import Record
from evals_mcp.models.pseudonyms import require_forgotten
from evals_mcp.models.referring import Created, Kind
from evals_mcp.store.database.acts import current_actor
from evals_mcp.store.database.tables import files
from evals_mcp.store.files.versions import Version, versions_by_id

R = TypeVar("R", bound=Record)

Numbered = Sequence[tuple[int, R]]
"""Records with their positions in the batch, from 0."""


@dataclass
class Batch:
    """One transaction. With `overwrite`, an id always means the same thing, and records replace it.

    If it `names_creators`, records say who created what. `person` is the author of judgments that people give and that
    name no user.
    """

    connection: Connection
    now: datetime
    overwrite: bool
    names_creators: bool
    person: str | None = None
    ids: dict[Kind, dict[str, str]] = field(default_factory=dict)
    added: Counter[str] = field(default_factory=Counter)
    brought: defaultdict[str, list[Any]] = field(default_factory=lambda: defaultdict(list))
    """Keys of new rows without numbers, by table, for the undo of an import (`store.bulk.import_entries`)."""
    replaces: bool = False
    """Whether it replaces what was there, so that it cannot be undone."""
    run_ids: set[str] = field(default_factory=set)
    """Runs that may now have work for the server."""
    other_creators: int = 0
    """Records that have another creator now than they say."""

    def note_id(self, kind: Kind, id: str, existing_id: str) -> None:
        """Map an id of the document to an existing one."""
        if id != existing_id:
            self.ids.setdefault(kind, {})[id] = existing_id

    def created_by(self, record: Created, there: Any = None) -> dict[str, Any]:
        """The column of the creator for the new row of a record, or for the row that it replaces; empty as it is."""
        if not record.names_creator:
            return {}
        if self.names_creators:
            if there is not None:
                require_forgotten(f"`{there.id}`", there.created_by, record.created_by)
            return {"created_by": record.created_by}
        self.other_creators += record.created_by != (current_actor() if there is None else there.created_by)
        return {}

    def file_type(self, file_id: str, types: Sequence[str] | None = None) -> FileType:
        """The type of a file, even if deleted. Raises NotFound if it is unknown or has another type."""
        found: FileType | None = self.connection.execute(select(files.c.type).where(files.c.id == file_id)).scalar()
        if found is None or (types is not None and found not in types):
            raise unknown(_noun(types) or "file", file_id)
        return found

    def version(self, version_id: str, types: Sequence[str]) -> Version:
        """A version, even if deleted. Raises NotFound if it is unknown or has another type."""
        return find_type(versions_by_id(self.connection, [version_id]).get(version_id), version_id, types)


def find_type(version: Version | None, version_id: str, types: Sequence[str]) -> Version:
    """The version, if it exists and has one of these types. Raises NotFound."""
    if version is None or version.file_type not in types:
        raise unknown(f"{_noun(types)} version".strip(), version_id)
    return version


class Refusing:
    """Adds the position of the current record to errors."""

    position = 0
    record: Any = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: Any, error: BaseException | None, traceback: Any) -> None:
        """Raise Invalid for an error that the record caused."""
        location = ("body", self.position, getattr(self.record, "record", ""))
        match error:
            case ValidationError():
                first = error.errors(include_url=False, include_context=False, include_input=False)[0]
                raise Invalid(first["msg"], (*location, "content", *first["loc"])) from None
            case Invalid():
                raise Invalid(str(error), (*location, *error.location[1:])) from None
            case NotFound() | Conflict():
                raise Invalid(str(error), location) from None


def each_record(write: Callable[[Batch, R], None]) -> Callable[[Batch, Numbered[R]], None]:
    """Turn a writer of one record into one of many. Records come with the server's ids, and errors name the record."""

    def write_all(batch: Batch, records: Numbered[R]) -> None:
        with Refusing() as at:
            for at.position, at.record in records:
                write(batch, at.record.with_ids(batch.ids))

    return write_all


def unknown(noun: str, id: str) -> NotFound:
    """The error for an id that a record names and nothing has."""
    return NotFound(f"Unknown {noun} `{id}`: it must be stored already, or come earlier in the document.")


def _noun(types: Sequence[str] | None) -> str:
    return types[0] if types is not None and len(types) == 1 else ""
