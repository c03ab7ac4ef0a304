"""Text files of any encoding: their beginning, their lines, their JSON."""

import codecs
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from evals_mcp.errors import Invalid
from evals_mcp.importers.results import NoResults

LONGEST_LINE = 64_000_000
"""Characters of the longest line that is read."""

_LARGEST_JSON = 512_000_000
_HEAD = 65_536
_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))


def read_head(path: Path) -> bytes:
    """The first 64 KiB of a file, by which its format is told."""
    with path.open("rb") as file:
        return file.read(_HEAD)


def encoding_of(path: Path) -> str:
    """The encoding of a text file: by its mark, else UTF-8, or Windows-1252 where it is no UTF-8.

    Raises Invalid for a file that is no text.
    """
    with path.open("rb") as file:
        head = file.read(_HEAD)
        for mark, encoding in _MARKS:
            if head.startswith(mark):
                return encoding
        if b"\x00" in head:
            raise NoResults(f"{path.name} is not a text file.")
        decoder = codecs.getincrementaldecoder("utf-8")()
        try:
            while head:
                decoder.decode(head)
                head = file.read(_HEAD)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return "cp1252"
    return "utf-8"


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
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise Invalid(f"{path.name}, line {error.lineno} is not JSON: {error.msg}.") from None
    except RecursionError:
        raise Invalid(f"{path.name} is nested too deep.") from None
