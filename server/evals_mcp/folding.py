"""Fold texts for searches, so that case and Unicode form do not matter. No databases."""

from bisect import bisect_right
from unicodedata import normalize

FREQUENT = tuple((character, normalize("NFKC", character)) for character in "，：；！？（）…\u3000\u00a0\u202f")
"""Frequent characters with their NFKC forms. After replacing these, most texts are in NFKC."""


def fold(text: str) -> str:
    """The text in NFKC and lower case, with one spelling for letters with several.

    Composed and decomposed accents, full and half width, ligatures and the forms of sigma are equal. ß equals ss. I, İ,
    ı and i are one letter, because a search cannot know the language. Letters with and without an accent differ, like ё
    and е. Once the text is in NFKC, each character is folded separately.
    """
    if text.isascii():
        return text.lower()
    for character, replacement in FREQUENT:
        text = text.replace(character, replacement)
    text = normalize("NFKC", text).lower()
    # A dot above (U+0307) that NFKC leaves mostly belongs to an i.
    return text.replace("ς", "σ").replace("ß", "ss").replace("ı", "i").replace("\u0307", "")


def find_folded(text: str, searched: str) -> tuple[int, int] | None:
    """Find a text in another, compared by `fold`. Returns the start and end of the match."""
    folded, wanted = fold(text), fold(searched)
    start = folded.find(wanted)
    if start < 0:
        return None
    end = start + len(wanted)
    if fold(text[start:end]) != wanted:
        start, end = _unfolded(text, start), _unfolded(text, end, whole=True)
    return start, end


def _unfolded(text: str, length: int, *, whole: bool = False) -> int:
    """The most characters of a text that fold to this many; one more if that leaves part of it out of `whole`."""

    def folded(amount: int) -> int:
        return len(fold(text[:amount]))

    amount = bisect_right(range(len(text) + 1), length, key=folded) - 1
    return amount + (whole and folded(amount) < length)
