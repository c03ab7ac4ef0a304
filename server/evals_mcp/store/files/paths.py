"""Paths of files and directories: cleaned, split and checked; no tables."""

from evals_mcp.errors import Invalid
from evals_mcp.store.database.identity import derived_id

ROOT_ID = derived_id("dir", "root")
"""The id of the root directory, which is in every workspace and has no row."""

_LONGEST_PATH = 500


def clean_path(path: str) -> str:
    """A path without slashes at its ends and without doubled ones; "" is the root."""
    return "/".join(part for part in path.split("/") if part)


def new_path(path: str) -> str:
    """The clean path of something that is to be made or moved there. Raises Invalid (422)."""
    clean = clean_path(path)
    if not clean or len(clean) > _LONGEST_PATH:
        raise Invalid(f"A path has 1 to {_LONGEST_PATH} characters.", ("body", "path"))
    return clean


def new_name(name: str) -> str:
    """The name, if it can be the last part of a path. Raises Invalid (422)."""
    if not name or "/" in name:
        raise Invalid("A name has at least one character and no slash; to move, give a path.", ("body", "name"))
    return name


def split_path(path: str) -> tuple[str, str]:
    """The directory ("" for the root) and the name of a clean path."""
    folder, _, name = path.rpartition("/")
    return folder, name
