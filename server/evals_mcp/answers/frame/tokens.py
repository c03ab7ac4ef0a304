"""What a text costs a model in tokens, estimated without a tokenizer, and how a budget is shared; no wording.

The estimate is not below cl100k's count for prose in thirty languages, code, JSON, tables, identifiers, base64,
emoji, and letters at random or repeated, at the size of an answer. Costs add up: lines cost no more together than
each by itself, and a text never less than a beginning of it.
"""

import string
import unicodedata
from bisect import bisect_right
from collections.abc import Sequence
from itertools import repeat
from zlib import adler32

from evals_mcp.answers.frame import token_weights

_UNITS_PER_TOKEN = 50
_LEAST = 12  # units for any character, on average
_DIGITS_BEGIN = 70  # units for every run of digits, on top of its digits
_SPACES_BEGIN = 32  # the same for spaces
_WINDOW = 512
_SUMMED = 256  # bytes whose sum is surely below the modulus of Adler-32
_REACH = 8  # characters before one that its units depend on
_SAVED = dict.fromkeys(token_weights.SHORT, 51) | dict.fromkeys(token_weights.COMMON, 80)


def _byte_units() -> bytes:
    """The units of every byte of UTF-8; a character's lead byte carries the cost of its script."""
    units = [0 if chr(byte).isalpha() else 70 for byte in range(0x80)] + [0] * 0x80
    for characters, cost in token_weights.ASCII_UNITS:
        for character in characters:
            units[ord(character)] = cost
    for first, last, cost in token_weights.LEAD_BYTE_UNITS:
        units[first : last + 1] = [cost] * (last + 1 - first)
    return bytes(units)


def _byte_classes() -> bytes:
    """The class of every byte, for pairs of letters."""
    classes = bytearray(256)
    for number, letters in enumerate((*token_weights.LETTER_CLASSES, string.ascii_uppercase), 1):
        for letter in letters:
            classes[ord(letter)] = number
    return bytes(classes)


_BYTE_UNITS = _byte_units()
_CLASSES = _byte_classes()
_PAIR_UNITS = bytes(units for row in token_weights.PAIR_UNITS for units in row)
_ASCII = bytes(range(128))
_DIGIT_MASK = bytes(ord("0") if chr(byte).isdecimal() and byte < 128 else ord(".") for byte in range(256))
_SPACE_MASK = bytes(ord(" ") if byte == ord(" ") else ord(".") for byte in range(256))


def estimate(text: str) -> int:
    """Tokens that `text` costs at most, for any script; about a quarter too many for English prose."""
    return -(-max(_units(text), _LEAST * len(text)) // _UNITS_PER_TOKEN)


def fit(text: str, budget: int) -> int:
    """The length of the longest beginning of `text` whose estimate is within `budget`, in characters.

    Looks only at what fits, and does not part a character from its accents.
    """
    limit, spent, size = max(budget, 0) * _UNITS_PER_TOKEN, 0, 0
    most = min(len(text), limit // _LEAST)
    while size < most:
        edge, end = max(size - _REACH, 0), min(size + _WINDOW, most)
        base = spent - _units(text[edge:size])
        window = text[edge:end]
        spent = base + _units(window)
        if spent > limit:
            costs = range(size - edge + 1, len(window))
            size += bisect_right(costs, limit - base, key=lambda length: _units(window[:length]))
            break
        size = end
    return whole_character(text, size)


def whole_character(text: str, size: int) -> int:
    """The place at or shortly before `size` where a cut parts no character of `text` from its accents."""
    if not 0 < size < len(text):
        return min(max(size, 0), len(text))
    for place in range(size, max(size - 8, 0), -1):
        if not _joins(text[place]) and text[place - 1] != "\u200d":
            return place
    return size


def share(budget: int, needs: Sequence[int]) -> list[int]:
    """Split `budget` over `needs` so that small needs are met whole and large ones get the same."""
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


def _sum(units: bytes) -> int:
    """The sum of bytes: Adler-32 begins with it, and takes a seventh of the time of `sum`."""
    parts = [units[place : place + _SUMMED] for place in range(0, len(units), _SUMMED)]
    return sum([adler32(part) & 0xFFFF for part in parts]) - len(parts)


def _units(text: str) -> int:
    raw = text.encode("utf-8", "surrogatepass")
    units = _sum(raw.translate(_BYTE_UNITS)) + _letter_units(raw)
    units += _DIGITS_BEGIN * (b"." + raw.translate(_DIGIT_MASK)).count(b".0")
    units += _SPACES_BEGIN * (b"." + raw.translate(_SPACE_MASK)).count(b". ")
    if len(raw) != len(text):
        others = raw.translate(None, _ASCII).decode("utf-8", "surrogatepass")
        units -= sum(map(_SAVED.get, others, repeat(0)))
    return units


def _letter_units(raw: bytes) -> int:
    """The units of letters for what stands before each; byte `i` of the integers here is about byte `i` of `raw`."""
    ones = int.from_bytes(b"\x01" * len(raw), "little")
    classes = int.from_bytes(raw.translate(_CLASSES), "little")
    letters = classes + 15 * ones >> 4 & ones
    characters = int.from_bytes(raw, "little")
    low_bits = 127 * ones
    in_a_row = letters & letters << 8
    stretched = repeated = 0
    for distance in range(1, token_weights.REPEATED_FROM + 1):
        in_a_row &= in_a_row << 8
        # Only in bytes that differ does adding 127 carry into the eighth bit; letters have none themselves.
        same = letters & ~(((characters ^ characters << 8 * distance) & low_bits) + low_bits >> 7)
        repeated |= in_a_row & same & same << 8
        if distance == 1:
            stretched = repeated
    in_a_row &= in_a_row << 8 * (_REACH - token_weights.REPEATED_FROM - 1)
    others = ~(255 * stretched)
    pairs = (classes << 12 | classes) & others  # the class before in the upper half of each byte
    return (
        _sum(pairs.to_bytes(len(raw) + 2, "little").translate(_PAIR_UNITS))
        + token_weights.LONG_WORD_UNITS * (in_a_row & others).bit_count()
        + token_weights.REPEATED_UNITS * (repeated & others).bit_count()
        + token_weights.STRETCHED_UNITS * stretched.bit_count()
    )
