"""The environment variables of tools. Only this part of the API shows them."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import update

from evals_mcp.errors import NotFound
from evals_mcp.models.tools import EnvironmentVariable
from evals_mcp.store.database.repository import Repository
from evals_mcp.store.database.tables import files
from evals_mcp.store.files.versions import find_file

_KEY = "environment_variables"


class EnvironmentVariables(Repository):
    """Names and values for running a tool's code."""

    def all(self, tool_id: str) -> list[EnvironmentVariable]:
        """All variables of a tool, in the order they were added. Raises NotFound."""
        with self._database.read() as connection:
            return _listed(find_file(connection, tool_id, types=["tool"]).extra)

    def add(self, tool_id: str, variables: Sequence[EnvironmentVariable]) -> list[EnvironmentVariable]:
        """Add or change variables, and return all of them. Raises NotFound."""
        with self._database.write() as connection:
            extra = find_file(connection, tool_id, types=["tool"]).extra
            values = {**extra.get(_KEY, {}), **{variable.name: variable.value for variable in variables}}
            extra = {**extra, _KEY: values}
            connection.execute(update(files).where(files.c.id == tool_id).values(extra=extra))
            return _listed(extra)

    def delete(self, tool_id: str, name: str) -> list[EnvironmentVariable]:
        """Delete a variable, and return the others. Raises NotFound."""
        with self._database.write() as connection:
            extra = find_file(connection, tool_id, types=["tool"]).extra
            values = dict(extra.get(_KEY, {}))
            if values.pop(name, None) is None:
                raise NotFound(f"Tool `{tool_id}` has no environment variable `{name}`.")
            extra = {**extra, _KEY: values}
            connection.execute(update(files).where(files.c.id == tool_id).values(extra=extra))
            return _listed(extra)


def _listed(extra: Mapping[str, Any]) -> list[EnvironmentVariable]:
    return [EnvironmentVariable(name=name, value=value) for name, value in extra.get(_KEY, {}).items()]
