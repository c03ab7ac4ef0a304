"""Which evaluation each result of the files belongs to, and whether it came before."""

from collections import Counter
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, NamedTuple, Self

from pydantic import ValidationError

from evals_mcp.importers.assembly import Assembly
from evals_mcp.importers.column_choices import ColumnChoice
from evals_mcp.importers.contents import content_of
from evals_mcp.importers.formats import Report
from evals_mcp.importers.results import Location, Result, Version

_LONGEST_NAME = 300


class Gathering:
    """The evaluations that files hold, by name. A context manager that removes their temporary file.

    A given name is that of all results. Else results of one test set join the evaluation of the first file that has it,
    and other test sets of that name are told apart by the file. Other results go by the name that their format gives
    the evaluation, or by that of the file or folder. `choice` renames what was read with other columns.
    """

    def __init__(self, evaluation: str | None, choice: ColumnChoice | None = None) -> None:
        self.assemblies: dict[str, Assembly] = {}
        self.evaluation = evaluation
        self._choice = choice if evaluation is None else None
        self._file: IO[bytes] = TemporaryFile()  # noqa: SIM115 - closed by the context manager
        self._names: dict[str, str] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def assembly_of(self, result: Result, own_name: str) -> Assembly:
        """The evaluation of a result; `own_name` is the name of the file or folder that was given."""
        wanted = self.evaluation or self._name_of(result, own_name)
        if wanted not in self.assemblies:
            name = wanted if self._choice is None else self._choice.name(wanted)
            id = None if self._choice is None else self._choice.evaluation_id(name)
            self.assemblies[wanted] = Assembly(name, self._file, id)
        return self.assemblies[wanted]

    def _name_of(self, result: Result, own_name: str) -> str:
        wanted = result.evaluation or own_name
        if result.test_set is None:
            return wanted
        if result.test_set not in self._names:
            names = [wanted, f"{wanted} ({result.location.file})"]
            names += [f"{names[1]} {number}" for number in range(2, len(self._names) + 3)]
            self._names[result.test_set] = next(name for name in names if name not in self._names.values())
        return self._names[result.test_set]


class ResultFile(NamedTuple):
    """A file to read: its name, its folder below an imported one, and what its evaluation and run are called.

    The label is for a run that its format calls like the file. It is None unless such names repeat. Such a run `is_own`
    if other files beside this one differ in their ending only: they would be parts of one run.
    """

    path: Path
    folder: str
    evaluation: str
    label: str | None
    is_own: bool = False


class FileOfResults:
    """Adds the results of one file, without those that came before. `added` counts the others."""

    def __init__(self, gathering: Gathering, report: Report, file: ResultFile) -> None:
        self.added = 0
        self._gathering = gathering
        self._report = report
        self._file = file
        self._repeats: Counter[str] = Counter()

    def add(self, result: Result) -> None:
        """Add a result, or report why not."""
        if self._file.folder:
            result.location = replace(result.location, folder=self._file.folder)
        if result.version == Version(self._file.path.stem):
            result.version = Version(self._file.label or result.version.label)
            if self._file.is_own:
                result.run = replace(result.run, key=result.run.key or self._file.path.name)
        try:
            for score in result.scores:
                _require_name(score.evaluator)
            content = content_of(result)
            assembly = self._gathering.assembly_of(result, self._file.evaluation)
            earlier = assembly.earlier.find(result)
            if earlier is None:
                assembly.add(result, content)
                self.added += not result.not_run
            elif earlier.is_same:
                self._repeats[earlier.file] += 1
            else:
                self._report.skip(result.location, f"{earlier.file} has other content under its id {result.id}")
        except ValidationError as error:
            first = error.errors(include_url=False, include_context=False, include_input=False)[0]
            self._report.skip(result.location, f"{'.'.join(map(str, first['loc']))}: {first['msg']}")
        except (TypeError, ValueError) as error:
            self._report.skip(result.location, str(error))

    def report(self) -> None:
        """Report what came before, and a file without results."""
        for other, count in self._repeats.items():
            reason = f"results that are in {other}, too: {count:,}" if self.added else f"its run is in {other}, too"
            self._report.skip(Location(self._file.path.name, ""), reason)
        if not self.added and not self._repeats:
            self._report.skip(Location(self._file.path.name, ""), "it holds no results")


def _require_name(evaluator: str) -> None:
    if not evaluator.strip() or len(evaluator) > _LONGEST_NAME:
        amount = f"{len(evaluator):,} characters" if evaluator.strip() else "no characters"
        raise ValueError(f"the evaluator's name {evaluator[:20]!r} has {amount}, and may have 1 to {_LONGEST_NAME}")
