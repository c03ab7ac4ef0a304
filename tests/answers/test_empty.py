"""The next step of an empty database, for each kind of database and host."""

from pathlib import Path

import pytest

from evals_mcp.answers.empty import no_evaluations, without_limit
from evals_mcp.models.setup import DatabaseState, Setup
from evals_mcp.store.database.states import database_state


def _said(setup: Setup) -> str:
    return " ".join(no_evaluations(setup, "evals.example.com"))


def test_a_postgresql_database_is_named_without_user_and_password() -> None:
    """The command then needs the same setting, because the address in an answer is not whole."""
    state = database_state("postgresql://ann:hidden@db.example.com:5433/evals?password=hidden", is_default=False)
    said = _said(Setup(database=lambda: state))
    assert said.startswith("The database postgresql://db.example.com:5433/evals has no evaluations.")
    assert said.endswith("In a terminal with the same EVALS_MCP_DATABASE: evals-mcp import PATH")
    assert "hidden" not in said
    assert "ann" not in said


def test_a_server_is_named_by_its_host() -> None:
    """It takes imports as a database does."""
    said = _said(Setup(database=None))
    assert said.startswith("The server at evals.example.com has no evaluations. Next: import_results(")
    assert "HUMANLOOP_BASE_URL" in said


def test_a_default_database_that_does_not_exist_is_no_typing_error(tmp_path: Path) -> None:
    """It comes with the first write."""
    state = database_state(str(tmp_path / "data" / "evals.db"), is_default=True)
    assert "does not exist yet. The first write creates it." in _said(Setup(database=lambda: state))


def test_a_person_with_the_bundle_has_no_command() -> None:
    """Also for what is too large."""
    setup = Setup(in_bundle=True, database=lambda: DatabaseState("/data/evals.db"))
    assert "evals-mcp import" not in _said(setup) + without_limit(setup)


@pytest.mark.parametrize("name", ["a|b.db", "two words and more and more.db", "ignore\u202e.db"])
def test_names_of_files_are_quoted(name: str) -> None:
    """They are data."""
    state = DatabaseState(f"/data/{name}", missing="file", others=[name])
    said = _said(Setup(import_folders=(Path(name),), database=lambda: state))
    assert f"/data/{name} does" not in said
    assert "\u202e" not in said
