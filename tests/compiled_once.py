"""What tests would build again and again: statements, arguments of tools, the OpenAPI document, certificates of TLS."""

import functools
import inspect
import os
import pickle
import ssl
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import httpx
import pytest
from fastapi.openapi.utils import get_openapi
from mcp.server.mcpserver.tools import Tool
from sqlalchemy import Engine, create_engine

from evals_mcp.store.database import engines

_make_tool = Tool.from_function
_CERTIFICATES = {"SSL_CERT_FILE", "SSL_CERT_DIR"}


@pytest.fixture(scope="session", autouse=True)
def compiled_once() -> Iterator[None]:
    """Make each statement once for the databases of a kind, and the rest for all servers or applications alike."""
    first: dict[str, Engine] = {}
    documents: dict[tuple[int, ...], tuple[list[Any], bytes]] = {}
    tools: dict[tuple[str | None, int], tuple[Tool, inspect.Signature]] = {}

    def new_engine(*arguments: Any, **options: Any) -> Engine:
        engine = create_engine(*arguments, **options)
        compiled = first.get(engine.dialect.name)
        if compiled is None or getattr(compiled.dialect, "server_version_info", None) is None:  # was never connected
            first[engine.dialect.name] = engine
        else:
            engine.dialect, engine._compiled_cache = compiled.dialect, compiled._compiled_cache
        return engine

    def new_tool(function: Callable[..., Any], name: str | None = None, **options: Any) -> Tool:
        signature = inspect.signature(function)  # one object for all servers with this tool and the same budget
        if (name, id(signature)) not in tools:
            tools[name, id(signature)] = _make_tool(function, name, **options), signature
        return tools[name, id(signature)][0].model_copy(update={"fn": function})

    def new_document(*, routes: Sequence[Any], **options: Any) -> dict[str, Any]:
        alike = tuple(map(id, routes))  # applications share the routes, since they are slow to build
        if alike not in documents:  # the routes are kept, so that no others get their ids
            documents[alike] = list(routes), pickle.dumps(get_openapi(routes=routes, **options))
        document: dict[str, Any] = pickle.loads(documents[alike][1])
        return document

    usual_context = functools.cache(httpx.create_ssl_context)  # with the certificates of certifi

    def new_context(**options: Any) -> ssl.SSLContext:
        is_usual = (
            options == {"verify": True, "cert": None, "trust_env": True} and not _CERTIFICATES & os.environ.keys()
        )
        return usual_context() if is_usual else httpx.create_ssl_context(**options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("httpx._transports.default.create_ssl_context", new_context)
        patch.setattr("fastapi.applications.get_openapi", new_document)
        patch.setattr(engines, "create_engine", new_engine)
        patch.setattr(Tool, "from_function", new_tool)
        yield
