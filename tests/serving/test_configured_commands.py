"""Commands that work on the database of a server take its address from the server's file, as `serve` does."""

import argparse
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import make_url
from tests.e2e.in_process import Ended, run
from tests.keeping.client_programs import client_programs
from tests.serving.administration import create_workspace, list_keys

from evals_mcp.cli.main import build_parser
from evals_mcp.serving.configuration import CONFIG_VARIABLE
from evals_mcp.store.store import open_store

__all__ = ["client_programs"]
OWN_DATABASES = ("demo",)
"""Commands whose --database is no server's."""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """The file of a server, with settings that only concern the server; the database has no key yet."""
    with closing(open_store(str(tmp_path / "evals.db"))):
        pass
    return _written(tmp_path, f'database = "{tmp_path / "evals.db"}"\nport = 1\nworkers = 2\n')


def _written(folder: Path, text: str) -> Path:
    path = folder / "serve.toml"
    path.write_text(text, encoding="utf-8")
    return path


def _run(folder: Path, *words: str, **variables: str) -> Ended:
    """A command of a person whose home is in the folder: there would be the database of whoever names none."""
    return run(words, HOME=str(folder / "home"), XDG_DATA_HOME=str(folder / "home"), **variables)


def _leaves(parser: argparse.ArgumentParser, *words: str) -> Iterator[tuple[tuple[str, ...], argparse.ArgumentParser]]:
    yield words, parser
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for name, command in action.choices.items():
                yield from _leaves(command, *words, name)


def test_what_takes_the_database_of_a_server_takes_its_file() -> None:
    """Each command that names a database, a new one, too, and tells it in its help."""
    found = {words: parser.format_help() for words, parser in _leaves(build_parser()) if words}
    lacking = [
        words
        for words, text in found.items()
        if "--database " in text and "--config FILE" not in text and words[0] not in OWN_DATABASES
    ]
    assert lacking == []
    assert all("--config FILE" in found["journal", *words] for words in ((), ("undo",)))


def test_the_database_is_that_of_the_file(tmp_path: Path, file: Path) -> None:
    """For everything that whoever runs the server does; nothing is looked for, or made, anywhere else."""
    config, backups, database = ("--config", str(file)), tmp_path / "backups", str(tmp_path / "evals.db")
    backups.mkdir()
    for words in (
        ("keys", "create", "ann"),
        ("keys", "rotate", "ann"),
        ("keys", "revoke", "ann"),
        ("backup", str(backups), "--keep", "2"),
        ("retention", "--older-than", "30d", "--yes"),
    ):
        ended = _run(tmp_path, *words, *config)
        assert ended.status == 0, (words, ended)
    assert [key.name for key in list_keys(database)] == ["ann", "ann"]
    assert _run(tmp_path, "keys", "list", "--all", *config).stdout.count("\tann\t") == 2
    assert _run(tmp_path, "forget", "ann", "--anonymise", "--yes", *config).status == 0
    assert "evals-mcp forget" in _run(tmp_path, "journal", *config).stdout
    assert _run(tmp_path, "workspaces", "list", *config).stdout.startswith("default\t")
    (backup,) = backups.iterdir()
    (tmp_path / "evals.db").rename(tmp_path / "away.db")
    assert _run(tmp_path, "restore", str(backup), *config).stdout.startswith(f"Restored {database}")
    assert not (tmp_path / "home").exists()


def test_an_argument_comes_before_a_variable_and_this_before_the_file(tmp_path: Path, file: Path) -> None:
    """As for `serve`; a variable names the file, too, and one that is empty says nothing."""
    one, two = (str(tmp_path / f"{name}.db") for name in ("one", "two"))
    config = ("--config", str(file))
    _run(tmp_path, "keys", "create", "argument", "--database", one, *config, EVALS_MCP_DATABASE=two)
    _run(tmp_path, "keys", "create", "variable", *config, EVALS_MCP_DATABASE=two)
    _run(tmp_path, "keys", "create", "file", *config, EVALS_MCP_DATABASE=" ")
    _run(tmp_path, "keys", "create", "named", **{CONFIG_VARIABLE: str(file)})
    for path, names in ((one, ["argument"]), (two, ["variable"]), (str(tmp_path / "evals.db"), ["file", "named"])):
        assert sorted(key.name for key in list_keys(path)) == names
    assert "argument" in _run(tmp_path, "--database", one, "keys", "list", *config).stdout


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("databse = 'x'", "serve.toml: 'databse' is no setting. Did you mean database?"),
        ("database = 12345", "serve.toml: database must be a text."),
        ("database = ''", "The database is empty."),
        ("database = 'hunter2", "serve.toml is not TOML, at end of document"),
        (None, "serve.toml cannot be read: No such file"),
    ],
)
def test_a_wrong_file_is_told_before_anything_is_done(tmp_path: Path, text: str | None, told: str) -> None:
    """In the words of `serve`, and without what may be a password."""
    path = tmp_path / "serve.toml"
    if text is not None:
        _written(tmp_path, text)
    ended = _run(tmp_path, "keys", "create", "ann", "--config", str(path))
    assert (ended.status, ended.stdout, "hunter2" in ended.stderr) == (1, "", False)
    assert told in ended.stderr
    assert not (tmp_path / "home").exists()


def test_a_misspelt_variable_of_the_server_is_told(tmp_path: Path) -> None:
    """The key would be one of another database."""
    ended = _run(tmp_path, "keys", "create", "ann", EVALS_MCP_SERVE_CONFG="serve.toml")
    assert (ended.status, "Did you mean EVALS_MCP_SERVE_CONFIG?" in ended.stderr) == (1, True)
    assert not (tmp_path / "home").exists()


def test_what_only_the_server_needs_stops_no_command(tmp_path: Path, file: Path) -> None:
    """A backup is made while somebody gets sign-in to work."""
    file.write_text(f'{file.read_text(encoding="utf-8")}[oauth]\nissuer = "x"\n', encoding="utf-8")
    assert _run(tmp_path, "backup", str(tmp_path / "backup.db"), "--config", str(file)).status == 0


def test_keys_are_those_of_a_file_or_of_a_server(tmp_path: Path, file: Path) -> None:
    """Not of both."""
    ended = _run(tmp_path, "keys", "list", "--server", "http://127.0.0.1:9", "--config", str(file))
    assert (ended.status, "Give --server or --config, not both." in ended.stderr) == (1, True)


def test_a_server_on_postgresql_keeps_its_password_in_one_place(postgres_address: str, tmp_path: Path) -> None:
    """A wrong one is told without it. The file's workspace is that of commands for one; a backup is one of all."""
    for name in ("red", "blue"):
        create_workspace(postgres_address, name)
    config = ("--config", str(_written(tmp_path, f'database = "{postgres_address}"\nworkspace = "red"\n')))
    assert _run(tmp_path, "keys", "create", "ann", *config).status == 0
    assert _run(tmp_path, "keys", "create", "ben", "--workspace", "blue", *config).status == 0
    assert _run(tmp_path, "keys", "create", "cas", *config, EVALS_MCP_WORKSPACE="blue").status == 0
    assert _run(tmp_path, "--workspace", "blue", "keys", "create", "dan", *config).status == 0
    owners = {key.name: key.workspace for key in list_keys(postgres_address)}
    assert owners == {"ann": "red", "ben": "blue", "cas": "blue", "dan": "blue"}
    assert _run(tmp_path, "journal", *config).status == 0
    assert _run(tmp_path, "forget", "Ann Ames", *config).status == 0
    listed = _run(tmp_path, "workspaces", "list", *config).stdout.splitlines()
    assert sorted(line.partition("\t")[0] for line in listed) == ["blue", "red"]
    wrong = make_url(postgres_address).set(username="nobody", password="hunter2").render_as_string(False)
    told = _run(tmp_path, "keys", "list", "--config", str(_written(tmp_path, f'database = "{wrong}"\n')))
    assert (told.status, "Reason: " in told.stderr, "hunter2" in told.stderr) == (1, True, False)


@pytest.mark.usefixtures("client_programs")
def test_a_backup_by_the_file_has_all_workspaces(postgres_address: str, tmp_path: Path) -> None:
    """One by night would lack the others without a word; --workspace and the address itself can say so."""
    for name in ("red", "blue"):
        create_workspace(postgres_address, name)
    config = ("--config", str(_written(tmp_path, f'database = "{postgres_address}"\nworkspace = "red"\n')))
    for words, names in (((), ["blue", "red"]), (("--workspace", "blue"), ["blue"])):
        ended = _run(tmp_path, "backup", str(tmp_path / f"{len(words)}"), *words, *config)
        assert sorted(line.partition("\t")[0] for line in ended.stdout.splitlines()) == names, ended
