"""Deploy the versions of a document to environments."""

from typing import Any

from sqlalchemy import Row, delete, insert, select, update

from evals_mcp.models.evaluation_document import DeploymentRecord
from evals_mcp.store.bulk.batch import Batch, each_record, unknown
from evals_mcp.store.database.tables import deployments, environments, versions
from evals_mcp.store.files.versions import DEFAULT_TAG


@each_record
def write_deployments(batch: Batch, record: DeploymentRecord) -> None:
    """Deploy a version, unless another one is deployed there and the batch does not overwrite."""
    environment_id = _environment(batch, record)
    deployment = (deployments.c.file_id == record.file_id, deployments.c.environment_id == environment_id)
    before = batch.connection.execute(select(deployments).where(*deployment)).first()
    if before is not None and before.version_id == record.version_id:
        return
    if before is not None and not batch.overwrite and not _is_automatic(batch, before):
        return
    if record.version_id is None:
        batch.replaces = before is not None
        batch.connection.execute(delete(deployments).where(*deployment))
        return
    of_file = (versions.c.id == record.version_id, versions.c.file_id == record.file_id)
    if batch.connection.execute(select(versions.c.id).where(*of_file)).first() is None:
        raise unknown("version of this file", record.version_id)
    values = {"version_id": record.version_id, "created_at": record.created_at or batch.now}
    if before is not None:
        batch.replaces = True
        batch.connection.execute(update(deployments).where(*deployment).values(**values))
        return
    keys = {"file_id": record.file_id, "environment_id": environment_id}
    batch.connection.execute(insert(deployments).values(**keys, **values))
    batch.added["deployment"] += 1
    batch.brought["deployments"].append(list(keys.values()))


def _environment(batch: Batch, record: DeploymentRecord) -> str:
    """The environment with this id, else with this name, else the default one if it is that, else a new one.

    A batch that overwrites makes it as old as the record has it, because a new database is younger than what it takes.
    """
    wanted = [environments.c.id == record.environment_id, environments.c.name == record.environment_name]
    if record.environment_tag == DEFAULT_TAG:
        wanted.append(environments.c.tag == DEFAULT_TAG)
    for condition in wanted:
        found = batch.connection.execute(select(environments.c.id, environments.c.created_at).where(condition)).first()
        if found is None:
            continue
        if batch.overwrite and record.environment_created_at and record.environment_created_at < found.created_at:
            older = update(environments).where(environments.c.id == found.id)
            batch.connection.execute(older.values(created_at=record.environment_created_at))
        return str(found.id)
    values: dict[str, Any] = {"id": record.environment_id, "name": record.environment_name, "tag": "other"}
    values["created_at"] = record.environment_created_at or batch.now
    batch.connection.execute(insert(environments).values(**values))
    batch.added["environment"] += 1
    batch.brought["environments"].append(record.environment_id)
    return record.environment_id


def _is_automatic(batch: Batch, deployment: Row[Any]) -> bool:
    """Whether a version was deployed because it was the first one of its file."""
    created_at = select(versions.c.created_at).where(versions.c.id == deployment.version_id)
    return bool(batch.connection.execute(created_at).scalar() == deployment.created_at)
