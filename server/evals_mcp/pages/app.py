"""The pages of `evals-mcp serve`: evaluations, an evaluation's report, a log. They only read.

They stand before the API, on paths that it does not have, and read through the client like everything outside of it.
"""

import json
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from urllib.parse import parse_qs, quote

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route, Router
from starlette.types import ASGIApp, Receive, Scope, Send

from evals_mcp.answers.frame.quoting import name
from evals_mcp.errors import EvalsError, Invalid, NotFound, Unauthorized
from evals_mcp.lookup.log_runs import find_place
from evals_mcp.lookup.lookup import Lookup
from evals_mcp.pages.arguments import checked_arguments
from evals_mcp.pages.downloads import attachment
from evals_mcp.pages.entrances import Entrance, Visitor
from evals_mcp.pages.html import PAGE_POLICY
from evals_mcp.pages.log_page import log_page
from evals_mcp.pages.plain_pages import evaluations_page, failure_page, sign_in_page
from evals_mcp.pages.report_files import report_text
from evals_mcp.pages.report_page import report_page
from evals_mcp.pages.reports import DATAPOINTS, FIELDS, Asked, read_report
from evals_mcp.request_ids import error_reference, internal_error
from evals_mcp.tools import compare_runs, list_runs

COOKIE = "evals_mcp_pages"
_SECONDS_KEPT = 400 * 24 * 3600  # the most that browsers keep a cookie; the key may be revoked before
_LIMIT = 50
_TOOLS = {tool.name: tool for tool in (compare_runs.TOOL, list_runs.TOOL)}
_FORMATS = {"html": "text/html", "md": "text/markdown", "json": "application/json"}
_LONGEST_FORM = 10_000
_MOST_FIELDS = 5
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
_log = logging.getLogger(__name__)

Page = Callable[[Request, Visitor], Awaitable[Response]]


class Pages:
    """An application that answers the paths of the pages, and passes all others on to the API."""

    def __init__(self, api: ASGIApp, entrance: Entrance) -> None:
        self._entrance = entrance
        paths: Mapping[str, Page] = {
            "/": self._evaluations,
            "/evaluations/{id}": self._report,
            "/logs/{id}": self._log,
        }
        more: Mapping[str, Page] = {
            "/evaluations/{id}/document": self._document,
            "/evaluations/{id}/report.{format}": self._file,
        }
        routes = [Route(path, self._guarded(path, page), methods=["GET", "POST"]) for path, page in paths.items()]
        routes += [Route(path, self._guarded(path, page), methods=["GET"]) for path, page in more.items()]
        routes.append(Route("/sign-out", _sign_out, methods=["POST"]))
        self._router = Router(routes, redirect_slashes=False, default=api)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a page, or pass the request on."""
        await self._router(scope, receive, send)

    def _guarded(self, path: str, page: Page) -> Callable[[Request], Awaitable[Response]]:
        """The page for those who may read. Others get the form to sign in, at the same address."""

        async def answer(request: Request) -> Response:
            request.scope.setdefault("state", {})["route"] = path  # for figures
            try:
                if request.method == "POST":
                    return await self._sign_in(request)
                visitor = await self._entrance.enter(request.cookies.get(COOKIE))
                request.scope.setdefault("state", {})["grant"] = visitor
                return await page(request, visitor)
            except EvalsError as error:
                return _failure(request, error)
            except Exception:
                reference = error_reference()
                _log.exception("Internal error %s in a page", reference)
                return _html(failure_page(internal_error(reference), _root(request)), 500)

        return answer

    async def _sign_in(self, request: Request) -> Response:
        if not self._entrance.takes_keys:
            raise Invalid("This server has no keys: nobody needs to sign in.")
        if _is_elsewhere(request):
            raise Unauthorized("Sign in on this server's own page.", 403)
        if int(request.headers.get("content-length") or _LONGEST_FORM + 1) > _LONGEST_FORM:
            raise Invalid("The form is too long.")
        token = await self._entrance.sign_in(_key(await request.body()))
        answer = Response(status_code=303, headers={**_HEADERS, "Location": _here(request)})
        answer.set_cookie(
            COOKIE,
            token,
            max_age=_SECONDS_KEPT,
            path=_cookie_path(request),
            httponly=True,
            samesite="lax",  # a link in a chat or mail opens the page; nothing here writes
            secure=request.url.scheme == "https",
        )
        return answer

    async def _evaluations(self, request: Request, visitor: Visitor) -> Response:
        text, offset = request.query_params.get("text", "").strip(), _whole(request.query_params.get("offset"))
        rows = await visitor.client.reviews.list_evaluations(text[:500] or None, limit=_LIMIT, offset=offset)
        shown = evaluations_page(rows, text, offset, _LIMIT, signed_in=self._entrance.takes_keys)
        return _html(shown)

    async def _report(self, request: Request, visitor: Visitor) -> Response:
        document = await read_report(_lookup(visitor), await _asked(request, visitor))
        html, policy = report_page(document, request.url.query, signed_in=self._entrance.takes_keys)
        return _html(html, policy=policy)

    async def _file(self, request: Request, visitor: Visitor) -> Response:
        format = request.path_params["format"]
        if format not in _FORMATS:
            raise NotFound("A report is report.html, report.md or report.json.")
        document = await read_report(
            _lookup(visitor), await _asked(request, visitor), datapoints=DATAPOINTS, fields=FIELDS
        )
        named = attachment(document["evaluation"]["name"], format)
        headers = {**_HEADERS, "Content-Disposition": named}
        return Response(report_text(document, format), headers=headers, media_type=_FORMATS[format])

    async def _document(self, request: Request, visitor: Visitor) -> Response:
        """The answer of a tool about this evaluation, for the view to draw."""
        try:
            tool = _TOOLS.get(request.query_params.get("name", ""))
            if tool is None:
                raise Invalid(f"name: must be {' or '.join(_TOOLS)}.")
            given = _arguments(request.query_params.get("arguments", "{}"))
            asked = await _asked(request, visitor)
            lookup = _lookup(visitor)
            text = await tool.function(lookup, **checked_arguments(tool, {**given, "evaluation": asked.evaluation}))
        except EvalsError as error:
            return JSONResponse({"detail": str(error)}, error.status, headers=_HEADERS)
        return JSONResponse({"document": lookup.document, "text": text}, headers=_HEADERS)

    async def _log(self, request: Request, visitor: Visitor) -> Response:
        lookup = _lookup(visitor)
        log = await visitor.client.logs.get(request.path_params["id"])
        datapoint, named = await lookup.find_datapoint_of(log), request.query_params.get("evaluation")
        place = await find_place(lookup, log, named)
        return _html(log_page(log, datapoint, place, signed_in=self._entrance.takes_keys))


def _key(form: bytes) -> str:
    """The key in a form as browsers send it. Raises Invalid."""
    try:
        fields = parse_qs(form.decode("ascii"), max_num_fields=_MOST_FIELDS)
    except ValueError:
        raise Invalid("This is not the form that asks for a key.") from None
    return fields.get("key", [""])[0].strip()


def _here(request: Request) -> str:
    """The address of a request, relative to itself. Nothing in it can lead to another server."""
    last, query = _path(request).rpartition("/")[2], request.url.query
    return f"./{quote(last, safe='%')}" + (f"?{query}" if query else "")


def _cookie_path(request: Request) -> str:
    """Where browsers send the cookie: to this server, and to no other behind the same proxy."""
    return str(request.scope.get("root_path", "")) or "/"


def _is_elsewhere(request: Request) -> bool:
    """Whether the browser says that a page of another site sent the request."""
    return request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none")


def _root(request: Request) -> str:
    """The address of the first page, relative to that of a request: also where a proxy puts a path before it."""
    return "../" * (_path(request).count("/") - 1) or "./"


def _path(request: Request) -> str:
    """The path of a request as it was sent."""
    raw: bytes = request.scope.get("raw_path") or quote(request.scope["path"]).encode("ascii")
    return raw.decode("latin-1")


async def _sign_out(request: Request) -> Response:
    if _is_elsewhere(request):
        return _html(failure_page("Sign out on this server's own page.", _root(request)), 403)
    answer = Response(status_code=303, headers={**_HEADERS, "Location": "."})
    answer.delete_cookie(COOKIE, _cookie_path(request), httponly=True, samesite="lax")
    return answer


def _lookup(visitor: Visitor) -> Lookup:
    return Lookup(visitor.client, with_document=True)


async def _asked(request: Request, visitor: Visitor) -> Asked:
    """What the address names. Raises NotFound."""
    id = request.path_params["id"]
    try:
        evaluation = await visitor.client.reviews.get_evaluation(id)
    except NotFound:
        raise NotFound(f"There is no evaluation {name(id)} here. It may have been deleted.") from None
    query = request.query_params
    return Asked(evaluation.id, query.getlist("run"), query.get("baseline", ""), query.getlist("where"))


def _arguments(written: str) -> dict[str, Any]:
    try:
        given = json.loads(written)
    except (ValueError, RecursionError):
        given = None
    if not isinstance(given, dict):
        raise Invalid("arguments: must be a JSON object.")
    return given


def _whole(written: str | None) -> int:
    return min(int(written[:20]), 2**30) if written and written.isascii() and written.isdigit() else 0


def _failure(request: Request, error: EvalsError) -> Response:
    """The page of an error. Who is not signed in gets the form, without being told what is there."""
    if request.url.path.endswith("/document"):
        return JSONResponse({"detail": str(error)}, error.status, headers=_HEADERS)
    if error.status == 401:
        tried = request.method == "POST"
        return _html(sign_in_page(str(error) if tried else ""), 401)
    return _html(failure_page(str(error), _root(request)), error.status)


def _html(html: str, status: int = 200, policy: str = PAGE_POLICY) -> Response:
    headers = {**_HEADERS, "Content-Security-Policy": policy}
    return Response(html, status, headers=headers, media_type="text/html")
