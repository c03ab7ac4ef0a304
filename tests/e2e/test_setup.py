"""`evals-mcp setup`: what a person sees, answers and gets; `tests/hosts` has what is written."""

import json
import sys
from io import StringIO
from pathlib import Path

import pytest
from tests.e2e.in_process import run

from evals_mcp.hosts.machine import own_command

THEME = '{\n  "theme": "dark"\n}\n'


class Terminal(StringIO):
    """A person at a terminal, and what they type."""

    def isatty(self) -> bool:
        """It is one."""
        return True


@pytest.fixture
def gemini(tmp_path: Path) -> Path:
    """The configuration of the only host in a home folder."""
    path = tmp_path / ".gemini" / "settings.json"
    path.parent.mkdir()
    path.write_text(THEME)
    return path


def test_a_change_is_shown_confirmed_and_written(tmp_path: Path, gemini: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No is the default, and end of input is no."""
    for typed in ("", "\n", "n\n"):
        monkeypatch.setattr(sys, "stdin", Terminal(typed))
        refused = run(["setup"], HOME=str(tmp_path))
        assert (refused.status, gemini.read_text()) == (0, THEME)
        assert '+  "mcpServers": {' in refused.stdout
        assert "Write this to the configuration of Gemini CLI? [y/N] Gemini CLI was not changed." in refused.stdout
    monkeypatch.setattr(sys, "stdin", Terminal("y\n"))
    done = run(["setup"], HOME=str(tmp_path))
    program, *arguments = own_command({})
    entry = {"command": program, **({"args": arguments} if arguments else {})}
    assert json.loads(gemini.read_text()) == {"theme": "dark", "mcpServers": {"evals": entry}}
    assert f"Gemini CLI is set up in {gemini}. Backup: {gemini}.backup-" in done.stdout
    assert "is set up already" in run(["setup"], HOME=str(tmp_path)).stdout
    removed = run(["setup", "--remove", "--yes"], HOME=str(tmp_path))
    assert (removed.status, gemini.read_text()) == (0, THEME)
    assert "evals was removed from" in removed.stdout


def test_print_only_shows_and_nobody_is_asked_without_a_terminal(tmp_path: Path, gemini: Path) -> None:
    """A script has to say --yes."""
    shown = run(["setup", "--print"], HOME=str(tmp_path))
    assert (shown.status, shown.stderr) == (0, "")
    assert "+++ " in shown.stdout
    asked = run(["setup"], HOME=str(tmp_path))
    assert asked.status == 1
    assert "Gemini CLI: Nobody can confirm the change here. Add --yes to write it" in asked.stderr
    assert gemini.read_text() == THEME


def test_settings_are_written_in_full_and_keys_are_not_shown(tmp_path: Path, gemini: Path) -> None:
    """A database by its full path, because hosts start servers anywhere; a key from the shell, not from its history."""
    options = ["--env", "EVALS_MCP_DATABASE=evals.db", "--env", "HUMANLOOP_API_KEY", "--yes"]
    variables = {"HOME": str(tmp_path), "HUMANLOOP_API_KEY": "hl-1 \x1b[2J", "EVALS_MCP_READ_ONLY": "true"}
    done = run(["setup", "gemini", *options], **variables)
    env = {"EVALS_MCP_DATABASE": str(Path("evals.db").absolute()), "HUMANLOOP_API_KEY": "hl-1 \x1b[2J"}
    assert json.loads(gemini.read_text())["mcpServers"]["evals"]["env"] == env
    assert "hl-1" not in done.stdout
    assert "This shell sets EVALS_MCP_READ_ONLY; hosts do not read that." in done.stdout


def test_what_a_file_holds_is_shown_without_passwords_and_codes(tmp_path: Path, gemini: Path) -> None:
    """Also those of other servers, beside which ours comes."""
    gemini.write_text('{\n  "mcpServers": {\n    "a": {"env": {"A_TOKEN": "t0p"}, "b": "\x7f\x9b2J"}\n  }\n}\n')
    done = run(["setup", "--print", "--env", "EVALS_MCP_DATABASE=postgresql://me:s3cret@db/evals"], HOME=str(tmp_path))
    assert done.status == 0
    assert '"A_TOKEN": …' in done.stdout
    assert "postgresql://me:…@db/evals" in done.stdout
    for hidden in ("t0p", "s3cret", "\x9b", "\x7f"):
        assert hidden not in done.stdout


def test_secrets_in_arguments_and_addresses_are_not_shown(tmp_path: Path, gemini: Path) -> None:
    """Other servers have theirs in headers, options, addresses, and on lines of their own."""
    hidden = ["h0le-1", "h0le-2", "h0le-3", "h0le-4", "sk-h0le-5678", "h0le-6"]
    args = ["--header", f"Authorization: Bearer {hidden[0]}", "--header", f"X-API-Key: {hidden[1]}", "--token"]
    args += [hidden[2], f"--api-key={hidden[3]}", hidden[4], f"https://mcp.example/sse?access_token={hidden[5]}&v=2"]
    for indent in (None, 2):
        gemini.write_text(json.dumps({"mcpServers": {"other": {"command": "npx", "args": args}}}, indent=indent))
        for command in (["setup", "--print"], ["setup", "--yes"], ["setup", "--remove", "--print"]):
            shown = run(command, HOME=str(tmp_path)).stdout
            assert '"evals": {' in shown
            assert [secret for secret in hidden if secret in shown] == []


def test_secrets_in_other_forms_are_not_shown(tmp_path: Path, gemini: Path) -> None:
    """A password with an @ in it, texts of several lines, lists, and names that are no keys."""
    hidden = [f"h0le-{number}" for number in range(1, 11)]
    names = ("GITHUB_PAT", "pwd", "SESSION_COOKIE", "credentials", "X-Auth")
    other = {"command": "npx", "env": dict(zip(names, hidden, strict=False)), "apiKeys": [hidden[5]]}
    gemini.write_text(json.dumps({"mcpServers": {"o": other}}))
    codex = tmp_path / ".codex" / "config.toml"
    codex.parent.mkdir()
    texts = f"""env = {{ TOKEN = '''{hidden[6]}''', "A_KEY" = """ + f'"""\n{hidden[7]}\n{hidden[8]}""" }}\n'
    codex.write_text(f"[mcp_servers.o]\n{texts}")
    database = f"EVALS_MCP_DATABASE=postgresql://me:a@b@{hidden[9]}@db/evals"
    shown = run(["setup", "--print", "--env", database], HOME=str(tmp_path)).stdout
    assert shown.count("postgresql://me:…@db/evals") == 2
    assert [secret for secret in hidden if secret in shown] == []
    assert "+[mcp_servers.evals]" in shown


def test_of_a_file_in_one_line_the_change_is_shown(tmp_path: Path) -> None:
    """Claude Code's file has a history in it, which nobody reads in a diff."""
    claude = tmp_path / ".claude.json"
    servers = {"other": {"command": "other"}}
    claude.write_text(json.dumps({"history": ["what I asked " * 50], "mcpServers": servers, "projects": "p" * 900}))
    shown = run(["setup", "--print"], HOME=str(tmp_path)).stdout
    *_, removed, added = shown.splitlines()
    assert removed.startswith("-…")
    assert added.startswith("+…")
    assert '"other": {"command": "other"}, "evals": {"type": "stdio", "command": ' in added
    assert added.endswith("…")
    assert len(removed) < 200
    assert len(added) < 500


def test_a_host_that_fails_does_not_keep_the_others(tmp_path: Path, gemini: Path) -> None:
    """The status tells that something is left to do."""
    cursor = tmp_path / ".cursor" / "mcp.json"
    cursor.parent.mkdir()
    cursor.write_text("{")
    done = run(["setup", "--yes"], HOME=str(tmp_path))
    assert done.status == 1
    assert f"Cursor: {cursor} cannot be changed as JSON: line 1, column 2" in done.stderr
    assert "evals" in gemini.read_text()
    assert cursor.read_text() == "{"


def test_a_host_that_is_not_there_is_set_up_by_its_name(tmp_path: Path) -> None:
    """In any case, and as it calls itself."""
    done = run(["setup", "Claude Desktop", "--yes"], HOME=str(tmp_path))
    assert done.status == 0
    assert (tmp_path / ".config" / "Claude" / "claude_desktop_config.json").is_file()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "No host was found in HOME. Name one, and its configuration is created: claude-desktop, claude-code,"),
        (["cursr"], "'cursr' is not a host. Use cursor."),
        (["emacs"], "'emacs' is not a host. Use one of claude-desktop,"),
        (["gemini", "--name", "our evals"], "--name takes 1 to 40 letters"),
        (["gemini", "--env", "DATABASE=x"], "--env: the server has no setting 'DATABASE'. It has EVALS_MCP_DATABASE"),
        (["gemini", "--env", "HUMANLOOP_API_KEY"], "HUMANLOOP_API_KEY is not set in this shell."),
        (["gemini", "--env", "EVALS_MCP_MAX_TOKENS=1"], "EVALS_MCP_MAX_TOKENS must be a whole number from 300"),
    ],
)
def test_what_cannot_be_meant_is_refused(tmp_path: Path, arguments: list[str], words: str) -> None:
    """Before anything is written."""
    ended = run(["setup", *arguments, "--yes"], HOME=str(tmp_path))
    assert ended.status == 1
    assert words.replace(" in HOME", f" in {tmp_path}") in ended.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_home_folder_that_does_not_exist_is_told(tmp_path: Path) -> None:
    """Nothing is created in its place."""
    home = tmp_path / "gone"
    ended = run(["setup", "--yes"], HOME=str(home))
    assert ended.status == 1
    assert f"The home folder {home} does not exist. Set HOME to yours" in ended.stderr
    assert not home.exists()
