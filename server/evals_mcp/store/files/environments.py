"""Environments in the store, and the version of a file deployed to each. No HTTP."""

from sqlalchemy import Connection, delete, select

from evals_mcp.errors import NotFound
from evals_mcp.models.files import FileEnvironmentResponse, FileResponse
from evals_mcp.store.database.repository import Repository
from evals_mcp.store.database.tables import deployments, environments
from evals_mcp.store.files.versions import DEFAULT_TAG, find_file, find_version, read_versions


class Environments(Repository):
    """The workspace's environments. `production` is the default one."""

    def all(self, file_type: str, file_id: str) -> list[FileEnvironmentResponse]:
        """All environments, each with the deployed version of the file, if any. Raises NotFound."""
        with self._database.read() as connection:
            find_file(connection, file_id, types=[file_type])
            of_file = (deployments.c.environment_id == environments.c.id) & (deployments.c.file_id == file_id)
            rows = connection.execute(
                select(environments, deployments.c.version_id)
                .outerjoin(deployments, of_file)
                .order_by(environments.c.created_at, environments.c.id)
            ).all()
            shown = read_versions(connection, [row.version_id for row in rows if row.version_id])
            return [
                FileEnvironmentResponse(
                    id=row.id, name=row.name, tag=row.tag, created_at=row.created_at, file=shown.get(row.version_id)
                )
                for row in rows
            ]

    def deploy(self, file_type: str, file_id: str, environment: str, version_id: str) -> FileResponse:
        """Deploy a version to an environment (id or name). Raises NotFound."""
        with self._database.write() as connection:
            find_file(connection, file_id, types=[file_type])
            version = find_version(connection, version_id=version_id, file_id=file_id)
            environment_id = find_environment(connection, environment)
            _undeploy(connection, file_id, environment_id)
            connection.execute(
                deployments.insert().values(
                    file_id=file_id,
                    environment_id=environment_id,
                    version_id=version.id,
                    created_at=self._database.now(),
                )
            )
            return read_versions(connection, [version.id])[version.id]

    def undeploy(self, file_type: str, file_id: str, environment: str) -> None:
        """Remove a file's deployment from an environment (id or name). Raises NotFound."""
        with self._database.write() as connection:
            find_file(connection, file_id, types=[file_type])
            _undeploy(connection, file_id, find_environment(connection, environment))


def find_environment(connection: Connection, environment: str | None = None) -> str:
    """The id of an environment, by id or name; None means the default one. Raises NotFound."""
    wanted = environments.c.tag == DEFAULT_TAG
    if environment is not None:
        wanted = (environments.c.id == environment) | (environments.c.name == environment)
    found = connection.execute(select(environments.c.id).where(wanted)).scalar()
    if found is None:
        raise NotFound(f"Environment `{environment}` does not exist.")
    return str(found)


def _undeploy(connection: Connection, file_id: str, environment_id: str) -> None:
    deployment = (deployments.c.file_id == file_id, deployments.c.environment_id == environment_id)
    connection.execute(delete(deployments).where(*deployment))
