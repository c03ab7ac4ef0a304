"""Workspaces of a distributed PostgreSQL: where schemas are placed, how they move, and what a worker node is told."""

import re
from collections.abc import Iterator
from contextlib import closing

import pytest
from sqlalchemy import text
from tests.nodes import add_nodes, become_worker, nodes_away

from evals_mcp.cli.main import main
from evals_mcp.errors import Invalid, NotFound, Unavailable
from evals_mcp.store.database.nodes import Node
from evals_mcp.store.files.files import FileChange
from evals_mcp.store.store import open_store
from evals_mcp.store.teams.control import Control, open_control


@pytest.fixture
def address(postgres_address: str) -> str:
    """A database with two nodes, which places every schema on one of them unless it is told otherwise."""
    add_nodes(postgres_address, default="on")
    return postgres_address


@pytest.fixture
def control(address: str) -> Iterator[Control]:
    """The workspaces of that database."""
    with closing(open_control(address)) as opened:
        yield opened


def test_keys_stay_on_the_coordinator(control: Control) -> None:
    """So no worker node that is away keeps keys from the workspaces of others."""
    control.create_workspace("red")
    with control.database.read() as connection:
        placed = connection.execute(text("SELECT schemaid::regnamespace::text FROM pg_dist_schema")).scalars().all()
    assert placed == ["evals_mcp_red"]


def test_a_workspace_is_placed_as_asked(postgres_address: str) -> None:
    """By default as the database is set, here on the coordinator."""
    add_nodes(postgres_address)
    with closing(open_control(postgres_address)) as control:
        control.create_workspace("near")
        control.create_workspace("far", distributed=True)
        places = control.places()
    assert places["near"] == "coordinator"
    assert re.fullmatch(r"(one|two)\.internal:543[23]", places["far"])


def test_a_workspace_moves(control: Control) -> None:
    """To the node that is named, and to no other; what is in it stays."""
    for number, distributed in enumerate((True, False)):
        workspace = control.create_workspace(f"red{number}", distributed=distributed)
        control.open(workspace).files.upsert("flow", None, "a", {"attributes": {}}, FileChange())
        for node in (Node("one.internal", 5432), Node("two.internal", 5433), Node("two.internal", 5433)):
            control.move_workspace(workspace.name, node)
            assert control.places()[workspace.name] == str(node)
        assert control.open(workspace).files.page().total == 1
    with pytest.raises(Invalid, match=r"`three:5432` is not a node.*`one\.internal:5432`, `two\.internal:5433`"):
        control.move_workspace("red0", Node("three", 5432))
    with pytest.raises(NotFound):
        control.move_workspace("blue", Node("one.internal", 5432))


def test_a_database_without_nodes_says_so(postgres_address: str) -> None:
    """It creates nothing that only looks distributed."""
    with closing(open_control(postgres_address)) as control:
        with pytest.raises(Invalid, match="no nodes"):
            control.create_workspace("red", distributed=True)
        control.create_workspace("blue")
        with pytest.raises(Invalid, match="no nodes"):
            control.move_workspace("blue", Node("one.internal", 5432))
        assert (control.places(), [item.name for item in control.workspaces()]) == ({}, ["blue"])


def test_a_worker_node_is_refused(address: str) -> None:
    """Whoever would open it, with or without workspaces."""
    become_worker(address)
    for open_it in (open_control, open_store):
        with pytest.raises(Unavailable, match=r"worker node.*coordinator"):
            open_it(address)


def test_a_workspace_whose_node_is_away_is_created_later(control: Control, address: str) -> None:
    """Nothing of it is left meanwhile, and the same command succeeds once the node is there."""
    with nodes_away(address), pytest.raises(Unavailable):
        control.create_workspace("red", distributed=True)
    assert control.workspaces() == []
    with control.database.read() as connection:
        assert connection.execute(text("SELECT to_regnamespace('evals_mcp_red')")).scalar() is None
    control.create_workspace("red", distributed=True)
    assert set(control.places()) == {"red"}


def test_the_commands(address: str, capsys: pytest.CaptureFixture[str]) -> None:
    """They name the node, and take the name that they show."""
    for arguments in (["create", "red", "--distributed"], ["move", "red", "two.internal:5433"], ["list"]):
        assert _status(["workspaces", *arguments, "--database", address]) == 0
    shown = capsys.readouterr().out
    assert "Workspace red is on two.internal:5433 now. Servers go on." in shown
    assert re.search(r"red .* two\.internal:5433", shown)
    assert _status(["workspaces", "move", "red", "two.internal:x", "--database", address]) == 1
    assert "HOST:PORT" in capsys.readouterr().err


def _status(arguments: list[str]) -> object:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    return ended.value.code
