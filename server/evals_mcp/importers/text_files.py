"""Text files of any encoding: their beginning, their lines, their JSON."""

import codecs
import json
import re
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from evals_mcp.errors import Invalid
from evals_mcp.importers.results import NoResults

LONGEST_LINE = 64_000_000
"""Characters of the longest line that is read."""

TEXTS = {".csv", ".tsv", ".txt", ".json", ".jsonl", ".ndjson", ".yaml", ".yml"}
"""The endings of text files."""

_LARGEST_JSON = 512_000_000
_HEAD = 65_536
_ESCAPED, _NOT_ASCII = re.compile("[\udc80-\udcff]"), re.compile("[^\x00-\x7f]")
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # begins as that of UTF-16
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


def read_head(path: Path) -> bytes:
    """The first 64 KiB of a file, by which its format is told."""
    with path.open("rb") as file:
        return file.read(_HEAD)


def encoding_of(path: Path) -> str:
    """The encoding of a text file: by its mark, else UTF-8, or Windows-1252 where it is no UTF-8.

    A file that has more characters of UTF-8 than invalid bytes is UTF-8. Raises NoResults for a file that is no text.
    """
    return _inspected(path).encoding


def encoding_note(path: Path) -> str | None:
    """What to know of the encoding of a text file that is not UTF-8, or not valid."""
    found = _inspected(path)
    if found.encoding == "cp1252":
        return f"{path.name} is not UTF-8. It is read as Windows-1252."
    if found.invalid:
        return f"{path.name}: bytes that are not UTF-8, read as \N{REPLACEMENT CHARACTER}: {found.invalid:,}."
    return None


class _Inspected(NamedTuple):
    encoding: str
    invalid: int = 0


def _inspected(path: Path) -> _Inspected:
    about = path.stat()
    return _inspect(path, about.st_size, about.st_mtime_ns)


@lru_cache(maxsize=64)
def _inspect(path: Path, size: int, changed: int) -> _Inspected:
    """Read a file once, however often its encoding is asked. Size and time tell whether it is still the same."""
    with path.open("rb") as file:
        head = file.read(_HEAD)
        for mark, encoding in _MARKS:
            if head.startswith(mark):
                return _Inspected(encoding)
        if b"\x00" in head:
            raise NoResults(f"{path.name} is not a text file.")
        decoder = codecs.getincrementaldecoder("utf-8")("surrogateescape")
        valid = invalid = 0
        while head:
            text = decoder.decode(head)
            if not text.isascii():
                escaped = len(_ESCAPED.findall(text))
                invalid += escaped
                valid += len(_NOT_ASCII.findall(text)) - escaped
            head = file.read(_HEAD)
        invalid += len(_ESCAPED.findall(decoder.decode(b"", final=True)))
    return _Inspected("cp1252") if invalid and invalid >= valid else _Inspected("utf-8", invalid)


def lines_of(path: Path, newline: str = "\n") -> Iterator[tuple[int, str]]:
    """The lines of a text file with their numbers from 1; with an empty `newline` those that CR or LF end, or both.

    Raises Invalid for one that is too long.
    """
    with path.open(encoding=encoding_of(path), errors="replace", newline=newline) as file:
        number = 0
        while line := file.readline(LONGEST_LINE + 1):
            number += 1
            if len(line) > LONGEST_LINE:
                raise Invalid(f"{path.name}, line {number} is longer than {LONGEST_LINE:,} characters.")
            yield number, line


def read_json(path: Path) -> Any:
    """The content of a JSON file. Raises Invalid with the position where it is not JSON."""
    size = path.stat().st_size
    if size > _LARGEST_JSON:
        raise Invalid(f"{path.name} has {size:,} bytes, more than the {_LARGEST_JSON:,} of one JSON document.")
    text = path.read_bytes().decode(encoding_of(path), errors="replace")
    try:
        return decoded(text)
    except json.JSONDecodeError as error:
        raise Invalid(f"{path.name}, line {error.lineno} is not JSON: {error.msg}.") from None
    except RecursionError:
        raise Invalid(f"{path.name} is nested too deep.") from None


def decoded(text: str) -> Any:
    """A JSON value. A number of more digits than Python reads is its text. Raises ValueError and RecursionError."""
    try:
        return json.loads(text)
    except ValueError as error:
        if isinstance(error, json.JSONDecodeError):
            raise
        return json.loads(text, parse_int=_integer)


def _integer(digits: str) -> int | str:
    try:
        return int(digits)
    except ValueError:
        return digits
