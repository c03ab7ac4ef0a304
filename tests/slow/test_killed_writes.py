"""A server that dies in a write, or while a person is asked, over real stdio."""

import os
import signal
import sqlite3
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from tests.e2e.stdio import ERAS, MODERN, Wire

_CAPABLE: dict[str, Any] = {"elicitation": {"form": {}}}


def _count(database: Path, table: str) -> int:
    with closing(sqlite3.connect(database)) as connection:
        return int(connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0])


def test_a_call_repeated_after_a_kill_writes_nothing_twice(tmp_path: Path) -> None:
    """The server is killed once the write is stored, whether or not its answer came; the repeat gives those logs."""
    database = tmp_path / "evals.db"
    variables = {"EVALS_MCP_DATABASE": str(database)}
    with Wire(variables) as wire:
        run = wire.answer("set_up_run", evaluation="New", datapoints=['{"inputs":{"q":1}}'], model="m")
        given = {
            "evaluation": "New",
            "run": run.split()[1],
            "datapoint": wire.answer("list_datapoints", evaluation="New").split("\ndp_")[1].split(" ")[0],
            "output": "x",
            "request_id": "once",
        }
        given["datapoint"] = f"dp_{given['datapoint']}"
        wire.send(
            {
                "jsonrpc": "2.0",
                "id": 99,
                "method": "tools/call",
                "params": {"name": "log_generation", "arguments": given},
            }
        )
        give_up = time.monotonic() + 240
        while _count(database, "logs") == 0 and time.monotonic() < give_up:
            time.sleep(0.005)
        os.kill(wire.process.pid, signal.SIGKILL)
    with Wire(variables) as wire:
        first = wire.answer("log_generation", **given)
        assert "nothing was written again" in first
        assert wire.answer("log_generation", **given) == first
        assert _count(database, "logs") == 1
        assert "1 log" in wire.answer("log_generation", **given)


@pytest.mark.parametrize("era", ERAS)
def test_a_host_that_dies_while_it_asks_leaves_the_store_unchanged(tmp_path: Path, era: str) -> None:
    """The question is on its way when the host ends; nothing was undone, and another host undoes it."""
    database = tmp_path / "evals.db"
    variables = {"EVALS_MCP_DATABASE": str(database)}
    with Wire(variables) as wire:
        answer = wire.answer("set_up_run", evaluation="New", datapoints=['{"inputs":{"q":1}}'], model="m")
    handle = answer.splitlines()[-1].split('"')[1]
    before = {table: _count(database, table) for table in ("runs", "evaluations", "versions", "journal")}
    wire = Wire(variables, era=era, capabilities=_CAPABLE)
    with wire:
        call = {"name": "undo", "arguments": {"write": handle}}
        if era == MODERN:
            result = wire.request("tools/call", call)["result"]
            assert result["resultType"] == "input_required"
        else:
            wire.send({"jsonrpc": "2.0", "id": 99, "method": "tools/call", "params": call})
            message = wire.read()
            while message.get("method") != "elicitation/create":
                message = wire.read()
        wire.wait()
    assert {table: _count(database, table) for table in before} == before
    with Wire(variables) as wire:
        assert wire.answer("undo", write=handle, confirm=True).startswith("Undone: ")
    assert _count(database, "runs") == 0
