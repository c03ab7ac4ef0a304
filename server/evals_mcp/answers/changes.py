"""The difference between two similar texts."""

import re
from difflib import SequenceMatcher
from itertools import groupby, islice, pairwise
from typing import NamedTuple

from evals_mcp.answers.frame.detail import Row
from evals_mcp.answers.frame.figures import count
from evals_mcp.answers.frame.quoting import Quoted, quote
from evals_mcp.answers.frame.tokens import share

_SENTENCE_ENDS = re.compile(r"[.!?]\s|[\n。！？]")
_WORD_ENDS = re.compile(r"(?<=\s)(?=\S)|(?<=\w)(?=[^\w\s])|(?<=[^\w\s])|(?<=[\u2e80-\U0003ffff])")
_SHORT = 200  # characters; shorter texts are shown without comparing them
_ALIKE = 0.7  # of both texts together; instead of a longer difference, both texts are shown
_MOST_SENTENCES = 200
_MOST_WORDS = 120
_LONGEST_PIECE = 200  # characters of a piece on average; longer pieces are not matched
_CONTEXT = 40  # characters; longer unchanged stretches are only counted
_PART = 24  # changes that would get fewer characters are only counted


class _Stretch(NamedTuple):
    """Text of both sides that is unchanged (`old == new`) or replaced."""

    old: str
    new: str


def difference_row(old: str, new: str) -> Row | None:
    """The difference of two long and similar texts as a row; None if both texts say more."""
    if min(len(old), len(new)) <= _SHORT:
        return None
    stretches = _stretches(old, new)
    whole = _shown(stretches, None)
    if len(whole) >= _ALIKE * (len(old) + len(new)):
        return None
    return Row(lambda limit: _shown(stretches, limit), len(whole))


def text_difference(old: str, new: str, limit: int | None = None) -> Quoted:
    """The difference of two texts in about `limit` characters: `(same 812 characters) -"not" +"always"`.

    Unchanged text between two changes is quoted if short, else counted. Time is bounded for any texts.
    """
    if old == new:
        return f"(same {count(len(old), 'character')})"
    return _shown(_stretches(old, new), limit)


def _stretches(old: str, new: str) -> list[_Stretch]:
    """The stretches of two texts; one that is replaced if they have little in common."""
    first = _common_start(old, new)
    last = _common_start(old[first:][::-1], new[first:][::-1])
    same_end = old[len(old) - last :]
    middle = _aligned(old[first : len(old) - last], new[first : len(new) - last])
    stretches = _merged([_Stretch(old[:first], old[:first]), *middle, _Stretch(same_end, same_end)])
    if 2 * _same(stretches) < min(len(old), len(new)):
        return [_Stretch(old, new)]
    return stretches


def _common_start(old: str, new: str) -> int:
    """The length of the common beginning, up to the last whole word."""
    same, most = 0, min(len(old), len(new))
    while same < most:
        half = (same + most + 1) // 2
        if old[same:half] == new[same:half]:
            same = half
        else:
            most = half - 1
    start = same
    while start and same - start < _CONTEXT and old[start - 1].isalnum():
        start -= 1
    return start if start == 0 or not old[start - 1].isalnum() else same


def _aligned(old: str, new: str) -> list[_Stretch]:
    """The stretches of two texts: equal sentences, and words within the others."""
    aligned: list[_Stretch] = []
    for stretch in _matched(_SENTENCE_ENDS, old, new, _MOST_SENTENCES):
        words = [stretch]
        if stretch.old != stretch.new:
            words = _matched(_WORD_ENDS, stretch.old, stretch.new, _MOST_WORDS)
        aligned += words if 2 * _same(words) >= min(map(len, stretch)) else [stretch]
    return aligned


def _matched(ends: re.Pattern[str], old: str, new: str, most: int) -> list[_Stretch]:
    """The stretches of two texts by pieces; one stretch if there are more than `most` pieces."""
    if max(len(old), len(new)) > most * _LONGEST_PIECE:
        return [_Stretch(old, new)]
    pieces = _pieces(ends, old, most)
    others = _pieces(ends, new, most) if len(pieces) <= most else pieces
    if max(len(pieces), len(others)) > most:
        return [_Stretch(old, new)]
    opcodes = SequenceMatcher(None, pieces, others, autojunk=False).get_opcodes()
    return [_Stretch("".join(pieces[a:b]), "".join(others[c:d])) for _, a, b, c, d in opcodes]


def _pieces(ends: re.Pattern[str], text: str, most: int) -> list[str]:
    """A text in pieces; where it has more than `most`, the last one is the rest."""
    cuts = [match.end() for match in islice(ends.finditer(text), most)]
    return [text[start:end] for start, end in pairwise([0, *cuts, len(text)])]


def _merged(stretches: list[_Stretch]) -> list[_Stretch]:
    """Merge neighbours of one kind, and drop empty stretches."""
    kinds = groupby(filter(any, stretches), key=lambda stretch: stretch.old == stretch.new)
    return [_Stretch(*map("".join, zip(*group, strict=True))) for _, group in kinds]


def _same(stretches: list[_Stretch]) -> int:
    return sum(len(stretch.old) for stretch in stretches if stretch.old == stretch.new)


def _shown(stretches: list[_Stretch], limit: int | None) -> Quoted:
    changes = [stretch for stretch in stretches if stretch.old != stretch.new]
    shown = changes if limit is None else changes[: max(1, limit // _PART)]
    needs = [len(side) for change in shown for side in change]
    limits = iter(needs if limit is None else share(limit, needs))
    texts: list[Quoted] = []
    left = len(shown)
    for stretch in stretches:
        if stretch.old == stretch.new:
            texts.append(_unchanged(stretch.old))
        elif left:
            texts.append(_replaced(stretch, next(limits), next(limits)))
            left -= 1
        else:
            texts.append(f"(+{count(len(changes) - len(shown), 'more change')})")
            break
    return " ".join(texts)


def _unchanged(text: str) -> Quoted:
    return quote(text) if len(text) <= _CONTEXT else f"(same {count(len(text), 'character')})"


def _replaced(change: _Stretch, old_limit: int, new_limit: int) -> Quoted:
    removed = f"-{quote(change.old, old_limit)}" if change.old else ""
    added = f"+{quote(change.new, new_limit)}" if change.new else ""
    return f"{removed} {added}".strip()
