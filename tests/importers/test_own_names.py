"""What evaluations are called whose files do not name them."""

from pathlib import Path

from evals_mcp.importers.own_names import own_names


def _names(folder: Path, formats: dict[str, str | None]) -> dict[str, str]:
    for name in formats:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()
    named = own_names({folder / name: format for name, format in formats.items()}, folder)
    return {path.relative_to(folder).as_posix(): name for path, name in named.items()}


def test_files_of_one_format_are_the_evaluation_of_the_given_folder(tmp_path: Path) -> None:
    """In folders of any depth; formats that name their evaluations, and texts of no format, do not count."""
    formats = {"nightly/1/a.csv": "table", "nightly/2/b.csv": "table", "nightly/p.json": None, "nightly/x": None}
    assert set(_names(tmp_path / "top", formats).values()) == {"top"}


def test_unrelated_folders_are_evaluations_of_their_own(tmp_path: Path) -> None:
    """Files beside those of another format go by their own names, and folders of one name by their paths."""
    formats: dict[str, str | None] = {
        "azure/a.jsonl": "table",
        "azure/deep/b.jsonl": "table",
        "deepeval/run.json": "deepeval",
        "x/out/a.csv": "table",
        "y/out/a.csv": "table",
        "y/loose.json": "deepeval",
        "x/loose.json": "deepeval",
    }
    assert _names(tmp_path / "formats", formats) == {
        "azure/a.jsonl": "azure",
        "azure/deep/b.jsonl": "azure",
        "deepeval/run.json": "deepeval",
        "x/out/a.csv": "x/out",
        "y/out/a.csv": "y/out",
        "y/loose.json": "y/loose.json",
        "x/loose.json": "x/loose.json",
    }
