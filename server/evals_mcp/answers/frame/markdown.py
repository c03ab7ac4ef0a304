"""Lines of an answer as Markdown that a viewer may render. Text from data becomes code, so it stays text.

A viewer could fetch an image or open a link in somebody's text. So quoted texts, calls, and names with Markdown
characters stand in code spans. Our own words have no such characters.
"""

import re
from collections.abc import Sequence

from evals_mcp.answers.frame.quoting import Quoted, harmless

_QUOTED = r'"(?:[^"\\]|\\.)*"'
_CALL = rf"\b[a-z]+_[a-z_]+\((?:[^()\"]|{_QUOTED})*\)"
_MARKED = r"(?<![^\s(])[^\s\"(|]*(?:[_#]|\.(?=[^\W\d_])|://)[^\s\"|]*?(?=[.,:;)]*(?:[\s|]|$))"
_DATA = re.compile(rf"{_CALL}|{_QUOTED}|{_MARKED}")


def as_markdown(line: Quoted) -> Quoted:
    """A line, quoted as in `quoting`, as Markdown in which text from data has no effect."""
    return harmless(_DATA.sub(_code_span, line))


def document_words(words: str) -> Quoted:
    """Words of a document (`views`) as Markdown: an answer wrote them, and quoted what came from data."""
    return as_markdown(harmless(words))


def markdown_table(lines: Sequence[Quoted]) -> list[Quoted]:
    """The lines of `tables.table` as a Markdown table. The first has the headers and the ruler."""
    rows: list[Quoted] = [f"| {as_markdown(line)} |" for line in lines]
    ruler = "|" + " --- |" * (lines[0].count(" | ") + 1)
    return [f"{rows[0]}\n{ruler}", *rows[1:]]


def _code_span(found: re.Match[str]) -> str:
    ticks = "`" * (1 + max(map(len, re.findall("`+", found[0])), default=0))
    return f"{ticks}{found[0]}{ticks}"
