"""Of the dated backups in a folder the newest stay, and nothing else is deleted."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from evals_mcp.errors import Conflict, Invalid
from evals_mcp.keeping.dated_backups import dated_path, delete_older, require_keep
from evals_mcp.keeping.postgresql_backup import back_up_workspaces

_NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def test_only_older_backups_of_the_same_name_are_deleted(tmp_path: Path) -> None:
    """Other databases, other workspaces, and folders that are no backup stay."""
    for name in ("evals", "evals-search", "evals2"):
        for day in (1, 2, 3):
            backup = dated_path(tmp_path, name, _NOW.replace(day=day))
            backup.mkdir()
            (backup / "manifest.json").write_text("{}")
    foreign = tmp_path / "evals-20250101T000000Z"
    foreign.mkdir()
    made = dated_path(tmp_path, "evals", _NOW.replace(day=3))
    assert [path.name for path in delete_older(made, "evals", 2)] == ["evals-20260101T030405Z"]
    assert len(list(tmp_path.iterdir())) == 9
    assert foreign.is_dir()


def test_the_backup_just_made_stays_whatever_the_clock_says(tmp_path: Path) -> None:
    """A clock that was ahead once left backups that look newer than all others: each new one would be deleted."""
    ahead, made = dated_path(tmp_path, "evals", _NOW.replace(year=2099)), dated_path(tmp_path, "evals", _NOW)
    for path in (ahead, made):
        path.touch()
    assert delete_older(made, "evals", 2) == []
    assert delete_older(made, "evals", 1) == [ahead]
    assert made.exists()


def test_backups_are_kept_in_a_folder_that_is_no_backup(tmp_path: Path) -> None:
    """So a backup never loses what it holds to a newer one inside of it."""
    require_keep(1, tmp_path)
    require_keep(None, tmp_path / "nothing")
    (tmp_path / "manifest.json").write_text("{}")
    for keep, folder in ((0, tmp_path.parent), (1, tmp_path), (1, tmp_path / "nothing")):
        with pytest.raises(Invalid, match="--keep takes a number from 1, and an existing folder"):
            require_keep(keep, folder)


def test_a_backup_replaces_no_folder_of_something_else(tmp_path: Path) -> None:
    """With --force neither."""
    (tmp_path / "letters.txt").write_text("mine")
    with pytest.raises(Conflict, match=r"is no backup, so --force does not replace it\. Choose another name\."):
        back_up_workspaces("postgresql://127.0.0.1:1/nothing", tmp_path, _NOW, force=True)
    assert (tmp_path / "letters.txt").read_text() == "mine"
