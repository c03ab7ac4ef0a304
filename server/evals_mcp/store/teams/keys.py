"""API keys as text: create, recognise and compare them, and keep them out of logs. `control` stores them.

A key is `evalsmcp_`, a public id, `_`, and a secret of 256 random bits. Such a secret needs no slow hash, so we store
one SHA-256 of the whole key.
"""

import hashlib
import hmac
import re
import secrets
import string
from typing import NamedTuple

_PAGES = b"evals-mcp pages"
_ALPHABET = string.digits + string.ascii_letters
_ID_LENGTH = 12
_SECRET_LENGTH = 43
_START = "evalsmcp_"
_ID = re.compile(rf"[0-9A-Za-z]{{{_ID_LENGTH}}}")
_FORM = re.compile(rf"{_START}({_ID.pattern})_[0-9A-Za-z]{{{_SECRET_LENGTH}}}")
_LIKE_KEY = re.compile(rf"({_START}|(?<![0-9A-Za-z])sk[-_](?=[\w-]{{16}}))[\w-]*", re.IGNORECASE)
_LIKE_TOKEN = re.compile(r"(?<![0-9A-Za-z_-])(ey[AJ]|ew[0ko])[\w-]{8,}(?:\.[\w-]*)*")  # `{` begins a JWT, in Base64


class NewSecret(NamedTuple):
    """A new key: its id, the whole key (shown once), and the digest that we store."""

    key_id: str
    secret: str
    digest: str


def new_secret() -> NewSecret:
    """Create a key that nobody can guess."""
    key_id = _characters(_ID_LENGTH)
    secret = f"evalsmcp_{key_id}_{_characters(_SECRET_LENGTH)}"
    return NewSecret(key_id, secret, secret_digest(secret))


def key_id_of(secret: str) -> str | None:
    """The id in a key; None for text that is not one of our keys."""
    match = _FORM.fullmatch(secret)
    return None if match is None else match[1]


def is_like_key(text: str) -> bool:
    """Whether a text is meant to be one of our keys."""
    return text.startswith(_START)


def secret_digest(secret: str) -> str:
    """The SHA-256 of a key, in hexadecimal."""
    return hashlib.sha256(secret.encode(errors="surrogatepass")).hexdigest()


def page_token(key_id: str, digest: str) -> str:
    """What the browser keeps of a key to read pages with: its id, and a code that tells nothing of the key.

    It is made of the digest, so it needs no row of its own, and ends with the key. Whoever can read digests can read
    all data anyway.
    """
    return f"{key_id}.{hmac.new(digest.encode(), _PAGES, hashlib.sha256).hexdigest()}"


def page_token_id(token: str) -> str | None:
    """The id in a token for pages; None for text that has not its form."""
    key_id = token.partition(".")[0]
    return key_id if _ID.fullmatch(key_id) else None


def is_same(digest: str, other: str) -> bool:
    """Compare two digests in constant time."""
    return hmac.compare_digest(digest.encode(), other.encode())


def without_keys(text: str) -> str:
    """A text with a mark in place of each key, whole or in part, of ours or of a model's provider, and each JWT."""
    return _LIKE_TOKEN.sub(r"\1***", _LIKE_KEY.sub(r"\1***", text))


def _characters(count: int) -> str:
    return "".join(secrets.choice(_ALPHABET) for _ in range(count))
