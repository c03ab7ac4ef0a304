"""The settings of a server: from arguments, the environment and a file; and `serve --check`, which shows them."""

import os
import socket
import sys
import threading
from collections.abc import Sequence
from contextlib import closing
from dataclasses import fields
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import make_url, update
from tests.identity_provider import RESOURCE, identity_provider
from tests.serving.administration import create_key, create_workspace

from evals_mcp.cli.main import build_parser, main
from evals_mcp.config import VARIABLES, Settings
from evals_mcp.doctor.data import check_database
from evals_mcp.errors import Invalid, NotFound
from evals_mcp.oauth.settings import OAuthSettings
from evals_mcp.serving.checking import check, effective_lines
from evals_mcp.serving.configuration import CONFIG_VARIABLE, OAUTH_TABLE, Configuration, read_configuration
from evals_mcp.serving.options import ServeOptions
from evals_mcp.serving.setting import PREFIX, Setting, settings_of
from evals_mcp.store.database.database import utc_now
from evals_mcp.store.store import open_store
from evals_mcp.store.teams.control import open_control
from evals_mcp.store.teams.control_tables import api_keys

SETTINGS = list(settings_of(ServeOptions))
SECRET = "0123456789abcdef"
_PIPES = pytest.mark.skipif(sys.platform == "win32", reason="it has no such files")
WRITTEN = {"text": ('"/some"', "/some", "/some"), "number": ("7", "7", 7), "flag": ("true", "yes", True)}
WRITTEN["list"] = ('["10.0.0.0/8", "::1"]', "10.0.0.0/8, ::1", ("10.0.0.0/8", "::1"))


def _written(folder: Path, text: str) -> str:
    path = folder / "serve.toml"
    path.write_text(text, encoding="utf-8")
    return str(path)


@pytest.mark.parametrize("setting", SETTINGS, ids=lambda setting: str(setting.name))
def test_each_option_is_an_argument_a_variable_and_a_name_in_a_file(tmp_path: Path, setting: Setting) -> None:
    """A field that is new is known to all of them, and says what it means."""
    in_file, as_text, value = WRITTEN[setting.kind]
    if setting.choices:
        in_file, as_text, value = f'"{setting.choices[-1]}"', setting.choices[-1], setting.choices[-1]
    if setting.secret:
        in_file, as_text, value = f'"{SECRET}"', SECRET, SECRET
    if isinstance(value, int) and setting.least > value:
        in_file, as_text, value = f"{setting.least}", f"{setting.least}", setting.least
    of_postgresql = {"database": "postgresql://db/evals"} if setting.name == "workspace" else {}  # a file has one
    file = _written(tmp_path, f"{setting.name} = {in_file}\n")
    for found in (
        read_configuration(of_postgresql, {}, file),
        read_configuration(of_postgresql, {CONFIG_VARIABLE: file}, None),
        read_configuration(of_postgresql, {setting.variable: as_text}, None),
        read_configuration({**of_postgresql, setting.name: as_text}, {}, None),
    ):
        assert getattr(found.options, setting.name) == value
    assert setting.meaning
    assert setting.variable.startswith(PREFIX) or setting.variable in VARIABLES
    if setting.secret:
        with pytest.raises(SystemExit):  # everybody on a machine can see arguments
            build_parser().parse_args(["serve", setting.option, as_text])
        return
    parsed = build_parser().parse_args(["serve", setting.option, as_text])
    assert getattr(parsed, "own_database" if setting.name == "database" else setting.name) == as_text


def test_every_field_is_a_setting() -> None:
    """Of a type that can be written; sign-in has settings of its own."""
    assert [*(setting.name for setting in SETTINGS), OAUTH_TABLE] == [field.name for field in fields(ServeOptions)]


def test_a_file_says_how_people_sign_in(tmp_path: Path) -> None:
    """In a table of its own, of which `--check` shows whom it trusts."""
    file = _written(
        tmp_path,
        """
[oauth]
issuer = "https://login.example/team"
resource = "https://evals.example/mcp"
workspace_claim = "groups"
[oauth.workspaces]
"CN=evals,OU=search" = "search"
""",
    )
    found = read_configuration({}, {}, file)
    assert found.options.oauth is not None
    assert found.options.oauth.workspaces == {"CN=evals,OU=search": "search"}
    shown = list(effective_lines(found))
    assert "# people sign in at https://login.example/team to https://evals.example/mcp" in shown


@pytest.mark.parametrize(
    ("resource", "root_path", "told"),
    [
        ("https://e.example/mcp", "", None),
        ("https://e.example/a/b/mcp", "/a/b/", None),
        (
            "https://e.example/mcp",
            "/evals",
            "# Whoever enters https://e.example/evals/mcp cannot sign in: oauth.resource is https://e.example/mcp, and "
            "root_path /evals. Set oauth.resource to https://e.example/evals/mcp, unless the proxy leads "
            "https://e.example/mcp to /mcp of this server.",
        ),
        (
            "https://e.example/evals/mcp",
            "",
            "# People can sign in at https://e.example/evals/mcp (oauth.resource) only if the proxy strips /evals: "
            "root_path is not set. Set it to /evals.",
        ),
    ],
)
def test_a_check_tells_that_paths_of_sign_in_and_proxy_differ(
    tmp_path: Path, resource: str, root_path: str, told: str | None
) -> None:
    """In a sentence with the address that fails; tests/slow shows that clients refuse it."""
    table = f'[oauth]\nissuer = "https://login.example/team"\nresource = "{resource}"\n'
    lines = list(effective_lines(read_configuration({"root_path": root_path}, {}, _written(tmp_path, table))))
    assert lines[-1] == (told or f"# people sign in at https://login.example/team to {resource}")


def test_arguments_come_before_variables_and_these_before_the_file(tmp_path: Path) -> None:
    """Each setting by itself; what is empty, or a placeholder that nobody filled, is not there."""
    file = _written(tmp_path, 'host = "127.0.0.2"\nport = 1\njournal_days = 1\n')
    environ = {"EVALS_MCP_SERVE_PORT": "2", "EVALS_MCP_JOURNAL_DAYS": "2", "EVALS_MCP_SERVE_HOST": " "}
    found = read_configuration({"journal_days": "3"}, environ, file)
    assert (found.options.host, found.options.port, found.options.journal_days) == ("127.0.0.2", 2, 3)
    assert [found.sources[name] for name in ("host", "port", "journal_days", "workers")] == [
        file,
        "EVALS_MCP_SERVE_PORT",
        "--journal-days",
        "default",
    ]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("prot = 1", "'prot' is no setting. Did you mean port?"),
        ("read-only = true", "'read-only' is no setting. Did you mean read_only?"),
        ("zzzzzzz = 1", "'zzzzzzz' is no setting. Settings: database, host, "),
        ('port = "8421"', ": port must be a whole number."),
        ("port = true", ": port must be a whole number."),
        ("port = 65536", ": port must be a whole number from 0 to 65,535, not '65536'."),
        ("read_only = 1", ": read_only must be true or false."),
        ("database = 12345", ": database must be a text."),
        ("trusted_proxies = [1]", ": trusted_proxies must be a list of texts."),
        ('database = "hunter2', "is not TOML, at "),
        ("[port]", ": port must be a whole number."),
    ],
)
def test_a_wrong_file_is_told(tmp_path: Path, text: str, told: str) -> None:
    """With its name, and without what may be a secret."""
    file = _written(tmp_path, text)
    with pytest.raises(Invalid) as raised:
        read_configuration({}, {}, file)
    assert file in str(raised.value)
    assert told in str(raised.value)
    assert "hunter2" not in str(raised.value)
    assert "12345" not in str(raised.value)


def test_a_file_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    """One that is not there, a folder, and one that is no text."""
    latin = tmp_path / "latin.toml"
    latin.write_bytes(b'host = "\xe9"')
    for file, told in ((tmp_path / "none.toml", "No such file"), (tmp_path, "cannot be read"), (latin, "not UTF-8")):
        with pytest.raises(Invalid, match=told):
            read_configuration({}, {}, str(file))


@_PIPES
def test_a_pipe_is_read_once_and_not_waited_for_for_ever(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As `<(…)` and a named pipe at the start; a reload says that a pipe cannot be read again."""
    reading, writing = os.pipe()
    of_shell, named = f"/dev/fd/{reading}", tmp_path / "named"
    os.write(writing, b"port = 1")

    def write_rest() -> None:
        os.write(writing, b"2\n")
        os.close(writing)

    later = threading.Thread(target=write_rest)
    later.start()
    assert read_configuration({}, {}, of_shell).options.port == 12
    later.join()
    os.mkfifo(named)
    writer = threading.Thread(target=named.write_text, args=("port = 3\n",))
    writer.start()
    assert read_configuration({}, {}, str(named)).options.port == 3
    writer.join()
    monkeypatch.setattr("evals_mcp.serving.configuration_file._PATIENCE", 0.2)
    with pytest.raises(Invalid, match="named is a pipe"):
        read_configuration({}, {}, str(named))
    for pipe in (of_shell, str(named)):
        with pytest.raises(Invalid, match=f"{pipe} is a pipe.*SIGHUP"):
            read_configuration({}, {}, pipe, again=True)
    os.close(reading)


@_PIPES
def test_what_is_no_file_is_not_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A socket, a terminal at which nobody writes, and a device without an end, at the start and at a reload."""
    monkeypatch.setattr("evals_mcp.serving.configuration_file._PATIENCE", 0.2)
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(tmp_path / "socket"))
    controlling, terminal = os.openpty()
    for again in (False, True):
        for path in (tmp_path / "socket", Path(os.ttyname(terminal)), Path("/dev/zero")):
            with pytest.raises(Invalid, match=str(path)):
                read_configuration({}, {}, str(path), again=again)
        assert read_configuration({}, {}, os.devnull, again=again).options.port == 8421
    for number in (controlling, terminal):
        os.close(number)
    listener.close()


@pytest.mark.parametrize(
    ("arguments", "environ", "told"),
    [
        ({"port": "x"}, {}, "--port must be a whole number from 0 to 65,535, not 'x'."),
        ({"workers": "0"}, {}, "--workers must be a whole number from 1 to 64, not '0'."),
        ({}, {"EVALS_MCP_READ_ONLY": "perhaps"}, "EVALS_MCP_READ_ONLY must be true or false, not 'perhaps'."),
        ({}, {"EVALS_MCP_SERVE_PROT": "1"}, "EVALS_MCP_SERVE_PROT is no setting. Did you mean EVALS_MCP_SERVE_PORT?"),
    ],
)
def test_a_wrong_argument_or_variable_is_told(arguments: dict[str, str], environ: dict[str, str], told: str) -> None:
    """By its name."""
    with pytest.raises(Invalid) as raised:
        read_configuration(arguments, environ, None)
    assert str(raised.value) == told


def test_what_is_shown_is_a_file_without_the_password(tmp_path: Path) -> None:
    """It says where each setting comes from, and reads again as the same settings."""
    address = "postgresql://evals:hunter2@db.internal/evals?sslpassword=hunter3&sslmode=require"
    found = read_configuration({"database": address, "workers": "2", "trusted_proxies": "::1"}, {}, None)
    lines = list(effective_lines(found))
    assert "hunter" not in "\n".join(lines)
    assert 'trusted_proxies = ["::1"]  # --trusted-proxies' in lines
    assert "# workspace is not set" in lines
    again = read_configuration({}, {}, _written(tmp_path, "\n".join(lines)))
    assert again.options.database == "postgresql://evals:***@db.internal/evals?sslpassword=***&sslmode=require"
    assert again.options.trusted_proxies == found.options.trusted_proxies
    assert list(effective_lines(again))[1:3] == [
        f'host = "127.0.0.1"  # {tmp_path / "serve.toml"}',
        f"port = 8421  # {tmp_path / 'serve.toml'}",
    ]


def _checked(arguments: Sequence[str], capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    with pytest.raises(SystemExit) as ended:
        main(["serve", "--check", *arguments])
    written = capsys.readouterr()
    return int(ended.value.code or 0), written.out + written.err


def test_a_check_says_what_would_be_served_and_changes_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A file that is not there, one without keys, and one with keys; status 1 for what cannot be."""
    path = str(tmp_path / "evals.db")
    assert _checked(["--database", path], capsys)[0] == 0
    assert not list(tmp_path.iterdir())
    with closing(open_store(path)):
        pass
    before = Path(path).read_bytes()
    status, told = _checked(["--database", path], capsys)
    assert (status, "without keys, to this machine only" in told) == (0, True)
    status, told = _checked(["--database", path, "--host", "0.0.0.0"], capsys)
    assert (status, "keys create" in told) == (1, True)
    assert Path(path).read_bytes() == before
    create_key(path, None, "ann")
    assert _checked(["--database", path, "--host", "0.0.0.0"], capsys)[0] == 0
    for wrong in (["--root-path", "/v5"], ["--trusted-proxies", "*"], ["--workspace", "red"]):
        assert _checked(["--database", path, *wrong], capsys)[0] == 1
    (tmp_path / "no.db").write_text("something else " * 1000, encoding="utf-8")
    assert _checked(["--database", str(tmp_path / "no.db")], capsys)[0] == 1
    assert _checked(["--database", str(tmp_path / "no" / "such" / "\0.db")], capsys)[0] == 1


def test_a_check_of_postgresql_names_the_workspaces(postgres_address: str) -> None:
    """Before there is any, and where the one that is named is another."""
    with pytest.raises(Invalid, match="workspaces create"):
        check(ServeOptions(postgres_address))
    create_workspace(postgres_address, "red")
    with pytest.raises(Invalid, match="Workspaces: red"):
        check(ServeOptions(postgres_address, workspace="blue"))
    assert "without keys" in check(ServeOptions(postgres_address, workspace="red"))
    create_key(postgres_address, "red", "ann")
    assert "1 active keys" in check(ServeOptions(postgres_address))
    create_key(postgres_address, "red", "ben", expires_at=utc_now() + timedelta(hours=1))
    assert "2 active keys" in check(ServeOptions(postgres_address))
    _let_keys_end(postgres_address, "ben")
    assert "1 active keys" in check(ServeOptions(postgres_address))


def test_a_check_counts_no_key_that_has_expired(tmp_path: Path) -> None:
    """Of a file, too."""
    path = str(tmp_path / "evals.db")
    create_key(path, None, "ann", expires_at=utc_now() + timedelta(hours=1))
    assert "1 active keys" in check(ServeOptions(path))
    _let_keys_end(path, "ann")
    assert "0 active keys" in check(ServeOptions(path))


def _let_keys_end(address: str, name: str) -> None:
    with closing(open_control(address)) as control, control.database.write() as connection:
        connection.execute(update(api_keys).where(api_keys.c.name == name).values(expires_at=utc_now()))


def test_a_check_refuses_a_sign_in_that_leads_to_no_workspace(postgres_address: str, tmp_path: Path) -> None:
    """As the start does; of a mapping it says which workspaces do not exist yet. A file has only one workspace."""
    create_workspace(postgres_address, "red")
    file = str(tmp_path / "evals.db")
    with closing(open_store(file)):
        pass
    with identity_provider() as provider:

        def checked(address: str, **settings: Any) -> str:
            return check(ServeOptions(address, oauth=OAuthSettings(provider.issuer, RESOURCE, **settings)))

        with pytest.raises(Invalid, match="needs EVALS_MCP_OAUTH_WORKSPACE_CLAIM"):
            checked(postgres_address)
        with pytest.raises(NotFound, match=r"`blue` does not exist\. Workspaces: `red`"):
            checked(postgres_address, workspace="blue")
        assert "(1 found)" in checked(postgres_address, workspace="red")
        mapping = {"reds": "red", "blues": "blue"}
        told = checked(postgres_address, workspace_claim="groups", workspaces=mapping)
        assert "(1 found; mapped to workspaces that do not exist: 'blue')" in told
        assert "(1 found)" in checked(file)
        with pytest.raises(NotFound, match="`blue` does not exist"):
            checked(file, workspace="blue")


def test_a_command_says_why_a_database_server_does_not_serve(
    postgres_address: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """A server that is not there, a database that is not, and a wrong user are told apart, without a password."""
    there = make_url(postgres_address)
    nobody = there.set(username="nobody", password="hunter2")
    for address, reason in (
        ("postgresql://evals:hunter2@127.0.0.1:9/evals", "port 9 failed: "),
        (there.set(database="no_such").render_as_string(False), 'database "no_such" does not exist'),
        (nobody.render_as_string(False), '"nobody"'),
    ):
        status, told = _checked(["--database", address], capsys)
        assert (status, "Reason: " in told, reason in told, "hunter2" in told) == (1, True, True, False)
        found = check_database(Settings(database=address))
        assert (reason in found.message, "hunter2" in found.message) == (True, False)
        assert "~/.pgpass" in found.advice


def test_a_file_or_a_number_of_workers_is_served_by_processes_of_their_own() -> None:
    """Those can be replaced; by default this process serves."""
    options = ServeOptions("evals.db")
    assert not Configuration(options, {}, None).is_supervised
    assert Configuration(options, {}, "serve.toml").is_supervised
    assert Configuration(ServeOptions("evals.db", workers=1), {}, None).is_supervised
