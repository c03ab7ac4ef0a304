"""Texts as a search compares them: the same in either case and in every Unicode form; no databases."""

from bisect import bisect_right
from unicodedata import normalize

FREQUENT = tuple((character, normalize("NFKC", character)) for character in "，：；！？（）…\u3000\u00a0\u202f")
"""Characters that many texts have, each with what NFKC makes of it: once replaced, most texts are in NFKC."""


def fold(text: str) -> str:
    """The text in NFKC and in lower case, with one spelling for letters that have several.

    Composed and decomposed accents, full and half width, ligatures and the forms of sigma are the same. ß is ss.
    I, İ, ı and i are the same letter, since a search cannot know the language. Letters with and without an accent
    differ, as ё and е do. Each character is folded by itself once the text is in NFKC.
    """
    if text.isascii():
        return text.lower()
    for character, replacement in FREQUENT:
        text = text.replace(character, replacement)
    text = normalize("NFKC", text).lower()
    # What NFKC leaves of dots above (U+0307) is mostly that of an i.
    return text.replace("ς", "σ").replace("ß", "ss").replace("ı", "i").replace("\u0307", "")


def find_folded(text: str, searched: str) -> tuple[int, int] | None:
    """Where a text holds the searched one, compared as `fold` does: the start and the end of the match in the text."""
    folded, wanted = fold(text), fold(searched)
    start = folded.find(wanted)
    if start < 0:
        return None
    end = start + len(wanted)
    if fold(text[start:end]) != wanted:
        start, end = _unfolded(text, start), _unfolded(text, end, whole=True)
    return start, end


def _unfolded(text: str, length: int, *, whole: bool = False) -> int:
    """How many characters of a text fold to so many at most; one more where that leaves a part of it out of `whole`."""

    def folded(amount: int) -> int:
        return len(fold(text[:amount]))

    amount = bisect_right(range(len(text) + 1), length, key=folded) - 1
    return amount + (whole and folded(amount) < length)
