"""The pages about servers to the letter: every command is run, and every configuration is given to what reads it."""

import json
import os
import re
import secrets
import shlex
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
from sqlalchemy.engine import make_url
from tests.documented_blocks import DOCS, Block, blocks_of, commands_of, mentioned_commands
from tests.documented_world import DocumentedWorld
from tests.identity_provider import identity_provider
from tests.keeping.client_programs import client_programs
from tests.nodes import add_nodes
from tests.pooler import is_installed, running_pooler
from tests.postgresql import create_database, drop_database
from tests.serving.mcp_clients import message

from evals_mcp.cli.main import build_parser
from evals_mcp.store.store import open_store

__all__ = ["client_programs"]
pytestmark = [
    pytest.mark.skipif(sys.platform == "win32", reason="the pages are for a shell"),
    pytest.mark.usefixtures("client_programs"),
]

PAGES = ("serving.md", "keeping.md", "scaling.md")
NOT_RUN = {
    "docker build --tag evals-mcp .": "needs a daemon; tests/test_distribution.py reads the Dockerfile",
    "docker run --detach --read-only --tmpfs /tmp --cap-drop ALL --security-opt no-new-privileges "
    "--volume evals:/data --publish 8421:8421 evals-mcp": "needs a daemon",
    "docker compose build": "needs a daemon",
    "docker compose up --detach": "needs a daemon; tests/slow/test_deployment.py takes its steps without one",
    "python3 -m venv /opt/evals-mcp": "tests/slow/test_installing.py installs the wheel into new environments",
    "/opt/evals-mcp/bin/pip install .": "tests/slow/test_installing.py installs the wheel into new environments",
    "systemctl daemon-reload": "needs a running systemd; tests/test_deployment.py has it read the unit",
    "systemctl enable --now evals-mcp": "needs a running systemd",
    "systemctl restart evals-mcp": "needs a running systemd",
    "systemctl enable --now evals-mcp-backup.timer": "needs a running systemd; tests/test_deployment.py reads it",
    "systemctl start evals-mcp-backup": "needs a running systemd",
    "journalctl --unit evals-mcp --follow --output cat": "needs a running systemd",
    'claude mcp add --transport http evals https://evals.internal/mcp --header "X-API-KEY: …"': (
        "needs the program; its address and header are asked"
    ),
    "EVALS_MCP_TEST_POSTGRESQL=postgresql://postgres@coordinator.internal/evals pytest tests/slow tests/store/teams": (
        "would run these tests again; its folders and its variable are looked up"
    ),
}
"""What cannot run here, and why."""


@pytest.fixture
def world(tmp_path: Path, postgres_server: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[DocumentedWorld]:
    """A folder with results to import, an empty database for each host of the pages, and an identity provider."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "results.csv").write_text("question,answer,correct\nq,a,true\np,b,false\n")
    names = {
        host: f"documented_{host}_{secrets.token_hex(4)}"
        for host in ("db", "coordinator", "compose", "first", "second")
    }
    with ExitStack() as stack:
        databases = {}
        for host, name in names.items():
            databases[host] = create_database(postgres_server, name)
            stack.callback(drop_database, postgres_server, name)
        provider = stack.enter_context(identity_provider())
        yield DocumentedWorld(tmp_path, databases, provider, stack)


@pytest.mark.parametrize("page", PAGES)
def test_what_a_page_says_works(page: str, world: DocumentedWorld) -> None:
    """Its blocks in their order; what is exported holds until the end of a section."""
    section, missing, shown = "", set[str](), list[str]()
    _begin(page, world)
    for block in blocks_of(page):
        if block.section != section:
            section = block.section
            world.exported = {"EVALS_MCP_DATABASE": "evals.db"} if page == "keeping.md" else {}
        if block.language == "sh":
            for command in commands_of(block):
                _run(command, world)
        elif block.language == "text" or block.text.startswith('{"time"'):
            shown.append(block.text.strip())
        else:
            assert block.language in READERS, f"Nothing reads this block here:\n{block.text}"
            missing |= READERS[block.language](block, world)
    assert [line for line in shown if not _is_written(line, world.lines)] == []
    if missing:
        pytest.skip(f"all else runs; needs {', '.join(sorted(missing))}")


def _begin(page: str, world: DocumentedWorld) -> None:
    """What the reader of a page has already."""
    if page == "serving.md":
        (world.folder / "etc").mkdir()
    if page == "keeping.md":
        (world.folder / "backups").mkdir()
        _import_as_people("evals.db", world)
    if page == "scaling.md":
        world.run_here("workspaces", "create", "search", EVALS_MCP_DATABASE=world.databases["db"])
        world.run_here("keys", "create", "ann", "--workspace", "search", EVALS_MCP_DATABASE=world.databases["db"])
        add_nodes(world.databases["coordinator"])


def _import_as_people(address: str, world: DocumentedWorld, question: str = "q") -> None:
    """Judgments by Ann Ames and another person, in an evaluation that is to stay."""
    rows = (f"{question},a,true,Ann Ames", f"{question} 2,b,false,ben")
    (world.folder / "labels.csv").write_text("\n".join(("question,answer,correct,reviewer", *rows)))
    words = ("labels.csv", "--evaluation", "Golden set", "--score", "correct:human", "--into", address)
    world.run_here("import", *words)


def _fill_workspace(world: DocumentedWorld) -> None:
    address = world.databases["db"]
    world.run_here("workspaces", "create", "search", EVALS_MCP_DATABASE=address)
    _import_as_people(f"{address}&workspace=search", world)


def _take_an_empty_database(world: DocumentedWorld) -> None:
    world.databases["db"] = world.databases.pop(next(name for name in ("first", "second") if name in world.databases))
    world.exported["EVALS_MCP_DATABASE"] = world.databases["db"]


def _write_as_earlier_versions(world: DocumentedWorld) -> None:
    """Tables in no workspace."""
    with closing(open_store(world.databases["db"])):
        pass


BEFORE: dict[str, Callable[[DocumentedWorld], None]] = {
    "evals-mcp backup /backups/monday": _fill_workspace,
    "evals-mcp restore /backups/monday": _take_an_empty_database,
    "evals-mcp workspaces create search && evals-mcp keys create move --workspace search --role admin": (
        _take_an_empty_database
    ),
    'evals-mcp forget "Ann Ames" --delete --yes': lambda world: _import_as_people("evals.db", world, "r"),
    "evals-mcp copy postgresql://evals@db.internal/evals 'postgresql://evals@db.internal/evals?workspace=search'": (
        _write_as_earlier_versions
    ),
}
"""What has to be there before a command, where the page says so in words."""


def _run(command: str, world: DocumentedWorld) -> None:
    if command in NOT_RUN:
        _look_up(command, world)
        return
    if command in BEFORE:
        BEFORE[command](world)
    assert world.run(command), f"{command!r} is neither run nor in the list of what cannot run here."
    if command.startswith("install "):
        assert Path(shlex.split(world.filled(command))[-1]).exists()


def _look_up(command: str, world: DocumentedWorld) -> None:
    """What can be said of a command that does not run."""
    words = shlex.split(command)
    if words[0] == "docker" and words[1] in ("build", "run") and (docker := shutil.which("docker")):
        told = subprocess.run([docker, words[1], "--help"], capture_output=True, text=True, check=False).stdout
        assert {word for word in words if word.startswith("--")} <= set(re.findall(r"--[a-z-]+", told))
    if words[0] == "claude":
        name, key = world.filled(words[-1]).split(": ")
        (url,) = [world.filled(word) for word in words if word.startswith("https://")]
        _ask_over_http(url, {name: key})
    if "pytest" in words:
        assert words[0].split("=")[0] in (DOCS.parent / "tests" / "postgresql.py").read_text(encoding="utf-8")
        assert all((DOCS.parent / word).is_dir() for word in words if word.startswith("tests/"))


def _ask_over_http(url: str, given: dict[str, str]) -> None:
    """The tools, as a host asks for them that has this address and these headers."""
    body, headers = message("legacy", "tools/list")
    answer = httpx.post(url, json=body, headers=headers | given, timeout=240)
    assert answer.json()["result"]["tools"]


def _checked(program: str, *arguments: str, **variables: str) -> set[str]:
    """Let a program judge a file; its name if it is not installed."""
    found = shutil.which(program, path=f"{os.environ['PATH']}{os.pathsep}/usr/sbin")
    if found is None:
        return {program}
    given = {**os.environ, **variables}
    done = subprocess.run([found, *arguments], env=given, capture_output=True, text=True, check=False)
    assert done.returncode == 0, (program, done.stdout, done.stderr)
    return set()


def _read_yaml(block: Block, world: DocumentedWorld) -> set[str]:
    text = block.text
    for path in re.findall(r"credentials_file: (\S+?) ", text):
        own = world.folder / Path(path).name
        own.write_text("a-token-of-the-scraper")
        text = text.replace(path, str(own))
    file = world.folder / "prometheus.yml"
    file.write_text(text)
    return _checked("promtool", "check", "rules" if text.startswith("groups:") else "config", str(file))


def _read_toml(block: Block, world: DocumentedWorld) -> set[str]:
    """It is a file that a command of the page names, or a table of one."""
    text = world.filled(block.text)
    table = tomllib.loads(text)
    named = re.match(r"# (\S+\.toml)\n", text)
    file = world.folder / (named[1] if named else "table.toml")
    file.write_text(text if "database" in table else f'database = "{world.databases["db"]}"\n{text}')
    if named is None:
        told = world.run_here("serve", "--check", "--config", str(file), EVALS_MCP_SERVE_PORT="0")
        assert str(file) in told
    return set()


def _read_nginx(block: Block, world: DocumentedWorld) -> set[str]:
    text = re.sub(r"/etc/ssl/evals\.(pem|key)", rf"{world.folder}/evals.\1", block.text)
    subject = ("-subj", "/CN=evals.internal", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1")
    files = ("-keyout", f"{world.folder}/evals.key", "-out", f"{world.folder}/evals.pem")
    missing = _checked("openssl", "req", "-x509", "-nodes", *subject, *files)
    file = world.folder / "nginx.conf"
    file.write_text(f"pid {world.folder}/pid;\nevents {{}}\nhttp {{\naccess_log off;\n{text}}}\n")
    return missing or _checked("nginx", "-t", "-e", "stderr", "-c", str(file))


def _read_caddyfile(block: Block, world: DocumentedWorld) -> set[str]:
    file = world.folder / "Caddyfile"
    file.write_text(block.text)
    return _checked("caddy", "validate", "--adapter", "caddyfile", "--config", str(file), HOME=str(world.folder))


def _read_json(block: Block, world: DocumentedWorld) -> set[str]:
    """The configuration of a host, whose server is asked."""
    (server,) = json.loads(world.filled(block.text))["mcpServers"].values()
    assert server["type"] == "http"
    _ask_over_http(server["url"], server["headers"])
    return set()


_LINES = (
    r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ \d+\.\d+\.\d+\.\d+ \w{12} GET /v5/\w+ 200 \d+ms [0-9a-f]{16}",
    r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} WARNING Refused: an API key, unknown or revoked: \d+ from "
    r"\d+\.\d+\.\d+\.\d+; the last one that looks like ours has the id \w+\.",
)


def _is_written(line: str, lines: Sequence[str]) -> bool:
    """Whether servers wrote lines to their logs that look like this one."""
    if line.startswith("{"):
        return list(json.loads(line)) in [list(json.loads(written)) for written in lines if written.startswith("{")]
    (pattern,) = [pattern for pattern in _LINES if re.fullmatch(pattern, line)]
    return any(re.fullmatch(pattern, written) for written in lines)


def _read_conf(block: Block, world: DocumentedWorld) -> set[str]:
    """Settings of PostgreSQL, which the server takes."""
    with closing(psycopg.connect(world.databases["db"], autocommit=True)) as connection:
        for name, value in re.findall(r"^(\w+) = (\S+)", block.text, re.MULTILINE):
            try:
                connection.execute(f"ALTER SYSTEM SET {name} = '{value}'")
            finally:
                connection.execute(f"ALTER SYSTEM RESET {name}")
    return set()


def _read_cron(block: Block, world: DocumentedWorld) -> set[str]:
    """A line with a user, whose command prints nothing and makes a backup."""
    found = re.fullmatch(r"(?:[\d*]+ ){5}evals-mcp (.+)\n", block.text)
    assert found is not None
    command = found[1].replace("/opt/evals-mcp/bin/evals-mcp", f"{sys.executable} -m evals_mcp")
    command = command.replace("/etc/evals-mcp/serve.toml", "serve.toml").replace("/backups", "nights")
    (world.folder / "serve.toml").write_text('database = "evals.db"\n')
    (world.folder / "nights").mkdir()
    given = {**os.environ, "PYTHONPATH": str(DOCS.parent / "server")}
    shell = ["/bin/sh", "-c", command]
    done = subprocess.run(shell, cwd=world.folder, env=given, capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("", "")
    assert len(list((world.folder / "nights").iterdir())) == 1
    return set()


def _read_ini(block: Block, world: DocumentedWorld) -> set[str]:
    """PgBouncer, which serves with it until the end of the test."""
    if not is_installed():
        world.databases["pooler"] = world.databases["db"]
        return {"pgbouncer"}
    url = make_url(world.databases["db"])
    pooler = running_pooler(_for_pooler(block.text, url, world.folder), url, world.folder / "pooler", password="secret")
    world.databases["pooler"] = world.enter(pooler)
    world.have_same_keys("pooler", "db")
    return set()


def _for_pooler(text: str, url: Any, folder: Path) -> str:
    place = f"host={url.query.get('host') or url.host} dbname={url.database} auth_user={url.username}"
    text = text.replace("host=db.internal dbname=evals auth_user=pgbouncer", place)
    text = text.replace("/etc/pgbouncer", str(folder / "pooler")).replace("listen_addr = *", "listen_addr = 127.0.0.1")
    return f"{text}unix_socket_dir =\n"


READERS: dict[str, Callable[[Block, DocumentedWorld], set[str]]] = {
    "caddyfile": _read_caddyfile,
    "conf": _read_conf,
    "cron": _read_cron,
    "ini": _read_ini,
    "json": _read_json,
    "nginx": _read_nginx,
    "toml": _read_toml,
    "yaml": _read_yaml,
}


def test_what_does_not_run_is_on_a_page() -> None:
    """The list has no command that no page has any more."""
    commands = [
        command
        for page in PAGES
        for block in blocks_of(page)
        if block.language == "sh"
        for command in commands_of(block)
    ]
    assert [command for command in (*NOT_RUN, *BEFORE) if command not in commands] == []


@pytest.mark.parametrize("page", PAGES)
def test_commands_in_sentences_are_ones(page: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Their options and arguments are there."""
    parser = build_parser()
    for command in mentioned_commands(page):
        try:
            parser.parse_args(shlex.split(command)[1:])
        except SystemExit:  # a sentence may leave out what has to be given
            assert "the following arguments are required" in capsys.readouterr().err, command
