"""The names that exist, for a message about one that does not."""

from collections.abc import Iterable
from difflib import get_close_matches


def nearest(word: str, names: Iterable[str], *, everything: bool = False) -> str:
    """`Nearest: a, b.` where some are near; with `everything`, all names instead where none is, or after them."""
    known = list(names)
    close = get_close_matches(word.lower()[:100], known, n=3, cutoff=0.6)
    close += [name for name in known if name in word.lower().split("_") and name not in close]
    if everything:
        return ", ".join([*close, *(name for name in known if name not in close)]) + "."
    return f"Nearest: {', '.join(close)}." if close else ""
