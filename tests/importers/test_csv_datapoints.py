"""Datapoints out of CSV files."""

import pytest

from evals_mcp.errors import Invalid, TooManyValues
from evals_mcp.importers.csv_datapoints import read_csv_datapoints


def _contents(text: str) -> list[dict[str, object]]:
    return [point.content() for point in read_csv_datapoints(text.encode())]


def test_columns_are_inputs_targets_and_messages() -> None:
    """Named as they are, with or without a prefix."""
    text = 'q,inputs.lang,target,target.score,messages\nwhy?,en,so,2,"[{""role"": ""user"", ""content"": ""x""}]"\n'
    assert _contents(text) == [
        {
            "inputs": {"q": "why?", "lang": "en"},
            "target": {"output": "so", "score": "2"},
            "messages": [{"role": "user", "content": "x"}],
        }
    ]


def test_a_target_may_be_json() -> None:
    """An object is taken as it is, everything else is text."""
    rows = ['"{""a"": [1]}"', "[1]", "NaN", '"{""a"": NaN}"', ""]
    targets = [point.get("target") for point in _contents("q,target\n" + "".join(f"x,{row}\n" for row in rows))]
    assert targets == [{"a": [1]}, {"output": "[1]"}, {"output": "NaN"}, {"output": '{"a": NaN}'}, None]


def test_cells_keep_their_text() -> None:
    """Line ends, commas, spaces, other scripts, very long ones; a byte order mark is none of it."""
    long = "é" * 200_000
    text = f'\ufeffq\r\n"a,\r\nb"\r\n" ç "\r\n{long}\r\n'
    assert [point["inputs"] for point in _contents(text)] == [{"q": "a,\r\nb"}, {"q": " ç "}, {"q": long}]


def test_missing_cells_and_blank_lines_are_left_out() -> None:
    """They are no mistake."""
    assert _contents("a,b\n1\n\n,\n") == [{"inputs": {"a": "1"}}, {"inputs": {"a": "", "b": ""}}]
    assert _contents("a\n") == []


@pytest.mark.parametrize(
    ("content", "values"),
    [
        ("a,b\n1,2\n", 8),
        ("a\n" + "1\n" * 4, 15),
        ('a\n"x, y, z"\n', 6),
        ('target\n"{""a"": [1, 2]}"\n', 9),
        ("a,b,c,d,e\n", 7),
    ],
)
def test_cells_and_rows_are_counted(content: str, values: int) -> None:
    """Texts have no values in them; JSON has."""
    assert len(read_csv_datapoints(content.encode(), values)) == content.count("\n") - 1
    with pytest.raises(TooManyValues, match=f"a file may have {values - 1}"):
        read_csv_datapoints(content.encode(), values - 1)


def test_a_row_of_many_cells_is_not_read() -> None:
    """It is refused before it is a list."""
    with pytest.raises(TooManyValues, match="about 1,002 cells"):
        read_csv_datapoints(b"," * 999, 900)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\n",
        b"a,\n1,2\n",
        b"a,a\n1,2\n",
        b"a\n1,2\n",
        b"a\n\xff\n",
        b"a\n\x00\n",
        b'a\n"open\n',
        b"messages\nhello\n",
        b'messages\n"[{""role"": ""king""}]"\n',
        b'messages\n"[{""role"": ""user"", ""content"": ""\\u0000""}]"\n',
        b"messages\n" + b"[" * 5000 + b"\n",
    ],
)
def test_what_is_no_csv_is_refused(content: bytes) -> None:
    """As a mistake in the upload."""
    with pytest.raises(Invalid) as caught:
        read_csv_datapoints(content)
    assert caught.value.location == ("body", "file")
