"""What a server writes to stderr: a line for each request and each other record, plain or as JSON."""

import contextlib
import json
import logging
import re
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from evals_mcp.request_ids import current_request_id
from evals_mcp.serving.sparing_logs import sparing_logs
from evals_mcp.store.teams.keys import without_keys

if TYPE_CHECKING:
    from evals_mcp.api.middleware.request_log import AnsweredRequest

_PLAIN = "%(asctime)s %(levelname)s %(message)s"
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_PASSWORD = re.compile(r"(://[^/\s:@]*:)[^@\s]+@")


class PlainLines(logging.Formatter):
    """A record as one line, whatever text of others is in it; a traceback follows. Neither has a key or a password."""

    def format(self, record: logging.LogRecord) -> str:
        """The line, and the traceback."""
        return str(_without_secrets(super().format(record)))

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 (a name of logging)
        """The line. Control characters are written as in a literal of Python."""
        record.message = _CONTROL.sub(lambda found: ascii(found[0])[1:-1], record.message.rstrip("\n"))
        return super().formatMessage(record)


class JsonLines(logging.Formatter):
    """A record as one line of JSON, with its traceback, and without keys and passwords."""

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        named = {"logger": record.name, "message": record.getMessage(), "request_id": current_request_id()}
        if record.exc_info:
            named["exception"] = self.formatException(record.exc_info)
        return json_line(datetime.fromtimestamp(record.created, UTC), record.levelname, named)


def json_line(time: datetime, level: str, named: dict[str, Any]) -> str:
    """One line of JSON in ASCII: a control character, a line break or a secret is not in it. None is left out."""
    shown = {name: _without_secrets(value) for name, value in named.items() if value is not None}
    moment = time.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return json.dumps({"time": moment, "level": level, **shown})


def _without_secrets(value: Any) -> Any:
    return _PASSWORD.sub(r"\1***@", without_keys(value)) if isinstance(value, str) else value


class ServerLog:
    """The log of a server: plain lines, or one JSON object in each."""

    def __init__(self, format: str) -> None:
        self._is_json = format == "json"

    def say(self, sentence: str) -> None:
        """Write what the server says of itself."""
        _write(json_line(datetime.now(UTC), "INFO", {"message": sentence}) if self._is_json else sentence)

    def request(self, answered: "AnsweredRequest") -> None:
        """Write the line of a request."""
        _write(_json_request(answered) if self._is_json else answered.line())

    @contextlib.contextmanager
    def records(self) -> Iterator[None]:
        """Write the records of this process's loggers, one of a kind in a minute."""
        logging.basicConfig(stream=sys.stderr, level=logging.WARNING, format=_PLAIN)
        before = [(handler, handler.formatter) for handler in logging.getLogger().handlers]
        for handler, _ in before:
            handler.setFormatter(JsonLines() if self._is_json else PlainLines(_PLAIN))
        try:
            with sparing_logs():
                yield
        finally:
            for handler, formatter in before:
                handler.setFormatter(formatter)


def _json_request(answered: "AnsweredRequest") -> str:
    status = answered.status
    level = "INFO" if status is None or status < 500 else "ERROR"
    named = {
        "message": "request",
        "request_id": answered.request_id,
        "client": answered.client,
        "key_id": answered.key_id,
        "method": answered.method,
        "path": answered.path,
        "status": status,
        "duration_ms": round(answered.seconds * 1000, 1),
        "tool": answered.tool,
        "outcome": answered.outcome,
    }
    return json_line(datetime.now(UTC), level, named)


def _write(line: str) -> None:
    """Write a line, unless its disk is full or its reader is gone: what is served matters more than its log."""
    with contextlib.suppress(OSError, ValueError):
        sys.stderr.write(line + "\n")
        sys.stderr.flush()
