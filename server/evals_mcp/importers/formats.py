"""The formats that an import reads, told by the content of the files.

Another package adds one by an entry point in the group `evals_mcp.importers`: an object with `name`, `recognises` and
`read`, as `Format` has them.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from importlib.metadata import entry_points
from pathlib import Path
from typing import Protocol

from evals_mcp.errors import Invalid
from evals_mcp.importers.results import Location, Result
from evals_mcp.importers.tables.columns import Chosen
from evals_mcp.models.evaluation_document import Record

_GROUP = "evals_mcp.importers"
_MOST_SKIPPED = 1_000


@dataclass(slots=True)
class Skipped:
    """What did not come in, and why."""

    location: Location
    reason: str


@dataclass(slots=True)
class Report:
    """What readers say of the files: what they skipped, and what a person should know.

    While a file in a folder is read, `file` and `folder` name it, and texts that begin with the file get the folder.
    """

    skipped: list[Skipped] = field(default_factory=list)
    skipped_count: int = 0
    notes: list[str] = field(default_factory=list)
    file: str = ""
    folder: str = ""
    _claims: dict[str, int] = field(default_factory=dict)
    _found: defaultdict[str, set[str]] = field(default_factory=lambda: defaultdict(set))

    def skip(self, location: Location, reason: str) -> None:
        """Report something that is left out. The first 1,000 are kept."""
        self.skipped_count += 1
        if len(self.skipped) < _MOST_SKIPPED:
            folder = location.folder or (self.folder if location.file == self.file else "")
            self.skipped.append(Skipped(replace(location, folder=folder), reason))

    def named(self, text: str) -> str:
        """A text about the file that is read, with its folder."""
        return f"{self.folder}/{text}" if self.folder and text.startswith(self.file) else text

    def note(self, text: str) -> None:
        """Report something else, once."""
        text = self.named(text)
        if text not in self.notes:
            self.notes.append(text)

    def claim(self, what: str, count: int) -> None:
        """Remember how many of something the files claim, such as `output items of run v2`."""
        self._claims.setdefault(what, count)

    def find(self, what: str, id: str) -> None:
        """Remember one of them that is there, in whichever file."""
        self._found[what].add(id)

    def compare(self) -> None:
        """Report the claims that all files together do not hold. Called when all are read."""
        for what, claimed in self._claims.items():
            if (found := len(self._found[what])) != claimed:
                self.note(f"{what}: {claimed:,} reported, {found:,} in the files.")


@dataclass(frozen=True, slots=True)
class Format:
    """A format: its name, whether a file has it, and the results of a file.

    `beside` gives patterns for the names of the files beside a file that are read with it. A format that
    `names_evaluations` has the names of evaluations in its files; those of others go by file or folder.
    """

    name: str
    recognises: Callable[[Path], bool]
    read: Callable[[Path, Chosen, Report], Iterator[Result]]
    beside: Callable[[Path], Sequence[str]] = lambda path: ()
    names_evaluations: bool = False


class FolderDocument(Protocol):
    """A folder that is an evaluation document of its own, with ids that stay."""

    def checked(self) -> Iterator[Record]:
        """All records in any order, to be counted. Reports what is wrong."""
        ...

    def records(self) -> Iterator[Record]:
        """All records, each after those it refers to."""
        ...


@dataclass(frozen=True, slots=True)
class FolderFormat:
    """A format of a whole folder: its name, whether a folder has it, and the document in it."""

    name: str
    recognises: Callable[[Path], bool]
    read: Callable[[Path, Report], FolderDocument]


def folder_formats() -> list[FolderFormat]:
    """All formats of folders."""
    from evals_mcp.importers import humanloop_export

    return [humanloop_export.FORMAT]


def formats() -> list[Format]:
    """All formats, the most telling first; tables last, because most files can be read as one."""
    from evals_mcp.importers import (
        braintrust,
        deepeval,
        inspect_logs,
        langfuse,
        langsmith,
        lm_eval,
        openai_evals,
        openai_platform,
        phoenix,
        promptfoo,
        promptfoo_csv,
    )
    from evals_mcp.importers.tables import results

    added = [point.load() for point in entry_points(group=_GROUP)]
    of_tools = (promptfoo, promptfoo_csv, inspect_logs, lm_eval, openai_evals, openai_platform, deepeval)
    of_experiments = (langsmith, langfuse, phoenix, braintrust)
    own = (*of_tools, *of_experiments, results)
    return [*added, *(module.FORMAT for module in own)]


def format_of(path: Path, name: str | None = None, known: Sequence[Format] | None = None) -> Format | None:
    """The format of a file, or the one with this name. None if no reader knows the file. Raises Invalid.

    `known` are all formats, if the caller has them: to find them takes longer than to read the start of a file.
    """
    known = formats() if known is None else known
    named = [format for format in known if name in (None, format.name)]
    found = next((format for format in named if format.recognises(path)), None)
    if name is None or named:
        return found or (None if name is None else named[0])
    of_folders = [format.name for format in folder_formats()]
    if name in of_folders:
        raise Invalid(f"{path.name} has not the format {name}.")
    names = ", ".join(dict.fromkeys([*of_folders, *(format.name for format in known)]))
    raise Invalid(f"There is no format {name!r}. Formats: {names}.")
