"""Backups in a folder: each has a name with its time, and the newest stay."""

import os
import re
import shutil
from collections.abc import Callable
from datetime import datetime
from itertools import count
from pathlib import Path
from typing import TypeVar

from evals_mcp.errors import Conflict, Invalid
from evals_mcp.keeping.manifests import NAME

T = TypeVar("T")


def write_dated(write: Callable[[Path], T], folder: Path, stem: str, now: datetime, ending: str = "") -> tuple[Path, T]:
    """Write a backup made now into a folder, under the first free name: two of one second have different ones.

    `write` raises Conflict for a path that something has, and changes nothing. Raises what it raises else.
    """
    for number in count(1):
        path = dated_path(folder, stem, now, ending, number)
        try:
            return path, write(path)
        except Conflict:
            if not os.path.lexists(path):
                raise
    raise AssertionError


def dated_path(folder: Path, stem: str, now: datetime, ending: str = "", number: int = 1) -> Path:
    """Where a backup made now goes in a folder: the n-th of its second."""
    return folder / f"{stem}-{now:%Y%m%dT%H%M%SZ}{f'-{number}' if number > 1 else ''}{ending}"


def require_keep(keep: int | None, to: Path) -> None:
    """Raise Invalid unless so many backups can be kept: one or more, in a folder that is there and holds them."""
    if keep is not None and (keep < 1 or not holds_backups(to)):
        raise Invalid("--keep takes a number from 1, and an existing folder for the backups.")


def holds_backups(path: Path) -> bool:
    """Whether a path is a folder for backups, and no backup itself."""
    return path.is_dir() and not os.path.lexists(path / NAME)


def delete_older(made: Path, stem: str, keep: int, ending: str = "") -> list[Path]:
    """Delete all but the newest dated backups of a name. What has another name stays, and so does a foreign folder.

    The one that was just `made` is the newest, whatever the clock said when others were.

    Returns those that were deleted. Raises OSError.
    """
    dated = re.compile(rf"{re.escape(stem)}-(\d{{8}}T\d{{6}}Z)(?:-(\d+))?{re.escape(ending)}")
    others = ((path, dated.fullmatch(path.name)) for path in made.parent.iterdir() if path != made)
    times = {path: (match[1], int(match[2] or 1)) for path, match in others if match and not holds_backups(path)}
    found = sorted(times, key=times.__getitem__)
    older = found[: max(len(found) - keep + 1, 0)]
    for path in older:
        shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
    return older
