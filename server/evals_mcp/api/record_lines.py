"""The records of a batch from its lines. Large free fields of logs stay text, and do not count as values."""

from collections.abc import Iterator
from functools import cache
from io import BytesIO
from typing import Any

from fastapi.exceptions import RequestValidationError
from pydantic import TypeAdapter, ValidationError

from evals_mcp.api.wrong_values import told
from evals_mcp.errors import TooManyValues
from evals_mcp.models.evaluation_document import LogRecord, Record
from evals_mcp.models.json_structure import count_values, most_values
from evals_mcp.models.large_json import LARGE_JSON, compact_names, read_large, require_few_values, too_many_values

_LOGGED = ("log", "judgment")


class RecordLines:
    """The lines of a body, which together have at most `most` values; None is no bound."""

    def __init__(self, body: bytes, most: int | None) -> None:
        self._body = body
        self._most = None if most is None or most_values(body) <= most else most

    def records(self) -> Iterator[tuple[int, Record]]:
        """The records of the lines that are not empty, with the positions of these from 0.

        Raises RequestValidationError with the position, and TooManyValues.
        """
        left = self._left_by_small_lines()
        for position, line in enumerate(BytesIO(self._body)):
            if line.isspace():
                continue
            try:
                if len(line) <= LARGE_JSON:
                    yield position, any_record().validate_json(line)
                else:
                    record, values = self._read_large(line, left)
                    left = None if left is None else left - values
                    yield position, record
            except ValidationError as error:
                raise RequestValidationError(told(error, ("body", position))) from None
            except TooManyValues:
                raise too_many_values(count_values(self._body)) from None

    def _left_by_small_lines(self) -> int | None:
        """How many values large lines may have."""
        if self._most is None:
            return None
        count = begin = at = 0
        for line in BytesIO(self._body):
            if len(line) > LARGE_JSON:
                count += count_values(self._body, begin, at)
                begin = at + len(line)
            at += len(line)
        count += count_values(self._body, begin)
        if count > self._most:
            raise too_many_values(count_values(self._body))
        return self._most - count

    def _read_large(self, line: bytes, left: int | None) -> tuple[Record, int]:
        """A record, and how many of its values count."""
        content = read_large(line, compact_names(LogRecord), most=left)
        if isinstance(content, dict) and content.get("record") in _LOGGED:
            return any_record().validate_python(content), _count(content) if left is not None else 0
        del content
        require_few_values(line, left)
        return any_record().validate_json(line), count_values(line) if left is not None else 0


@cache
def any_record() -> TypeAdapter[Record]:
    """Reads a record of any kind."""
    return TypeAdapter(Record)


def _count(content: Any) -> int:
    """How many values JSON content has, those that stay text apart."""
    count, waiting = 0, [content]
    while waiting:
        value = waiting.pop()
        count += 1
        if isinstance(value, dict):
            waiting += value.values()
        elif isinstance(value, list):
            waiting += value
    return count
