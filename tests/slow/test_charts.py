"""Charts of reports as files; drawing them loads much."""

from pathlib import Path

import pytest
from tests.pages.test_reports import EVIL, SAMPLE

from evals_mcp.config import Settings
from evals_mcp.errors import Invalid
from evals_mcp.lookup.lookup import Lookup
from evals_mcp.pages.charts import chart_format, write_chart
from evals_mcp.pages.reports import Asked, read_report
from evals_mcp.wiring import build_client

pytestmark = pytest.mark.anyio


async def test_charts_draw_the_differences(sample_database: Path, tmp_path: Path) -> None:
    """As SVG and PNG, with the names as texts."""
    async with build_client(Settings(database=str(sample_database)), may_write=False) as client:
        document = await read_report(Lookup(client, with_document=True), Asked(SAMPLE))
    document["evaluation"]["name"] = EVIL
    document["runs"][0]["label"] += "\u202e\x1b"
    document["candidates"][0]["rows"][0]["label"] += "\u202e\x07"
    svg, png = tmp_path / "forest.svg", tmp_path / "forest.png"
    write_chart(document, svg, chart_format(str(svg)))
    write_chart(document, png, chart_format(str(png)))
    drawn = svg.read_text()
    assert drawn.count("v2-concise</text>") == 5
    assert "policy_correct" in drawn
    for unit in ("points", "seconds", "tokens", "US dollars"):
        assert f"difference in {unit}</text>" in drawn
    assert "<script" not in drawn
    assert drawn.count("\\u{202e}") >= 3
    assert not {"\u202e", "\x1b", "\x07"} & set(drawn)
    assert png.read_bytes().startswith(b"\x89PNG")
    document["candidates"] = []
    with pytest.raises(Invalid, match="no differences with intervals"):
        write_chart(document, svg, "svg")
