"""What an export may replace: an earlier export of the same evaluation, and nothing else."""

import json
from pathlib import Path

import pytest

from evals_mcp.errors import Invalid
from evals_mcp.exporters.folders import new_folder, write_json, write_mark


def _export(folder: Path, evaluation: str = "evr_1", name: str = "a", late: str | None = None) -> None:
    with new_folder(folder, evaluation) as parts:
        write_json(parts / "files" / name / "file.json", {"id": name})
        write_mark(parts, {"evaluation": evaluation})
        if late is not None:
            (folder / late).write_text("mine")


def _everything(folder: Path) -> dict[str, str | None]:
    """All paths below a folder, with the target of a link or the content of a file."""
    found = {}
    for path in sorted(folder.rglob("*")):
        content = str(path.readlink()) if path.is_symlink() else path.read_text() if path.is_file() else None
        found[path.relative_to(folder).as_posix()] = content
    return found


def test_an_export_replaces_the_earlier_one_of_its_evaluation(tmp_path: Path) -> None:
    """Files that only the earlier one had are gone. An empty folder is free as well."""
    (tmp_path / "x").mkdir()
    _export(tmp_path / "x", name="old")
    _export(tmp_path / "x", name="new")
    assert set(_everything(tmp_path / "x")) == {"evals-mcp.json", "files", "files/new", "files/new/file.json"}


@pytest.mark.parametrize("other", ["labels.csv", ".hidden", "src/main.py", "files/notes.md", "files/a/file.json.bak"])
def test_an_export_keeps_files_of_others(tmp_path: Path, other: str) -> None:
    """A folder with a file that no export wrote is refused, and the message names the file."""
    _export(tmp_path / "x")
    (tmp_path / "x" / other).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / "x" / other).write_text("mine")
    before = _everything(tmp_path)
    with pytest.raises(Invalid, match=f"no export wrote: {other.removesuffix('/main.py')}"):
        _export(tmp_path / "x")
    assert _everything(tmp_path) == before


def test_a_file_that_appears_during_the_export_stays(tmp_path: Path) -> None:
    """The folder is looked at again when it is replaced."""
    _export(tmp_path / "x")
    with pytest.raises(Invalid, match="no export wrote: late"):
        _export(tmp_path / "x", late="late")
    assert [path.name for path in tmp_path.iterdir()] == ["x"]
    assert _everything(tmp_path / "x")["late"] == "mine"


def test_an_export_keeps_empty_folders_and_links(tmp_path: Path) -> None:
    """Also a link in the place of a file that the export wrote."""
    (tmp_path / "target").write_text("mine")
    for number, made in enumerate(("files/empty", "files/a/file.json")):
        folder = tmp_path / str(number)
        _export(folder)
        (folder / made).unlink(missing_ok=True)
        (folder / made).symlink_to(tmp_path / "target") if number else (folder / made).mkdir()
        before = _everything(folder)
        with pytest.raises(Invalid, match=f"no export wrote: {made}"):
            _export(folder)
        assert _everything(folder) == before


def test_an_export_keeps_the_export_of_another_evaluation(tmp_path: Path) -> None:
    """Two evaluations need two folders."""
    _export(tmp_path / "x")
    before = _everything(tmp_path)
    with pytest.raises(Invalid, match=r"has the export of another evaluation, evr_1\. Name a new folder"):
        _export(tmp_path / "x", "evr_2")
    assert _everything(tmp_path) == before


@pytest.mark.parametrize("mark", ["{}", "[]", "{", '{"evaluation": "evr_1"}', '{"evaluation": "evr_1", "files": 1}'])
def test_a_mark_without_a_list_of_files_allows_nothing(tmp_path: Path, mark: str) -> None:
    """Which files are its own is not known then."""
    (tmp_path / "x").mkdir()
    (tmp_path / "x" / "evals-mcp.json").write_text(mark)
    (tmp_path / "x" / "mine").write_text("mine")
    before = _everything(tmp_path)
    with pytest.raises(Invalid, match="Name a new folder"):
        _export(tmp_path / "x")
    assert _everything(tmp_path) == before


def test_a_link_is_neither_followed_nor_replaced(tmp_path: Path) -> None:
    """To a folder, to an export, or to nothing."""
    (tmp_path / "empty").mkdir()
    _export(tmp_path / "export")
    for name in ("empty", "export", "none"):
        (tmp_path / f"to-{name}").symlink_to(tmp_path / name)
    before = _everything(tmp_path)
    for name in ("empty", "export", "none"):
        with pytest.raises(Invalid, match=r"is a link to .*\. Name what it links to"):
            _export(tmp_path / f"to-{name}")
    assert _everything(tmp_path) == before


def test_the_mark_lists_the_files_of_the_export(tmp_path: Path) -> None:
    """Itself included."""
    _export(tmp_path / "x")
    mark = json.loads((tmp_path / "x" / "evals-mcp.json").read_text())
    assert mark == {"evaluation": "evr_1", "files": ["evals-mcp.json", "files/a/file.json"]}
