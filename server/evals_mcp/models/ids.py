"""Ids that depend only on what they are made of. No I/O."""

import hashlib
import string

_ALPHABET = string.digits + string.ascii_letters
_LENGTH = 21
_PAIRS = [first + second for second in _ALPHABET for first in _ALPHABET]


def derived_id(prefix: str, *parts: str) -> str:
    """An id that depends only on the parts: the prefix, `_` and 21 characters of base 62."""
    joined = "\x00".join(parts).encode(errors="surrogatepass")
    return f"{prefix}_{base62(int.from_bytes(hashlib.blake2b(joined, digest_size=15).digest()))}"


def base62(number: int) -> str:
    """A number below 2**125 as 21 characters."""
    pairs = []
    for _ in range(_LENGTH // 2):
        number, pair = divmod(number, 3844)
        pairs.append(_PAIRS[pair])
    return "".join(pairs) + _ALPHABET[number % 62]
