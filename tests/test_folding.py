"""What a search takes for the same text, and where it finds it."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.known_characters import known_characters

from evals_mcp.folding import find_folded, fold
from evals_mcp.truncation import find_excerpt

_letters = st.sampled_from("iIıİ\u0307\u0301sßẞσςΣeé\u1100\u1161\u11a8ﬁ½…，") | st.deferred(
    lambda: st.sampled_from(known_characters())
)
_texts = st.text(_letters, max_size=12)


@given(_texts)
def test_every_unicode_form_of_a_text_is_alike(text: str) -> None:
    """Composed, decomposed and compatible."""
    for form in ("NFC", "NFD", "NFKC", "NFKD"):
        assert fold(unicodedata.normalize(form, text)) == fold(text)


@given(_texts, _texts, _texts)
def test_the_place_of_a_match_holds_what_was_searched_for(before: str, text: str, behind: str) -> None:
    """Nothing more than its first and last characters could be left out."""
    whole = before + text + behind
    found = find_folded(whole, text)
    if fold(text) not in fold(whole):
        assert found is None
        return
    assert found is not None
    start, end = found
    assert fold(text) in fold(whole[start:end])
    assert end - start <= len(text) * 4 + 20


@pytest.mark.parametrize(
    ("text", "searched", "start", "shown"),
    [
        ("Это Иван Петров.", "иван", 0, "Это Иван Петров."),
        ("x" * 50 + "Cafe\u0301 Noir" + "y" * 200, "café", 10, "x" * 40 + "Cafe\u0301 Noir" + "y" * 95),
        ("½" * 60 + "Straße" + "z" * 120, "STRASSE", 20, "½" * 40 + "Straße" + "z" * 100),
    ],
)
def test_an_excerpt_quotes_the_original(text: str, searched: str, start: int, shown: str) -> None:
    """As it was written, with 40 characters before the match and 100 behind it, and where it stands."""
    found = find_excerpt([("a", "other"), ("b", {"name": text}), ("c", [text]), ("d", None)], searched)
    assert found == (shown, start, len(text), ["b", "c"])
