"""The connection to a server of the API: open, send, retry, read answers. It knows no endpoints."""

import ssl
import sys
import threading
import time
from collections.abc import Awaitable, Callable, Coroutine, MutableMapping, Sequence
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import anyio
import anyio.to_thread
from pydantic import TypeAdapter, ValidationError
from pydantic_core import from_json, to_json

from evals_mcp import __version__
from evals_mcp.client.acting import current_acting, read_limits
from evals_mcp.client.failures import Trouble, answer_failure, network_failure, not_finite, not_the_api
from evals_mcp.client.retries import LONGEST_WAIT, MOST_TRIES, PASSING, backoff, read_retry_after
from evals_mcp.client.urls import ApiVersion, Query, build_url, read_base_url
from evals_mcp.errors import EvalsError, Invalid
from evals_mcp.models.json_values import NDJSON
from evals_mcp.models.model import Model

if TYPE_CHECKING:
    import httpx

# httpx then omits its command line, which loads a terminal's colours and would slow down the first answer.
sys.modules.setdefault("httpx._main", None)  # type: ignore[arg-type]

Answer = TypeVar("Answer")
Message = MutableMapping[str, Any]
AsgiApp = Callable[
    [Message, Callable[[], Awaitable[Message]], Callable[[Message], Awaitable[None]]], Coroutine[Any, Any, None]
]
"""An ASGI application, called in process instead of over a network."""

EXTENSION_HEADER = "x-evals-mcp"
"""The header with our server's version. It shows that the server has our extensions."""

_WRITE_HEADER = "x-evals-write"
_REPEAT_HEADER = "idempotent-replayed"
_LIMITS_HEADER = "x-evals-limits"
_UNDOABLE_HEADER = "x-evals-undoable"

# Uvicorn closes idle connections after five seconds. Stay below that, because a failed write is not retried.
_IDLE_SECONDS = 3.0


class Lines(NamedTuple):
    """JSON lines to send, of an import that has an id."""

    content: bytes
    import_id: str


class Fetched(NamedTuple):
    """What is at an address: the status of the answer, where it redirects to, and its bytes, or the first of them."""

    status: int
    location: str | None
    content: bytes


class Connection:
    """Sends requests to one server over one `httpx.AsyncClient`, created with the first request.

    A read is tried up to four times within 15 seconds if the connection fails or the answer is 429, 502, 503 or 504. A
    write is retried only if no connection was made, so nothing was sent. An in-process application (`open_app`) is
    called once: it has no network that could fail, and it waits by itself.

    `key_advice` is a sentence that tells how to set the API key, for the error of a wrong one.
    `data_version` returns the same value until the data behind the server changes, or None if only the server can tell.
    An in-process application that `knows_person` takes requests for those whose API key was checked before.
    """

    def __init__(
        self,
        base_url: str,
        api_key: str | None = None,
        *,
        open_app: Callable[[], AsgiApp] | None = None,
        data_version: Callable[[], object] = lambda: None,
        knows_person: bool = False,
        transport: "httpx.AsyncBaseTransport | None" = None,
        key_advice: str = "",
        connect_timeout: float = 5.0,
        read_timeout: float = 60.0,
        sleep: Callable[[float], Awaitable[None]] = anyio.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.data_version = data_version
        self._knows_person = knows_person
        self._address = read_base_url(base_url)
        self._api_key = _read_key(api_key)
        self._key_advice = key_advice
        self._open_app = open_app
        self._transport = transport
        self._timeouts = (connect_timeout, read_timeout)
        self._sleep = sleep
        self._clock = clock
        self._where = "This server" if open_app else f"The server at {self._address.host}"
        self._client: httpx.AsyncClient | None = None
        self._lock = threading.Lock()
        self._opening: Future[httpx.AsyncClient] | None = None
        self._extended: bool | None = None

    @property
    def host(self) -> str:
        """The server's host and port, without credentials."""
        return self._address.host

    @property
    def has_key(self) -> bool:
        """Whether requests have an API key, whose name a server knows."""
        return self._knows_person or self._api_key is not None

    @property
    def extended(self) -> bool | None:
        """Whether the server is ours and has our extensions; None before its first answer."""
        return self._extended

    def warm(self) -> None:
        """Open the API from any thread; concurrent callers share the result. Raises the EvalsError of `open_app`."""
        with self._lock:
            opening, mine = self._opening, self._opening is None
            if opening is None:
                opening = self._opening = Future()
        if mine:
            try:
                self._client = self._make_client()
                opening.set_result(self._client)
            except BaseException as error:
                self._opening = None
                opening.set_exception(error)
        opening.result()

    async def open(self) -> None:
        """Open the API in a worker thread if it is not open. Raises the EvalsError of `open_app`."""
        if self._client is None:
            await anyio.to_thread.run_sync(self.warm)

    async def aclose(self) -> None:
        """Close all connections. An in-process application stays open."""
        if self._client is not None:
            await self._client.aclose()

    async def get(
        self, path: Sequence[str], answer: TypeAdapter[Answer], query: Query | None = None, *, api: ApiVersion = "v5"
    ) -> Answer:
        """Fetch `path`, given as segments, and parse it as `answer`. Raises EvalsError."""
        return self._read(await self._content("GET", api, path, query, reads=True), answer)

    async def send(
        self,
        method: str,
        path: Sequence[str],
        answer: TypeAdapter[Answer],
        body: "Model | dict[str, Any] | Lines | None" = None,
        query: Query | None = None,
        *,
        api: ApiVersion = "v5",
        reads: bool = False,
    ) -> Answer:
        """Send `body` without nulls and parse the answer. Set `reads` if it changes nothing. Raises EvalsError."""
        return self._read(await self._content(method, api, path, query, body, reads=reads), answer)

    async def send_only(
        self,
        method: str,
        path: Sequence[str],
        query: Query | None = None,
        *,
        api: ApiVersion = "v5",
    ) -> None:
        """Send a request that has no answer to parse. Raises EvalsError."""
        content = await self._content(method, api, path, query)
        if content:
            self._read_json(content)

    def _make_client(self) -> "httpx.AsyncClient":
        import httpx

        transport = self._transport
        if self._open_app is not None:
            transport = httpx.ASGITransport(self._open_app(), raise_app_exceptions=False)
        connect_timeout, read_timeout = self._timeouts
        headers = {"User-Agent": f"evals-mcp/{__version__}", "Accept": "application/json"}
        if self._api_key is not None:
            headers["X-API-KEY"] = self._api_key
        try:
            return httpx.AsyncClient(
                transport=transport,
                verify=_verified(self._address.root),
                headers=headers,
                auth=self._address.login,
                timeout=httpx.Timeout(read_timeout, connect=connect_timeout),
                limits=httpx.Limits(keepalive_expiry=_IDLE_SECONDS),
            )
        except (ImportError, OSError, ValueError) as error:
            raise network_failure("settings", self._where, changing=False) from error

    async def _content(
        self,
        method: str,
        api: ApiVersion,
        path: Sequence[str],
        query: Query | None,
        body: "Model | dict[str, Any] | Lines | None" = None,
        *,
        reads: bool = False,
    ) -> bytes:
        import httpx

        url = build_url(self._address.root, api, path, query)
        parts = _encoded(body)
        if method != "GET" and (at_work := current_acting()) is not None:
            headers = at_work.names() if reads else at_work.headers()
            parts["headers"] = {**parts.get("headers", {}), **headers}
        if self._client is None:
            await self.open()
            assert self._client is not None
        try:
            request = self._client.build_request(method, url, **parts)
        except httpx.InvalidURL:
            advice = "" if self._open_app else ", and check the base URL"
            raise Invalid(f"The arguments do not fit into a URL. Shorten them{advice}.") from None
        return await self._exchange(self._client, request, reads)

    async def _exchange(self, client: "httpx.AsyncClient", request: "httpx.Request", reads: bool) -> bytes:
        import httpx

        deadline = self._clock() + LONGEST_WAIT
        tries = 0
        while True:
            tries += 1
            try:
                response = await client.send(request)
            except httpx.RequestError as error:
                trouble = _trouble(error)
                failure: EvalsError = network_failure(trouble, self._where, changing=not reads)
                again = trouble == "connect" or (reads and trouble == "cut")
                wait = None
            else:
                self._note(response)
                if response.is_success:
                    return response.content
                wait = read_retry_after(response.headers.get("retry-after"))
                failure = self._refused(response, wait)
                again = reads and response.status_code in PASSING
            wait = backoff(tries) if wait is None else wait
            if not again or self._open_app or tries == MOST_TRIES or self._clock() + wait > deadline:
                raise failure
            await self._sleep(wait)

    def _note(self, response: "httpx.Response") -> None:
        if EXTENSION_HEADER in response.headers:
            self._extended = True
        elif self._extended is None and response.is_success:
            self._extended = False
        if _WRITE_HEADER in response.headers and (at_work := current_acting()) is not None:
            if _UNDOABLE_HEADER not in response.headers:
                at_work.note_write(response.headers[_WRITE_HEADER])
            at_work.repeats |= _REPEAT_HEADER in response.headers

        if (at_work := current_acting()) is not None:
            at_work.limits = read_limits(response.headers.get(_LIMITS_HEADER, ""))

    def _refused(self, response: "httpx.Response", retry_after: float | None) -> EvalsError:
        login = self._address.login
        secrets = [secret for secret in (self._api_key, login and login[1]) if secret]
        return answer_failure(
            response.status_code,
            response.content,
            self._where,
            secrets=secrets,
            trusted=EXTENSION_HEADER in response.headers,
            retry_after=retry_after,
            key_advice=self._key_advice,
            in_process=self._open_app is not None,
        )

    def _read(self, content: bytes, answer: TypeAdapter[Answer]) -> Answer:
        try:
            return answer.validate_json(content)
        except ValidationError as error:
            kinds = {
                item["type"] for item in error.errors(include_url=False, include_context=False, include_input=False)
            }
            failure = not_finite if "finite_number" in kinds else not_the_api
            raise failure(self._where) from error

    def _read_json(self, content: bytes) -> Any:
        try:
            return from_json(content)
        except ValueError as error:
            raise not_the_api(self._where) from error


def _read_key(api_key: str | None) -> str | None:
    key = (api_key or "").strip()
    if not (key.isascii() and key.isprintable()):
        raise Invalid("The API key contains invalid characters. Copy it again.")
    return key or None


def _encoded(body: Model | dict[str, Any] | Lines | None) -> dict[str, Any]:
    """The body as arguments of `httpx.AsyncClient.build_request`."""
    if body is None:
        return {}
    if isinstance(body, Lines):
        return {"content": body.content, "headers": {"Content-Type": NDJSON, "X-Evals-Import": body.import_id}}
    try:
        content = body.model_dump_json(exclude_none=True) if isinstance(body, Model) else to_json(body)
    except ValueError:
        raise Invalid("An argument contains a value or text that JSON cannot represent.") from None
    return {"content": content, "headers": {"Content-Type": "application/json"}}


async def fetch(url: str, seconds: float, headers: dict[str, str], most: int) -> Fetched:
    """Ask once for what is at an address of somebody else, without following redirects, until there are `most` bytes.

    Raises OSError, which says why there is no answer.
    """
    import httpx

    def make_client() -> httpx.AsyncClient:
        return httpx.AsyncClient(headers=headers, timeout=seconds, verify=_verified(url))

    try:
        client = await anyio.to_thread.run_sync(make_client)  # certificates take long to load
        async with client, client.stream("GET", url, follow_redirects=False) as response:
            content = b""
            async for part in response.aiter_raw():
                content += part
                if len(content) >= most:
                    break
            return Fetched(response.status_code, response.headers.get("location"), content)
    except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
        raise OSError(str(error) or type(error).__name__) from error


def _verified(url: str) -> bool | ssl.SSLContext:
    """Whose certificates to take. To load them takes longer than a request, and plain HTTP needs none."""
    return url.startswith("https:") or ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def _trouble(error: "httpx.RequestError") -> Trouble:
    import httpx

    causes: list[BaseException] = [error]
    while (cause := causes[-1].__cause__ or causes[-1].__context__) is not None and cause not in causes:
        causes.append(cause)
    if any(isinstance(cause, ssl.SSLCertVerificationError) for cause in causes):
        return "certificate"
    if isinstance(error, httpx.ProxyError):
        return "proxy"
    if isinstance(error, httpx.ConnectError | httpx.ConnectTimeout):
        return "connect"
    return "timeout" if isinstance(error, httpx.TimeoutException) else "cut"
