"""The logs and datapoints that a judge's prompt shows as examples: they tell nothing about how it judges others.

A specification can name them (`attributes.examples`). Marked later, they are beside it and identify no version.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, update

from evals_mcp.errors import Conflict
from evals_mcp.models.evaluators import EXAMPLES, example_ids
from evals_mcp.store.database.repository import Repository
from evals_mcp.store.database.tables import versions
from evals_mcp.store.files.versions import Version, version_by_id
from evals_mcp.store.journal.entries import Act, has_request, record, repeated


class JudgeExamples(Repository):
    """Marks examples."""

    def mark(self, version_id: str, ids: Sequence[str], act: Act | None = None) -> list[str]:
        """Replace the marked examples of an evaluator version. Returns them with those that its specification names.

        Ids are of logs or datapoints; unknown ones are kept, too. Raises NotFound.
        """
        marked = sorted(set(ids))
        with self._database.write() as connection:
            version = version_by_id(connection, version_id, ["evaluator"])
            if repeated(connection, act) is None:
                now = self._database.now()
                earlier = version.content.get(EXAMPLES, [])
                before = None if earlier == marked else {"values": {EXAMPLES: earlier}}
                if before is not None:
                    _store(connection, version, marked, now)
                if before is not None or has_request(act):
                    record(connection, act, "mark_examples", version.id, {EXAMPLES: marked}, before, now)
            return example_ids(version.content["spec"], ids)


def undo_examples(connection: Connection, entry: Row[Any], now: datetime) -> None:
    """Mark the examples that were marked before. Raises Conflict, and NotFound for a version that was deleted."""
    version = version_by_id(connection, entry.subject, ["evaluator"])
    if version.content.get(EXAMPLES, []) != entry.result[EXAMPLES]:
        raise Conflict(f"Other examples of `{entry.subject}` were marked since. Undo that first.")
    _store(connection, version, entry.before["values"][EXAMPLES], now)


def _store(connection: Connection, version: Version, ids: list[str], now: datetime) -> None:
    content = {key: value for key, value in version.content.items() if key != EXAMPLES}
    if ids:
        content[EXAMPLES] = ids
    connection.execute(update(versions).where(versions.c.id == version.id).values(content=content, updated_at=now))
