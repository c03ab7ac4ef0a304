"""A changed text as rows of an answer: more room shows more, and what is left out is counted."""

import re

from hypothesis import given
from hypothesis import strategies as st

from evals_mcp.answers.version_changes import text_row
from evals_mcp.models.version_changes import FieldChange, LineChange

_texts = st.lists(st.text(max_size=80), max_size=6)
_line_changes = st.lists(
    st.builds(LineChange, line=st.integers(1, 99), removed=_texts, added=_texts).filter(
        lambda line: line.removed or line.added
    ),
    max_size=5,
)


@given(_line_changes, st.integers(0, 9), st.integers(0, 900))
def test_lines_are_shown_whole_or_counted(lines: list[LineChange], more: int, limit: int) -> None:
    """Every changed line is in the text or in the number after it; with the room it needs, none is cut."""
    row = text_row("template", FieldChange(field="template", size="+1 -1 lines", lines=lines, more=more))
    total = more + sum(len(line.removed) + len(line.added) for line in lines)
    for room in (0, limit, row.need):
        heading, *below = row.render(room).split("\n")
        assert heading == "template:"
        left_out = re.fullmatch(r"  \(\+([\d,]+) more changed lines?\)", below[-1]) if below else None
        shown = below[:-1] if left_out else below
        assert all(re.match(r"(  line \d+: |    )[-+(]", line) for line in shown)
        pairs = sum(len(re.findall(r'(?:: | )-".*" \+"', line)) for line in shown)
        counted = len(shown) + pairs + (int(left_out[1].replace(",", "")) if left_out else 0)
        assert total - pairs <= counted <= total or "(same" in str(shown)
        assert room < row.need or (left_out is None) == (more == 0)
