"""The columns that name each row's run: one, or several that tell runs apart together, such as model and version."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from evals_mcp.importers.results import as_text
from evals_mcp.importers.tables.cells import column_key, is_empty
from evals_mcp.importers.tables.column_names import NAMES

_LONGEST = 200
_MOST_SETTINGS = 10
_FEW_ROWS = 3
_SETTING = "temperature"


def run_columns(left: Iterable[str], sample: Sequence[Mapping[str, Any]]) -> list[str]:
    """The most telling column of a run's name, and those that tell more runs apart.

    A column of one value alone tells none apart, if there are others. Ids that differ in all rows are those of logs.
    """
    by_key = {column_key(name): name for name in reversed(list(left))}
    found = [by_key[key] for key in NAMES["run"] if key in by_key]
    found = [name for name in found if not _tells_logs(name, sample)]
    differing = [name for name in found if _count([name], sample) > 1]
    chosen: list[str] = []
    for name in differing:
        more = _count([*chosen, name], sample) > _count(chosen, sample)
        if not chosen or (more and _is_short(name, sample)):
            chosen.append(name)
    setting = by_key.get(_SETTING)
    if setting and found and _count([setting], sample) <= _MOST_SETTINGS:
        base = chosen or found[:1]
        if _count([*base, setting], sample) > _count(base, sample):
            chosen = [*base, setting]
    return chosen or found[:1]


def run_label(cells: Mapping[str, Any], columns: Sequence[str]) -> str | None:
    """The name of a row's run: `large v1`, `large temperature=0.7`. None if the row names none."""
    named = [(name, as_text(cells[name])) for name in columns if not is_empty(cells.get(name))]
    parts = [f"{name}={cell}" if len(columns) > 1 and _is_figure(cell) else cell for name, cell in named]
    return " ".join(parts) or None


def _is_figure(cell: str) -> bool:
    return cell.replace(".", "", 1).isdigit()


def _tells_logs(name: str, sample: Sequence[Mapping[str, Any]]) -> bool:
    return column_key(name).endswith("_id") and len(sample) > _FEW_ROWS and _count([name], sample) == len(sample)


def _count(names: Sequence[str], sample: Sequence[Mapping[str, Any]]) -> int:
    return len({tuple(repr(row.get(name)) for name in names) for row in sample})


def _is_short(name: str, sample: Sequence[Mapping[str, Any]]) -> bool:
    return all(len(str(row.get(name))) <= _LONGEST for row in sample)
