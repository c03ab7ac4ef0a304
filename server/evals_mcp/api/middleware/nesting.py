"""How deeply JSON is nested, found in one pass over its bytes, before a parser sees it."""

from evals_mcp.models.json_structure import structure

_AT_ONCE = 1 << 20


def is_deeper_than(levels: int, body: bytes, at_once: int = _AT_ONCE) -> bool:
    """Whether brackets outside of texts stand more than `levels` deep. Reads `at_once` bytes, to the first that does.

    Texts that are not JSON are taken as they come; their parser reports them.
    """
    if body.count(b"[") + body.count(b"{") <= levels:
        return False
    return any(int(part.depths.max()) > levels for part in structure(body, at_once))
