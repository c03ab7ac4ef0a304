"""Settings out of the environment."""

import os
from pathlib import Path

import pytest

from evals_mcp.config import VARIABLES, Settings, default_database, read_settings
from evals_mcp.errors import Invalid
from evals_mcp.store.database.addresses import database_url
from evals_mcp.variables import split_workspace


def test_nothing_set_gives_an_embedded_database_in_the_user_data_folder() -> None:
    """No configuration is needed."""
    settings = read_settings({})
    assert settings == Settings(database=default_database())
    assert Path(settings.database).name == "evals.db"


def test_an_argument_wins_over_its_variable() -> None:
    """What is written on the command line is meant."""
    assert read_settings({"EVALS_MCP_DATABASE": "a.db"}, database="b.db").database == "b.db"


@pytest.mark.parametrize("value", ["", "  ", "${user_config.base_url}", "${BASE_URL}"])
def test_empty_values_and_placeholders_count_as_unset(value: str) -> None:
    """A host that leaves its placeholder in place has set nothing."""
    assert read_settings(dict.fromkeys(VARIABLES, value)) == Settings(database=default_database())


@pytest.mark.parametrize("value", ["299", "20001", "many", "-1", "1e3", "４０００"])
def test_a_budget_out_of_bounds_is_refused(value: str) -> None:
    """The message names the variable and its bounds."""
    with pytest.raises(Invalid, match="EVALS_MCP_MAX_TOKENS must be a whole number from 300 to 20,000"):
        read_settings({"EVALS_MCP_MAX_TOKENS": value})


@pytest.mark.parametrize(("value", "meant"), [("true", True), ("1", True), ("ON", True), ("no", False), ("0", False)])
def test_read_only_is_a_word_for_yes_or_no(value: str, meant: bool) -> None:
    """The usual words work, in any case."""
    assert read_settings({"EVALS_MCP_READ_ONLY": value}).read_only is meant


def test_read_only_refuses_other_words() -> None:
    """A word that is neither does not silently mean one of them."""
    with pytest.raises(Invalid, match="EVALS_MCP_READ_ONLY"):
        read_settings({"EVALS_MCP_READ_ONLY": "perhaps"})
    assert read_settings({"EVALS_MCP_JOURNAL_DAYS": "7"}).journal_days == 7
    for wrong in ("0", "36501", "a week", "1.5"):
        with pytest.raises(Invalid, match=r"EVALS_MCP_JOURNAL_DAYS must be a whole number from 1 to 36,500"):
            read_settings({"EVALS_MCP_JOURNAL_DAYS": wrong})


def test_folders_to_import_from_are_full_paths() -> None:
    """Once each; `~` is the home folder, arguments win, and a placeholder is none."""
    listed = os.pathsep.join(["/data/evals", " ", "~/Downloads", "/data/evals"])
    expected = (Path("/data/evals"), Path.home() / "Downloads")
    environ = {"EVALS_MCP_IMPORT_DIRS": listed}
    assert read_settings(environ).import_folders == expected
    assert read_settings(environ, import_folders=["/a:b"]).import_folders == (Path("/a:b"),)
    assert read_settings(environ, import_folders=["${user_config.import_dirs}"]).import_folders == expected
    for wrong in ("Downloads", "/data/evals:x", "~nobody-of-this-name/x"):
        with pytest.raises(Invalid, match="EVALS_MCP_IMPORT_DIRS"):
            read_settings({"EVALS_MCP_IMPORT_DIRS": wrong})


def test_the_key_is_in_no_representation() -> None:
    """A log of the settings cannot hold the key."""
    assert "secret" not in repr(read_settings({"HUMANLOOP_API_KEY": "secret", "HUMANLOOP_BASE_URL": "http://x"}))


@pytest.mark.parametrize(
    ("address", "plain", "workspace"),
    [
        ("postgresql://u@h/d?workspace=red", "postgresql://u@h/d", "red"),
        (
            "postgresql+psycopg://h/d?sslmode=require&workspace=red&a=b",
            "postgresql+psycopg://h/d?sslmode=require&a=b",
            "red",
        ),
        ("postgres://h/d?workspace=", "postgres://h/d", ""),
        ("postgresql://h/d?my_workspace=red", "postgresql://h/d?my_workspace=red", None),
        ("postgresql://h/d", "postgresql://h/d", None),
        ("a.db?workspace=red", "a.db?workspace=red", None),
        ("sqlite:///a.db?workspace=red", "sqlite:///a.db?workspace=red", None),
    ],
)
def test_an_address_is_told_from_its_workspace(address: str, plain: str, workspace: str | None) -> None:
    """Only an address of PostgreSQL has one, and the setting adds it where that has none. A file is refused."""
    assert split_workspace(address) == (plain, workspace)
    environ = {"EVALS_MCP_DATABASE": address, "EVALS_MCP_WORKSPACE": "blue"}
    if not address.startswith("postgres"):
        with pytest.raises(Invalid, match="Workspace `red` is named"):
            read_settings(environ)
        return
    settings = read_settings(environ)
    assert split_workspace(settings.database) == (plain, "blue" if workspace is None else workspace)
    assert database_url(plain) == database_url(settings.database)
