"""Files of figures: they are as long as they say, give their room back, and no server depends on room for them."""

import errno
import logging
import sys
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import CollectorRegistry
from prometheus_client.mmap_dict import MmapedDict
from prometheus_client.multiprocess import MultiProcessCollector

from evals_mcp.serving.figure_files import FigurePlace, keep_counted, make_room
from evals_mcp.serving.options import ServeOptions
from evals_mcp.serving.serve import opened

_MAPPED: Any = MmapedDict  # it has no types


@pytest.mark.skipif(sys.platform == "win32", reason="counts blocks of the file system")
def test_a_file_has_room_before_it_is_mapped_and_gives_it_back(tmp_path: Path) -> None:
    """A page of a mapped file that the disk has no room for ends the process. What was counted stays."""
    make_room(FigurePlace(tmp_path, 7))
    assert len(list(tmp_path.iterdir())) == 4
    assert all(path.stat().st_blocks * 512 >= path.stat().st_size for path in tmp_path.iterdir())
    counted = tmp_path / "counter_7.db"
    values = _MAPPED(str(counted))
    size = counted.stat().st_size
    for number in range(50):
        values.write_value(f'["requests", "requests_total", {{"code": "{number}"}}, ""]', number, 0.0)
    assert counted.stat().st_size == size
    values.close()
    before = [item[:2] for item in _MAPPED.read_all_values_from_file(str(counted))]
    make_room(FigurePlace(tmp_path, 8))
    keep_counted(FigurePlace(tmp_path, 7))
    assert [item[:2] for item in _MAPPED.read_all_values_from_file(str(counted))] == before
    assert list(_MAPPED.read_all_values_from_file(str(tmp_path / "histogram_7.db"))) == []
    assert counted.stat().st_size < 10_000
    assert sorted(path.name for path in tmp_path.glob("gauge*")) == ["gauge_livemin_8.db", "gauge_livesum_8.db"]
    make_room(FigurePlace(tmp_path, 7))
    assert counted.stat().st_size == size
    assert len(list(tmp_path.iterdir())) == 8
    values = _MAPPED(str(counted))
    values.write_value('["requests", "requests_total", {"code": "51"}, ""]', 51, 0.0)
    values.close()
    assert [item[:2] for item in _MAPPED.read_all_values_from_file(str(counted))][:-1] == before


def test_a_file_is_read_as_a_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another process may show all figures at any moment, also between the beginning of a file and its content."""
    write, seen = Path.write_bytes, list[Path]()

    def read_meanwhile(path: Path, content: bytes) -> int:
        path.touch()
        seen.append(path)
        MultiProcessCollector(CollectorRegistry(), str(tmp_path)).collect()  # type: ignore[no-untyped-call]
        return write(path, content)

    monkeypatch.setattr(Path, "write_bytes", read_meanwhile)
    make_room(FigurePlace(tmp_path, 7))
    assert len(seen) == 4
    assert len(list(tmp_path.glob("*.db"))) == len(list(tmp_path.iterdir())) == 4


def test_a_server_without_room_for_figures_serves(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """It says so, has no metrics, and leaves no file behind."""
    written: list[Path] = []

    def full(path: Path, content: bytes) -> int:
        written.append(path)
        if len(written) > 2:
            raise OSError(errno.ENOSPC, "No space left on device")
        with path.open("wb") as file:
            return file.write(content)

    folder = tmp_path / "figures"
    folder.mkdir()
    monkeypatch.setattr(Path, "write_bytes", full)
    with (
        caplog.at_level(logging.WARNING),
        opened(ServeOptions(str(tmp_path / "evals.db")), None, FigurePlace(folder, 1)) as app,
    ):
        assert app.watcher is None
    assert "There is no room for metrics in" in caplog.text
    assert list(folder.iterdir()) == []
