"""Files of one name in several folders: told apart, and not mixed if they are about other datapoints."""

import json
from contextlib import closing
from pathlib import Path

from tests.importers.reading import skipped
from tests.loaded_stores import Served, served

from evals_mcp.client.client import EvalsClient
from evals_mcp.importers.importing import Imported, import_files
from evals_mcp.importers.sibling_folders import own_labels, separated, told_apart
from evals_mcp.store.store import open_temporary_store

__all__ = ["served"]


def _write(folder: Path, name: str, question: str, *, rows: int = 4) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = (f"{question} {number}?,answer of {name},{number % 2}" for number in range(rows))
    path.write_text("question,output,score\n" + "\n".join(lines) + "\n")
    return path


def _imported(served: Served, *paths: Path, evaluation: str | None = None, twice: bool = False) -> Imported:
    async def load(client: EvalsClient) -> Imported:
        first = await import_files(client, paths, evaluation=evaluation)
        return await import_files(client, paths, evaluation=evaluation) if twice else first

    with closing(open_temporary_store()) as store:
        imported: Imported = served.use(store, load)
    return imported


def _runs(imported: Imported) -> dict[str, tuple[list[str], int]]:
    return {item.name: (item.runs, item.datapoints) for item in imported.evaluations}


def test_runs_in_files_of_one_name_are_called_by_their_folders(served: Served, tmp_path: Path) -> None:
    """Where they share datapoints, they are one evaluation; again, they add nothing."""
    top = tmp_path / "nightly"
    for model in ("gpt", "claude"):
        _write(top, f"{model}/results.csv", "What")
    imported = _imported(served, top, twice=True)
    assert _runs(imported) == {"nightly": (["claude/results", "gpt/results"], 4)}
    assert imported.added.total() == 0
    given = _imported(served, top / "gpt/results.csv", top / "claude/results.csv")
    assert _runs(given) == {"results": (["gpt/results", "claude/results"], 4)}


def test_folders_with_other_datapoints_are_evaluations_of_their_own(served: Served, tmp_path: Path) -> None:
    """Called by the largest folder that holds one of them alone, and together where a person names them."""
    top = tmp_path / "all"
    for task in ("sums", "words"):
        for model in ("gpt", "claude"):
            _write(top, f"{task}/{model}/results.csv", task)
    imported = _imported(served, top)
    assert _runs(imported) == {
        "sums": (["claude/results", "gpt/results"], 4),
        "words": (["claude/results", "gpt/results"], 4),
    }
    assert [note for note in imported.report.notes if "different datapoints" in note] == [
        "The folders of all have different datapoints, so they are evaluations of their own: sums, words. "
        "To import them as one, name it with --evaluation."
    ]
    together = _imported(served, top, evaluation="one")
    assert [(len(runs), datapoints) for runs, datapoints in _runs(together).values()] == [(4, 8)]


def test_one_run_in_several_formats_is_several_runs(served: Served, tmp_path: Path) -> None:
    """Not one with each log several times; and the import names the files."""
    top = tmp_path / "nightly"
    rows = [{"question": f"What {n}?", "output": f"answer {n}", "score": n % 2} for n in range(4)]
    top.mkdir()
    (top / "r.json").write_text(json.dumps(rows))
    (top / "r.jsonl").write_text("\n".join(map(json.dumps, rows)))
    (top / "r.csv").write_text("question,output,score\n" + "\n".join(",".join(map(str, row.values())) for row in rows))
    imported = _imported(served, top, twice=True)
    assert _runs(imported) == {"nightly": (["r (r.csv)", "r (r.json)", "r (r.jsonl)"], 4)}
    assert (imported.evaluations[0].logs, imported.added.total()) == (12, 0)
    assert (
        "The same outputs for the same datapoints are in r.csv, r.json, r.jsonl (runs: r). If they hold the same "
        "results in several formats, import one of them alone."
    ) in imported.report.notes


def test_what_is_skipped_and_noted_has_its_folder(served: Served, tmp_path: Path) -> None:
    """Two files of one name are two, in each sentence."""
    for folder in ("a", "b"):
        path = _write(tmp_path / "top", f"{folder}/results.csv", "What")
        path.write_text(path.read_text() + f"odd,no, {folder}\n")
        (path.parent / "notes.md").touch()
    imported = _imported(served, tmp_path / "top")
    assert skipped(imported.report) == ["a/notes.md: no known format", "b/notes.md: no known format"]
    for folder in ("a", "b"):
        assert any(note.startswith(f"{folder}/results.csv: 1 cell of score") for note in imported.report.notes)
    assert imported.files == [("a/results.csv", "table"), ("b/results.csv", "table")]


def test_names_of_separate_folders_are_unique() -> None:
    """Folders of one name go by their paths, and folders that hold one another keep the name of the whole."""
    top = Path("/top")
    held = {"out.csv": b"1", "x/out/a.csv": b"2", "y/out/a.csv": b"3", "z/out/a.csv": b"3", "w/out/a.csv": b""}
    digests = {top / name: {digest} if digest else set() for name, digest in held.items()}
    names = separated(dict.fromkeys(digests, "top"), digests.__getitem__)
    assert {path.relative_to(top).as_posix(): name for path, name in names.items()} == {
        "out.csv": "top",
        "x/out/a.csv": "out",
        "y/out/a.csv": "top (y/out)",
        "z/out/a.csv": "top (y/out)",
        "w/out/a.csv": "top",
    }


def test_labels_and_names_take_as_many_folders_as_they_need() -> None:
    """Two formats of one file in a folder keep one label."""
    files = [Path("/a/x/r.csv"), Path("/b/x/r.csv"), Path("/b/x/r.jsonl"), Path("/b/x/s.csv")]
    assert own_labels(dict.fromkeys(files, "e")) == dict(zip(files, ["a/x/r", "b/x/r", "b/x/r"], strict=False))
    assert list(told_apart({path: path.name for path in files}).values()) == [
        "a/x/r.csv",
        "b/x/r.csv",
        "r.jsonl",
        "s.csv",
    ]


def test_tables_of_one_folder_that_have_nothing_in_common_are_apart(served: Served, tmp_path: Path) -> None:
    """Neither datapoints nor columns. A table in two parts stays one, and so does what a person names."""
    top = tmp_path / "downloads"
    for number in (1, 2):
        _write(top, f"part{number}.csv", f"Part {number}")
    (top / "other.csv").write_text("task,answer,correct\na,x,Y\nb,y,N\n")
    (top / "more").mkdir()
    (top / "more/other.csv").write_text("query,reply,tone\na,x,0.5\nb,y,0.25\n")
    imported = _imported(served, top / "part1.csv", top / "part2.csv", top / "other.csv", top / "more/other.csv")
    assert _runs(imported) == {
        "part1": (["part1"], 4),
        "part2": (["part2"], 4),
        "other": (["other"], 2),
        "more": (["other"], 2),
    }
    (top / "more/other.csv").unlink()
    imported = _imported(served, top)
    assert _runs(imported) == {"other": (["other"], 2), "part1": (["part1", "part2"], 8)}
    assert (
        "Files of downloads have neither datapoints nor columns in common, so they are evaluations of their own. "
        "To import them as one, name it with --evaluation."
    ) in imported.report.notes
    assert _runs(_imported(served, top, evaluation="all")) == {"all": (["other", "part1", "part2"], 10)}
