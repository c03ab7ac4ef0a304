"""Folders whose files would share an evaluation: they stay apart if they have different datapoints."""

import os
from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import NamedTuple, TypeVar

from evals_mcp.errors import Invalid
from evals_mcp.importers.results import Result, fingerprint

_FIRST_RESULTS = 500
Key = TypeVar("Key", bound=Hashable)

Datapoints = Callable[[Path], set[bytes]]
"""Gives the digests of a file's first datapoints."""


class _Group(NamedTuple):
    """Folders that share datapoints: the evaluation that they would be in, its largest folder, and theirs."""

    evaluation: str
    top: Path
    home: Path
    folders: set[Path]


def separated(names: Mapping[Path, str], datapoints: Datapoints) -> dict[Path, str]:
    """The evaluations of files, so that folders without a common datapoint do not share one.

    Such folders give their evaluations their names, or their paths if names repeat.
    """
    by_name: defaultdict[str, list[Path]] = defaultdict(list)
    for path, name in names.items():
        by_name[name].append(path)
    groups = [group for name, paths in by_name.items() for group in _groups(name, paths, datapoints)]
    taken = Counter([*(group.home.name for group in groups), *by_name])
    changed: dict[Path, str] = {}
    for group in groups:
        inner = group.home.relative_to(group.top).as_posix()
        if group.home == group.top:
            alone = [other.home for other in groups].count(group.top) == 1
            folder = min(group.folders).relative_to(group.top).as_posix()
            name = group.evaluation if alone or group.top in group.folders else f"{group.evaluation} ({folder})"
        else:
            name = group.home.name if taken[group.home.name] == 1 else inner
        of_group = (path for path in by_name[group.evaluation] if path.parent in group.folders)
        changed.update(dict.fromkeys(of_group, name))
    return dict(names) | changed


def _groups(name: str, paths: Sequence[Path], datapoints: Datapoints) -> list[_Group]:
    """The folders of an evaluation's files by what they share; none if they all share datapoints."""
    if len({path.parent for path in paths}) == 1:
        return []
    held: defaultdict[Path, set[bytes]] = defaultdict(set)
    for path in paths:
        held[path.parent] |= datapoints(path)
    groups = connected(held)
    if len(groups) < 2:
        return []
    top = _common(held)
    return [_Group(name, top, _common(folders), folders) for folders in groups]


def connected(held: Mapping[Key, set[bytes]]) -> list[set[Key]]:
    """What shares datapoints, directly or through others. Without datapoints it is left out."""
    groups: list[tuple[set[Key], set[bytes]]] = []
    for key, digests in held.items():
        near = [group for group in groups if not group[1].isdisjoint(digests)]
        merged = ({key}.union(*(group[0] for group in near)), digests.union(*(group[1] for group in near)))
        groups = [*(group for group in groups if group not in near), *([merged] if digests else [])]
    return [keys for keys, _ in groups]


def first_datapoints(results: Iterable[Result]) -> set[bytes]:
    """Digests of the datapoints of the first 500 results. Raises what the reader raises."""
    cases = (result.case for result in islice(results, _FIRST_RESULTS))
    return {fingerprint(repr((case.id, case.inputs, case.messages, case.target))) for case in cases}


def likeness(results: Iterable[Result]) -> set[bytes]:
    """Digests of the first datapoints, and of the names of their inputs and judgments.

    Empty for a file that cannot be read.
    """
    try:
        first = list(islice(results, _FIRST_RESULTS))
    except Invalid:  # which the import itself raises, or skips the file
        return set()
    shapes = {
        repr((sorted(result.case.inputs), sorted(score.evaluator for score in result.scores))) for result in first
    }
    return first_datapoints(first) | set(map(fingerprint, shapes))


def unrelated(names: Mapping[Path, str], likeness: Datapoints) -> dict[Path, str]:
    """The evaluations of files that would share one, though they are not alike. Each is called like its first file.

    Files that cannot be read, and evaluations of files that are all alike, are left out.
    """
    changed: dict[Path, str] = {}
    for name in dict.fromkeys(names.values()):
        paths = [path for path, other in names.items() if other == name]
        groups = connected({path: likeness(path) for path in paths}) if len(paths) > 1 else []
        own = told_apart({min(group): min(group).stem for group in groups if len(groups) > 1})
        for group in groups if len(groups) > 1 else ():
            changed |= dict.fromkeys(group, own[min(group)])
    return changed


def _common(folders: Iterable[Path]) -> Path:
    return Path(os.path.commonpath(list(folders)))


def own_labels(names: Mapping[Path, str]) -> dict[Path, str]:
    """What to call runs that formats call like their files, for files of one name in folders of one evaluation."""
    labels: dict[Path, str] = {}
    for evaluation in dict.fromkeys(names.values()):
        bare = {path: path.with_suffix("") for path, name in names.items() if name == evaluation}
        counts = Counter(path.name for path in set(bare.values()))
        told = told_apart({path: path.name for path in bare.values() if counts[path.name] > 1})
        labels |= {path: told[without] for path, without in bare.items() if without in told}
    return labels


def of_one_stem(names: Mapping[Path, str]) -> set[Path]:
    """The files of an evaluation that have others beside them which differ in their ending only."""
    stems = Counter((name, path.with_suffix("")) for path, name in names.items())
    return {path for path, name in names.items() if stems[name, path.with_suffix("")] > 1}


def told_apart(names: Mapping[Path, str]) -> dict[Path, str]:
    """The names of files; those that repeat with as many of their folders as tell them apart."""
    told = dict(names)
    while repeated := {name for name, count in Counter(told.values()).items() if count > 1}:
        told |= {path: _with_folder(path, name) for path, name in told.items() if name in repeated}
    return told


def _with_folder(path: Path, name: str) -> str:
    """The name with one more folder of the path."""
    folders = path.absolute().parts[: -1 - name.count("/")]
    return f"{folders[-1]}/{name}"
