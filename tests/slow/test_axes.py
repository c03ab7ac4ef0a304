"""The axis of a view's forest plot, computed by its own script in Node."""

import json
import re
import shutil
import subprocess
from itertools import pairwise

import pytest

from evals_mcp.views.assembly import read_view

_RANGES = [
    (-0.1, 1.3),
    (-8.9, 19.0),
    (-0.06, 0.7),
    (-0.000022, 0.000072),
    (-1.0, 0.05),
    (-1e-9, 1e-9),
    (-3e6, 4e6),
    (-0.43, 0.43),
]


@pytest.fixture(scope="module")
def axes() -> list[tuple[list[float], list[str]]]:
    """For each range, where its ticks are, and what they say."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("node is not installed")
    view = read_view("comparison")
    parts = [re.search(pattern, view, re.DOTALL) for pattern in (r"const figure = .*?;\n", r"function ticks\(.*?\n}\n")]
    script = "".join(part[0] for part in parts if part)
    script += f"const all = {json.dumps(_RANGES)}.map((ends) => ticks(...ends));"
    script += "console.log(JSON.stringify(all.map((found) => [found, found.map(figure)])))"
    ran = subprocess.run([node, "-e", script], capture_output=True, text=True, timeout=240, check=False)
    assert ran.returncode == 0, ran.stderr
    found: list[tuple[list[float], list[str]]] = json.loads(ran.stdout)
    return found


def test_zero_has_no_sign(axes: list[tuple[list[float], list[str]]]) -> None:
    """Each axis has it once, as 0: no difference is neither more nor less."""
    assert [[label for label in labels if float(label.replace(",", "")) == 0] for _, labels in axes] == [["0"]] * len(
        _RANGES
    )


def test_ticks_are_within_the_range_and_few(axes: list[tuple[list[float], list[str]]]) -> None:
    """Two to six, evenly spaced."""
    for (low, high), (places, _) in zip(_RANGES, axes, strict=True):
        assert 2 <= len(places) <= 6
        assert low <= places[0]
        assert places[-1] <= high
        steps = [after - before for before, after in pairwise(places)]
        assert steps == pytest.approx([steps[0]] * len(steps))
