"""What the runs of an evaluation evaluate: their versions' contents, compared. A version's content never changes."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Row, bindparam, select

from evals_mcp.models.run_differences import RunSubject, run_differences
from evals_mcp.models.version_changes import FieldChange, version_changes
from evals_mcp.store.database.tables import files, versions
from evals_mcp.store.revision_cache import RevisionCache

_NAMES = (
    select(versions.c.id, versions.c.name, files.c.path)
    .join(files, files.c.id == versions.c.file_id)
    .where(versions.c.id.in_(bindparam("ids", expanding=True)))
)
_CONTENTS = select(versions.c.id, versions.c.content).where(versions.c.id.in_(bindparam("ids", expanding=True)))


def read_version_names(connection: Connection, run_rows: Sequence[Row[Any]]) -> dict[str, Any]:
    """The name of each version and dataset version of runs, and its file's path, by version id."""
    ids = {id for run in run_rows for id in (run.version_id, run.dataset_version_id) if id is not None}
    return {row.id: row for row in connection.execute(_NAMES, {"ids": sorted(ids)})}


def read_run_differences(
    connection: Connection, cache: RevisionCache, run_rows: Sequence[Row[Any]], named: Mapping[str, Any]
) -> list[list[str]]:
    """What tells the versions of runs (oldest first) apart, if one of them has no name. Reads contents once."""
    if all(named[run.version_id].name for run in run_rows if run.version_id is not None):
        return [[] for _ in run_rows]
    subjects = [_subject(run, named) for run in run_rows]
    return cache.get("run differences", subjects, (), lambda: run_differences(_with_contents(connection, subjects)))


def read_version_changes(
    connection: Connection, cache: RevisionCache, run_rows: Sequence[Row[Any]], characters: int
) -> list[list[FieldChange]]:
    """What changed from the first run to each other one; all lines together have at most so many characters."""
    named = read_version_names(connection, run_rows)
    subjects = [_subject(run, named) for run in run_rows]

    def compute() -> list[list[FieldChange]]:
        before, *others = _with_contents(connection, subjects)
        return [version_changes(before, after, characters // len(others)) for after in others]

    return cache.get("version changes", (subjects, characters), (), compute)


def _subject(run: Row[Any], named: Mapping[str, Any]) -> RunSubject:
    return RunSubject(
        run.version_id,
        None,
        None if run.version_id is None else named[run.version_id].path,
        run.dataset_version_id,
        None if run.dataset_version_id is None else named[run.dataset_version_id].path,
        run.datapoints_count,
    )


def _with_contents(connection: Connection, subjects: Sequence[RunSubject]) -> list[RunSubject]:
    ids = {subject.version_id for subject in subjects if subject.version_id is not None}
    contents = {row.id: row.content for row in connection.execute(_CONTENTS, {"ids": sorted(ids)})}
    return [subject._replace(content=contents.get(subject.version_id)) for subject in subjects]
