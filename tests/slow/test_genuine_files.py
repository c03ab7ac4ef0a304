"""Genuine result files beside the repository, given to the import tool."""

from pathlib import Path

import pytest
from tests.e2e.in_process import connect
from tests.shared_data import DATA

pytestmark = pytest.mark.anyio


async def test_every_genuine_result_file_is_answered_about(tmp_path: Path) -> None:
    """Each comes in, or is refused in a sentence."""
    formats = DATA / "formats"
    if not formats.is_dir():
        pytest.skip("no result files in ../shared/data")
    settings = {"EVALS_MCP_DATABASE": str(tmp_path / "evals.db"), "EVALS_MCP_IMPORT_DIRS": str(formats)}
    async with connect(settings) as assistant:
        for file in sorted(file for file in formats.rglob("*") if file.is_file()):
            text, _ = await assistant._call("import_results", {"path": str(file), "dry_run": True})
            assert "internal error" not in text, (file, text)
