"""Import what the chat may read, in the time that hosts wait for an answer."""

import re
import time
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import anyio.to_thread

from evals_mcp.answers.frame.figures import count
from evals_mcp.answers.frame.quoting import Quoted, quote
from evals_mcp.client.client import EvalsClient
from evals_mcp.errors import Invalid, Unavailable
from evals_mcp.lookup.files import AllowedPath, allowed_path, roots_of
from evals_mcp.mirror.run_reading import Progress
from evals_mcp.models.imports import ImportSummary
from evals_mcp.models.setup import Setup

if TYPE_CHECKING:
    from evals_mcp.importers.importing import Imported

SECONDS = 45.0
"""One host ends a call after 60 seconds, and no setting changes that."""

_LONGEST = 800  # characters of a message about a file
_OPTION = re.compile(r"--([a-z]+)")


class ImportProgress:
    """Passes on how far an import is, and ends one that takes too long. `call` is the call that continues it."""

    def __init__(
        self, host: Progress | None, call: Quoted, setup: Setup, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._host = host
        self._call = call
        self._setup = setup
        self._clock = clock
        self._end = clock() + SECONDS
        self._work = ""
        self._done = 0  # in earlier steps, because a host's progress must increase
        self._count = 0

    async def __call__(self, work: str, amount: int) -> None:
        """Note how much of some work is done. Raises Unavailable when the time is over."""
        if work != self._work:
            self._work, self._done, self._count = work, self._done + self._count, 0
        self._count = max(self._count, amount)
        if self._clock() > self._end:
            raise Unavailable(self._out_of_time())
        if self._host is not None:
            await self._host(self._done + self._count, None, f"{quote(work)}: {count(amount)}")

    @property
    def _is_loading(self) -> bool:
        return self._work.startswith("loading ")

    def _out_of_time(self) -> Quoted:
        late: Quoted = "the import takes longer than a host waits for an answer."
        if self._is_loading:
            return f"{late} {count(self._count, 'record')} were loaded and stay stored. To continue: {self._call}"
        return f"{late} Nothing was stored. {_in_a_terminal(self._setup)}"

    @contextmanager
    def explained(self) -> Generator[None]:
        """Quote errors about files, whose words may come out of them, and say what was stored."""
        from evals_mcp.importers.copies import TooLarge

        try:
            yield
        except Invalid as error:
            words = quote(_OPTION.sub(r"\1", str(error)), _LONGEST)
            stored: Quoted = "Records before it stay stored." if self._is_loading else "Nothing was stored."
            then: Quoted = f" {_in_a_terminal(self._setup)}" if isinstance(error, TooLarge) else ""
            raise Invalid(f"the import failed: {words} {stored}{then}") from error


async def import_allowed(
    client: EvalsClient, found: AllowedPath, folders: Sequence[Path], *, progress: ImportProgress, **options: Any
) -> ImportSummary:
    """Import a file or folder that `find_path` found below the folders. The options are those of `import_files`.

    Raises Invalid with a message that may have words out of the files, and EvalsError.
    """
    from evals_mcp.importers.copies import copy_allowed
    from evals_mcp.importers.importing import import_files

    roots = roots_of(folders)
    skipped: list[tuple[str, str]] = []

    def copy() -> Path:
        return copy_allowed(
            found.path,
            found.folder,
            Path(into),
            lambda file: allowed_path(file, roots),
            lambda file, reason: skipped.append((file, reason)),
        )

    with TemporaryDirectory(prefix="evals-mcp-import-") as into:
        path = await anyio.to_thread.run_sync(copy)
        imported = await import_files(client, [path], progress=progress, **options)
    summary = summary_of(imported)
    summary.skipped[:0] = skipped
    summary.skipped_count += len(skipped)
    return summary


def summary_of(imported: "Imported") -> ImportSummary:
    """What an answer tells of an import."""
    report = imported.report
    return ImportSummary(
        evaluations=imported.evaluations,
        records=imported.records,
        added=imported.added,
        notes=report.notes,
        skipped=[(str(item.location), item.reason) for item in report.skipped],
        skipped_count=report.skipped_count,
    )


def _in_a_terminal(setup: Setup) -> Quoted:
    if setup.in_bundle:
        return "Split the file into smaller ones, and import them into one evaluation."
    return "Import it in a terminal, which has no limit: evals-mcp import PATH."
