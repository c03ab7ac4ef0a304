"""Paths of files and directories: clean, split and check them. No tables."""

from evals_mcp.errors import Invalid
from evals_mcp.models.ids import derived_id

ROOT_ID = derived_id("dir", "root")
"""The id of the root directory. Each workspace has one, without a row."""

_LONGEST_PATH = 500


def clean_path(path: str) -> str:
    """A path without leading, trailing and doubled slashes. "" is the root."""
    return "/".join(part for part in path.split("/") if part)


def new_path(path: str) -> str:
    """The clean path for something new or moved. Raises Invalid (422)."""
    clean = clean_path(path)
    if not clean or len(clean) > _LONGEST_PATH:
        raise Invalid(f"A path must have 1 to {_LONGEST_PATH} characters.", ("body", "path"))
    return clean


def new_name(name: str) -> str:
    """The name, checked as the last part of a path. Raises Invalid (422)."""
    if not name or "/" in name:
        raise Invalid("A name must have at least one character and no slash. To move, give a path.", ("body", "name"))
    return name


def split_path(path: str) -> tuple[str, str]:
    """Split a clean path into its directory ("" for the root) and name."""
    folder, _, name = path.rpartition("/")
    return folder, name
