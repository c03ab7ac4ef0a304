"""Records that refer to others by their ids, and what some of them say of who created them."""

from collections.abc import Mapping
from typing import Any, ClassVar, Literal, Self

from evals_mcp.models.model import Model

Kind = Literal["file", "version", "datapoint", "evaluation", "run", "log"]
"""The kind of thing with an id. Evaluator logs are logs."""

Ids = Mapping[Kind, Mapping[str, str]]
"""By kind: ids in the document that stand for other ids in the target."""

References = Mapping[str, Kind]
"""The fields of a record that refer to others, with the kind of each."""


class Referring(Model):
    """A record with references. `references` has their fields and kinds."""

    references: ClassVar[References] = {}

    def with_ids(self, ids: Ids) -> Self:
        """The same record with the target's ids."""
        if not ids:
            return self
        changes = {
            name: _renamed(getattr(self, name), ids[kind]) for name, kind in self.references.items() if ids.get(kind)
        }
        return self.model_copy(update=changes) if changes else self

    def line(self) -> str:
        """The record as JSON on one line, without what is null."""
        return self.model_dump_json(exclude_none=True)


class Created(Referring):
    """A record of what somebody created. `created_by` is their name; null: nobody is known; absent: who loads it."""

    created_by: str | None = None

    @property
    def names_creator(self) -> bool:
        """Whether the record says who created it, if only that nobody is known."""
        return "created_by" in self.model_fields_set

    def line(self) -> str:
        """The record as JSON on one line. Of what is null it has the creator alone, where the record names nobody."""
        line = super().line()
        return f'{line[:-1]},"created_by":null}}' if self.names_creator and self.created_by is None else line


def _renamed(value: Any, ids: Mapping[str, str]) -> Any:
    if isinstance(value, list):
        return [_renamed(item, ids) for item in value]
    if isinstance(value, Referring):
        return value.with_ids(dict.fromkeys(value.references.values(), ids))
    return value if value is None else ids.get(value, value)
