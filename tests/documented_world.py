"""A machine for the commands of a page: a folder, databases, keys, servers, and real values for placeholders."""

import io
import json
import os
import re
import shlex
import signal
import subprocess
import sys
import tomllib
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path
from unittest.mock import patch

import httpx
from tests.e2e.in_process import run
from tests.e2e.stdio import Wire, environ
from tests.identity_provider import IdentityProvider
from tests.serving.mcp_clients import message
from tests.serving.served_here import served
from tests.serving.server_process import ServerProcess

_SHELL = ("chmod", "curl", "echo", "install", "systemd-sysusers")
"""Programs that a shell runs, in the folder of the page."""

_KEY = r'((?:X-API-KEY"?: "?|HUMANLOOP_API_KEY=))…'
_ROOT = Path(__file__).parents[1]


class DocumentedWorld:
    """Runs commands as a reader would, one after the other; `databases` has an address for each documented host.

    The last key that was made stands for `…`, and the server of its database for the documented address.
    """

    def __init__(self, folder: Path, databases: dict[str, str], provider: IdentityProvider, stack: ExitStack) -> None:
        self.folder = folder
        self.databases = databases
        self.exported: dict[str, str] = {}
        self.lines: list[str] = []
        """What servers wrote to their logs."""
        self._stack = stack
        self._provider = provider
        self._keys: dict[str, str] = {}
        self._last_key = ""
        self._at = str(folder / "evals.db")
        self._servers: dict[str, str] = {}
        owner = os.geteuid() if hasattr(os, "geteuid") else 0
        # What a page says, and what it is here. Nothing else is changed.
        self._substitutions: list[tuple[str, str | Callable[[re.Match[str]], str]]] = [
            (r"postgresql://\w+(?::…)?@(\w+)\.internal(?::\d+)?/evals(\?)?", self._postgresql),
            (r"https://evals\.internal(?!/evals)|http://127\.0\.0\.1:8421", lambda _: self.served()),
            (r"https://login\.team\.example/realms/team", lambda _: self._provider.issuer),
            (_KEY, lambda found: found[1] + self._last_key),
            (r"--host 0\.0\.0\.0", "--host 127.0.0.1"),
            (r'host = "0\.0\.0\.0"', 'host = "127.0.0.1"\nport = 0'),
            (r"--port 8421", "--port 0"),
            (r"(?<![\w.])/(backups|etc|opt|usr/lib|var/lib)/", lambda found: f"{folder}/{found[1]}/"),
            (r"/backups(?= |$)", f"{folder}/backups"),
            (r"docker run --rm --volume evals:/data evals-mcp", f"EVALS_MCP_DATABASE={folder}/data.db evals-mcp"),
            (r"docker compose run --rm serve", f"EVALS_MCP_DATABASE='{databases['compose']}' evals-mcp"),
            (r"runuser -u evals-mcp -- \S+/evals-mcp", "evals-mcp"),
            (r"-o evals-mcp -g evals-mcp", f"-o {owner}"),
            (r"-g evals-mcp ", ""),
            (r"^systemd-sysusers$", f"systemd-sysusers --root={folder} {folder}/usr/lib/sysusers.d/evals-mcp.conf"),
            (r"two\.internal:5432", "two.internal:5433"),
            (r"^curl ", "curl --silent --show-error --fail "),
            (r"(?<= )deploy/", f"{_ROOT}/deploy/"),
        ]

    def filled(self, text: str) -> str:
        """A text of the page with real values for its placeholders."""
        for pattern, value in self._substitutions:
            text = re.sub(pattern, value if callable(value) else value.replace("\\", r"\\"), text)
        return text

    def _postgresql(self, found: re.Match[str]) -> str:
        return self.databases[found[1]] + ("&" if found[2] else "")

    def enter(self, context: AbstractContextManager[str]) -> str:
        """What a context gives, which lasts as long as this machine."""
        return self._stack.enter_context(context)

    def have_same_keys(self, host: str, other: str) -> None:
        """Let a host lead to the database of another one."""
        self._keys[self.databases[host]] = self._keys[self.databases[other]]

    def served(self) -> str:
        """The address of a server of the database whose key was made last."""
        if self._at not in self._servers:
            self._servers[self._at] = self.enter(served(self._at))
        return self._servers[self._at]

    def run(self, command: str) -> bool:
        """Run a command to its end, which must be a good one; False if nothing here knows its program."""
        for part in command.split(" && "):
            line = self.filled(part)
            words = shlex.split(line)
            variables = dict(self.exported)
            while re.match(r"[A-Z_]+=", words[0]):
                name, _, value = words.pop(0).partition("=")
                variables[name] = value
            if words[0] == "export":
                self.exported |= dict(word.split("=", 1) for word in words[1:])
            elif words[0] in _SHELL:
                self._run_in_shell(line)
            elif words[0] != "evals-mcp":
                return False
            elif words[1:] == []:
                self._ask_on_stdio(variables)
            elif words[1] == "serve" and "--check" not in words:
                if "--host 0.0.0.0" in part:  # as it stands there, too, but without listening
                    self.run_here(*words[1:], "--host", "0.0.0.0", "--check", **variables)
                self._serve(words[1:], variables)
            else:
                self.run_here(*words[1:], **variables)
        return True

    def run_here(self, *words: str, **variables: str) -> str:
        """Run a command of ours in this process; a person at a terminal types the name where one is asked for."""
        typed = io.StringIO(f"{words[2]}\n" if words[:2] == ("workspaces", "remove") else "")
        with patch.object(typed, "isatty", lambda: True, create=True), patch.object(sys, "stdin", typed):
            ended = run(words, **self._own(variables))
        assert ended.status == 0, (words, ended)
        if words[:2] == ("keys", "create") and "--server" not in words:
            (secret,) = re.findall(r"evalsmcp_\w+", ended.stdout)
            self._at = self._database(words, variables)
            self._keys[self._at] = self._last_key = secret
        return ended.stdout

    def _database(self, words: tuple[str, ...] | list[str], variables: dict[str, str]) -> str:
        named = words[words.index("--database") + 1] if "--database" in words else variables.get("EVALS_MCP_DATABASE")
        if named is None and "--config" in words:
            named = tomllib.loads(Path(words[words.index("--config") + 1]).read_text(encoding="utf-8"))["database"]
        return str(self.folder / (named or "default.db")) if "://" not in (named or "") else str(named)

    def _own(self, variables: dict[str, str]) -> dict[str, str]:
        own = {"HOME": str(self.folder), "XDG_DATA_HOME": str(self.folder), "PATH": os.environ["PATH"]}
        return {**own, **variables}

    def _run_in_shell(self, line: str) -> None:
        done = subprocess.run(["/bin/bash", "-c", line], cwd=self.folder, capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, (line, done.stdout, done.stderr)
        if line.endswith(".toml"):  # what it names is in the folder, too
            installed = Path(shlex.split(line)[-1])
            installed.write_text(self.filled(installed.read_text(encoding="utf-8")), encoding="utf-8")
        if line.startswith("curl "):
            assert json.loads(done.stdout) == {"status": "ok"}

    def _serve(self, words: list[str], variables: dict[str, str]) -> None:
        """Start a server, ask it, and stop it with the signal that the page names."""
        if "--port" not in words and "--config" not in words:
            variables = {**variables, "EVALS_MCP_SERVE_PORT": "0"}
        key = self._keys.get(self._database(words, variables), "")
        given = environ(**self._own(variables))
        with ServerProcess(["-m", "evals_mcp", *words], cwd=self.folder, env=given) as server:
            with httpx.Client(base_url=server.url, timeout=60) as client:
                self._ask(client, key)
                if "EVALS_MCP_OAUTH_RESOURCE" in variables:
                    self._sign_in(client, variables["EVALS_MCP_OAUTH_RESOURCE"])
            server.process.send_signal(signal.SIGTERM)
            status = server.ended()
            self.lines += server.lines
        assert status == 0, (words, self.lines[-5:])

    @staticmethod
    def _ask(client: httpx.Client, key: str) -> None:
        """Ask how the server is, and for something that it has; it asks for a key if there is one."""
        for path in ("/health", "/ready"):
            assert client.get(path).status_code == 200, path
        headers = {"X-API-KEY": key} if key else {}
        assert client.get("/v5/flows", headers=headers).status_code == 200
        for wrong in ({}, {"X-API-KEY": f"evalsmcp_{'a' * 12}_{'b' * 43}"}):
            assert client.get("/v5/flows", headers=wrong).status_code == (401 if key else 200)

    def _sign_in(self, client: httpx.Client, resource: str) -> None:
        body, headers = message("legacy", "tools/list")
        assert client.post("/mcp", json=body, headers=headers).status_code == 401
        token = {"Authorization": f"Bearer {self._provider.token(aud=resource)}"}
        answer = client.post("/mcp", json=body, headers=headers | token)
        assert answer.json()["result"]["tools"]

    def _ask_on_stdio(self, variables: dict[str, str]) -> None:
        """Ask a server on stdio as a host does."""
        with Wire(self._own(variables), cwd=self.folder) as wire:
            wire.answer("list_evaluations")
