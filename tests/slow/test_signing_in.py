"""Sign-in with OAuth as assistants do it, workspaces on PostgreSQL, and what `serve` loads and says of it."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import anyio
import httpx
import httpx2
import pytest
from mcp.client.auth import AuthorizationCodeResult, OAuthClientProvider, OAuthFlowError
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.auth import OAuthClientInformationFull, OAuthClientMetadata, OAuthToken
from pydantic import AnyUrl
from sqlalchemy import text
from tests.identity_provider import IdentityProvider, identity_provider, public_key
from tests.serving.administration import create_workspace
from tests.serving.mcp_clients import ERAS, Era, mcp_client, message, words
from tests.serving.served_here import served
from tests.serving.server_process import ServerProcess

from evals_mcp.oauth.settings import OAuthSettings
from evals_mcp.serving.root_path import path_mismatch
from evals_mcp.store.teams.control import open_control
from mcp import Client, MCPError

pytestmark = pytest.mark.anyio
CALLBACK = "http://127.0.0.1:8/callback"


@pytest.fixture
def provider() -> Iterator[IdentityProvider]:
    """An identity provider, for one test."""
    with identity_provider() as made:
        yield made


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


class _Assistant:
    """A host that signs in: what it keeps, and the browser in which its person says yes."""

    def __init__(self) -> None:
        self.tokens: OAuthToken | None = None
        self.client: OAuthClientInformationFull | None = None
        self.asked: list[str] = []
        self._back = ""

    async def get_tokens(self) -> OAuthToken | None:
        return self.tokens

    async def set_tokens(self, tokens: OAuthToken) -> None:
        self.tokens = tokens

    async def get_client_info(self) -> OAuthClientInformationFull | None:
        return self.client

    async def set_client_info(self, client_info: OAuthClientInformationFull) -> None:
        self.client = client_info

    async def open(self, url: str) -> None:
        self.asked += parse_qs(urlsplit(url).query)["scope"]
        async with httpx.AsyncClient(timeout=240) as browser:
            self._back = (await browser.get(url)).headers["Location"]

    async def come_back(self) -> AuthorizationCodeResult:
        came = parse_qs(urlsplit(self._back).query)
        return AuthorizationCodeResult(code=came["code"][0], state=came["state"][0])

    def auth(self, url: str) -> OAuthClientProvider:
        about = OAuthClientMetadata(redirect_uris=[AnyUrl(CALLBACK)], client_name="assistant")
        return OAuthClientProvider(url, about, self, self.open, self.come_back)


@pytest.mark.parametrize("era", ERAS)
async def test_an_assistant_signs_in(tmp_path: Path, provider: IdentityProvider, era: Era) -> None:
    """With an address alone: it finds the provider, registers, asks the person, and reads and writes as that person."""
    port = _free_port()
    url = f"http://127.0.0.1:{port}/mcp"
    assistant = _Assistant()
    with served(str(tmp_path / "evals.db"), port=port, oauth=OAuthSettings(provider.issuer, url)):
        for evaluation in ("first", "second"):
            async with (
                httpx2.AsyncClient(auth=assistant.auth(url), timeout=240) as http,
                Client(streamable_http_client(url, http_client=http), mode=era) as client,
            ):
                made = await words(client, "set_up_run", evaluation=evaluation, attributes='{"a": 1}', version="v1")
                assert "Undo:" in made
                journal = (await client.read_resource("evals://journal")).contents[0]
                assert "zoe@team.example" in journal.model_dump_json()
    assert assistant.asked == ["evals:read evals:write"]


@pytest.mark.parametrize(
    ("resource", "root_path", "entered", "works"),
    [
        ("/evals/mcp", "/evals", "/evals/mcp", True),
        ("/mcp", "/evals", "/evals/mcp", False),
        ("/mcp", "/evals", "/mcp", True),
        ("/evals/mcp", "", "/evals/mcp", False),
    ],
)
async def test_an_assistant_signs_in_below_a_path_that_sign_in_has_too(
    tmp_path: Path, provider: IdentityProvider, resource: str, root_path: str, entered: str, works: bool
) -> None:
    """Otherwise not at the address that people see, as the start and `--check` say."""
    port = _free_port()
    origin = f"http://127.0.0.1:{port}"
    oauth = OAuthSettings(provider.issuer, f"{origin}{resource}")
    with served(str(tmp_path / "evals.db"), port=port, root_path=root_path, oauth=oauth):
        assert await _can_sign_in(f"{origin}{entered}") is works
    is_told = path_mismatch(root_path, oauth.resource) is not None
    assert is_told is (resource != f"{root_path}/mcp")


async def _can_sign_in(url: str) -> bool:
    tools = []
    try:
        async with (
            httpx2.AsyncClient(auth=_Assistant().auth(url), timeout=240) as http,
            Client(streamable_http_client(url, http_client=http), mode="2026-07-28") as client,
        ):
            tools = (await client.list_tools()).tools
    except* (OAuthFlowError, MCPError):
        pass
    return bool(tools)


async def test_an_assistant_that_may_not_is_told(tmp_path: Path, provider: IdentityProvider) -> None:
    """What it shows is our sentence; a reader has no tools that write."""
    port = _free_port()
    url = f"http://127.0.0.1:{port}/mcp"
    with served(str(tmp_path / "evals.db"), port=port, oauth=OAuthSettings(provider.issuer, url)):
        provider.granted = ("evals:read",)
        async with (
            httpx2.AsyncClient(auth=_Assistant().auth(url), timeout=240) as http,
            Client(streamable_http_client(url, http_client=http), mode="2026-07-28") as client,
        ):
            assert "set_up_run" not in [tool.name for tool in (await client.list_tools()).tools]
    team = OAuthSettings(provider.issuer, url, workspace_claim="groups")
    with served(str(tmp_path / "evals.db"), port=port, oauth=team):
        async with (
            httpx2.AsyncClient(auth=_Assistant().auth(url), timeout=240) as http,
            Client(streamable_http_client(url, http_client=http), mode="2026-07-28") as client,
        ):
            with pytest.raises(Exception, match="it has no claim `groups`"):
                await client.list_tools()


@pytest.mark.parametrize("era", ERAS)
async def test_claims_lead_to_workspaces(postgres_address: str, provider: IdentityProvider, era: Era) -> None:
    """Each person sees their team's; one that is gone is told, also while its tokens are used."""
    for team in ("red", "blue"):
        create_workspace(postgres_address, team)
    url = "https://evals.example/mcp"
    tokens = {team: provider.token(aud=url, groups=["staff"], team=team) for team in ("red", "blue")}
    by_team = OAuthSettings(provider.issuer, url, workspace_claim="team")
    with served(postgres_address, oauth=by_team) as at:
        for team, token in tokens.items():
            async with mcp_client(at, era, Authorization=f"Bearer {token}") as client:
                await words(client, "set_up_run", evaluation=f"of {team}", attributes='{"a": 1}', version="v1")
        async with mcp_client(at, era, Authorization=f"Bearer {tokens['red']}") as client:
            listed = await words(client, "list_evaluations")
            assert "of red" in listed
            assert "of blue" not in listed
        with closing(open_control(postgres_address)) as control, control.database.write() as connection:
            connection.execute(text("DELETE FROM evals_mcp.workspaces WHERE name = 'red'"))
        async with httpx.AsyncClient(base_url=at, timeout=240) as http:
            answered = [await _asked(http, tokens["red"], era)]
            while answered[-1].status_code == 200 and len(answered) < 300:
                await anyio.sleep(0.1)
                answered.append(await _asked(http, tokens["red"], era))
            assert answered[-1].status_code == 403
            assert "does not exist here (any more)" in answered[-1].json()["detail"]
            assert (await _asked(http, tokens["blue"], era)).status_code == 200
    by_groups = OAuthSettings(provider.issuer, url, workspace_claim="groups")
    with served(postgres_address, oauth=by_groups) as at:
        async with httpx.AsyncClient(base_url=at, timeout=240) as http:
            refused = await _asked(http, tokens["blue"], era)
    assert (refused.status_code, "does not exist here" in refused.json()["detail"]) == (403, True)


async def _asked(http: httpx.AsyncClient, token: str, era: Era) -> httpx.Response:
    body, headers = message(era, "tools/list")
    return await http.post("/mcp", json=body, headers=headers | {"Authorization": f"Bearer {token}"})


def test_a_server_says_whether_it_reaches_the_provider(tmp_path: Path, provider: IdentityProvider) -> None:
    """After its first line, once, however it is started; and it starts either way."""
    provider.keys = {"keys": [public_key("ec"), public_key("ed")]}
    there = f"takes sign-ins of {provider.issuer}, which publishes 2 keys at {provider.origin}/keys"
    file = tmp_path / "serve.toml"
    file.write_text("workers = 2\n", encoding="utf-8")
    for more, issuer, said in (
        ([], provider.issuer, there),
        ([], f"{provider.origin}/x", "EVALS_MCP_OAUTH_ISSUER"),
        (["--root-path", "/team"], provider.issuer, "enters https://evals.example/team/mcp cannot sign in"),
        (["--workers", "1"], provider.issuer, there),
        (["--config", str(file)], f"{provider.origin}/x", "EVALS_MCP_OAUTH_ISSUER"),
    ):
        environ = {
            **os.environ,
            "EVALS_MCP_OAUTH_ISSUER": issuer,
            "EVALS_MCP_OAUTH_RESOURCE": "https://evals.example/mcp",
        }
        arguments = ["-m", "evals_mcp", "serve", "--port", "0", "--database", str(tmp_path / "evals.db"), *more]
        with ServerProcess(arguments, env=environ) as server:
            server.wait_for(said)
            server.process.send_signal(signal.SIGTERM)
            assert server.ended() == 0
            first, *others = server.lines
            assert said in first
            assert said not in "\n".join(others)


def test_a_server_without_sign_in_loads_nothing_of_it(tmp_path: Path) -> None:
    """Neither the libraries that check tokens nor our own modules, apart from the settings."""
    code = f"""
import sys
from evals_mcp.serving.options import ServeOptions
from evals_mcp.serving.serve import listening
with listening(ServeOptions({str(tmp_path / "evals.db")!r}, port=0)):
    print(sorted(name for name in sys.modules if name in ("jwt", "cryptography") or "evals_mcp.oauth." in name))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "['evals_mcp.oauth.settings']\n"
