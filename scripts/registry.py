"""How directories and hosts find the server: `server.json` of the MCP registry, and the install links of the README."""

import base64
import json
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from evals_mcp import __version__
from evals_mcp.config import VARIABLES

NAME = "io.github.evals-mcp/evals-mcp"
"""The name in the registry. README repeats it, so that nobody else can publish our package under another name."""

SCHEMA = "https://static.modelcontextprotocol.io/schemas/2025-12-11/server.schema.json"
PACKAGE = "evals-mcp"
SERVER = "evals"
"""What hosts call the server."""

_FORMATS = {"number": "number", "boolean": "boolean"}
_SEPARATORS = (",", ":")


def server_json(manifest: Mapping[str, Any]) -> str:
    """The entry for the MCP registry: the package on PyPI, with each setting as the bundle asks for it."""
    content = {
        "$schema": SCHEMA,
        "name": NAME,
        "title": manifest["display_name"],
        "description": manifest["description"],
        "version": __version__,
        "packages": [
            {
                "registryType": "pypi",
                "identifier": PACKAGE,
                "version": __version__,
                "runtimeHint": "uvx",
                "transport": {"type": "stdio"},
                "environmentVariables": [
                    _variable(name, meaning, _field(manifest, name)) for name, meaning in VARIABLES.items()
                ],
            }
        ],
    }
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"


def _field(manifest: Mapping[str, Any], variable: str) -> Mapping[str, Any]:
    """The field of the bundle's form that fills a variable; none for what an argument passes."""
    place = manifest["server"]["mcp_config"]["env"].get(variable, "")
    found = re.fullmatch(r"\$\{user_config\.(\w+)\}", place)
    return {} if found is None else manifest["user_config"][found[1]]


def _variable(name: str, meaning: str, field: Mapping[str, Any]) -> dict[str, Any]:
    variable: dict[str, Any] = {"name": name, "description": meaning.replace("`", ""), "isRequired": False}
    if field.get("sensitive"):
        variable["isSecret"] = True
    if field.get("type") in _FORMATS:
        variable["format"] = _FORMATS[field["type"]]
    if "default" in field:
        variable["default"] = json.dumps(field["default"])
    return variable


def install_links() -> str:
    """Links that add the command to VS Code and Cursor, for a page that shows only links of the web."""
    return f"[Add to VS Code]({vs_code_link()}) · [Add to Cursor]({cursor_link()})"


def vs_code_link() -> str:
    """VS Code's own address for adding a server, behind its redirect."""
    config = json.dumps({"name": SERVER, "command": PACKAGE}, separators=_SEPARATORS)
    address = f"vscode:mcp/install?{quote(config, safe='')}"
    return f"https://insiders.vscode.dev/redirect?url={quote(address, safe='')}"


def cursor_link() -> str:
    """Cursor's page that opens its own address for adding a server."""
    config = base64.b64encode(json.dumps({"command": PACKAGE}, separators=_SEPARATORS).encode()).decode()
    return f"https://cursor.com/install-mcp?name={SERVER}&config={quote(config, safe='')}"
