"""Ids and content digests. No I/O."""

import hashlib
import json
import secrets
import string
from typing import Any

_ALPHABET = string.digits + string.ascii_letters
_ID_LENGTH = 21

FILE_PREFIXES = {
    "prompt": "pr",
    "flow": "fl",
    "tool": "tl",
    "evaluator": "ev",
    "dataset": "ds",
    "agent": "ag",
}
VERSION_PREFIXES = {
    "prompt": "prv",
    "flow": "flv",
    "tool": "tv",
    "evaluator": "evv",
    "dataset": "dsv",
    "agent": "agv",
}


def new_id(prefix: str) -> str:
    """A new id: the prefix, `_` and 21 characters of base 62."""
    return prefix + "_" + _base62(secrets.randbits(125))


def derived_id(prefix: str, *parts: str) -> str:
    """An id that depends only on the parts."""
    joined = "\x00".join(parts).encode()
    return prefix + "_" + _base62(int.from_bytes(hashlib.blake2b(joined, digest_size=15).digest()))


def digest(content: Any) -> str:
    """A digest of JSON content. The order of keys does not matter."""
    text = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.blake2b(text.encode(errors="surrogatepass"), digest_size=20).hexdigest()


def _base62(number: int) -> str:
    characters = []
    for _ in range(_ID_LENGTH):
        number, index = divmod(number, 62)
        characters.append(_ALPHABET[index])
    return "".join(characters)
