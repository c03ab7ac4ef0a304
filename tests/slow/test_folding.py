"""Every character is folded as Unicode folds its case."""

import unicodedata

from tests.known_characters import known_characters

from evals_mcp.folding import fold


def _case_folded(text: str) -> str:
    """The full case folding of Unicode over NFKC."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())


def test_letters_are_alike_as_unicode_folds_their_case() -> None:
    """But for the forms of i, Greek letters with iota below, and old forms of seven Cyrillic letters."""
    by_unicode: dict[str, set[str]] = {}
    for letter in known_characters():
        by_unicode.setdefault(_case_folded(letter), set()).add(fold(letter))
    apart = {folded for folded, forms in by_unicode.items() if len(forms) > 1}
    assert apart <= {_case_folded(letter) for letter in [*"вдостъѣꙋ", *map(chr, range(0x1F80, 0x1FFD)), "\u0345"]}
    by_fold: dict[str, set[str]] = {}
    for letter in known_characters():
        by_fold.setdefault(fold(letter), set()).add(_case_folded(letter))
    merged = {folded for folded, forms in by_fold.items() if len(forms) > 1}
    assert merged == {"i", " "}  # a dot above that stands alone is a space with a mark
