"""The folder of an export: refused if it holds something else, and complete or absent."""

import json
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

from evals_mcp.errors import Invalid
from evals_mcp.importers.humanloop_export import MARK


@contextmanager
def new_folder(path: Path) -> Iterator[Path]:
    """A temporary folder that takes a path's place at the end, or is deleted if the export fails.

    Raises Invalid unless the path is free, an empty folder, or an earlier export of ours.
    """
    path = path.absolute()
    require_free(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        parts = Path(tempfile.mkdtemp(prefix=f".{path.name}-", suffix=".partial", dir=path.parent))
    except OSError as error:
        raise _not_written(path, error) from None
    try:
        yield parts
        _replace(path, parts)
    except OSError as error:
        raise _not_written(path, error) from None
    finally:
        shutil.rmtree(parts, ignore_errors=True)


def require_free(path: Path) -> None:
    """Raise Invalid unless a path is free, an empty folder, or an earlier export of ours."""
    if not os.path.exists(path):
        return
    if not os.path.isdir(path):
        raise Invalid(f"{path} is a file. Name a folder with --to, or choose --format csv, jsonl or parquet.")
    if any(path.iterdir()) and not (path / MARK).is_file():
        raise Invalid(f"{path} is not empty and is no earlier export. Name a new folder.")


def _replace(path: Path, parts: Path) -> None:
    parts.chmod(0o755)
    if not os.path.exists(path):
        parts.rename(path)
        return
    earlier = Path(tempfile.mkdtemp(prefix=f".{path.name}-", suffix=".earlier", dir=path.parent))
    path.rename(earlier / path.name)
    try:
        parts.rename(path)
    except OSError:
        (earlier / path.name).rename(path)
        raise
    finally:
        shutil.rmtree(earlier, ignore_errors=True)


def write_json(path: Path, content: Any) -> None:
    """Write a JSON file, with the folders that lead to it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content, ensure_ascii=False, indent=2), encoding="utf-8")


def file_name(id: Any) -> str:
    """An id as a name that stays inside its folder on every system."""
    quoted = quote(str(id), safe=" ()+,=@[]")[:200] or "_"
    return quoted if quoted[0] != "." else f"%2E{quoted[1:]}"


class LineFiles:
    """Appends JSON lines to `1.jsonl`, `2.jsonl`, … in a folder, a thousand to each."""

    _LINES = 1_000

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._count = 0

    def write(self, items: list[Mapping[str, Any]] | list[Any]) -> None:
        """Append items, in order."""
        while items:
            number, used = divmod(self._count, self._LINES)
            some, items = items[: self._LINES - used], items[self._LINES - used :]
            self._folder.mkdir(parents=True, exist_ok=True)
            with (self._folder / f"{number + 1}.jsonl").open("a", encoding="utf-8") as file:
                file.writelines(json.dumps(item, ensure_ascii=False) + "\n" for item in some)
            self._count += len(some)


def _not_written(path: Path, error: OSError) -> Invalid:
    return Invalid(f"{path} cannot be written: {error.strerror}.")
