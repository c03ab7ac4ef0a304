"""Read a file of results with the format that it has."""

from pathlib import Path

from evals_mcp.importers.formats import Report, format_of
from evals_mcp.importers.results import Result
from evals_mcp.importers.tables.columns import Chosen


def read_as(name: str, path: Path, **chosen: object) -> tuple[list[Result], Report]:
    """The results of a file, which must have the format `name`, and what the reader says."""
    format, report = format_of(path), Report()
    assert format is not None
    assert format.name == name
    results = list(format.read(path, Chosen(**chosen), report))  # type: ignore[arg-type]
    report.compare()
    return results, report


def skipped(report: Report) -> list[str]:
    """What a reader skipped, in a line each."""
    return [f"{item.location}: {item.reason}" for item in report.skipped]
