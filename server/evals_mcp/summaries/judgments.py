"""Judgments as words: a value, or which kind of missing it is."""

from functools import lru_cache
from typing import Any

from evals_mcp.summaries.figures import number
from evals_mcp.summaries.quoting import name, quote

_TEXT = 60


_number_word = lru_cache(maxsize=1_000)(number)  # ratings repeat, and a page holds hundreds of them


def judgment_word(state: str, judgment: Any) -> str:
    """`true`, `4`, an option, options in brackets, a short quoted text; or `abstained`, `failed`, `missing`."""
    if state != "judged":
        return state
    match judgment:
        case bool(value):
            return "true" if value else "false"
        case int(value) | float(value):
            return _number_word(value)
        case list(options):
            return "[" + ", ".join(map(_word, options)) + "]"
        case str(text):
            return _word(text)
    return state


def _word(text: str) -> str:
    """An option as a name; what may be a sentence is quoted."""
    return quote(text, _TEXT) if " " in text or len(text) > _TEXT else name(text)
