"""Backups in a folder: each has a name with its time, and the newest stay."""

import os
import re
import shutil
from datetime import datetime
from pathlib import Path

from evals_mcp.errors import Invalid
from evals_mcp.keeping.manifests import NAME


def dated_path(folder: Path, stem: str, now: datetime, ending: str = "") -> Path:
    """Where a backup made now goes in a folder."""
    return folder / f"{stem}-{now:%Y%m%dT%H%M%SZ}{ending}"


def require_keep(keep: int | None, to: Path) -> None:
    """Raise Invalid unless so many backups can be kept: one or more, in a folder that is there and holds them."""
    if keep is not None and (keep < 1 or not holds_backups(to)):
        raise Invalid("--keep takes a number from 1, and an existing folder for the backups.")


def holds_backups(path: Path) -> bool:
    """Whether a path is a folder for backups, and no backup itself."""
    return path.is_dir() and not os.path.lexists(path / NAME)


def delete_older(folder: Path, stem: str, keep: int, ending: str = "") -> list[Path]:
    """Delete all but the newest dated backups of a name. What has another name stays, and so does a foreign folder.

    Returns those that were deleted. Raises OSError.
    """
    dated = re.compile(rf"{re.escape(stem)}-\d{{8}}T\d{{6}}Z{re.escape(ending)}")
    found = sorted(path for path in folder.iterdir() if dated.fullmatch(path.name) and not holds_backups(path))
    older = found[: max(len(found) - keep, 0)]
    for path in older:
        shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
    return older
