"""Import what the chat may read."""

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import anyio.to_thread

from evals_mcp.answers.empty import without_limit
from evals_mcp.answers.frame.figures import count
from evals_mcp.answers.frame.quoting import Quoted, quote
from evals_mcp.client.client import EvalsClient
from evals_mcp.errors import Invalid
from evals_mcp.lookup.background import Report
from evals_mcp.lookup.files import AllowedPath, allowed_path, roots_of
from evals_mcp.models.imports import ImportSummary
from evals_mcp.models.setup import Setup

if TYPE_CHECKING:
    from evals_mcp.importers.importing import Imported

_LONGEST = 800  # characters of a message about a file


class ImportProgress:
    """Passes on how far an import is."""

    def __init__(self, report: Report) -> None:
        self._report = report
        self._work = ""
        self._done = 0  # in earlier steps, because a host's progress must increase
        self._count = 0

    async def __call__(self, work: str, amount: int, total: int | None) -> None:
        """Report how many rows or records of some work are done, and of how many, if that is known."""
        if work != self._work:
            self._work, self._done, self._count = work, self._done + self._count, 0
        self._count = max(self._count, amount)
        whole = None if total is None else self._done + total
        of: Quoted = "" if total is None else f" of {count(total)}"
        await self._report(self._done + self._count, whole, f"{quote(work)}: {count(amount)}{of}")

    @contextmanager
    def explained(self, setup: Setup) -> Generator[None]:
        """Quote errors about files, whose words may come out of them, and say what was stored."""
        from evals_mcp.importers.copies import TooLarge
        from evals_mcp.importers.option_words import in_chat

        try:
            yield
        except Invalid as error:
            words = quote(in_chat(str(error)), _LONGEST)
            loading = self._work.startswith("loading ")
            stored: Quoted = "Records before it stay stored." if loading else "Nothing was stored."
            then: Quoted = f" {without_limit(setup)}" if isinstance(error, TooLarge) else ""
            raise Invalid(f"the import failed: {words} {stored}{then}") from error


async def import_allowed(
    client: EvalsClient, found: AllowedPath, setup: Setup, report: Report, **options: Any
) -> ImportSummary:
    """Import a file or folder that `find_path` found. The options are those of `import_files`. Raises EvalsError."""
    from evals_mcp.importers.copies import Copies
    from evals_mcp.importers.formats import format_of
    from evals_mcp.importers.importing import import_files

    roots = roots_of(setup.import_folders)
    progress = ImportProgress(report)
    with progress.explained(setup), TemporaryDirectory(prefix="evals-mcp-import-") as into:
        copies = Copies(Path(into), lambda file: allowed_path(file, roots))

        def copy() -> Path:
            path = copies.copy(found.path, found.folder)
            if path.is_file() and (format := format_of(path, options["format"])) is not None:
                copies.copy_beside(found.path, path, format.beside(path))
            return path

        path = await anyio.to_thread.run_sync(copy)
        imported = await import_files(client, [path], progress=progress, **options)
    summary = _summary(imported)
    summary.skipped[:0] = copies.skipped
    summary.skipped_count += len(copies.skipped)
    return summary


async def import_sample(client: EvalsClient, report: Report, *, dry_run: bool) -> ImportSummary:
    """Import the sample evaluation. Raises EvalsError."""
    from evals_mcp.importers.importing import import_document
    from evals_mcp.sample.support_bot import read_sample

    records = list(read_sample())
    return _summary(await import_document(client, "sample", records, dry_run=dry_run, progress=ImportProgress(report)))


def _summary(imported: "Imported") -> ImportSummary:
    from evals_mcp.importers.option_words import in_chat

    report = imported.report
    return ImportSummary(
        evaluations=imported.evaluations,
        records=imported.records,
        added=imported.added,
        notes=[in_chat(note) for note in report.notes],
        skipped=[(str(item.location), in_chat(item.reason)) for item in report.skipped],
        skipped_count=report.skipped_count,
    )
