"""The name of a downloaded file."""

from urllib.parse import unquote

import pytest

from evals_mcp.pages.downloads import attachment


@pytest.mark.parametrize(
    ("name", "plain", "file"),
    [
        ("Which prompt?", "Which prompt.md", "Which prompt.md"),
        ("größer: ja/nein", "grer ja nein.md", "größer ja nein.md"),
        ("日本", "report.md", "日本.md"),
        ('../..\\"; x=\r\nSet-Cookie: a', "; x= Set-Cookie a.md", "; x= Set-Cookie a.md"),
        ("\u202etxt\0", "txt.md", "txt.md"),
        ("50% of a.b", "50 of a.b.md", "50 of a.b.md"),
        ("a" * 500, "a" * 80 + ".md", "a" * 80 + ".md"),
        ("\ud800", "report.md", "report.md"),
    ],
)
def test_a_download_has_the_name_of_its_evaluation(name: str, plain: str, file: str) -> None:
    """Without what a system or a header cannot take; in ASCII, too."""
    header = attachment(name, "md")
    assert header.isascii()
    assert header.isprintable()
    first, _, second = header.removeprefix('attachment; filename="').partition("\"; filename*=UTF-8''")
    assert (first, unquote(second)) == (plain, file)
