"""Cursors: where a list was left, tied to the question that it answered; no reading of lists.

A cursor is base64url of: one byte of version, six bytes of digest over question and state, the state as JSON.
"""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping, Sequence
from hashlib import blake2b

from evals_mcp.errors import Invalid

_VERSION = b"\x01"
_DIGEST = 6
_LONGEST = 8_000
_REFUSAL = (
    "cursor: this cursor belongs to another question. Ask again without cursor, "
    "or with all other arguments as they were."
)


def encode(state: Sequence[object], question: Mapping[str, object]) -> str:
    """A cursor for going on from `state`, a short list of JSON values, in the answer to `question`.

    `question` holds the arguments that decide what is listed and in which order; null counts as absent.
    """
    body = json.dumps(list(state), separators=(",", ":")).encode()
    return urlsafe_b64encode(_VERSION + _digest(body, question) + body).rstrip(b"=").decode()


def decode(cursor: str, question: Mapping[str, object]) -> list[object]:
    """The state in a cursor. Raises Invalid if it is damaged or was made for another question."""
    try:
        raw = urlsafe_b64decode(cursor[:_LONGEST].encode("ascii") + b"==")
        body = raw[1 + _DIGEST :]
        if raw[:1] == _VERSION and raw[1 : 1 + _DIGEST] == _digest(body, question):
            return list(json.loads(body))
    except (ValueError, TypeError, RecursionError) as error:
        raise Invalid(_REFUSAL) from error
    raise Invalid(_REFUSAL)


def _digest(body: bytes, question: Mapping[str, object]) -> bytes:
    asked = {key: value for key, value in question.items() if value is not None}
    text = json.dumps(asked, sort_keys=True, default=str, separators=(",", ":"))
    return blake2b(text.encode() + b"\n" + body, digest_size=_DIGEST).digest()
