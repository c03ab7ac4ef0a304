"""What a text costs a model in tokens, estimated without a tokenizer, and how a budget is shared; no wording.

The estimate is never below the counts of cl100k and o200k; how it is made is in `vocabularies`. Costs add up: lines
cost together what each costs by itself and one for each break between them.
"""

import re
import unicodedata
from collections.abc import Sequence

from evals_mcp.answers.frame.vocabularies import word_counts

_WINDOW = 512  # characters
_SPACES = re.compile("  +")
_SPACES_PER_TOKEN = 64  # in a run


def estimate(text: str) -> int:
    """Tokens that `text` costs at most, for any script; about a fifth too many for English prose."""
    tokens, words = -1, text
    if "  " in text:
        words, runs = _SPACES.subn(" ", text)
        tokens += runs
        if len(text) - len(words) >= _SPACES_PER_TOKEN:
            tokens += sum((len(run) - 1) // _SPACES_PER_TOKEN for run in _SPACES.findall(text))
    words = words.replace("\n", " \n")
    return tokens + sum(map(word_counts().__getitem__, f"\n{words}".split(" ")))


def fit(text: str, budget: int) -> int:
    """The length of the longest beginning of `text` whose estimate is within `budget`, in characters.

    Looks only at what fits, and does not part a character from its accents. Within a word, a longer beginning may cost
    less than a shorter one; then either may be given.
    """
    size = settled = 0  # Counts add up where a word ends: the rest is counted from there.
    left = room = budget
    while size < len(text):
        end = _window_end(text, size)
        cost = estimate(text[size:end])
        if cost > room:
            size += _fitting(text[size:end], room)
            break
        size, room = end, room - cost
        if size == len(text) or text[size] in " \n":
            settled, left = size, room
    size = whole_character(text, size)
    if size < settled:
        settled, left = 0, budget
    while size > settled and (over := estimate(text[settled:size]) - left) > 0:
        size = max(whole_character(text, size - over), settled)
    return size


def _window_end(text: str, start: int) -> int:
    """Where the last word ends that ends within a window; the window's end where none does."""
    most = start + _WINDOW
    if most >= len(text):
        return len(text)
    end = max(text.rfind(" ", start, most), text.rfind("\n", start, most))
    while end > start and text[end - 1] == " ":
        end -= 1
    return end if end > start else most


def _fitting(text: str, room: int) -> int:
    """The length of a beginning that costs at most `room`, where the whole text costs more."""
    low, high = 0, len(text)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if estimate(text[:middle]) <= room else (low, middle)
    return low


def whole_character(text: str, size: int) -> int:
    """`size`, or a little less where a cut there would part a character of `text` from its accents."""
    if not 0 < size < len(text):
        return min(max(size, 0), len(text))
    for shorter in range(size, max(size - 8, 0), -1):
        if not _joins(text[shorter]) and text[shorter - 1] != "\u200d":
            return shorter
    return size


def share(budget: int, needs: Sequence[int]) -> list[int]:
    """Split `budget` over `needs` so that small needs are met whole and large ones get the same."""
    if sum(needs) <= budget:
        return list(needs)
    shares = [0] * len(needs)
    left = max(budget, 0)
    waiting = sorted(range(len(needs)), key=needs.__getitem__)
    for position, index in enumerate(waiting):
        shares[index] = min(needs[index], left // (len(waiting) - position))
        left -= shares[index]
    return shares


def _joins(character: str) -> bool:
    """Whether a character is shown as part of the one before it: an accent, a joiner, a skin tone."""
    return character > "\u02ff" and (
        character == "\u200d"
        or "\U0001f3fb" <= character <= "\U0001f3ff"
        or unicodedata.category(character).startswith("M")
    )
