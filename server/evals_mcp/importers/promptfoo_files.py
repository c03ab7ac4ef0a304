"""The evaluations in files of promptfoo: JSON, YAML, a result on each line, and its SQLite database."""

import json
import re
import shutil
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from evals_mcp.errors import Invalid
from evals_mcp.importers.formats import Report
from evals_mcp.importers.results import Location, NoResults, as_object
from evals_mcp.importers.text_files import lines_of, read_head, read_json
from evals_mcp.importers.yaml_files import read_yaml

Item = Mapping[str, Any]
"""A result as promptfoo has it."""

VERSIONS = (2, 3)
_JSON = re.compile(rb'(\xef\xbb\xbf)?\s*\{\s*("evalId"|"results"\s*:\s*\{\s*"version"\s*:)')
_YAML = re.compile(rb"(\xef\xbb\xbf)?(evalId:|results:\s+version:)")
_LINE = re.compile(rb'(\xef\xbb\xbf)?\s*\{(?=[^\n]*"provider":)(?=[^\n]*"prompt":\{"raw":)(?=[^\n]*"vars":)')
_DATABASE = b"SQLite format 3\x00"
_COLUMNS = {
    "id": "id",
    "provider": "provider",
    "prompt": "prompt",
    "testCase": "test_case",
    "response": "response",
    "gradingResult": "grading_result",
    "error": "error",
    "failureReason": "failure_reason",
    "success": "success",
    "score": "score",
    "latencyMs": "latency_ms",
    "cost": "cost",
}
_IN_JSON = ("provider", "prompt", "testCase", "response", "gradingResult")


@dataclass(frozen=True, slots=True)
class Evaluation:
    """One evaluation: its id if the file has it, and its description, else another name of it.

    `prompts` are its providers and prompts with their totals. `results` reads its results with their positions, each
    time from the start.
    """

    id: str
    name: str
    prompts: list[Item]
    results: Callable[[], Iterator[tuple[str, Item]]]


def holds_evaluations(path: Path) -> bool:
    """Whether a file is one of promptfoo."""
    head = read_head(path)
    match path.suffix.lower():
        case ".json":
            return _JSON.match(head) is not None
        case ".yaml" | ".yml":
            return _YAML.match(head) is not None
        case ".jsonl":
            return _LINE.match(head) is not None
        case _:
            return head.startswith(_DATABASE) and _has_tables(path)


@contextmanager
def open_evaluations(path: Path, report: Report) -> Iterator[Iterator[Evaluation]]:
    """The evaluations of a file, one by one. Raises Invalid, also while they are read."""
    match path.suffix.lower():
        case ".jsonl":
            require_no_whole_file(path)
            yield iter([Evaluation("", path.stem, [], lambda: _lines(path))])
        case ".json" | ".yaml" | ".yml" as ending:
            content = read_json(path) if ending == ".json" else read_yaml(path)
            yield iter([_document(content, path, report)])
        case _:
            with _open_database(path) as database:
                yield _in_database(database, path, report)


def require_no_whole_file(path: Path) -> None:
    """Raise NoResults for a file with less of an evaluation than the JSON or YAML of the same name beside it."""
    for other in (path.with_suffix(ending) for ending in (".json", ".yaml", ".yml")):
        if other.is_file() and holds_evaluations(other):
            raise NoResults(f"{path.name} has less of the results than {other.name} beside it. Import that one.")


def _lines(path: Path) -> Iterator[tuple[str, Item]]:
    for number, line in lines_of(path):
        if not line.strip():
            continue
        try:
            item = json.loads(line)
        except (ValueError, RecursionError):
            raise Invalid(f"{path.name}, line {number} is not JSON.") from None
        yield f"line {number}", as_object(item)


def _document(content: Any, path: Path, report: Report) -> Evaluation:
    whole = as_object(content)
    results = as_object(whole.get("results"))
    outputs = results.get("results")
    if not isinstance(outputs, list):
        raise Invalid(f"{path.name} holds no results of promptfoo.")
    if results.get("version") not in VERSIONS:
        report.note(f"{path.name} has results of version {results.get('version')}; versions 2 and 3 are known.")
    items = [(f"result {number}", item) for number, item in enumerate(outputs, 1) if isinstance(item, dict)]
    if len(items) < len(outputs):
        report.skip(Location(path.name, "results"), f"{len(outputs) - len(items)} results are no objects")
    description = as_object(whole.get("config")).get("description")
    table = as_object(as_object(results.get("table")).get("head"))  # where version 2 has the prompts
    prompts = _objects(results.get("prompts") or table.get("prompts"))
    return Evaluation(str(whole.get("evalId") or ""), str(description or path.stem), prompts, lambda: iter(items))


@contextmanager
def _open_database(path: Path) -> Iterator[sqlite3.Connection]:
    """Open a database without writing to it. One with a write-ahead log, which has its newest rows, is copied."""
    log = path.with_name(f"{path.name}-wal")
    with TemporaryDirectory() as folder:
        address = f"{path.resolve().as_uri()}?mode=ro&immutable=1"
        if log.exists() and log.stat().st_size:
            for file in (path, log):
                shutil.copyfile(file, Path(folder, file.name))
            address = Path(folder, path.name).as_uri()
        try:
            with closing(sqlite3.connect(address, uri=True)) as database:
                database.row_factory = sqlite3.Row
                yield database
        except sqlite3.Error as error:
            raise Invalid(f"{path.name} is not a readable database of promptfoo: {error}.") from None


def _has_tables(path: Path) -> bool:
    try:
        with _open_database(path) as database:
            names = {row["name"] for row in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    except Invalid:
        return False
    return {"evals", "eval_results"} <= names


def _in_database(database: sqlite3.Connection, path: Path, report: Report) -> Iterator[Evaluation]:
    """The evaluations, oldest first. Early releases kept the results of one in its own row."""
    for row in database.execute("SELECT id, description FROM evals ORDER BY created_at, id").fetchall():
        id, name = row["id"], row["description"] or row["id"]
        count = "SELECT count(*) FROM eval_results WHERE eval_id = ?"
        if database.execute(count, (id,)).fetchone()[0]:
            yield Evaluation(id, name, _prompts(database, id, path), lambda id=id: _rows(database, id, path))  # type: ignore[misc]
            continue
        (results,) = database.execute("SELECT results FROM evals WHERE id = ?", (id,)).fetchone()
        items = as_object(_value(results, f"{path.name}, eval {id}")).get("results")
        if isinstance(items, list) and items:
            found = [(f"eval {id}, result {number}", as_object(item)) for number, item in enumerate(items, 1)]
            prompts = _prompts(database, id, path)
            yield Evaluation(id, name, prompts, lambda found=found: iter(found))  # type: ignore[misc]
        else:
            report.skip(Location(path.name, f"eval {id}"), "it has no results")


def _prompts(database: sqlite3.Connection, id: str, path: Path) -> list[Item]:
    row = database.execute("SELECT * FROM evals WHERE id = ?", (id,)).fetchone()
    return _objects(_value(row["prompts"], f"{path.name}, eval {id}")) if "prompts" in set(row.keys()) else []


def _objects(values: Any) -> list[Item]:
    return [value for value in values if isinstance(value, dict)] if isinstance(values, list) else []


def _rows(database: sqlite3.Connection, id: str, path: Path) -> Iterator[tuple[str, Item]]:
    statement = "SELECT * FROM eval_results WHERE eval_id = ? ORDER BY test_idx, prompt_idx, id"
    for row in database.execute(statement, (id,)):
        at = f"eval {id}, result {row['id']}"
        held = set(row.keys())
        item = {name: row[column] for name, column in _COLUMNS.items() if column in held}
        item |= {name: _value(item.get(name), f"{path.name}, {at}") for name in _IN_JSON}
        item["vars"] = as_object(item["testCase"]).get("vars")
        item["success"] = bool(item["success"])
        yield at, item


def _value(text: Any, at: str) -> Any:
    if not isinstance(text, str | bytes):
        return text
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        raise Invalid(f"{at} is not JSON.") from None
