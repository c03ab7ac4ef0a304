"""People sign in at an identity provider, and with a client, that nobody here wrote.

The provider is `oidc-provider`, which is certified. The client is `mcp-remote`, with which hosts that start programs
reach servers at an address: it finds the provider, registers, opens a browser, and keeps the tokens.
"""

import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import anyio
import pytest
from mcp.client.stdio import StdioServerParameters, stdio_client
from tests.conformance.suite import FOLDER
from tests.killed_writers import free_port
from tests.node_packages import require_node
from tests.serving.administration import create_key
from tests.serving.mcp_clients import words
from tests.serving.served_here import served

from evals_mcp.oauth.settings import OAuthSettings
from mcp import Client

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.skipif(sys.platform != "linux", reason="needs Linux, where a variable names the browser"),
]
_REMOTE = FOLDER / "node_modules" / "mcp-remote" / "dist" / "proxy.js"


@pytest.fixture(scope="module")
def node() -> str:
    """Node, the provider, and the client."""
    return require_node(FOLDER)


@contextmanager
def _provider(node: str, *arguments: str) -> Iterator[str]:
    """The issuer of a provider that answers until the block ends."""
    command = [node, str(FOLDER / "provider.mjs"), *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        try:
            assert process.stdout is not None
            yield process.stdout.readline().strip()
        finally:
            process.terminate()


def _remote(node: str, folder: Path, *arguments: str) -> StdioServerParameters:
    """`mcp-remote`, which keeps what it knows in a folder; so does the browser that it opens."""
    browser = folder / "browser"
    script = Path(__file__).with_name("browser.py")
    browser.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{script}" "{folder}" "$1"\n', encoding="utf-8")
    browser.chmod(0o755)
    environ = {"BROWSER": str(browser), "HOME": str(folder), "MCP_REMOTE_CONFIG_DIR": str(folder)}
    return StdioServerParameters(command=node, args=[str(_REMOTE), *arguments], env=environ)


async def _journal_of_a_write(remote: StdioServerParameters, evaluation: str) -> str:
    """What the journal says after a person's assistant has written. Raises TimeoutError if nobody signs in."""
    with anyio.fail_after(120):
        return await _write_and_read(remote, evaluation)


async def _write_and_read(remote: StdioServerParameters, evaluation: str) -> str:
    async with Client(stdio_client(remote), mode="legacy") as client:
        assert "set_up_run" in [tool.name for tool in (await client.list_tools()).tools]
        await words(client, "set_up_run", evaluation=evaluation, attributes='{"a": 1}', version="v1")
        return (await client.read_resource("evals://journal")).contents[0].model_dump_json()


@pytest.mark.parametrize(
    ("algorithm", "path", "slash", "protocol"),
    [("ES256", "", "", ["--protocol", "auto"]), ("RS256", "/realms/team", "/", [])],
)
async def test_a_person_signs_in_once(
    node: str, tmp_path: Path, algorithm: str, path: str, slash: str, protocol: Sequence[str]
) -> None:
    """With the address alone, also written with a slash at the end; the next start needs no browser. An issuer with a
    path has its metadata where only OpenID Connect looks."""
    port = free_port()
    url = f"http://127.0.0.1:{port}/mcp"
    remote = _remote(node, tmp_path, url + slash, *protocol)
    with (
        _provider(node, url, algorithm, path) as issuer,
        served(str(tmp_path / "evals.db"), port=port, oauth=OAuthSettings(issuer, url)),
    ):
        assert issuer.endswith(path)
        for evaluation in ("first", "second"):
            assert "zoe@team.example" in await _journal_of_a_write(remote, evaluation)
    (opened,) = (tmp_path / "opened").read_text(encoding="utf-8").splitlines()
    asked = parse_qs(urlsplit(opened).query)
    assert asked["resource"] == [url]
    assert {"evals:read", "evals:write"} <= set(asked["scope"][0].split())


async def test_a_key_in_a_header_needs_no_sign_in(node: str, tmp_path: Path) -> None:
    """Although the server offers one."""
    database = str(tmp_path / "evals.db")
    key = create_key(database, None, "ann").secret
    port = free_port()
    url = f"http://127.0.0.1:{port}/mcp"
    with served(database, port=port, oauth=OAuthSettings("http://127.0.0.1:1", url)):
        journal = await _journal_of_a_write(_remote(node, tmp_path, url, "--header", f"X-API-KEY:{key}"), "first")
    assert "ann" in journal
    assert not (tmp_path / "opened").exists()
