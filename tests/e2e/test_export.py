"""`evals-mcp export` and `copy`: what they write, what they refuse, and that nothing is half-written."""

import csv
import io
import json
import re
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from shutil import copyfile

import pytest
from sqlalchemy import select, update
from tests.e2e.in_process import Ended, run
from tests.loaded_stores import held_rows
from tests.recount import check_counts
from tests.serving.administration import create_key, create_workspace
from tests.serving.served_here import served

from evals_mcp.exporters.folders import LineFiles
from evals_mcp.models.roles import Role
from evals_mcp.store.database.tables import environments, evaluations, runs, versions
from evals_mcp.store.files.files import FileChange
from evals_mcp.store.logs.logs import LogTarget
from evals_mcp.store.store import open_store
from evals_mcp.store.teams.addressed import open_addressed
from evals_mcp.variables import with_workspace

SAMPLE = "Which prompt answers tickets"


@pytest.fixture
def database(sample_database: Path, tmp_path: Path) -> Path:
    """A database with the sample, of this test's own."""
    path = tmp_path / "sample.db"
    copyfile(sample_database, path)
    return path


@pytest.fixture
def created_by_people(database: Path) -> Path:
    """The same database, as if two people had made it, and of most things nobody knew who."""
    with closing(open_store(str(database))) as store, store.database.write() as connection:
        for table in (versions, evaluations, runs):
            for name, number in (("Ann", 1), ("Zoë", 2)):
                connection.execute(update(table).where(table.c.number == number).values(created_by=name))
    return database


def _export(database: Path | str, to: Path | str, *options: str) -> Ended:
    return run(["export", SAMPLE, "--from", str(database), "--to", str(to), *options])


def _rows(address: str | Path) -> dict[str, list[str]]:
    """All rows, but for environments, which are as old as a database, and for when runs last changed in it."""
    with closing(open_addressed(str(address))) as store:
        check_counts(store)
        rows = held_rows(store)
    return rows | {"environments": [], "runs": [re.sub(r"\d{16}", "", row) for row in rows["runs"]]}


def _creators(address: str | Path) -> dict[str, str | None]:
    """Who created each version, evaluation and run, by its id."""
    with closing(open_addressed(str(address))) as store, store.database.read() as connection:
        return {
            row.id: row.created_by
            for table in (versions, evaluations, runs)
            for row in connection.execute(select(table.c.id, table.c.created_by))
        }


def _list_runs(database: Path) -> str:
    return run(["--database", str(database), "call", "list_runs", f"evaluation={SAMPLE}"]).stdout


def test_an_export_imports_into_another_database(database: Path, tmp_path: Path) -> None:
    """It says what it wrote and how to read it back; the same export again replaces it; both answer alike."""
    folder = tmp_path / "out"
    for _ in range(2):
        ended = _export(database, folder)
        assert (ended.status, ended.stdout) == (0, "")
        assert "3 runs, 120 logs, 40 datapoints, 6 files" in ended.stderr
        assert f"evals-mcp import {folder}" in ended.stderr
    assert "120 logs, 477 judgments" in " ".join(
        run(["import", str(folder), "--into", str(tmp_path / "new.db")]).stdout.split()
    )
    assert _list_runs(tmp_path / "new.db") == _list_runs(database)
    assert sorted(item.name for item in tmp_path.iterdir() if "-" not in item.name) == ["new.db", "out", "sample.db"]


def test_an_export_that_breaks_off_leaves_nothing(
    database: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An interrupted export never looks whole."""

    def fill_the_disk(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(LineFiles, "write", fill_the_disk)
    ended = _export(database, tmp_path / "out")
    assert (ended.status, ended.stderr) == (1, "evals-mcp: The export cannot be written: No space left on device.\n")
    assert not list(tmp_path.glob("*out*"))


def test_what_cannot_be_is_said_before_anything_is_read(tmp_path: Path) -> None:
    """A folder with other things, a file in the way, a folder on standard output, a database that is not there."""
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes.txt").touch()
    missing = tmp_path / "none.db"
    for to, words in (
        (tmp_path / "mine", "is not empty and is no earlier export"),
        (tmp_path / "mine" / "notes.txt", "is a file"),
        ("-", "Only a table can go to standard output"),
        (tmp_path / "out", f"There is no database {missing}."),
    ):
        ended = _export(missing, to)
        assert ended.status == 1
        assert words in ended.stderr
    assert not missing.exists()


def test_tables_go_to_standard_output_and_files(database: Path, tmp_path: Path) -> None:
    """The end of a file's name tells its format."""
    written = _export(database, "-", "--format", "csv")
    rows = list(csv.DictReader(io.StringIO(written.stdout)))
    assert (written.status, len(rows)) == (0, 120)
    _export(database, tmp_path / "t.jsonl")
    lines = [json.loads(line) for line in (tmp_path / "t.jsonl").read_text().splitlines()]
    assert [line["log"] for line in lines] == [row["log"] for row in rows]


def test_a_table_takes_conditions(database: Path, tmp_path: Path) -> None:
    """The rows are the logs that the tools find; a folder has the whole evaluation."""
    failed = _export(database, "-", "--format", "csv", "--where", "policy_correct=false", "--where", "run=v2")
    rows = list(csv.DictReader(io.StringIO(failed.stdout)))
    assert {(row["run"], row["scores.policy_correct"]) for row in rows} == {("v2-concise", "false")}
    whole = list(csv.DictReader(io.StringIO(_export(database, "-", "--format", "csv").stdout)))
    assert len(rows) == sum(row["run"] == "v2-concise" and row["scores.policy_correct"] == "false" for row in whole)
    assert f'Exported {len(rows)} logs in v2-concise judged "false" by policy_correct' in failed.stderr
    refused = _export(database, tmp_path / "out", "--where", "run=v2")
    assert (refused.status, "--where chooses the rows of a table" in refused.stderr) == (1, True)
    unknown = _export(database, "-", "--format", "csv", "--where", "polity=1")
    assert unknown.status == 1
    assert (
        'no evaluator or field of the datapoints is named "polity". Nearest: datapoint, policy_correct'
        in unknown.stderr
    )


def test_a_name_that_ends_in_another_format_is_refused(database: Path, tmp_path: Path) -> None:
    """No folder is called wide.xlsx, and no CSV either; a slash tells that a folder is meant."""
    for name, *options in (
        ("wide.xlsx",),
        ("wide.TSV",),
        ("wide.v2",),
        ("wide.xlsx", "--format", "csv"),
        ("wide.csv", "--format", "jsonl"),
        ("wide.csv", "--format", "humanloop"),
    ):
        ended = _export(database, tmp_path / name, *options)
        assert ended.status == 1, name
        assert "To a table: .csv, .jsonl, .parquet; to a folder: a name without an ending, or one " in ended.stderr
    assert [item.name for item in tmp_path.iterdir()] == ["sample.db"]
    for _ in range(2):
        assert _export(database, f"{tmp_path / 'wide.v2'}/").status == 0
    assert _export(database, tmp_path / "wide.v2").status == 0
    assert _export(database, tmp_path / "wide.CSV").stderr.startswith("Exported 120 logs, ")
    assert _export(database, tmp_path / "wide", "--format", "csv").status == 0


@pytest.fixture
def served_target(tmp_path: Path) -> Iterator[tuple[str, str, Path]]:
    """The address of a served database with keys, an admin's key, and its file."""
    path = tmp_path / "served.db"
    key = create_key(str(path), None, "copies", role=Role.ADMIN).secret
    with served(str(path)) as address:
        yield address, key, path


def test_a_copy_goes_through_a_served_database_to_postgresql(
    created_by_people: Path, served_target: tuple[str, str, Path], postgres_address: str
) -> None:
    """Every row is the same at the end, with its creator; a second copy adds nothing; a wrong key is refused."""
    database, (address, key, path) = created_by_people, served_target
    refused = run(["copy", str(database), address], HUMANLOOP_API_KEY="wrong")
    host, key_of = address.removeprefix("http://"), "key of this server, or name another variable with --to-key."
    told = (
        f"evals-mcp: The server at {host} answered 401: The API key is unknown or revoked. Set HUMANLOOP_API_KEY to a "
    )
    assert refused.status == 1
    assert refused.stderr.endswith(f"{told}{key_of}\n")
    assert run(["copy", address, address]).stderr.endswith("evals-mcp: FROM and TO are the same.\n")
    first = run(["copy", str(database), address, "--to-key", "MY_KEY"], MY_KEY=key)
    assert first.status == 0
    assert "judgment" in first.stdout
    unnamed = run(["copy", address, postgres_address], HUMANLOOP_API_KEY=key)
    assert (unnamed.status, "add ?workspace=NAME to the address" in unnamed.stderr) == (1, True)
    create_workspace(postgres_address, "moved")
    moved = with_workspace(postgres_address, "moved")
    second = run(["copy", address, moved], HUMANLOOP_API_KEY=key)
    assert (second.status, "another creator" in second.stdout) == (0, False)
    wanted, creators = _rows(database), _creators(database)
    assert _rows(path) == wanted
    assert set(creators.values()) == {"Ann", "Zoë", None}
    again = run(["copy", str(database), moved])
    assert [line.split()[-2] for line in again.stdout.splitlines() if line.startswith("│ log")] == ["0"]
    assert {table: len(rows) for table, rows in _rows(moved).items()} == {
        table: len(rows) for table, rows in wanted.items()
    }
    assert _creators(moved) == creators


@pytest.mark.parametrize("days", [*(pytest.param(days, marks=pytest.mark.slow) for days in (-1, 0)), 1])
def test_a_copy_of_what_is_there_writes_nothing(database: Path, tmp_path: Path, days: int) -> None:
    """Not even an entry of the journal; one that changes something has one. A target may be older, with other ids."""
    target = tmp_path / "target.db"
    with closing(open_store(str(target))) as store, store.database.write() as connection:
        by_default = environments.c.tag == "default"
        connection.execute(update(environments).where(by_default).values(id="env_of_the_target", name="live"))
        made = connection.execute(select(environments.c.created_at).where(by_default)).scalar_one()
    with closing(open_store(str(database))) as store, store.database.write() as connection:
        connection.execute(update(environments).values(created_at=made + timedelta(days=days)))

    def copied() -> tuple[str, int]:
        ended = run(["copy", str(database), str(target)])
        assert ended.status == 0
        listed = run(["journal", "--from", str(target)])
        return ended.stdout, len(listed.stdout.splitlines())

    first, once = copied()
    rows = _rows(target)
    again, twice = copied()
    assert (once, twice) == (1, 1)
    assert _rows(target) == rows
    counted = [line.split("│")[1:3] for line in first.splitlines() if line.startswith("│")]
    assert [line.split("│")[1:3] for line in again.splitlines() if line.startswith("│")] == counted
    assert again.endswith("TO has all records.\n")
    with closing(open_store(str(database))) as store, store.database.write() as connection:
        connection.execute(update(runs).values(set_status="cancelled"))
    assert copied()[1] == 2
    of_ids: dict[str, list[str]] = {"deployments": []}  # those of environments
    assert _rows(target) | of_ids == _rows(database) | of_ids


def test_a_copy_says_how_much_more_its_target_has(database: Path, tmp_path: Path) -> None:
    """What was deleted after an earlier copy, and what was there before. Both are as they were."""
    target = tmp_path / "target.db"
    with closing(open_store(str(target))) as store:
        for path in ("one", "two"):
            store.directories.create(None, None, path)
    with closing(open_store(str(database))) as store:
        flow = store.files.upsert("flow", None, "flow", {"attributes": {"n": 1}}, FileChange())
        made = store.logs.create("flow", LogTarget(version_id=flow.version_id), {"output": "1"})
    more = "more than FROM: written there, or deleted in FROM after an earlier copy. A copy deletes nothing.\n"
    first = run(["copy", str(database), str(target)])
    assert first.stdout.endswith(f"TO has all records.\nTO has 2 directories {more}")
    with closing(open_store(str(database))) as store:
        store.logs.delete([made.id])
    again = run(["copy", str(database), str(target)])
    assert again.stdout.endswith(f"TO has all records.\nTO has 2 directories and 1 log {more}")
