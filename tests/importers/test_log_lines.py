"""Lines of an export's logs, read in the order of their times, which is that of no file."""

from contextlib import closing
from pathlib import Path

from evals_mcp.importers.log_lines import LogFiles, LogLine, lines_in, log_line


def _lines(path: Path, count: int) -> list[LogLine]:
    path.write_text("".join(f'{{"id": "{path.stem}-{number}"}}\n' for number in range(count)))
    return [
        log_line(path, offset, number, {"id": f"{path.stem}-{number - 1}"}, in_evaluation=False)
        for offset, number, _ in lines_in(path)
    ]


def test_lines_of_many_files_are_read_in_any_order_with_few_open(tmp_path: Path) -> None:
    """Each once more, after its file was closed."""
    by_file = [_lines(tmp_path / f"{number}.jsonl", 3) for number in range(50)]
    alternating = [line for lines in zip(*by_file, strict=True) for line in lines]
    with closing(LogFiles()) as files:
        for line in [*alternating, *reversed(alternating)]:
            assert files.read(line) == f'{{"id": "{line.log_id}"}}\n'.encode()
            assert len(files._open) <= 32
        opened = list(files._open.values())
    assert opened
    assert all(file.closed for file in opened)
