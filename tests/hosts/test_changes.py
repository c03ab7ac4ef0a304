"""Set-up and removal in the configurations of hosts: what is written where, and that nothing else is lost."""

import json
import os
import stat
import tomllib
from pathlib import Path, PurePath
from typing import Any

import pytest

from evals_mcp.errors import Conflict, EvalsError, Invalid, Unavailable
from evals_mcp.hosts import files
from evals_mcp.hosts.changes import Change, Kind, Wish, apply, options_of, plan, servers_in
from evals_mcp.hosts.files import read_config
from evals_mcp.hosts.known import HOSTS, Host, Server
from evals_mcp.hosts.machine import Machine

PROGRAM = "/opt/evals/bin/evals-mcp"
SERVER = Server(PROGRAM)
ADD = Wish("evals", SERVER)
REMOVE = Wish("evals", None)
BY_KEY = {host.key: host for host in HOSTS}
GEMINI = BY_KEY["gemini"]
COMMENTED = '{\n  // mine\n  "theme": "dark",\n  "mcpServers": {\n    "other": { "command": "x" }\n  }\n}\n'


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    """A machine with Linux's paths and an empty home folder."""
    return Machine(tmp_path, {}, "linux")


def carry_out(host: Host, machine: Machine, wish: Wish) -> tuple[Change, Path | None]:
    """Work a change out and write it: the change, and the backup."""
    change = plan(host, machine, wish)
    return change, apply(change, machine, wish)


def data_of(host: Host, machine: Machine) -> Any:
    """What a host reads in its configuration."""
    text = host.path(machine).read_text(encoding="utf-8")
    return tomllib.loads(text) if host.is_toml else json.loads(text)


@pytest.mark.parametrize(
    ("key", "wanted"),
    [
        ("claude-desktop", {"mcpServers": {"evals": {"command": PROGRAM}}}),
        ("claude-code", {"mcpServers": {"evals": {"type": "stdio", "command": PROGRAM, "args": [], "env": {}}}}),
        ("codex", {"mcp_servers": {"evals": {"command": PROGRAM, "required": True}}}),
        ("gemini", {"mcpServers": {"evals": {"command": PROGRAM}}}),
        ("cursor", {"mcpServers": {"evals": {"command": PROGRAM}}}),
        ("vscode", {"servers": {"evals": {"type": "stdio", "command": PROGRAM}}}),
        ("windsurf", {"mcpServers": {"evals": {"command": PROGRAM}}}),
        ("zed", {"context_servers": {"evals": {"command": PROGRAM, "args": [], "env": {}}}}),
        ("opencode", {"mcp": {"evals": {"type": "local", "command": [PROGRAM], "enabled": True}}}),
    ],
)
def test_each_host_gets_the_server_in_its_own_form(key: str, wanted: Any, machine: Machine) -> None:
    """In a file that only the person can read; a second time changes nothing, and the removal leaves nothing of it."""
    host = BY_KEY[key]
    change, backup = carry_out(host, machine, ADD)
    assert (change.kind, backup) == (Kind.ADD, None)
    assert data_of(host, machine) == wanted
    assert stat.S_IMODE(host.path(machine).stat().st_mode) == 0o600
    assert plan(host, machine, ADD).kind is Kind.NONE
    assert host.server(servers_in(host, host.path(machine).read_text())["evals"]) == SERVER
    assert carry_out(host, machine, REMOVE)[0].kind is Kind.REMOVE
    assert data_of(host, machine) == {}
    assert plan(host, machine, REMOVE).kind is Kind.NONE


@pytest.mark.parametrize("host", HOSTS, ids=lambda host: str(host.key))
def test_settings_and_arguments_reach_the_server(host: Host, machine: Machine) -> None:
    """Whatever a host calls them."""
    server = Server("/usr/bin/python3", ("-m", "evals_mcp"), {"EVALS_MCP_DATABASE": "/data/evals.db"})
    carry_out(host, machine, Wish("evals", server))
    assert host.server(servers_in(host, host.path(machine).read_text())["evals"]) == server


@pytest.mark.parametrize(
    ("platform", "environ", "paths"),
    [
        (
            "darwin",
            {},
            {
                "claude-desktop": "Library/Application Support/Claude/claude_desktop_config.json",
                "claude-code": ".claude.json",
                "codex": ".codex/config.toml",
                "gemini": ".gemini/settings.json",
                "cursor": ".cursor/mcp.json",
                "vscode": "Library/Application Support/Code/User/mcp.json",
                "windsurf": ".codeium/windsurf/mcp_config.json",
                "zed": ".config/zed/settings.json",
                "opencode": ".config/opencode/opencode.json",
            },
        ),
        (
            "win32",
            {},
            {
                "claude-desktop": "AppData/Roaming/Claude/claude_desktop_config.json",
                "vscode": "AppData/Roaming/Code/User/mcp.json",
                "zed": "AppData/Roaming/Zed/settings.json",
            },
        ),
        (
            "linux",
            {"XDG_CONFIG_HOME": "x", "CODEX_HOME": "c", "CLAUDE_CONFIG_DIR": "d"},
            {
                "vscode": "x/Code/User/mcp.json",
                "zed": "x/zed/settings.json",
                "opencode": "x/opencode/opencode.json",
                "codex": "c/config.toml",
                "claude-code": "d/.claude.json",
            },
        ),
    ],
)
def test_configurations_are_where_each_platform_has_them(
    tmp_path: Path, platform: str, environ: dict[str, str], paths: dict[str, str]
) -> None:
    """Or where a variable says."""
    machine = Machine(tmp_path, {name: str(tmp_path / folder) for name, folder in environ.items()}, platform)
    found = {key: PurePath(BY_KEY[key].path(machine)).relative_to(tmp_path).as_posix() for key in paths}
    assert found == paths


def test_a_host_is_found_by_its_folder_or_its_program(machine: Machine, tmp_path: Path) -> None:
    """Nothing is found on an empty machine."""
    assert not any(host.is_found(machine) for host in HOSTS)
    (tmp_path / ".gemini").mkdir()
    program = tmp_path / "bin" / "codex"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    with_path = Machine(tmp_path, {"PATH": str(program.parent)}, "linux")
    assert [host.key for host in HOSTS if host.is_found(with_path)] == ["codex", "gemini"]


def test_opencode_keeps_the_name_of_its_file(machine: Machine, tmp_path: Path) -> None:
    """With comments it ends in .jsonc."""
    path = tmp_path / ".config" / "opencode" / "opencode.jsonc"
    path.parent.mkdir(parents=True)
    path.write_text('{\n  // mine\n  "model": "m",\n}\n')
    change, backup = carry_out(BY_KEY["opencode"], machine, ADD)
    assert change.file.path == path
    assert "// mine" in path.read_text()
    assert backup is not None


def written(machine: Machine, text: str, host: Host = GEMINI) -> Path:
    """A host's configuration with a text."""
    path = host.path(machine)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def test_what_was_there_stays_and_a_backup_has_it(machine: Machine) -> None:
    """Comments, other servers, the mode; and the removal brings the same bytes back."""
    path = written(machine, COMMENTED)
    path.chmod(0o640)
    _, backup = carry_out(GEMINI, machine, ADD)
    assert backup is not None
    assert backup.read_text() == COMMENTED
    assert stat.S_IMODE(path.stat().st_mode) == stat.S_IMODE(backup.stat().st_mode) == 0o640
    carry_out(GEMINI, machine, REMOVE)
    assert path.read_text() == COMMENTED
    assert sorted(item.name for item in path.parent.iterdir() if "backup" not in item.name) == ["settings.json"]


def test_a_link_stays_a_link(machine: Machine, tmp_path: Path) -> None:
    """The file that it leads to is changed, and the backup is beside that."""
    target = tmp_path / "dotfiles" / "gemini.json"
    target.parent.mkdir()
    target.write_text(COMMENTED)
    path = GEMINI.path(machine)
    path.parent.mkdir()
    path.symlink_to(target)
    _, backup = carry_out(GEMINI, machine, ADD)
    assert path.is_symlink()
    assert "evals" in target.read_text()
    assert backup is not None
    assert backup.parent == target.parent


def test_an_entry_of_ours_is_updated_and_keeps_what_a_person_added(machine: Machine) -> None:
    """An older way to start the server changes; its options, variables and unknown keys stay."""
    entry = {
        "command": "uvx",
        "args": ["--from", "/src", "evals-mcp", "--import-dirs", "/data"],
        "env": {"EVALS_MCP_READ_ONLY": "true", "EVALS_MCP_DATABASE": "/old.db"},
        "trust": True,
    }
    written(machine, json.dumps({"mcpServers": {"evals": entry}}))
    wish = Wish("evals", Server(PROGRAM, (), {"EVALS_MCP_DATABASE": "/new.db"}))
    change, _ = carry_out(GEMINI, machine, wish)
    assert change.kind is Kind.UPDATE
    assert data_of(GEMINI, machine)["mcpServers"]["evals"] == {
        "command": PROGRAM,
        "args": ["--import-dirs", "/data"],
        "env": {"EVALS_MCP_READ_ONLY": "true", "EVALS_MCP_DATABASE": "/new.db"},
        "trust": True,
    }


@pytest.mark.parametrize(
    ("words", "options"),
    [
        ("/opt/bin/evals-mcp --database x", ["--database", "x"]),
        (r"C:\Tools\Scripts\evals-mcp.exe", []),
        ("uvx evals-mcp", []),
        ("uvx --from evals-mcp evals-mcp --import-dirs /d", ["--import-dirs", "/d"]),
        ("/usr/bin/uv run --directory /src/evals-mcp evals-mcp", []),
        ("/usr/bin/python3.12 -m evals_mcp --database x", ["--database", "x"]),
        ("env A=b /opt/bin/evals-mcp", []),
        ("npx server-filesystem /home/me/evals-mcp", None),
        ("/opt/bin/evals-mcp-other", None),
        ("python -m other evals_mcp", None),
        ("uv run --directory /src/evals-mcp other", None),
    ],
)
def test_our_server_is_known_by_what_starts_it(words: str, options: list[str] | None) -> None:
    """A folder of our name is an argument of another server."""
    program, *arguments = words.split()
    assert options_of(Server(program, tuple(arguments))) == options


def test_arguments_that_started_it_go(machine: Machine) -> None:
    """The new command needs none; a server that a person switched off stays off."""
    opencode = BY_KEY["opencode"]
    old = {"type": "local", "command": ["python", "-m", "evals_mcp"], "enabled": False}
    written(machine, json.dumps({"mcp": {"evals": old}}), opencode)
    carry_out(opencode, machine, ADD)
    assert data_of(opencode, machine)["mcp"]["evals"] == {**old, "command": [PROGRAM]}
    written(machine, '{"mcpServers": {"evals": {"command": "python", "args": ["-m", "evals_mcp"]}}}')
    carry_out(GEMINI, machine, ADD)
    assert data_of(GEMINI, machine)["mcpServers"]["evals"] == {"command": PROGRAM}


def test_codex_gets_what_it_lacks(machine: Machine) -> None:
    """Without `required` its first answer may come before the tools are there; comments stay."""
    codex = BY_KEY["codex"]
    text = f'model = "m" # mine\n\n[mcp_servers.evals]\ncommand = "{PROGRAM}" # by hand\n'
    path = written(machine, text, codex)
    carry_out(codex, machine, ADD)
    assert path.read_text() == text + "required = true\n"


@pytest.mark.parametrize(
    "entry", [{"command": "npx", "args": ["other"]}, {"url": "https://example.com/mcp"}, "odd", {"command": 3}]
)
@pytest.mark.parametrize("wish", [ADD, REMOVE])
def test_another_server_of_the_name_is_refused(machine: Machine, entry: Any, wish: Wish) -> None:
    """Unless a person says so; another name is free."""
    text = json.dumps({"mcpServers": {"evals": entry}})
    path = written(machine, text)
    with pytest.raises(
        Conflict, match=r"evals is another server there\. Choose another name with --name, or add --rep"
    ):
        plan(GEMINI, machine, wish)
    assert path.read_text() == text
    carry_out(GEMINI, machine, Wish("evals-2", SERVER))
    assert data_of(GEMINI, machine)["mcpServers"]["evals"] == entry
    carry_out(GEMINI, machine, Wish("evals", wish.server, replace=True))
    left = data_of(GEMINI, machine)["mcpServers"].get("evals")
    assert left == (None if wish.server is None else {"command": PROGRAM})


@pytest.mark.parametrize(
    ("host", "text", "words"),
    [
        (GEMINI, "theme: dark\n", "as JSON: line 1, column 1: a value is missing. Correct the file, then repeat."),
        (GEMINI, '{"a": 1', "line 1, column 8: a comma or } is missing"),
        (GEMINI, "[]", "it is no object"),
        (GEMINI, '{"a": [1, 2,]}', "line 1, column 13: this host reads no comma before the end"),
        (GEMINI, '{"a": 1,\n}', "line 2, column 1: this host reads no comma before the end"),
        (BY_KEY["claude-code"], '{"a": 1 /* x */}', "line 1, column 9: this host reads no comments"),
        (BY_KEY["claude-desktop"], "// mine\n{}", "line 1, column 1: this host reads no comments"),
        (GEMINI, '{"mcpServers": null}', "mcpServers is not a group of servers"),
        (BY_KEY["codex"], "model = \n", "as TOML: Invalid value (at line 1, column 9)"),
        (BY_KEY["codex"], "mcp_servers = 1\n", "mcp_servers is not a group of servers"),
    ],
)
def test_a_configuration_that_cannot_be_read_stays_as_it_is(
    machine: Machine, host: Host, text: str, words: str
) -> None:
    """And a person learns where it is wrong."""
    path = written(machine, text, host)
    for wish in (ADD, REMOVE):
        with pytest.raises(Invalid) as refused:
            plan(host, machine, wish)
        assert words in str(refused.value)
        assert str(path) in str(refused.value)
    assert path.read_text() == text
    assert list(path.parent.iterdir()) == [path]


def test_an_empty_file_counts_as_an_empty_configuration(machine: Machine) -> None:
    """Some hosts create one."""
    written(machine, "\n")
    carry_out(GEMINI, machine, ADD)
    assert data_of(GEMINI, machine) == {"mcpServers": {"evals": {"command": PROGRAM}}}


def test_other_encodings_links_that_lead_nowhere_and_folders_are_told(machine: Machine) -> None:
    """Each with what to do; nothing is written."""
    path = written(machine, "{}")
    path.write_bytes('{"a": 1}'.encode("utf-16"))
    with pytest.raises(Invalid, match=r"is not UTF-8 text\. Save it as UTF-8, then repeat\."):
        plan(GEMINI, machine, ADD)
    path.unlink()
    path.symlink_to("gone/settings.json")
    with pytest.raises(Unavailable, match=r"is a link to gone/settings\.json, which does not exist\. Mend the link\."):
        plan(GEMINI, machine, ADD)
    path.unlink()
    path.symlink_to(path.name)
    with pytest.raises(Unavailable, match="cannot be read"):
        plan(GEMINI, machine, ADD)
    path.unlink()
    path.mkdir()
    with pytest.raises(Unavailable, match=r"is not a file\. Move it away, then repeat\."):
        plan(GEMINI, machine, ADD)


def test_a_read_only_configuration_is_not_replaced(machine: Machine) -> None:
    """Its folder would allow that, but a person has protected the file."""
    path = written(machine, COMMENTED)
    path.chmod(0o444)
    with pytest.raises(Unavailable, match=r"is read-only\. Make it writable, or make the change by hand"):
        carry_out(GEMINI, machine, ADD)
    assert path.read_text() == COMMENTED
    assert list(path.parent.iterdir()) == [path]


def test_a_folder_that_cannot_be_created_is_told(machine: Machine, tmp_path: Path) -> None:
    """Here a file is in its place."""
    (tmp_path / ".gemini").write_text("")
    with pytest.raises(Unavailable, match=r"settings\.json cannot be (read|written): "):
        carry_out(GEMINI, machine, ADD)


def test_what_another_program_wrote_in_the_meantime_stays(machine: Machine) -> None:
    """A host changes its configuration while a person reads the question; another server there is not overwritten."""
    path = written(machine, COMMENTED)
    change = plan(GEMINI, machine, ADD)
    path.write_text(COMMENTED.replace("dark", "light"))
    apply(change, machine, ADD)
    assert '"light"' in path.read_text()
    assert servers_in(GEMINI, path.read_text())["evals"] == {"command": PROGRAM}
    path.write_text(text := '{"mcpServers": {"evals": {"command": "evals-mcp", "args": ["--database", "x"]}}}')
    with pytest.raises(EvalsError, match=r"was changed by another program in the meantime\. Repeat the command\."):
        apply(change, machine, ADD)
    assert path.read_text() == text


def test_two_set_ups_at_once_lose_nothing(machine: Machine) -> None:
    """Each adds its own server to the same file."""
    from concurrent.futures import ThreadPoolExecutor

    path = written(machine, COMMENTED)
    wishes = [Wish(f"evals-{number}", SERVER) for number in range(8)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda wish: carry_out(GEMINI, machine, wish), wishes))
    assert set(data_of_comments(path)["mcpServers"]) == {"other", *(wish.name for wish in wishes)}
    assert len([item for item in path.parent.iterdir() if "backup" in item.name]) == 8
    assert not [item for item in path.parent.iterdir() if item.name.endswith(".new")]


def test_a_configuration_that_comes_in_between_is_not_replaced(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After the last look, too: two set-ups may both create the folder of a host."""
    path = GEMINI.path(machine)

    def read_and_write(read: Path) -> files.ConfigFile:
        found = read_config(read)
        path.write_text("{}")
        return found

    path.parent.mkdir(exist_ok=True)
    new = read_config(path)
    monkeypatch.setattr(files, "read_config", read_and_write)
    with pytest.raises(EvalsError, match="was changed by another program in the meantime"):
        files.write_config(new, COMMENTED)
    assert path.read_text() == "{}"
    assert list(path.parent.iterdir()) == [path]


def data_of_comments(path: Path) -> Any:
    """What a configuration with comments holds."""
    return GEMINI.read(path.read_text())


def test_a_write_that_fails_leaves_no_trace(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    """The disk is full when the new file is to take the place of the old one."""

    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    path = written(machine, COMMENTED)
    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(Unavailable, match=r"cannot be written: No space left on device\. It was not changed\."):
        carry_out(GEMINI, machine, ADD)
    assert path.read_text() == COMMENTED
    assert list(path.parent.iterdir()) == [path]
