"""The API in the process of its only caller: it loads FastAPI and its routes with the first request that needs them."""

from collections.abc import Callable
from threading import Lock
from urllib.parse import parse_qsl

from anyio import to_thread
from starlette.types import ASGIApp, Receive, Scope, Send

from evals_mcp import __version__
from evals_mcp.api.grants import Access
from evals_mcp.errors import EvalsError
from evals_mcp.store.database.acts import without_act

_OVERVIEW = "/v5/review/evaluations/overview"


class EmbeddedApp:
    """Answers a first question for an evaluation's overview by itself, and all else through the app of `make_app`.

    Most reviews begin with an overview, and FastAPI takes longer to load than to find it.
    """

    def __init__(self, access: Access, make_app: Callable[[], ASGIApp]) -> None:
        self._access = access
        self._make_app = make_app
        self._app: ASGIApp | None = None
        self._lock = Lock()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if self._app is None:
            body = await self._overview(scope)
            if body is not None:
                await _send(body, send)
                return
            await to_thread.run_sync(self._load)
        assert self._app is not None
        await self._app(scope, receive, send)

    def _load(self) -> None:
        with self._lock:
            self._app = self._app or self._make_app()

    async def _overview(self, scope: Scope) -> bytes | None:
        """The overview that is asked for; None if it is not, or if there is an error to report."""
        if scope["type"] != "http" or (scope["method"], scope["path"]) != ("GET", _OVERVIEW):
            return None
        asked = scope["query_string"]
        values = dict(parse_qsl(asked.decode("ascii"), keep_blank_values=True, errors="replace"))
        if not values.keys() <= {"word", "known"} or "word" not in values or b"%00" in asked:
            return None
        try:
            grant = await self._access.grant(None)
            with without_act():
                overview = grant.store.overviews.get(values["word"], values.get("known"))
                return overview.model_dump_json(by_alias=True).encode()
        except EvalsError:
            return None


async def _send(body: bytes, send: Send) -> None:
    headers = {"content-length": str(len(body)), "content-type": "application/json", "x-evals-mcp": __version__}
    raw = [(name.encode(), value.encode()) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": 200, "headers": raw})
    await send({"type": "http.response.body", "body": body})
