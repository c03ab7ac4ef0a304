"""The folder of an export: refused if it holds something else, and complete or absent."""

import json
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import quote

from evals_mcp.errors import Invalid
from evals_mcp.importers.humanloop_export import MARK
from evals_mcp.models.model import JsonObject


@contextmanager
def new_folder(path: Path, evaluation_id: str) -> Iterator[Path]:
    """A temporary folder that takes a path's place at the end, or is deleted if the export fails.

    Raises Invalid unless the path is free, an empty folder, or an earlier export of the evaluation with nothing else.
    """
    path = path.absolute()
    require_free(path, evaluation_id)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        parts = Path(tempfile.mkdtemp(prefix=f".{path.name}-", suffix=".partial", dir=path.parent))
    except OSError as error:
        raise _not_written(path, error) from None
    try:
        yield parts
        _replace(path, parts, evaluation_id)
    except OSError as error:
        raise _not_written(path, error) from None
    finally:
        shutil.rmtree(parts, ignore_errors=True)


def require_free(path: Path, evaluation_id: str | None = None) -> None:
    """Raise Invalid unless a path is free, an empty folder, or an earlier export with nothing else in it.

    The export is one of the evaluation, if that is known already.
    """
    require_no_link(path)
    if not os.path.exists(path):
        return
    if not os.path.isdir(path):
        raise Invalid(f"{path} is a file. Name a folder with --to, or choose --format csv, jsonl or parquet.")
    _require_own(path, path, evaluation_id)


def require_no_link(path: Path) -> None:
    """Raise Invalid for a link: to write through it, or in its place, would change what nobody named."""
    if path.is_symlink():
        raise Invalid(f"{path} is a link to {os.readlink(path)}. Name what it links to.")


def write_mark(folder: Path, mark: JsonObject) -> None:
    """Write the mark of an export, with the list of its files. Last, because a later export may delete only these."""
    write_json(folder / MARK, {**mark, "files": sorted({MARK, *(file for file, is_file in _below(folder) if is_file)})})


def _require_own(folder: Path, path: Path, evaluation_id: str | None) -> None:
    """Raise Invalid unless a folder, the content of the path, has only what exports of the evaluation wrote."""
    found = dict(_below(folder))
    if not found:
        return
    mark = _read_mark(folder)
    if mark is None:
        raise Invalid(f"{path} is not empty and is no earlier export. Name a new folder.")
    if evaluation_id not in (None, mark.get("evaluation")):
        raise Invalid(f"{path} has the export of another evaluation, {mark.get('evaluation')}. Name a new folder.")
    files = set(map(str, mark["files"]))
    folders = {str(above) for file in files for above in PurePosixPath(file).parents}
    others = [name for name, is_file in found.items() if name not in (files if is_file else folders)]
    if others:
        more = f" and {len(others) - 1:,} more" if len(others) > 1 else ""
        raise Invalid(f"{path} has what no export wrote: {min(others)}{more}. Name a new folder.")


def _read_mark(folder: Path) -> JsonObject | None:
    """The mark of an export that lists its files; None if there is none."""
    try:
        mark = json.loads((folder / MARK).read_bytes())
    except (OSError, ValueError, RecursionError):
        return None
    return mark if isinstance(mark, dict) and isinstance(mark.get("files"), list) else None


def _below(folder: Path) -> Iterator[tuple[str, bool]]:
    """The paths below a folder, and whether each is a file. A link is not followed, and is no file."""
    for above, folders, files in os.walk(folder, onerror=_raise):
        for name in folders + files:
            path = Path(above, name)
            relative = path.relative_to(folder).as_posix()
            yield (f"{relative} (a link)", False) if path.is_symlink() else (relative, name in files)


def _raise(error: OSError) -> None:
    raise error


def _replace(path: Path, parts: Path, evaluation_id: str) -> None:
    parts.chmod(0o755)
    require_no_link(path)
    if not os.path.exists(path):
        parts.rename(path)
        return
    earlier = Path(tempfile.mkdtemp(prefix=f".{path.name}-", suffix=".earlier", dir=path.parent))
    path.rename(earlier / path.name)
    try:
        _require_own(earlier / path.name, path, evaluation_id)
        parts.rename(path)
    except BaseException:
        (earlier / path.name).rename(path)
        earlier.rmdir()
        raise
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
