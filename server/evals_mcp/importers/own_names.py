"""The names of evaluations whose files name none: those of the folders or files."""

from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path


def own_names(formats: Mapping[Path, str | None], given: Path) -> dict[Path, str]:
    """The name for each file of a given folder, by the formats of those that name no evaluation (None: others).

    It is that of the largest folder in which files of one format alone need a name, else that of the file. Folders of
    the same name go by their paths.
    """
    below: defaultdict[Path, set[str]] = defaultdict(set)
    for path, format in formats.items():
        for folder in path.parents:
            if format is not None:
                below[folder].add(format)
            if folder == given:
                break
    owners = {path: _owner(path, given, below) for path in formats}
    named: defaultdict[str, set[Path]] = defaultdict(set)
    for owner in owners.values():
        named[_name(owner, given)].add(owner)
    return {
        path: name if len(named[name := _name(owner, given)]) == 1 else owner.relative_to(given).as_posix()
        for path, owner in owners.items()
    }


def _owner(path: Path, given: Path, below: Mapping[Path, set[str]]) -> Path:
    """The largest folder of a file that has files of one format, else the file."""
    inner = path.relative_to(given).parts[:-1]
    folders = [given.joinpath(*inner[:depth]) for depth in range(len(inner) + 1)]
    return next((folder for folder in folders if len(below.get(folder, ())) <= 1), path)


def _name(owner: Path, given: Path) -> str:
    if owner == given:
        return given.resolve().name
    return owner.name if owner.is_dir() else owner.stem
