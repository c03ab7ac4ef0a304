import re

from hypothesis import given, settings
from hypothesis import strategies as st

from evals_mcp.answers.frame.detail import Row, Rows, Shown, cost, cut, fit_rows, squeeze
from evals_mcp.answers.frame.quoting import quote


def _row(data: str) -> Row:
    return Row(lambda limit: f"row: {quote(data, limit)}", len(data))


def _fitted(lengths: list[int], room: int) -> Shown:
    rows = Rows([_row("word " * (length // 5)) for length in lengths])
    return fit_rows(rows, room, lambda shown: 10 + len(str(shown)), 20)


@given(st.lists(st.integers(0, 30_000), min_size=1, max_size=12), st.integers(0, 2_000))
@settings(max_examples=60)
def test_rows_stay_in_their_room_and_use_it(lengths: list[int], room: int) -> None:
    """Rows never cost more than their room beside the footer, and use four fifths of it while anything is cut."""
    texts, spent, is_cut = _fitted(lengths, room)
    assert spent == sum(map(cost, texts))
    assert spent + 10 + len(str(len(texts))) + 20 * is_cut <= room or not texts
    if is_cut and len(texts) == len(lengths):
        assert spent >= 0.8 * (room - 40)


def test_short_rows_leave_their_room_to_long_ones() -> None:
    """Rows get nearly the same number of characters, and those that need fewer pass theirs on."""
    texts, _, is_cut = _fitted([50, 40_000, 50, 40_000], 1_000)
    assert is_cut
    assert [len(text) for text in texts[::2]] == [57, 57]
    assert 800 < len(texts[3]) <= len(texts[1]) < 1.3 * len(texts[3])


def test_more_rows_come_before_more_detail() -> None:
    """A row is left out only when those before it are at their least."""
    texts, _, is_cut = _fitted([10_000] * 100, 1_000)
    assert is_cut
    assert 15 < len(texts) < 60
    assert max(map(len, texts)) < 120


def test_nothing_is_shown_where_not_even_a_row_fits() -> None:
    """The frame then squeezes the first row."""
    assert _fitted([1_000], 30) == ([], 0, False)
    assert squeeze(_row("word " * 200), 15).texts == ['row: "word word wo…" (+988 characters)']
    assert squeeze(_row("word " * 200), 12).cost <= 12


@given(st.text(max_size=200), st.integers(-5, 60))
def test_a_cut_text_stays_in_its_room(text: str, room: int) -> None:
    """A text is whole, or ends in an ellipsis and the number of characters that are missing, within the room."""
    shown = cut(text, room)
    assert cost(shown) <= max(room, 0)
    if shown not in (text, ""):
        found = re.search(r"…\"? \(\+([\d,]+) characters\)$", shown)
        assert found is not None
        assert 0 < int(found[1].replace(",", "")) < len(text)
