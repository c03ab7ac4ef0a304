"""Versions as API documents, including the parts from other versions. No validation."""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import LABEL_STYLE_TABLENAME_PLUS_COL, Connection, RowMapping, Select, bindparam, func, select

from evals_mcp.models.creators import creator
from evals_mcp.models.evaluators import EXAMPLES
from evals_mcp.store.database.tables import deployments, environments, files, versions
from evals_mcp.store.files.paths import ROOT_ID
from evals_mcp.store.files.templates import input_names

Document = dict[str, Any]

# Almost every request reads versions. To build these statements takes as long as to run them.
_VERSIONS = (
    select(files, versions)
    .join(versions, versions.c.file_id == files.c.id)
    .where(versions.c.id.in_(bindparam("ids", expanding=True)))
    .set_label_style(LABEL_STYLE_TABLENAME_PLUS_COL)
)
_TOTAL_LOGS = (
    select(versions.c.file_id, func.sum(versions.c.logs_count))
    .where(versions.c.file_id.in_(bindparam("ids", expanding=True)))
    .group_by(versions.c.file_id)
)
_DEPLOYMENTS = (
    select(deployments.c.version_id, environments)
    .join(environments, environments.c.id == deployments.c.environment_id)
    .where(deployments.c.version_id.in_(bindparam("ids", expanding=True)))
    .order_by(environments.c.created_at, environments.c.id)
)


def read_documents(connection: Connection, version_ids: Iterable[str]) -> dict[str, Document]:
    """The documents of versions, by version id, also of deleted ones."""
    rows = _rows(connection, version_ids)
    documents = _plain_documents(connection, rows)
    _add_linked_tools(connection, documents)
    _add_monitors(connection, rows, documents)
    return documents


def _rows(connection: Connection, version_ids: Iterable[str]) -> list[RowMapping]:
    wanted = sorted(set(version_ids))
    if not wanted:
        return []
    return list(connection.execute(_VERSIONS, {"ids": wanted}).mappings())


def _plain_documents(connection: Connection, rows: Sequence[RowMapping]) -> dict[str, Document]:
    """The documents with only the data of their own file and version."""
    totals = _total_logs(connection, {row["files_id"] for row in rows})
    deployed = _deployments(connection, [row["versions_id"] for row in rows])
    return {
        row["versions_id"]: _document(row, totals.get(row["files_id"], 0), deployed.get(row["versions_id"], []))
        for row in rows
    }


def _document(row: RowMapping, total_logs: int, in_environments: list[Document]) -> Document:
    kind = row["files_type"]
    content = row["versions_content"]
    document = {
        **{key: value for key, value in content.items() if key != EXAMPLES or kind != "evaluator"},
        "type": kind,
        "id": row["files_id"],
        "path": row["files_path"],
        "name": row["files_name"],
        "directory_id": row["files_directory_id"] or ROOT_ID,
        "description": row["files_description"],
        "readme": row["files_readme"],
        "tags": row["files_tags"],
        "version_id": row["versions_id"],
        "version_name": row["versions_name"],
        "version_description": row["versions_description"],
        "status": "deleted" if row["versions_deleted_at"] else "committed",
        "environments": in_environments,
        "created_at": row["versions_created_at"],
        "updated_at": row["versions_updated_at"],
        "last_used_at": row["versions_last_used_at"],
        "created_by": creator(row["versions_created_by"]),
        "version_logs_count": row["versions_logs_count"],
        "total_logs_count": total_logs,
        "datapoints_count": row["versions_datapoints_count"],
        "inputs": [{"name": name} for name in input_names(content)],
        "evaluators": [],
        "evaluator_aggregates": [],
    }
    if kind == "agent":
        document.setdefault("tools", [])
    if kind == "flow":
        document.setdefault("attributes", {})
    return document


def _total_logs(connection: Connection, file_ids: set[str]) -> dict[str, int]:
    if not file_ids:
        return {}
    return {file_id: int(total) for file_id, total in connection.execute(_TOTAL_LOGS, {"ids": sorted(file_ids)})}


def _deployments(connection: Connection, version_ids: Sequence[str]) -> dict[str, list[Document]]:
    if not version_ids:
        return {}
    found: dict[str, list[Document]] = {}
    for row in connection.execute(_DEPLOYMENTS, {"ids": version_ids}):
        found.setdefault(row.version_id, []).append(
            {"id": row.id, "name": row.name, "tag": row.tag, "created_at": row.created_at}
        )
    return found


def _add_linked_tools(connection: Connection, documents: dict[str, Document]) -> None:
    """Replace the ids of linked tools (or tool versions) with their functions; a tool id means its default version."""
    linking = [document for document in documents.values() if document.get("linked_tools")]
    if not linking:
        return
    wanted = {tool_id for document in linking for tool_id in document["linked_tools"]}
    tools = _tools(connection, wanted)
    for document in linking:
        document["linked_tools"] = [tools[tool_id] for tool_id in document["linked_tools"] if tool_id in tools]


def _tools(connection: Connection, ids: set[str]) -> dict[str, Document]:
    default = environments.c.tag == "default"
    of_version: Select[Any] = select(versions.c.id.label("key"), versions.c.id, versions.c.file_id, versions.c.content)
    of_file = (
        select(deployments.c.file_id.label("key"), versions.c.id, versions.c.file_id, versions.c.content)
        .join(deployments, deployments.c.version_id == versions.c.id)
        .join(environments, environments.c.id == deployments.c.environment_id)
        .where(default, deployments.c.file_id.in_(ids))
    )
    found: dict[str, Document] = {}
    for statement in (of_file, of_version.where(versions.c.id.in_(ids))):
        for row in connection.execute(statement):
            function = row.content.get("function") or {"name": row.file_id, "description": ""}
            found[row.key] = {**function, "id": row.file_id, "version_id": row.id}
    return found


def _add_monitors(connection: Connection, rows: Sequence[RowMapping], documents: dict[str, Document]) -> None:
    """Add the monitoring evaluators of a file, each with its current version."""
    entries = {row["versions_id"]: row["files_extra"].get("evaluators") or [] for row in rows}
    if not any(entries.values()):
        return
    monitoring = _monitoring_versions(connection, [entry for of_file in entries.values() for entry in of_file])
    evaluators = _plain_documents(connection, _rows(connection, [version_id for version_id, _ in monitoring.values()]))
    for version_id, of_file in entries.items():
        documents[version_id]["evaluators"] = [
            _monitor(entry, evaluators[monitoring[key][0]], monitoring[key][1])
            for entry in of_file
            if (key := monitor_key(entry)) in monitoring
        ]


def monitor_key(entry: Document) -> tuple[str, str | None]:
    """The key of a monitoring evaluator: its version id, or its file id and environment id."""
    if entry.get("evaluator_version_id") is not None:
        return entry["evaluator_version_id"], None
    return entry["evaluator_id"], entry["environment_id"]


def _monitoring_versions(
    connection: Connection, entries: Sequence[Document]
) -> dict[tuple[str, str | None], tuple[str, Document | None]]:
    """The current version of each monitoring evaluator, and the environment it comes from, if any."""
    found: dict[tuple[str, str | None], tuple[str, Document | None]] = {}
    for entry in entries:
        key = first, environment_id = monitor_key(entry)
        if environment_id is None:
            found[key] = (first, None)
            continue
        deployed = connection.execute(
            select(environments, deployments.c.version_id)
            .join(deployments, deployments.c.environment_id == environments.c.id)
            .where(deployments.c.file_id == first, environments.c.id == environment_id)
        ).first()
        if deployed is not None:
            environment = {name: getattr(deployed, name) for name in ("id", "name", "tag", "created_at")}
            found[key] = (deployed.version_id, environment)
    return found


def _monitor(entry: Document, evaluator: Document, environment: Document | None) -> Document:
    if environment is None:
        reference: Document = {"type": "version", "version": evaluator}
    else:
        reference = {"type": "environment", "file": evaluator, "environment": environment}
    kept = {name: entry[name] for name in ("state", "created_at", "updated_at")}
    return {"version_reference": reference, "version": evaluator, **kept}
