"""Find the file or folder that a path in a call names, below the folders that may be read."""

import os
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from evals_mcp.answers.frame.figures import listed
from evals_mcp.answers.frame.quoting import Quoted, name
from evals_mcp.errors import Invalid, NotFound
from evals_mcp.lookup.names import nearest, quoted

_LISTED = 8
_DEEPEST = 3
_MOST_NAMES = 2_000
_OF_THE_SYSTEM = tuple(map(Path, ("/dev", "/proc", "/sys")))


class AllowedPath(NamedTuple):
    """A path that may be read, and the allowed folder that it is in or that it is. Neither has links."""

    folder: Path
    path: Path


class _Missing(NamedTuple):
    """A path that was not found, relative to its folder, and whether it may not even be looked for."""

    name: str
    is_hidden: bool


def find_path(word: str, folders: Sequence[Path], advice: Quoted) -> AllowedPath:
    """Find what a path names. A relative one counts from each of the folders. `advice` is how to allow others.

    Links are followed before the path is compared with the folders. Raises Invalid for a path that leads out of them
    or is hidden, whether or not anything is there, and NotFound with the nearest names.
    """
    roots = roots_of(folders)
    missing = None
    for path in _readings(word, folders):
        found = allowed_path(path, roots, or_hidden=True)
        if found is None:
            missing = None
            break
        visible = allowed_path(path, roots)
        if visible is not None and os.path.lexists(visible.path):
            return visible
        missing = missing or _Missing(str(found.path.relative_to(found.folder)), is_hidden=visible is None)
    if missing is None:
        known = listed([name(str(folder)) for folder in folders], _LISTED)
        raise Invalid(f"path: {quoted(word)} leads out of the folders that may be read: {known}. {advice}")
    if missing.is_hidden:
        raise Invalid(f"path: {quoted(word)} is hidden, or in a hidden folder, which the chat does not read.")
    names = [name(found) for root in roots for found in islice(_names_below(root.path), _MOST_NAMES)]
    raise NotFound(
        f"path: there is no {quoted(word)}. {nearest(missing.name, names) if names else _nothing_in(folders)}"
    )


def roots_of(folders: Sequence[Path]) -> list[AllowedPath]:
    """The folders, each as it is written and without links."""
    return [AllowedPath(folder, _without_links(folder)) for folder in folders]


def allowed_path(path: Path, roots: Sequence[AllowedPath], *, or_hidden: bool = False) -> AllowedPath | None:
    """A path without its links if it is below a folder and not hidden there, before and after they are followed.

    `roots` are the folders, as they are written and without links. They may be hidden, because a person chose them.
    """
    is_below = Path.is_relative_to if or_hidden else _is_visible_below
    written = Path(os.path.normpath(path))
    # Following the links of another path could touch a network or a device.
    if not any(is_below(written, form) for root in roots for form in root):
        return None
    whole = _without_links(written)
    if any(whole.is_relative_to(folder) for folder in _OF_THE_SYSTEM):
        return None
    return next((AllowedPath(root.path, whole) for root in roots if is_below(whole, root.path)), None)


def _is_visible_below(path: Path, folder: Path) -> bool:
    return path.is_relative_to(folder) and not any(map(_is_hidden, path.relative_to(folder).parts))


def _is_hidden(name: str) -> bool:
    return name.startswith(".")


def _readings(word: str, folders: Sequence[Path]) -> Iterator[Path]:
    """The paths that a word may mean: `a.csv` and `Downloads/a.csv` are both in the folder Downloads."""
    given = Path(word.strip())
    if given.parts[:1] == ("~",):
        given = Path(os.path.expanduser(given))
    if given.is_absolute() or given.drive or given.root:
        yield given
        return
    for folder in folders:
        yield folder / given
        if given.parts and given.parts[0].casefold() == folder.name.casefold():
            yield folder.joinpath(*given.parts[1:])


def _without_links(path: Path) -> Path:
    return Path(os.path.realpath(path))


def _names_below(folder: Path) -> Iterator[str]:
    """The files and folders down to a depth, hidden ones excluded, as paths relative to the folder."""
    for where, inner, files in os.walk(folder):
        relative = Path(where).relative_to(folder)
        inner[:] = sorted(item for item in inner if not _is_hidden(item))
        yield from (str(relative / item) for item in [*inner, *sorted(files)] if not _is_hidden(item))
        if len(relative.parts) + 1 >= _DEEPEST:
            inner.clear()


def _nothing_in(folders: Sequence[Path]) -> Quoted:
    absent = [folder for folder in folders if not folder.is_dir()]
    if absent:
        return f"The allowed folder {name(str(absent[0]))} does not exist."
    return f"Nothing is in {listed([name(str(folder)) for folder in folders], _LISTED)}."
