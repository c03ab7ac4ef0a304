"""MCP Inspector's web page in a process of its own: a host of views by others, with its own client of the server."""

import json
import os
import re
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.browser.node_programs import MODULES

_PROGRAM = MODULES / "@modelcontextprotocol" / "inspector" / "clients" / "launcher" / "build" / "index.js"
_ADDRESS = re.compile(r"http://127\.0\.0\.1:\d+\S*TOKEN=\w+")


@contextmanager
def start_inspector(node: str, variables: Mapping[str, str], folder: Path) -> Iterator[str]:
    """The address of its page, which offers this package's server with these variables in its environment."""
    server = {"type": "stdio", "command": sys.executable, "args": ["-m", "evals_mcp"], "env": dict(variables)}
    config = folder / "servers.json"
    config.write_text(json.dumps({"mcpServers": {"evals": server}}), encoding="utf-8")
    ports = [str(port) for port in _free_ports(3)]
    process = subprocess.Popen(
        [node, str(_PROGRAM), "--web", "--config", str(config)],
        env={
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "MCP_STORAGE_DIR": str(folder),
            "MCP_AUTO_OPEN_ENABLED": "false",
            "MCP_INSPECTOR_SECRET_STORE": "memory",
            **dict(zip(("CLIENT_PORT", "MCP_SANDBOX_PORT", "MCP_APP_ORIGIN_PORT"), ports, strict=True)),
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        cwd=folder,
    )
    try:
        yield _address(process)
    finally:
        process.terminate()
        process.communicate(timeout=120)


def _address(process: "subprocess.Popen[str]") -> str:
    said: list[str] = []
    assert process.stdout is not None
    for line in process.stdout:
        said.append(line)
        if found := _ADDRESS.search(line):
            return found[0]
    pytest.fail(f"Inspector did not start: {''.join(said)}")


def _free_ports(count: int) -> list[int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports
