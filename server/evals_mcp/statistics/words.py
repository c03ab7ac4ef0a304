"""The words of texts in any language. Scripts without blanks between words give pairs of characters instead."""

import re

from evals_mcp.folding import fold

LONGEST = 40
"""Longer words are ids, addresses or encoded data."""

_MARKS = (
    "\u0300-\u036f\u0483-\u0487\u0591-\u05c7\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06ed\u0900-\u0963\u0966-\u0dff"
)
_BLANKLESS = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17d3\u3005\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
    "\U00020000-\U0003ffff"  # Thai, Lao, Burmese, Khmer, kana, Han
)
_WORD = re.compile(f"[{_BLANKLESS}]+|(?:(?![{_BLANKLESS}])[\\w{_MARKS}])+")
_BEGINS_BLANKLESS = re.compile(f"[{_BLANKLESS}]")
_ASCII = "".join(chr(code) if chr(code).isalnum() or code == ord("_") else " " for code in range(128))


def words(text: str) -> list[str]:
    """The words of a text, folded, in order, without single letters."""
    if text.isascii():
        return [word for word in text.lower().translate(_ASCII).split() if 1 < len(word) <= LONGEST]
    found: list[str] = []
    for word in _WORD.findall(fold(text)):
        if _BEGINS_BLANKLESS.match(word):
            found += [word[at : at + 2] for at in range(max(1, len(word) - 1))]
        elif 1 < len(word) <= LONGEST:
            found.append(word)
    return found
