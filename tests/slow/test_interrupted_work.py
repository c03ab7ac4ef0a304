"""Long work that is cancelled or interrupted in the middle leaves nothing half-written."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import anyio
import pytest
from tests.assistant import connect_assistant
from tests.documented_only import documented_client, mirror_of
from tests.e2e.in_process import connect, run
from tests.e2e.test_long_work import NAME, table, variables

from evals_mcp.api.app import create_app
from evals_mcp.api.grants import OpenAccess
from evals_mcp.cli import export, import_files
from evals_mcp.cli.progress import Tell
from evals_mcp.importers import importing, loader
from evals_mcp.store.store import open_store

__all__ = ["table"]


@pytest.mark.anyio
async def test_a_cancelled_import_goes_on_and_is_whole(table: Path) -> None:
    """The host ends the call in the middle: the same call, sent again, waits for the rest."""
    async with connect(variables(table)) as assistant:
        with anyio.CancelScope() as scope:

            async def stop(progress: float, total: float | None, message: str | None) -> None:
                scope.cancel()

            await assistant.host.call_tool("import_results", {"path": "results.csv"}, progress_callback=stop)
        assert scope.cancelled_caught
        answer = await assistant.ask("import_results", path="results.csv")
        assert "1 run, 120 logs, 120 judgments" in answer
        assert (await assistant.client.bulk.counts())["judgment"] == 120


@pytest.mark.anyio
async def test_a_cancelled_reading_of_a_mirror_leaves_what_is_read_on(sample_copy: Path) -> None:
    """The next question reads the rest, and answers as if nothing had been cancelled."""
    store = open_store(str(sample_copy))
    client = documented_client(create_app(OpenAccess(store), is_embedded=True))
    async with connect_assistant(client, mirror=mirror_of(client)) as assistant:
        with anyio.CancelScope() as scope:

            async def stop(progress: float, total: float | None, message: str | None) -> None:
                scope.cancel()

            await assistant.host.call_tool("compare_runs", {"evaluation": NAME}, progress_callback=stop)
        assert scope.cancelled_caught
        interrupted = await assistant.ask("compare_runs", evaluation=NAME, max_tokens=20_000)
    async with connect_assistant(client, mirror=mirror_of(client)) as assistant:
        fresh = await assistant.ask("compare_runs", evaluation=NAME, max_tokens=20_000)  # what is cut depends on a line
        assert _figures(fresh) == _figures(interrupted)
    store.close()


def _figures(answer: str) -> list[str]:
    return [line for line in answer.splitlines() if not line.startswith("Rows read")]


@pytest.fixture(autouse=True)
def interruptible() -> Iterator[None]:
    """Workers of pytest ignore Ctrl-C; a command does not."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@contextmanager
def _interrupting() -> Iterator[Tell]:
    """A bar of which the first step makes the person press Ctrl-C."""

    async def tell(*_: object) -> None:
        signal.raise_signal(signal.SIGINT)
        await anyio.lowlevel.checkpoint()

    yield tell


@pytest.mark.parametrize("to", ["out.csv", "out.parquet", "folder"])
def test_an_interrupted_export_leaves_nothing(
    table: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, to: str
) -> None:
    """Neither half of a table or folder, nor what it was built from; the next one is whole."""
    database, target = str(tmp_path / "evals.db"), tmp_path / "exports"
    target.mkdir()
    assert run(["--database", database, "import", str(table)]).status == 0
    command = ["--database", database, "export", "results", "--to", str(target / to)]
    with monkeypatch.context() as changed:
        changed.setattr(export, "progress_bar", _interrupting)
        assert run(command).status == 130
    assert list(target.iterdir()) == []
    assert run(command).status == 0
    assert [path.name for path in target.iterdir()] == [to]


def test_an_interrupted_import_is_completed_by_the_next(
    table: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is stored before Ctrl-C stays; the same import again adds the rest, and nothing twice."""
    database = str(tmp_path / "evals.db")
    command = ["--database", database, "import", str(table)]
    monkeypatch.setattr(loader, "_MOST_RECORDS", 100)
    with monkeypatch.context() as changed:
        changed.setattr(importing, "_RESULTS_A_REPORT", 10_000)  # the first report is of the first batch
        changed.setattr(import_files, "progress_bar", _interrupting)
        assert run(command).status == 130
    assert run(command).status == 0
    listed = run(["call", "list_runs", "evaluation=results"], EVALS_MCP_DATABASE=database).stdout
    assert "completed" in listed
    assert "| 120 | " in listed
