"""The evaluators that monitor a file. They are stored but never run."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, select, update

from evals_mcp.errors import NotFound
from evals_mcp.models.files import FileResponse
from evals_mcp.store.database.repository import Repository
from evals_mcp.store.database.tables import environments, files
from evals_mcp.store.files.version_documents import monitor_key
from evals_mcp.store.files.versions import deployed_version, find_file, read_versions, version_by_id

Entry = Mapping[str, Any]


class Monitoring(Repository):
    """Evaluators that monitor files: an entry has `evaluator_version_id`, or `evaluator_id` and `environment_id`."""

    def update(
        self, file_type: str, file_id: str, activate: Sequence[Entry], deactivate: Sequence[Entry]
    ) -> FileResponse:
        """Activate evaluators, then deactivate others. Returns the file's default version, which lists them.

        Raises NotFound for an unknown file, evaluator or environment, and if a deactivated evaluator is not active.
        """
        with self._database.write() as connection:
            now = self._database.now()
            file = find_file(connection, file_id, types=[file_type])
            entries = {monitor_key(entry): entry for entry in file.extra.get("evaluators") or []}
            for state, given in (("active", activate), ("inactive", deactivate)):
                for item in given:
                    key = monitor_key(dict(item))
                    if state == "active":
                        _require(connection, item)
                    elif key not in entries:
                        raise NotFound(f"Evaluator `{key[0]}` does not monitor this file.")
                    created_at = entries.get(key, {}).get("created_at", now.isoformat())
                    entries[key] = {**item, "state": state, "created_at": created_at, "updated_at": now.isoformat()}
            extra = {**file.extra, "evaluators": list(entries.values())}
            connection.execute(update(files).where(files.c.id == file_id).values(extra=extra, updated_at=now))
            version = deployed_version(connection, file_id)
            return read_versions(connection, [version.id])[version.id]


def _require(connection: Connection, entry: Entry) -> None:
    """Raise NotFound unless the evaluator exists and, if an environment is given, is deployed there."""
    if "evaluator_version_id" in entry:
        version_by_id(connection, entry["evaluator_version_id"], ["evaluator"])
        return
    environment_id = entry["environment_id"]
    if connection.execute(select(environments.c.id).where(environments.c.id == environment_id)).first() is None:
        raise NotFound(f"Environment `{environment_id}` does not exist.")
    find_file(connection, entry["evaluator_id"], types=["evaluator"])
    deployed_version(connection, entry["evaluator_id"], environment_id)
