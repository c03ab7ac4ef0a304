"""Turn error answers and network failures into exceptions whose messages are safe to show. Nothing is sent here.

`where` starts a sentence and names the server without credentials: "The server at api.example.com".
"""

import re
from collections.abc import Callable, Iterable
from typing import Any, Literal

from pydantic_core import from_json

from evals_mcp.errors import Conflict, EvalsError, Invalid, NotFound, Unauthorized, Unavailable

Trouble = Literal["settings", "connect", "certificate", "proxy", "timeout", "cut"]
"""Why there is no answer. Only with the last two may something have been sent."""

_LONGEST_MESSAGE = 500
_MOST_ENTRIES = 5
_LONGEST_PATH = 80

_ERRORS: dict[int, type[EvalsError]] = {
    400: Invalid,
    401: Unauthorized,
    403: Unauthorized,
    404: NotFound,
    409: Conflict,
    410: NotFound,
    413: Invalid,
    414: Invalid,
    422: Invalid,
    431: Invalid,
}
"""The class for each status; Unavailable for all others."""

_TROUBLES: dict[Trouble, str] = {
    "settings": "cannot be used: the proxy or certificate settings in the environment do not work.",
    "connect": "cannot be reached: the connection failed. Check that it is running, and check the base URL.",
    "certificate": "has a TLS certificate that is not trusted. Check the base URL. If an authority of your own signed "
    "it, set SSL_CERT_FILE to the file with that authority's certificate.",
    "proxy": "cannot be reached through the proxy. Check the proxy settings.",
    "timeout": "did not answer in time. Try again later, or request less.",
    "cut": "closed the connection before its answer was complete, or does not speak HTTP. "
    "Try again, or check the base URL.",
}

_DEFAULTS = {
    401: "The API key is missing or wrong.",
    403: "The API key does not allow this.",
    405: "The server does not support this call. Check the base URL.",
    429: "Too many requests. Try again later.",
}

_INTERNALS = re.compile(
    r"Traceback \(most recent|\bFile \"[^\"]*\", line \d|\bat [^\s(]{1,200} ?\([^\s()]{0,200}:\d+\)|\[SQL:"
    r"|\b(sqlalchemy|psycopg2?|sqlite3|asyncpg)\.|\b(Operational|Programming|Integrity|Interface|Database)Error\b"
)
"""Signs of server internals, which do not help a user and may reveal too much."""


def answer_failure(
    status: int,
    content: bytes,
    where: str,
    *,
    secrets: Iterable[str] = (),
    trusted: bool = False,
    retry_after: float | None = None,
    key_advice: str = "",
    in_process: bool = False,
) -> EvalsError:
    """The error for an answer with a status outside 200–299; `trusted` if its text is meant for users.

    `key_advice` is a sentence that tells how to set the API key. If the server is `in_process`, who asks knows of no
    other server, and a text that is meant for them says all.
    """

    def clean(text: str) -> str:
        return _clean(text, secrets, trusted)

    text, location = _detail(_json(content), clean)
    text = clean(text)
    kind = _ERRORS.get(status, Unavailable)
    if kind is NotFound and text in ("", "Not Found"):
        text = f"{where} has nothing at this address. Check the base URL."
    elif kind in (Unauthorized, Unavailable) and not (trusted and text and (in_process or _says_all(status, kind))):
        text = _refusal(status, text, where, retry_after, key_advice if status == 401 else "")
    elif not text:
        plain = " If it serves TLS, begin its address with https://." if status == 400 else ""
        text = f"{where} refused the request ({status}) without a reason.{plain}"
    message = _shortened(text)
    error = Invalid(message, location) if kind is Invalid else kind(message)
    error.status = status
    return error


def network_failure(trouble: Trouble, where: str, changing: bool) -> Unavailable:
    """The error for a missing answer; `changing` if the request may have changed something."""
    message = f"{where} {_TROUBLES[trouble]}"
    if changing and trouble in ("timeout", "cut"):
        message += " The change may have succeeded: check before you repeat it."
    return Unavailable(message)


def not_the_api(where: str) -> Unavailable:
    """The error for an answer that does not have the API's shape."""
    return Unavailable(f"{where} did not answer like the Evaluations API. Check the base URL.")


def not_finite(where: str) -> Unavailable:
    """The error for an answer with NaN or an infinite number."""
    return Unavailable(f"{where} sent NaN or an infinite number, so no figure can be computed.")


def _says_all(status: int, kind: type[EvalsError]) -> bool:
    """Whether a text of our server needs no name of it: a limit is the workspace's, a database that is away is its."""
    return kind is Unavailable and status != 503


def _refusal(status: int, text: str, where: str, retry_after: float | None, advice: str) -> str:
    if 300 <= status < 400:
        return f"{where} redirects to another address. Set the base URL to that one (often https, not http)."
    text = text or _DEFAULTS.get(status, "Try again later, or check the server.")
    then = f" {advice}" if advice else ""
    if retry_after is not None:
        then += f" Wait {retry_after:.0f} s before you retry."
    room = _LONGEST_MESSAGE - len(where) - len(then) - len(" answered 000: ")
    return f"{where} answered {status}: {_shortened(text, max(room, 100))}{then}"


def _json(content: bytes) -> Any:
    try:
        return from_json(content)
    except ValueError:
        return None


def _detail(body: Any, clean: Callable[[str], str]) -> tuple[str, tuple[str | int, ...]]:
    detail = body.get("detail") if isinstance(body, dict) else None
    if isinstance(detail, list):
        return _entries(detail, clean)
    if isinstance(detail, dict):
        texts = (detail.get(key) for key in ("description", "msg", "message"))
        detail = next((text for text in texts if isinstance(text, str) and text), "")
    return (detail, ()) if isinstance(detail, str) else ("", ())


def _entries(entries: list[Any], clean: Callable[[str], str]) -> tuple[str, tuple[str | int, ...]]:
    found = [
        (_location(entry, clean), clean(entry["msg"]))
        for entry in entries
        if isinstance(entry, dict) and isinstance(entry.get("msg"), str)
    ]
    lines = []
    for location, text in found[:_MOST_ENTRIES]:
        path = ".".join(str(step) for step in location)[:_LONGEST_PATH]
        if location == ("header", "Idempotency-Key"):  # the words name it, as tools do
            path = ""
        lines.append(f"{path}: {text}" if path else text)
    if len(found) > _MOST_ENTRIES:
        lines.append(f"and {len(found) - _MOST_ENTRIES} more")
    return "; ".join(lines), found[0][0] if found else ()


def _location(entry: dict[str, Any], clean: Callable[[str], str]) -> tuple[str | int, ...]:
    steps = entry.get("loc")
    if not isinstance(steps, list):
        return ()
    return tuple(clean(str(step)) if isinstance(step, str) else step for step in steps if _is_step(step))


def _is_step(step: Any) -> bool:
    return isinstance(step, str) or (isinstance(step, int) and abs(step) < 2**63)


def _clean(text: str, secrets: Iterable[str], trusted: bool) -> str:
    """A server's text without control characters and secrets; empty if it reveals internals."""
    text = " ".join("".join(char if char.isprintable() else " " for char in text).split())
    for secret in secrets:
        text = text.replace(secret, "***")
    return "" if not trusted and _INTERNALS.search(text) else text


def _shortened(text: str, longest: int = _LONGEST_MESSAGE) -> str:
    return text if len(text) <= longest else text[: longest - 1] + "…"
