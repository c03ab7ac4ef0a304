"""A host's first messages and their answers, which a file holds as the server gave them.

Only what is well-formed and well-known is answered here. The server gets all other messages, and the first one again.
"""

import json
from collections.abc import Mapping

from evals_mcp.handshake.capabilities import features_of, is_client

TYPE_CHECKING = False  # typing takes longer to import than all else here
if TYPE_CHECKING:
    from typing import Any

    from evals_mcp.handshake.settings import EarlySettings

REPLAYED_ID = "evals-mcp: the first request again"
"""The id of the host's first request when the server gets it: nobody must see the second answer to it."""

PLACEHOLDER = 12_345
"""The default budget in the recorded lists of tools."""

_META = "io.modelcontextprotocol/"
_VERSION, _CAPABILITIES, _CLIENT = f"{_META}protocolVersion", f"{_META}clientCapabilities", f"{_META}clientInfo"
_FORWARDED = frozenset(("notifications/initialized", "notifications/cancelled"))
_LONGEST_ID = 200


class Recorded:
    """The answers in the file: `results`, and which of them answers what (`index`, by the words of `key`)."""

    def __init__(self, content: "Mapping[str, Any]") -> None:
        self.legacy: list[str] = content["legacy"]
        self.modern: list[str] = content["modern"]
        self._index: dict[str, int] = content["index"]
        self._results: list[dict[str, Any]] = content["results"]

    def result(self, key: str) -> "dict[str, Any]":
        """The result that the file has for a key. Raises LookupError if it has none."""
        result = self._results[self._index[key]]
        if not isinstance(result, dict):
            raise LookupError(key)
        return result


def key(method: str, era: str, features: str, *, read_only: bool) -> str:
    """What a recorded answer depends on. `era` is `legacy` or a version without a handshake."""
    return " ".join((method, era, "reads" if read_only else "writes", features)).rstrip()


class Handshake:
    """Answers the lines of one host, from the first one on.

    `waiting` are the lines that the server must read, in order, when it takes over. `listed` says that the host has
    got the tools, `unanswered` that it waits for an answer that is not in the file, `is_lost` that all that follows is
    for the server.
    """

    def __init__(self, recorded: Recorded, settings: "EarlySettings") -> None:
        self.waiting: list[bytes] = []
        self.listed = False
        self.unanswered = False
        self._recorded = recorded
        self._settings = settings
        self._era: str | None = None
        self._features = ""
        self.is_lost = False

    def take(self, line: bytes) -> bytes:
        """The answer to a line without its end, as a line; empty if there is none, or the server must give it."""
        message = _message(line)
        if message is not None and not self.is_lost:
            if self._era is not None and "id" not in message and message["method"] in _FORWARDED:
                self.waiting.append(line)
                return b""
            try:
                result = self._result(message) if "id" in message else None
            except (LookupError, TypeError):  # the file is not of this version, or half of it is lost
                self.is_lost, result = True, None
            if result is not None:
                return _line({"jsonrpc": "2.0", "id": message["id"], "result": result})
        self.waiting.append(line)
        self.unanswered = True
        # The server may read it as the opening of another connection.
        self.is_lost |= self._era is None or message is None or message["method"] == "initialize"
        return b""

    def give_up(self) -> None:
        """Answer nothing more: the bytes that follow are no lines as we read them."""
        self.is_lost = self.unanswered = True

    def _result(self, message: "dict[str, Any]") -> "dict[str, Any] | None":
        params = message.get("params", {})
        if not isinstance(params, dict):
            return None
        if message["method"] == "initialize":
            return self._initialized(message, params)
        meta = params.get("_meta", {})
        if not isinstance(meta, dict) or not _is_plain_token(meta) or params.keys() - {"_meta"}:
            return None
        if _VERSION in meta:
            return self._modern(message, meta)
        return self._legacy(message["method"]) if meta.keys() <= {"progressToken"} else None

    def _initialized(self, message: "dict[str, Any]", params: "dict[str, Any]") -> "dict[str, Any] | None":
        version = params.get("protocolVersion")
        features = features_of(params.get("capabilities"))
        is_plain = params.keys() <= {"protocolVersion", "capabilities", "clientInfo"} and isinstance(version, str)
        if self._era is not None or not is_plain or features is None or not is_client(params.get("clientInfo")):
            return None
        result = self._recorded.result(key("initialize", "legacy", features, read_only=self._settings.read_only))
        legacy = self._recorded.legacy
        answer = {**result, "protocolVersion": version if version in legacy else legacy[-1]}
        self._open("legacy", message)
        self._features = features
        return answer

    def _legacy(self, method: str) -> "dict[str, Any] | None":
        if self._era != "legacy":
            return None
        if method == "ping":
            return {}
        return self._tools("legacy", self._features) if method == "tools/list" else None

    def _modern(self, message: "dict[str, Any]", meta: "dict[str, Any]") -> "dict[str, Any] | None":
        version, method = meta[_VERSION], message["method"]
        features = features_of(meta.get(_CAPABILITIES))
        is_plain = meta.keys() <= {_VERSION, _CAPABILITIES, _CLIENT, "progressToken"} and features is not None
        if not is_plain or version not in self._recorded.modern or self._era not in (None, version):
            return None
        if _CLIENT in meta and not is_client(meta[_CLIENT]):
            return None
        if method == "tools/list":
            result = self._tools(version, features or "")
        elif method == "server/discover":
            result = self._recorded.result(key(method, version, features or "", read_only=self._settings.read_only))
        else:
            return None
        if self._era is None and result is not None:
            self._open(version, {**message, "method": "server/discover"})
        return result

    def _tools(self, era: str, features: str) -> "dict[str, Any] | None":
        if self._settings.max_tokens is None:
            return None
        result = self._recorded.result(key("tools/list", era, features, read_only=self._settings.read_only))
        listed = _with_budget(result, self._settings.max_tokens)
        self.listed = True
        return listed

    def _open(self, era: str, message: "dict[str, Any]") -> None:
        self._era = era
        self.waiting.append(_line({**message, "id": REPLAYED_ID})[:-1])


def _message(line: bytes) -> "dict[str, Any] | None":
    """A line as a request or a notification; None for all that one could read in more than one way."""
    if b"\\ud" in line.lower() or b"\r" in line[:-1]:
        return None
    try:
        message = json.loads(line.decode(), parse_constant=_refuse)
    except (ValueError, RecursionError):
        return None
    if not isinstance(message, dict) or message.keys() - {"jsonrpc", "id", "method", "params"}:
        return None
    number = message.get("id", 0)
    is_id = (isinstance(number, str) and len(number) < _LONGEST_ID) or (type(number) is int and abs(number) < 2**53)
    is_plain = message.get("jsonrpc") == "2.0" and isinstance(message.get("method"), str) and is_id
    return message if is_plain else None


def _is_plain_token(meta: "dict[str, Any]") -> bool:
    token = meta.get("progressToken", 0)
    return isinstance(token, str) or (type(token) is int and abs(token) < 2**53)


def _with_budget(result: "dict[str, Any]", max_tokens: int) -> "dict[str, Any]":
    text = json.dumps(result, ensure_ascii=False)
    text = text.replace(f"{PLACEHOLDER:,}", f"{max_tokens:,}").replace(f": {PLACEHOLDER}", f": {max_tokens}")
    filled: dict[str, Any] = json.loads(text)
    return filled


def _line(message: "dict[str, Any]") -> bytes:
    return json.dumps(message, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def _refuse(constant: str) -> None:
    raise ValueError(constant)
