"""The extensions of the protocol that this server has: views and skills."""

from typing import Any

from mcp.server.context import CallNext, HandlerResult, ServerRequestContext
from mcp.server.extension import Extension

from evals_mcp.mcp.apps import AppsExtension
from evals_mcp.mcp.skills import Skills

EXTENSIONS: tuple[Extension, ...] = (AppsExtension(), Skills())


async def announce_extensions(ctx: ServerRequestContext[Any, Any], call_next: CallNext) -> HandlerResult:
    """Add the extensions to the answer to `initialize`. The SDK names extensions in `server/discover` only."""
    result = await call_next(ctx)
    if ctx.method == "initialize" and isinstance(result, dict):
        capabilities = result["capabilities"]
        own = {extension.identifier: extension.settings() for extension in EXTENSIONS}
        extensions = {**capabilities.get("extensions", {}), **own}
        return {**result, "capabilities": {**capabilities, "extensions": extensions}}
    return result
