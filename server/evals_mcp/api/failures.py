"""The API's one table from errors to HTTP answers. Handlers catch nothing."""

import logging

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse

from evals_mcp.errors import EvalsError, Invalid, Raced
from evals_mcp.request_ids import error_reference, internal_error
from evals_mcp.store.teams.keys import without_keys

_log = logging.getLogger(__name__)


async def evals_error(request: Request, error: Exception) -> JSONResponse:
    """Answer an error that we raised on purpose with its status and message."""
    assert isinstance(error, EvalsError)
    if isinstance(error, Raced):
        request.state.raced = True
    if isinstance(error, Invalid) and error.location:
        detail = [{"loc": list(error.location), "msg": str(error), "type": "value_error"}]
        return JSONResponse({"detail": detail}, status_code=422)
    return JSONResponse({"detail": str(error)}, status_code=error.status)


async def validation_error(request: Request, error: Exception) -> JSONResponse:
    """Answer arguments of the wrong shape with the list form of 422, without repeating the value."""
    assert isinstance(error, RequestValidationError)
    detail = [
        {"loc": [_printable(part) for part in item["loc"]], "msg": item["msg"], "type": item["type"]}
        for item in error.errors()
    ]
    if isinstance(error.body, bytes) and detail[0]["loc"] == ["body"]:
        detail[0]["msg"] = "the body must be JSON, with the header `Content-Type: application/json`"
    return JSONResponse({"detail": detail}, status_code=422)


async def http_error(request: Request, error: Exception) -> JSONResponse:
    """Answer an unknown route or method, or a body that is not JSON."""
    assert isinstance(error, HTTPException)
    if error.status_code == 400 and error.detail == "There was an error parsing the body":
        unreadable = {"loc": ["body"], "msg": "the body is not JSON in UTF-8", "type": "json_invalid"}
        return JSONResponse({"detail": [unreadable]}, status_code=422)
    detail = f"This server has no {request.method} {request.url.path}." if error.status_code == 404 else error.detail
    return JSONResponse({"detail": detail}, status_code=error.status_code, headers=error.headers)


async def unexpected_error(request: Request, error: Exception) -> JSONResponse:
    """Answer a bug of ours with an id, and log the traceback under that id."""
    reference = error_reference()
    _log.error("Internal error %s in %s %r", reference, request.method, without_keys(request.url.path), exc_info=error)
    return JSONResponse({"detail": internal_error(reference)}, status_code=500)


def _printable(part: str | int) -> str | int:
    return part if isinstance(part, int) else part.encode(errors="replace").decode()
