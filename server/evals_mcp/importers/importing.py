"""Import files into a server: tell their format, read all of them, then load what was read."""

import os
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from evals_mcp.client.client import EvalsClient
from evals_mcp.errors import Invalid
from evals_mcp.importers.assembly import Assembly
from evals_mcp.importers.column_choices import ColumnChoice, evaluations_there
from evals_mcp.importers.contents import equal_files
from evals_mcp.importers.document_counts import counted
from evals_mcp.importers.earlier_imports import EarlierImport
from evals_mcp.importers.formats import FolderFormat, Format, Report, folder_formats, format_of, formats
from evals_mcp.importers.gathering import FileOfResults, Gathering, ResultFile
from evals_mcp.importers.loader import Loaded, load_document, stream
from evals_mcp.importers.option_words import quoted_value
from evals_mcp.importers.own_names import own_names
from evals_mcp.importers.results import Location, NoResults, Result
from evals_mcp.importers.sibling_folders import (
    first_datapoints,
    likeness,
    of_one_stem,
    own_labels,
    separated,
    told_apart,
    unrelated,
)
from evals_mcp.importers.single_writes import COUNTED
from evals_mcp.importers.tables import results as table
from evals_mcp.importers.tables.columns import Chosen
from evals_mcp.importers.tables.score_columns import has_only_marks, score_directions, scores_of_people
from evals_mcp.importers.text_files import TEXTS, encoding_note
from evals_mcp.models.evaluation_document import Record
from evals_mcp.models.imports import ImportedEvaluation

_RESULTS_A_REPORT = 500
_FEW = 3
_LONGEST_REASON = 200

_LOADED = ("datapoint", "log", "judgment")

Progress = Callable[[str, int, int | None], Awaitable[None]]
"""Called now and then with what is done (`reading results.csv`, `loading Support`), how many rows or records of it, and
of how many, if that is known."""


@dataclass(slots=True)
class Imported:
    """What came in: by evaluation as the files hold it, all records by kind, and the new ones in the database."""

    files: list[tuple[str, str]] = field(default_factory=list)
    evaluations: list[ImportedEvaluation] = field(default_factory=list)
    records: Counter[str] = field(default_factory=Counter)
    added: Counter[str] = field(default_factory=Counter)
    report: Report = field(default_factory=Report)


async def import_files(
    client: EvalsClient,
    paths: Sequence[Path],
    *,
    evaluation: str | None = None,
    format: str | None = None,
    chosen: Chosen | None = None,
    dry_run: bool = False,
    progress: Progress | None = None,
) -> Imported:
    """Import files and folders. All are read before anything is stored.

    Without a name, an evaluation is called like the file or folder (see `own_names`), unless the format names it.
    Loading the same again adds nothing. Raises Invalid with the file and the position in it, and EvalsError.
    """
    imported = Imported()
    exports = _exports(paths, format)
    documents = []
    for path, folder_format in exports:
        imported.files.append((path.name, folder_format.name))
        document = folder_format.read(path, imported.report)
        held = counted(document.checked())
        documents.append((path.name, document, _records_of(held)))
        imported.evaluations += held
    there = {} if evaluation else await evaluations_there(client, must_answer=not dry_run)
    choice = ColumnChoice(chosen or Chosen(), there)
    with Gathering(evaluation, choice) as gathering:
        of_folders = format in {known.name for known in folder_formats()}
        files = [] if exports and of_folders else _files(paths, (folder for folder, _ in exports))
        await _read_all(list(files), format, chosen or Chosen(), imported, gathering, progress)
        imported.report.compare()
        assemblies = [assembly for assembly in gathering.assemblies.values() if assembly.logs_count]
        if not exports and not assemblies:
            raise Invalid(f"Nothing to import: {_why(imported.report) or 'the files hold no results'}.")
        named = {name for assembly in assemblies for name in assembly.evaluator_names}
        marked = (chosen or Chosen()).scores
        typed = any(not has_only_marks(text) for text in marked)
        for name in sorted((score_directions(marked).keys() | scores_of_people(marked)) - named):
            why = f" As others are named with a type, name it so, too, such as {name}:number." if typed else ""
            imported.report.note(
                f"No score is called {name}, so what is said of it is not used: {_few(sorted(named))}.{why}"
            )
        for assembly in assemblies:
            imported.evaluations.append(_described(assembly))
            _tell(assembly, imported.report)
        imported.report.notes += choice.notes()
        if not dry_run:
            for name, document, total in documents:
                await _load(client, name, document.records(), imported, progress, total)
            for assembly in assemblies:
                await _load_assembly(client, assembly, imported, progress)
    return imported


async def import_document(
    client: EvalsClient, name: str, records: Sequence[Record], *, dry_run: bool, progress: Progress | None = None
) -> Imported:
    """Import an evaluation document. Raises EvalsError."""
    imported = Imported(evaluations=counted(records))
    if not dry_run:
        await _load(client, name, records, imported, progress, _records_of(imported.evaluations))
    return imported


async def _read_all(
    files: Sequence[tuple[Path, Path | None]],
    format: str | None,
    chosen: Chosen,
    imported: Imported,
    gathering: Gathering,
    progress: Progress | None,
) -> None:
    all_formats, report = formats(), imported.report
    known: dict[Path, Format | None] = {path: format_of(path, format, all_formats) for path, _ in files}
    paths = {path: path.name if given is None else path.relative_to(given).as_posix() for path, given in files}
    folders = {path: name.rpartition("/")[0] for path, name in told_apart(paths).items()}
    names = _evaluations_of(files, known, chosen, report, named=gathering.evaluation)
    labels, alike = own_labels(names), of_one_stem(names)
    for path, found in known.items():
        report.file, report.folder = path.name, folders[path]
        if found is None:
            report.skip(Location(path.name, ""), "no known format")
            continue
        file = ResultFile(path, folders[path], names[path], labels.get(path), path in alike)
        try:
            await _read(file, found, chosen, gathering, report, progress)
        except NoResults as error:
            if len(files) == 1:
                raise
            report.skip(Location(path.name, ""), str(error).removeprefix(path.name).strip(" ."))
        except Invalid as error:
            raise type(error)(report.named(str(error)), error.location) from error
        else:
            imported.files.append((paths[path], found.name))
    report.file = report.folder = ""


def _evaluations_of(
    files: Sequence[tuple[Path, Path | None]],
    known: Mapping[Path, Format | None],
    chosen: Chosen,
    report: Report,
    *,
    named: str | None,
) -> dict[Path, str]:
    """What the evaluation of each file is called, if its format does not name it."""
    if named is not None:
        return dict.fromkeys(known, named)
    nameless = {path: found for path, found in known.items() if found is not None and not found.names_evaluations}
    names = {path: path.stem for path in known}
    for given in dict.fromkeys(given for _, given in files if given is not None):
        inside = {path: nameless[path].name if path in nameless else None for path in known if given in path.parents}
        names |= own_names(inside, given)

    def datapoints(path: Path) -> set[bytes]:
        try:
            return first_datapoints(_results(path, nameless[path], chosen, Report()))
        except Invalid:  # which the import itself raises, or skips the file
            return set()

    apart = separated({path: names[path] for path in nameless}, datapoints)
    for name in dict.fromkeys(names[path] for path in apart if apart[path] != names[path]):
        others = dict.fromkeys(apart[path] for path in apart if names[path] == name)
        report.note(
            f"The folders of {name} have different datapoints, so they are evaluations of their own: "
            f"{_few(list(others))}. To import them as one, name it with --evaluation."
        )
    names |= apart
    tables = {path: names[path] for path, found in nameless.items() if found.name == table.FORMAT.name}
    unlike = unrelated(tables, lambda path: likeness(_results(path, nameless[path], chosen, Report())))
    for name in dict.fromkeys(names[path] for path in unlike):
        report.note(
            f"Files of {name} have neither datapoints nor columns in common, so they are evaluations of their own. "
            "To import them as one, name it with --evaluation."
        )
    return names | unlike


def _exports(paths: Sequence[Path], name: str | None) -> list[tuple[Path, FolderFormat]]:
    """The folders at or below the paths that are evaluation documents of their own."""
    known = [format for format in folder_formats() if name in (None, format.name)]
    exports: dict[Path, FolderFormat] = {}
    for path in filter(os.path.isdir, paths):
        for folder in [path, *sorted(below for below in path.rglob("*/"))]:
            found = next((format for format in known if format.recognises(folder)), None)
            if found is not None and exports.keys().isdisjoint(folder.parents):
                exports.setdefault(folder, found)
    return list(exports.items())


def _files(paths: Sequence[Path], exports: Iterable[Path]) -> Iterator[tuple[Path, Path | None]]:
    """The files to read, each with the given folder that holds it, if any."""
    left_out = set(exports)
    for path in paths:
        if os.path.isdir(path):
            files = sorted(file for file in path.rglob("*") if file.is_file() and not _is_hidden(file, path))
            yield from ((file, path) for file in files if left_out.isdisjoint(file.parents))
        elif os.path.isfile(path):
            yield path, None
        else:
            raise Invalid(f"There is no file or folder {str(path)!r}.")


def _is_hidden(file: Path, folder: Path) -> bool:
    return any(part.startswith(".") for part in file.relative_to(folder).parts)


async def _read(
    file: ResultFile,
    format: Format,
    chosen: Chosen,
    gathering: Gathering,
    report: Report,
    progress: Progress | None,
) -> None:
    path, held = file.path, FileOfResults(gathering, report, file)
    directions, people = score_directions(chosen.scores), scores_of_people(chosen.scores)
    for number, result in enumerate(_results(path, format, chosen, report), 1):
        for score in result.scores:
            score.higher_is_better = directions.get(score.evaluator, score.higher_is_better)
            if score.evaluator in people:
                score.kind = "human"
        held.add(result)
        if progress is not None and number % _RESULTS_A_REPORT == 0:
            await progress(f"reading {path.name}", number, None)
    held.report()
    if path.suffix.lower() in TEXTS and (note := encoding_note(path)) is not None:
        report.note(note)


def _results(path: Path, format: Format, chosen: Chosen, report: Report) -> Iterator[Result]:
    """The results of a file. Raises Invalid also where a reader meets what its format does not have."""
    last = "the start"
    try:
        for result in format.read(path, chosen, report):
            yield result
            last = result.location.at or last
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        what = f"{type(error).__name__}: {str(error).splitlines()[0][:_LONGEST_REASON]}" if str(error) else ""
        raise Invalid(f"{path.name} is not as {format.name} writes it, after {last} ({what}).") from error


def _tell(assembly: Assembly, report: Report) -> None:
    """Report what an evaluation calls otherwise than its files, and ids that stand for several datapoints."""
    for given, name in assembly.evaluator_names.items():
        if name != given:
            report.note(f"The evaluator {given} is called {name} here, where a slash separates folders.")
    if ids := list(assembly.ambiguous_ids):
        report.note(
            f"{assembly.evaluation}: ids of several datapoints, because inputs or targets differ ({len(ids):,}): "
            f"{_few(ids)}."
        )
    for files, labels in equal_files(assembly.outputs).items():
        report.note(
            f"The same outputs for the same datapoints are in {', '.join(files)} (runs: {_few(labels)}). "
            "If they hold the same results in several formats, import one of them alone."
        )
    if names := assembly.undirected:
        options = " ".join(f"--score {quoted_value(f'{name}:higher')}" for name in names[:_FEW])
        report.note(
            f"Not set whether higher is better, so never better or worse: {_few(names)}. If it is, import again with "
            f"--evaluation NEW {options}, else with :lower."
        )


def _few(names: Sequence[str]) -> str:
    return ", ".join(names[:_FEW]) + (", \N{HORIZONTAL ELLIPSIS}" if len(names) > _FEW else "")


def _described(assembly: Assembly) -> ImportedEvaluation:
    return ImportedEvaluation(
        assembly.evaluation,
        assembly.run_labels,
        assembly.datapoints_count,
        assembly.logs_count,
        assembly.errors_count,
        assembly.judgment_states,
    )


async def _load_assembly(
    client: EvalsClient, assembly: Assembly, imported: Imported, progress: Progress | None
) -> None:
    earlier = await EarlierImport.read(client, assembly.evaluation, assembly.evaluation_id)
    document = earlier.watched(assembly.records())
    try:
        total = _records_of([_described(assembly)])
        loaded = await _load(client, assembly.evaluation, document, imported, progress, total)
    except Invalid as error:
        match error.location:
            case ("document", int() as position, *_):
                said = str(error).removeprefix(f"Record {position} of the document: ")
                raise Invalid(f"{assembly.location_of(position)}: {said}", error.location) from error
        raise
    for note in earlier.notes(loaded, assembly.run_labels):
        imported.report.note(note)


async def _load(
    client: EvalsClient,
    name: str,
    document: Iterable[Record],
    imported: Imported,
    progress: Progress | None,
    total: int,
) -> Loaded:
    async def tell(loaded: Loaded) -> None:
        if progress is not None:
            done = sum(loaded.records[kind] for kind in _LOADED)
            await progress(f"loading {name}", done, max(done, total))

    loaded = await load_document(client, stream(document), progress=tell)
    counted = {kind: n for kind, n in loaded.records.items() if client.extended or kind in COUNTED}
    imported.records.update(counted)
    imported.added.update(loaded.added)
    return loaded


def _records_of(evaluations: Iterable[ImportedEvaluation]) -> int:
    """The datapoints, logs and judgments of evaluations: most of their records."""
    return sum(item.datapoints + item.logs + item.judgments.total() for item in evaluations)


def _why(report: Report) -> str:
    return "; ".join(f"{skipped.location}: {skipped.reason}" for skipped in report.skipped[:5])
