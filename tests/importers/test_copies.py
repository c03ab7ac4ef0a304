"""Copies for an import from the chat: what was checked is what is read, whatever happens to the files meanwhile."""

from pathlib import Path

import pytest

from evals_mcp.errors import Invalid
from evals_mcp.importers.copies import Copies
from evals_mcp.lookup.files import AllowedPath, allowed_path, find_path, roots_of


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An allowed folder with a file in a folder, beside a secret of the same name."""
    for name in ("allowed", "secret"):
        (tmp_path / name / "nightly").mkdir(parents=True)
        (tmp_path / name / "nightly" / "a.csv").write_text(name)
    return tmp_path / "allowed"


def _copies(folder: Path) -> Copies:
    into = folder.parent / "copies"
    into.mkdir()
    roots = roots_of([folder])
    return Copies(into, lambda path: allowed_path(path, roots))


def _find(folder: Path, word: str) -> AllowedPath:
    return find_path(word, [folder], "Allow it.")


@pytest.mark.parametrize("replaced", ["nightly/a.csv", "nightly"])
def test_a_link_that_replaces_what_was_checked_is_not_followed(folder: Path, replaced: str) -> None:
    """Neither for the file nor for a folder on the way to it."""
    found = _find(folder, "nightly/a.csv")
    (folder / replaced).rename(folder / "gone")
    (folder / replaced).symlink_to(folder.parent / "secret" / replaced)
    with pytest.raises(Invalid):
        _copies(folder).copy(found.path, found.folder)


def test_a_link_that_replaces_a_folder_while_it_is_read_is_not_followed(folder: Path) -> None:
    """Its files are refused one by one."""
    found = _find(folder, "nightly")
    into = folder.parent / "copies"
    into.mkdir()

    def replace(path: Path) -> AllowedPath:
        (folder / "nightly").rename(folder / "gone")
        (folder / "nightly").symlink_to(folder.parent / "secret" / "nightly")
        return AllowedPath(found.folder, path)

    with pytest.raises(Invalid):
        Copies(into, replace).copy(found.path, found.folder)
    assert "secret" not in [file.read_text() for file in into.rglob("*.csv")]


def test_a_copy_keeps_the_names_of_file_and_folder(folder: Path) -> None:
    """The ids of an import come from them, so that the command and the chat import the same."""
    found = _find(folder, "nightly/a.csv")
    copy = _copies(folder).copy(found.path, found.folder)
    assert (copy.name, copy.parent.name, copy.read_text()) == ("a.csv", "nightly", "allowed")


def test_files_beside_are_copied_by_pattern_if_they_may_be_read(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Links that lead out, other names, and what has no room are left out, whole."""
    (folder / "nightly" / "b.json").write_text("b")
    (folder / "nightly" / "c.json").symlink_to(folder.parent / "secret" / "nightly" / "a.csv")
    (folder / "nightly" / "d.json").write_text("d" * 100)
    (folder / "nightly" / "e.txt").write_text("e")
    monkeypatch.setattr("evals_mcp.importers.copies.LARGEST_COPY", 50)
    found = _find(folder, "nightly/a.csv")
    copies = _copies(folder)
    copy = copies.copy(found.path, found.folder)
    copies.copy_beside(found.path, copy, ["*.json"])
    assert sorted(file.name for file in copy.parent.iterdir()) == ["a.csv", "b.json"]


def test_the_mark_of_a_complete_folder_is_known_but_not_read(folder: Path) -> None:
    """It is hidden, and Humanloop's exports tell by it that a folder is whole."""
    for name in (".done", ".env"):
        (folder / "nightly" / name).write_text("secret")
    found = _find(folder, "nightly")
    copy = _copies(folder).copy(found.path, found.folder)
    assert {file.name: file.read_text() for file in copy.iterdir()} == {"a.csv": "allowed", ".done": ""}
