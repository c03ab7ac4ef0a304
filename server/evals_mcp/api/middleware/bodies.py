"""Checks every request before a handler sees it: size, path, and text that storage cannot hold."""

import json
import logging
import math
import re
import tempfile
import time
from collections.abc import Iterator
from io import BytesIO
from typing import Any

from anyio import to_thread
from starlette.datastructures import Headers
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from evals_mcp.api.middleware.large_bodies import (
    LARGE_BODY,
    BodiesInFlightError,
    BodyNotKeptError,
    BodyTooLargeError,
    ClientGoneError,
    LargeBodies,
)
from evals_mcp.api.middleware.nesting import is_deeper_than
from evals_mcp.errors import TooManyValues
from evals_mcp.models.json_structure import outside_texts
from evals_mcp.models.json_values import DEEPEST_JSON, MANY_VALUES, MOST_VALUES, NDJSON
from evals_mcp.models.large_json import require_few_lines, require_few_values
from evals_mcp.variables import LARGEST_BODY

_LONE_ESCAPE = re.compile(
    rb"\\u(?:0000|[dD][89abAB][0-9a-fA-F]{2}(?!\\u[dD][c-fC-F])|(?<!\\u[dD][89abAB][0-9a-fA-F]{2}\\u)[dD][c-fC-F])"
)
_SUSPECT_NUMBER = re.compile(rb"\d(?:[eE]\+?\d{3}|\d{199})")
_DIGITS_ALIKE = bytes.maketrans(b"123456789E", b"000000000e")
_MANY_DIGITS = b"0" * 200
_BUSY = {"detail": "The server is receiving as many large bodies as it can hold. Send yours again in a few seconds."}
_NO_ROOM = {
    "detail": "The server has no room for a large body. Nothing was written. Send it again later, or tell whoever runs "
    "the server: its log says why."
}
FRESH = 0.5
"""Seconds. Who was let in longer ago, when the body is here, has to be let in again before anything is done with it."""

_log = logging.getLogger(__name__)


class BodyGuard:
    """Refuses requests that no handler should see. The caller can repeat a corrected request.

    A body takes its time, and a key may end meanwhile: then `let_in` of the request's state says what refuses it.
    Large `bodies` take turns with those of other applications that have the same; if the only caller `is_embedded` in
    this process, they take none, and may have any number of values. An application that `checks_texts` itself gets
    every body that has not too many bytes or values.
    """

    def __init__(
        self,
        app: ASGIApp,
        largest_body: int = LARGEST_BODY,
        *,
        bodies: LargeBodies | None = None,
        is_embedded: bool = False,
        checks_texts: bool = False,
    ) -> None:
        self._app = app
        self._checks_texts = checks_texts
        self._largest_body = largest_body
        self._most_values = None if is_embedded else MOST_VALUES
        no_turns = LargeBodies(large_body=largest_body, heavy_body=largest_body)
        self._bodies = bodies or (no_turns if is_embedded else LargeBodies())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or answer 413, 422 or 503."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        if "\x00" in scope["path"] or b"%00" in scope["query_string"]:
            await _refusal(["query"], "text must not contain NUL characters")(scope, receive, send)
            return
        if scope["method"] in ("GET", "HEAD", "DELETE"):
            await self._app(scope, receive, send)
            return
        began = time.monotonic()
        try:
            async with self._bodies.read(receive, self._largest_body) as body:
                refusal = await _let_in_again(scope) if time.monotonic() - began > FRESH else None
                if refusal is not None:
                    await refusal(scope, receive, send)
                    return
                await self._with_body(body, scope, receive, send)
        except BodyTooLargeError:
            too_large = {"detail": f"The body is larger than {self._largest_body} bytes."}
            await JSONResponse(too_large, status_code=413)(scope, receive, send)
        except BodiesInFlightError:
            await JSONResponse(_BUSY, status_code=503, headers={"Retry-After": "5"})(scope, receive, send)
        except BodyNotKeptError as error:
            _log.warning("A large body cannot be kept in %s: %s.", tempfile.tempdir or "a file", error.strerror)
            await JSONResponse(_NO_ROOM, status_code=503, headers={"Retry-After": "60"})(scope, receive, send)
        except ClientGoneError:
            return

    async def _with_body(self, body: list[bytes], scope: Scope, receive: Receive, send: Send) -> None:
        headers = Headers(scope=scope)
        if _leaves_out_an_object(headers) and not self._checks_texts:
            body[0] = b"{}"
        if len(body[0]) > LARGE_BODY or _has_many_lines(body[0], headers):
            refusal = await to_thread.run_sync(self._refuse, body[0], headers)
        else:
            refusal = self._refuse(body[0], headers)
        if refusal is not None:
            await refusal(scope, receive, send)
            return
        await self._app(scope, _replay(body, receive), send)

    def _refuse(self, body: bytes, headers: Headers) -> JSONResponse | None:
        try:
            if self._checks_texts:
                require_few_values(body, self._most_values)
                return None
            return _refuse_any(body, headers, self._most_values)
        except TooManyValues as error:
            return JSONResponse({"detail": str(error)}, status_code=error.status)


async def _let_in_again(scope: Scope) -> ASGIApp | None:
    let_in = scope.get("state", {}).get("let_in")
    return None if let_in is None else await let_in()


def _has_lines(headers: Headers) -> bool:
    return headers.get("content-type", "").lower().startswith(NDJSON)


def _has_many_lines(body: bytes, headers: Headers) -> bool:
    return _has_lines(headers) and body.count(b"\n") > MANY_VALUES


def _leaves_out_an_object(headers: Headers) -> bool:
    """Whether a request declares JSON but has no body. The official SDK sends an empty object in this way."""
    is_json = headers.get("content-type", "").lower().startswith("application/json")
    return is_json and headers.get("content-length", "0") == "0" and "transfer-encoding" not in headers


def _replay(body: list[bytes], receive: Receive) -> Receive:
    """Give the body once, and keep nothing of it."""

    async def again() -> Message:
        return {"type": "http.request", "body": body.pop(), "more_body": False} if body else await receive()

    return again


def _is_suspect(body: bytes) -> bool:
    """Whether JSON may hold what cannot be stored; searching for one thing after the other is much faster."""
    return _has_odd_number(body) or _has_suspect_escape(body)


def _has_odd_number(body: bytes) -> bool:
    """Whether what may be no number, or one that is too large, stands anywhere, also in a text."""
    return (
        b"NaN" in body
        or b"Infinity" in body
        or (_may_have_large_number(body) and _SUSPECT_NUMBER.search(body) is not None)
    )


def _has_suspect_escape(body: bytes) -> bool:
    """Whether a NUL or half of a surrogate pair may be escaped. Whole pairs, as in many bodies, are not suspect."""
    if b"\\u" not in body:
        return False
    return _LONE_ESCAPE.search(body.replace(b"\\\\", b"__")) is not None  # a backslash before a u is no escape


def _may_have_large_number(body: bytes) -> bool:
    """Whether digits stand as in a number that is too large. Much faster than the pattern, which few bodies need."""
    digits = body.translate(_DIGITS_ALIKE)
    return b"e000" in digits or b"e+000" in digits or _MANY_DIGITS in digits


class _NotFiniteError(ValueError):
    pass


def _refuse_any(body: bytes, headers: Headers, most: int | None) -> JSONResponse | None:
    """The refusal of a body, or of the first of its lines, that cannot be stored, else None.

    Raises TooManyValues for more than `most` values, if it takes a parser to tell.
    """
    is_suspect = _is_suspect(body)
    if not _has_lines(headers):
        if is_suspect and len(body) > LARGE_BODY:  # to parse it takes many times its bytes
            is_suspect = _has_suspect_escape(body) or _has_odd_number(outside_texts(body))
        return _refuse(body, ["body"], most, is_suspect=is_suspect)
    require_few_lines(body, most)
    for at, line in enumerate(BytesIO(body)):
        if len(line) <= DEEPEST_JSON and not is_suspect:
            continue
        refusal = _refuse(line, ["body", at], most, is_suspect=is_suspect and _is_suspect(line))
        if refusal is not None:
            return refusal
    return None


def _refuse(body: bytes, location: list[str | int], most: int | None, *, is_suspect: bool) -> JSONResponse | None:
    """The refusal of JSON that cannot be stored, else None. Raises as `_refuse_any`."""
    if is_deeper_than(DEEPEST_JSON, body):
        return _refusal(location, f"JSON must not have more than {DEEPEST_JSON} levels")
    if not is_suspect:
        return None
    require_few_values(body, most)
    try:
        content = json.loads(body, parse_constant=_refuse_constant, parse_float=_finite)
    except _NotFiniteError as error:
        return _refusal(location, f"{error} is not a JSON number")
    except (ValueError, RecursionError):
        return None
    for path, text in _texts(content, location):
        if "\x00" in text:
            return _refusal(path, "text must not contain NUL characters")
        if any("\ud800" <= character <= "\udfff" for character in text):
            return _refusal(path, "text must not contain half of a surrogate pair")
    return None


def _refuse_constant(name: str) -> Any:
    raise _NotFiniteError(name)


def _finite(text: str) -> float:
    number = float(text)
    if math.isinf(number):
        raise _NotFiniteError(text if len(text) < 20 else "a number so large")
    return number


def _texts(content: Any, location: list[str | int]) -> Iterator[tuple[list[str | int], str]]:
    """All texts in JSON content, including keys, each with its location."""
    waiting = [(content, location)]
    while waiting:
        value, path = waiting.pop()
        if isinstance(value, str):
            yield path, value
        elif isinstance(value, dict):
            for key, item in value.items():
                yield path, key
                waiting.append((item, [*path, key]))
        elif isinstance(value, list):
            waiting.extend((item, [*path, index]) for index, item in enumerate(value))


def _refusal(location: list[str | int], message: str) -> JSONResponse:
    shown = [str(part).encode(errors="replace").decode() if isinstance(part, str) else part for part in location]
    return JSONResponse({"detail": [{"loc": shown, "msg": message, "type": "value_error"}]}, status_code=422)
