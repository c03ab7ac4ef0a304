"""Ids and content digests. No I/O."""

import hashlib
import json
import secrets
from typing import Any

from evals_mcp.models.ids import base62
from evals_mcp.models.large_json import content_of

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
    return prefix + "_" + base62(secrets.randbits(125))


def digest(content: Any) -> str:
    """A digest of JSON content. The order of keys does not matter."""
    text = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=content_of)
    return hashlib.blake2b(text.encode(errors="surrogatepass"), digest_size=20).hexdigest()
