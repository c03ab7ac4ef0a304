"""Errors as HTTP answers: the one table of the API's side; handlers catch nothing."""

import logging
import secrets

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse

from evals_mcp.errors import EvalsError, Invalid

_log = logging.getLogger(__name__)


async def evals_error(request: Request, error: Exception) -> JSONResponse:
    """An error raised on purpose: its status and its sentence."""
    assert isinstance(error, EvalsError)
    if isinstance(error, Invalid) and error.location:
        detail = [{"loc": list(error.location), "msg": str(error), "type": "value_error"}]
        return JSONResponse({"detail": detail}, status_code=422)
    return JSONResponse({"detail": str(error)}, status_code=error.status)


async def validation_error(request: Request, error: Exception) -> JSONResponse:
    """Arguments of the wrong shape, in the list form of 422; the value itself is not sent back."""
    assert isinstance(error, RequestValidationError)
    detail = [
        {"loc": [_printable(part) for part in item["loc"]], "msg": item["msg"], "type": item["type"]}
        for item in error.errors()
    ]
    if isinstance(error.body, bytes) and detail[0]["loc"] == ["body"]:
        detail[0]["msg"] = "the body must be JSON, with the header `Content-Type: application/json`"
    return JSONResponse({"detail": detail}, status_code=422)


async def http_error(request: Request, error: Exception) -> JSONResponse:
    """An unknown route or method, or a body that cannot be read as JSON at all."""
    assert isinstance(error, HTTPException)
    if error.status_code == 400 and error.detail == "There was an error parsing the body":
        unreadable = {"loc": ["body"], "msg": "the body is not JSON in UTF-8", "type": "json_invalid"}
        return JSONResponse({"detail": [unreadable]}, status_code=422)
    detail = f"There is no {request.method} {request.url.path} here." if error.status_code == 404 else error.detail
    return JSONResponse({"detail": detail}, status_code=error.status_code, headers=error.headers)


async def unexpected_error(request: Request, error: Exception) -> JSONResponse:
    """A mistake of ours: the caller gets an id, and the log gets the traceback under it."""
    reference = secrets.token_hex(4)
    _log.error("Internal error %s in %s %s", reference, request.method, request.url.path, exc_info=error)
    return JSONResponse({"detail": f"Internal error {reference}; the log of the server has more."}, status_code=500)


def _printable(part: str | int) -> str | int:
    return part if isinstance(part, int) else part.encode(errors="replace").decode()
