"""What tests would build again and again: statements for each database, and arguments of tools for each server."""

import inspect
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from mcp.server.mcpserver.tools import Tool
from sqlalchemy import Engine, create_engine

from evals_mcp.store.database import engines

_make_tool = Tool.from_function


@pytest.fixture(scope="session", autouse=True)
def compiled_once() -> Iterator[None]:
    """Compile each statement once for all databases of a kind, and the arguments of each tool once for all servers."""
    first: dict[str, Engine] = {}
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

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(engines, "create_engine", new_engine)
        patch.setattr(Tool, "from_function", new_tool)
        yield
