"""How deeply JSON is nested, found in one pass over its bytes, before a parser sees it."""

from __future__ import annotations

from collections.abc import Iterator

_AT_ONCE = 1 << 20
_BACKSLASH, _QUOTE = ord("\\"), ord('"')


def is_deeper_than(levels: int, body: bytes, at_once: int = _AT_ONCE) -> bool:
    """Whether brackets outside of texts stand more than `levels` deep. Reads `at_once` bytes, to the first that does.

    Texts that are not JSON are taken as they come; their parser reports them.
    """
    if body.count(b"[") + body.count(b"{") <= levels:
        return False
    import numpy as np

    steps = np.zeros(256, dtype=np.int8)
    steps[list(b"[{")] = 1
    steps[list(b"]}")] = -1
    depth, in_text = 0, False
    for part in _parts(body, at_once):
        codes = np.frombuffer(part.replace(b"\\\\", b"").replace(b'\\"', b""), dtype=np.uint8)
        quotes = np.logical_xor.accumulate(codes == _QUOTE)
        of_part = steps[codes]
        of_part[quotes != in_text] = 0
        depths = np.cumsum(of_part, dtype=np.int32)
        if depth + int(depths.max(initial=0)) > levels:
            return True
        depth += int(depths[-1]) if len(depths) else 0
        in_text ^= bool(quotes[-1]) if len(quotes) else False
    return False


def _parts(body: bytes, at_once: int) -> Iterator[bytes]:
    """The body in parts, none of which ends between a backslash and the character after it."""
    start = 0
    while start < len(body):
        end = min(start + at_once, len(body))
        if body[end - 1] == _BACKSLASH:
            while end < len(body) and body[end] == _BACKSLASH:
                end += 1
            end += 1
        yield body[start:end]
        start = end
