"""Lines that wait for the end of an import."""

from tempfile import TemporaryFile

import pytest

from evals_mcp.importers import waiting_lines
from evals_mcp.importers.waiting_lines import WaitingLines


def test_many_wait_in_one_file_each_in_order(monkeypatch: pytest.MonkeyPatch) -> None:
    """They are read as often as wanted, also while others are written and read."""
    monkeypatch.setattr(waiting_lines, "_MOST_IN_MEMORY", 20)
    with TemporaryFile() as file:
        many = [WaitingLines(file) for _ in range(50)]
        for number in range(9):
            for name, waiting in enumerate(many):
                waiting.write(f"{name}: {number}\n".encode())
        for pairs in zip(*many, strict=True):
            assert len({line.partition(b": ")[2] for line in pairs}) == 1
        expected = [f"7: {number}\n".encode() for number in range(9)]
        assert list(many[7]) == list(many[7]) == expected
        many[7].write("last\u2028 \x0b\x0c\n".encode())
        assert len(list(many[7])) == 10
