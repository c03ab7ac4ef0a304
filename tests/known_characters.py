"""All characters that have a meaning, found when they are first asked for."""

import sys
import unicodedata
from functools import cache


@cache
def known_characters() -> list[str]:
    """The characters of Unicode but for halves of pairs, private ones, and those that are not assigned."""
    characters = map(chr, range(sys.maxunicode))
    return [character for character in characters if unicodedata.category(character) not in ("Cn", "Cs", "Co")]
