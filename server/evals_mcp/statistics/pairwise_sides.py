"""Which of two sides options and fields name: `A`, `output_2`, `left`, `model_b`. Reads no judgments."""

import re
from collections.abc import Sequence
from typing import NamedTuple

_SIDES = (("a", "b"), ("1", "2"), ("left", "right"), ("first", "second"))
_SIDE_OF = {word: (kind, side) for kind, words in enumerate(_SIDES) for side, word in enumerate(words)}
_TIES = frozenset(["tie", "tied", "ties", "draw", "both", "neither", "equal", "same", "none", "similar"])
_NAMING = ("model", "system", "assistant", "candidate", "version", "variant", "agent", "run", "config")
_WORDS = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|[0-9]+|[^\W0-9_]+")


class OptionSides(NamedTuple):
    """The options of a pairwise judge: for the first side, for the second, and for ties."""

    first: str
    second: str
    ties: frozenset[str]


class _Side(NamedTuple):
    rest: tuple[str, ...]
    kind: int
    side: int


def option_sides(options: Sequence[str]) -> OptionSides | None:
    """The sides that options name, if two do and all others are ties: `A`, `B`, `tie`. None for other options."""
    ties = [option for option in options if is_tie(option)]
    sides = [(option, found) for option in options if option not in ties and (found := _side(option))]
    if len(sides) != 2 or len(ties) + 2 != len(options):
        return None
    (first, one), (second, other) = sorted(sides, key=lambda item: item[1].side)
    if one[:2] != other[:2] or one.side == other.side:
        return None
    return OptionSides(first, second, frozenset(ties))


def is_tie(option: str) -> bool:
    """Whether an option says that neither side is better."""
    return bool(_TIES.intersection(_words(option)))


def side_keys(keys: Sequence[str]) -> tuple[str, str] | None:
    """The two of these keys of fields that name the models of both sides: `model_a` and `model_b`, `b.system`."""
    found: dict[tuple[tuple[str, ...], int], dict[int, str]] = {}
    for key in sorted(keys):
        side = _side(key)
        if side is not None and _naming(side.rest) is not None:
            found.setdefault(side[:2], {})[side.side] = key
    pairs = {what: sides for what, sides in found.items() if len(sides) == 2}
    if not pairs:
        return None
    best = min(pairs, key=lambda what: (_naming(what[0]) or 0, len(what[0]), what))
    return pairs[best][0], pairs[best][1]


def _side(text: str) -> _Side | None:
    """The side that the last or the first word names, and the other words."""
    words = _words(text)
    for at in (-1, 0):
        if words and words[at] in _SIDE_OF:
            kind, side = _SIDE_OF[words[at]]
            return _Side(tuple(words[:-1] if at else words[1:]), kind, side)
    return None


def _words(text: str) -> list[str]:
    return [word.casefold() for word in _WORDS.findall(text)]


def _naming(words: Sequence[str]) -> int | None:
    """How usual the words of a key are for a model's name, 0 for most; None for other keys."""
    ranks = [rank for rank, word in enumerate(_NAMING) if word in words or f"{word}s" in words]
    return min(ranks, default=None)
