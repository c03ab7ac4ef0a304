"""Logs of v4 projects, in runs or not, and feedback on them."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, Row, select

from evals_mcp.errors import Conflict, Invalid, NotFound
from evals_mcp.store.database.pages import window
from evals_mcp.store.database.repository import Repository
from evals_mcp.store.database.tables import files, logs
from evals_mcp.store.files.files import ensure_file
from evals_mcp.store.files.versions import add_version, deployed_version, newest_version, version_by_id
from evals_mcp.store.logs.filters import LogFilter, count_of_logs
from evals_mcp.store.logs.logs import CreatedLog, LogTarget, create_log, update_log
from evals_mcp.store.logs.responses import read_logs
from evals_mcp.store.v4.projects import find_project
from evals_mcp.store.v4.run_datapoints import RunLog, as_run_judgment


class NewLog(NamedTuple):
    """A log to store: its project (id or path), its config (id, or the type of file and the content), its fields."""

    project_id: str | None
    project: str | None
    config_id: str | None
    config: tuple[str, Mapping[str, Any]] | None
    fields: Mapping[str, Any]


class ProjectLogPage(NamedTuple):
    """A page of logs, and the total number."""

    records: list[RunLog]
    total: int


class ProjectLogs(Repository):
    """Logs of projects. `RunDatapoints` has the logs of an evaluation."""

    def create(self, given: Sequence[NewLog]) -> list[CreatedLog]:
        """Store logs, all or none. A config's content is found or added; without a config, the default one counts.

        Raises NotFound, Invalid, and Conflict for a project without a config or of another type.
        """
        with self._database.write() as connection:
            now = self._database.now()
            created = []
            for log in given:
                version_id = self._version(connection, log)
                file_type = version_by_id(connection, version_id).file_type
                created.append(create_log(connection, file_type, LogTarget(version_id=version_id), log.fields, now))
            return created

    def get(self, log_id: str) -> RunLog:
        """One log with its judgments. Raises NotFound."""
        with self._database.read() as connection:
            return _read(connection, [_find(connection, log_id).number])[0]

    def page(self, project: str, page: int, size: int) -> ProjectLogPage:
        """A page of a project's logs, newest first. Raises NotFound."""
        with self._database.read() as connection:
            file_id = find_project(connection, project).id
            of_file = logs.c.file_id == file_id
            total = connection.execute(count_of_logs(file_id, LogFilter(), [of_file])).scalar_one()
            limit, offset = window(page, size)
            newest = select(logs.c.number).where(of_file).order_by(logs.c.number.desc()).limit(limit).offset(offset)
            return ProjectLogPage(_read(connection, list(connection.execute(newest).scalars())), total)

    def update(self, log_id: str, fields: Mapping[str, Any]) -> RunLog:
        """Change the given fields of a log. Raises NotFound, and Conflict for a complete log of a flow."""
        with self._database.write() as connection:
            row = _find(connection, log_id)
            is_flow = connection.execute(select(files.c.type).where(files.c.id == row.file_id)).scalar() == "flow"
            update_log(connection, row, fields, self._database.now(), final=is_flow)
            return _read(connection, [row.number])[0]

    def change_feedback(self, given: Sequence[tuple[str, Mapping[str, Any], bool]]) -> None:
        """Add feedback to logs, by log id, or take the same back if the last item is true: all or none.

        Raises NotFound.
        """
        with self._database.write() as connection:
            for log_id, feedback, is_unset in given:
                row = _find(connection, log_id)
                known = row.extra.get("feedback") or []
                if is_unset:
                    same = (feedback["type"], feedback["value"])
                    items = [item for item in known if (item["type"], item["value"]) != same]
                else:
                    items = [*known, dict(feedback)]
                update_log(connection, row, {"feedback": items}, self._database.now(), final=False)

    def _version(self, connection: Connection, log: NewLog) -> str:
        if log.config_id is not None:
            version = version_by_id(connection, log.config_id)
            if log.project_id is not None and find_project(connection, log.project_id).id != version.file_id:
                raise Invalid(f"Config `{log.config_id}` is not of project `{log.project_id}`.", ("body", "config_id"))
            return version.id
        if log.project_id is None and log.project is None:
            raise Invalid("Give `project`, `project_id` or `config_id`.", ("body", "project"))
        if log.config is not None:
            file_type, content = log.config
            now = self._database.now()
            file_id = None if log.project_id is None else find_project(connection, log.project_id).id
            file = ensure_file(connection, file_type, file_id, log.project, now)
            return add_version(connection, file, dict(content), now)[0]
        project = log.project_id or log.project or ""
        file = find_project(connection, project)
        if newest_version(connection, file.id) is None:
            raise Conflict(f"Project `{project}` has no config. Register one, or give `config` in the log.")
        return deployed_version(connection, file.id).id


def _find(connection: Connection, log_id: str) -> Row[Any]:
    row = connection.execute(select(logs).where(logs.c.id == log_id)).first()
    if row is None:
        raise NotFound(f"Log `{log_id}` does not exist.")
    return row


def _read(connection: Connection, numbers: Sequence[int]) -> list[RunLog]:
    extras = connection.execute(select(logs.c.number, logs.c.extra, logs.c.judgment).where(logs.c.number.in_(numbers)))
    labels = {row.number: {**row.extra, "judgment": row.judgment} for row in extras}
    return [
        RunLog(log, [as_run_judgment(item) for item in log.evaluator_logs], labels[number])
        for number, log in zip(numbers, read_logs(connection, numbers), strict=True)
    ]
