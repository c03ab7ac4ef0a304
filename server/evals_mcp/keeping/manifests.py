"""The manifest of a backup from PostgreSQL: what its dumps hold. Reads and writes one JSON file."""

import hashlib
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from evals_mcp.errors import Conflict, Unavailable

NAME = "manifest.json"
_CHUNK = 2**20


class DumpedWorkspace(BaseModel):
    """A workspace in a backup: its schema there, its dump by `pg_dump`, and its rows in the tables of teams.

    `counts` are rows by table, and `control` has rows by table, with the values that the columns store.
    """

    name: str = Field(pattern=r"^[a-z0-9_]{1,40}$")
    db_schema: str = Field(pattern=r"^[a-z0-9_-]{1,63}$")
    dump: str = Field(pattern=r"^[a-z0-9_]{1,40}\.dump$")
    sha256: str
    revision: str
    counts: dict[str, int]
    control: dict[str, list[dict[str, Any]]]


class Manifest(BaseModel):
    """What a backup holds, and what made it.

    `pg_dump` is the major version of the program, and `control_revision` that of the tables of teams.
    """

    model_config = ConfigDict(extra="ignore")

    format: Literal["evals-mcp backup"] = "evals-mcp backup"
    version: int = 1
    made_by: str
    made_at: datetime
    server: str
    pg_dump: int
    control_revision: str
    workspaces: list[DumpedWorkspace]


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Write the manifest of a backup. Raises OSError."""
    path = folder / NAME
    path.write_text(manifest.model_dump_json(indent=1), encoding="utf-8")
    path.chmod(0o600)


def read_manifest(folder: Path) -> Manifest:
    """Read the manifest of a backup. Raises Unavailable for what is none, and Conflict for a newer format."""
    if folder.is_file():
        raise Unavailable(f"{folder} is a file, as a backup of SQLite is: restore it with --database FILE.")
    if not folder.is_dir():
        raise Unavailable(f"There is no backup {folder}. A backup from PostgreSQL is a folder.")
    try:
        manifest = Manifest.model_validate_json((folder / NAME).read_bytes())
    except (OSError, ValidationError) as error:
        inside = max((path.parent for path in folder.glob(f"*/{NAME}")), default=None, key=lambda found: found.name)
        hint = "" if inside is None else f" It has backups: name one, such as {inside}."
        raise Unavailable(f"The folder {folder} is no backup, or its {NAME} is damaged.{hint}") from error
    if manifest.version > 1:
        raise Conflict(f"A newer version of evals-mcp made the backup {folder}. Upgrade evals-mcp, then restore.")
    return manifest


def file_digest(path: Path) -> str:
    """The SHA-256 of a file, in hexadecimal. Raises OSError."""
    found = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            found.update(chunk)
    return found.hexdigest()
