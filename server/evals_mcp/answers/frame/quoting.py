"""Make somebody's text visible and harmless: quote it, cut it, or show it as a block.

Text from logs, datasets and evaluators may imitate an answer or contain invisible characters. Invisible characters
become `\\u{202e}`, and backslashes are doubled, so nothing is ambiguous. A joined emoji is shown in its parts, because
the joiner is invisible. Between letters of a script that needs joiners, they stay.
"""

import re
import sys
import unicodedata
from functools import lru_cache
from typing import LiteralString, TypeAlias

from evals_mcp.answers.frame.tokens import whole_character
from evals_mcp.truncation import full_length

Quoted: TypeAlias = LiteralString
"""Words that may stand in an answer: our own literals, figures, and data that this module made harmless.

`ty check` refuses any other `str` where these are due. mypy takes them for `str`.
"""

_NAME_LENGTH = 60
_QUOTED_NAME_LENGTH = 200
_SENTENCE = 40  # characters; longer names of several words could be sentences
_MOST_WORDS = 4
_PHRASE = re.compile(r"[.:] | \(")
_OUR_WORDS = frozenset(
    ("abstained", "error", "failed", "false", "infinity", "missing", "no", "none", "null", "true", "yes")
)
_LITERAL = re.compile(r"-?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?|true|false|null|\+[0-9]+ -[0-9]+ (?:lines|words)")
_NAME = re.compile(r"[\w/.][\w./#()-]*(?::[\w./#()-]+)*(?: [\w(#/.-][\w./#()-]*(?::[\w./#()-]+)*)*")
_INVISIBLE = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180d\u180f\u2800\u3164\ufe00-\ufe0e\uffa0\U000e0100-\U000e01ef]"
)
_TAKES_SELECTOR = "©®‼⁉™ℹ\u2190-\u27bf\u2900-\u2bff\u3030\u303d\u3297\u3299\U0001f000-\U0001faff"
_STRAY_SELECTOR = re.compile(f"(?<![{_TAKES_SELECTOR}])\ufe0f")
_OPEN = re.compile(r'[^"]*(?:"(?:[^"\\]|\\.)*"[^"]*)*"(?:[^"\\]|\\.)*\\?')
_PART_OF_ESCAPE = re.compile(r"(?<!\\)((?:\\\\)*)\\(?:u(?:\{[0-9a-f]*)?)?$")
_JOINING = (
    "\u0620-\u08ff\u0900-\u0dff\u1000-\u109f\u1780-\u17ff\u1800-\u18af"  # Arabic, Indic, Burmese, Khmer, Mongolian
)
_NEEDED_JOINERS = re.compile(f"(?<=[{_JOINING}])([\u200c\u200d])(?=[{_JOINING}])")
_SHOWN_UNSEEN = re.compile(r"(?<!\\)((?:\\\\)*)\\u\{([0-9a-f]{1,6})\}")
_AMBIGUOUS_BACKSLASHES = re.compile(r"(?<!\\)\\++(?=u\{|[^\n\t -~])")


def harmless(text: str) -> Quoted:
    """`text` as words of an answer. Only the frame calls it, for what it made harmless."""
    return text  # ty: ignore


def quote(text: str, limit: int | None = None) -> Quoted:
    """`text` on one line in double quotes, at most its first `limit` characters.

    Counts what is cut outside of the quotes, also what was cut before: `"The plan…" (+1,234 characters)`.
    """
    length = full_length(text)
    end = len(text) if limit is None or limit >= len(text) else whole_character(text, limit)
    if end == length:
        return harmless(f'"{_one_line(text)}"')
    return harmless(f'"{_one_line(text[:end])}…" (+{length - end:,} characters)')


def cell(text: str, limit: int | None = None) -> Quoted:
    """`text` quoted for a table: like `quote`, but `|` becomes `\\|`."""
    return quote(text, limit).replace("|", "\\|")


def name(text: str) -> Quoted:
    """A name or id: bare if it is plain, of few words and none of ours, else quoted as in `cell`."""
    return harmless(text) if _is_plain(text) else cell(text, _QUOTED_NAME_LENGTH)


def literal(text: str) -> Quoted:
    """A number, `true`, `false`, `null` or the size of a change (`+3 -1 lines`) as it is; any other text as a name."""
    return harmless(text) if _LITERAL.fullmatch(text) else name(text)


def closed(text: Quoted, end: int) -> Quoted:
    """The first `end` characters of an answer's text with `…`, which also closes the quote that it cuts."""
    start = text[:end]
    line = start.rpartition("\n")[2]
    if line.startswith("|") or not _OPEN.fullmatch(line):
        return harmless(f"{start}…")
    whole = _PART_OF_ESCAPE.sub(r"\1", start)
    return harmless(f'{whole}…"')


def block(text: str) -> Quoted:
    """`text` over several lines, each after `| `, so that none looks like ours.

    Line feeds (also after a carriage return) break lines, and tabs stay. Other invisible characters are escaped. Only
    backslashes that look like an escape are doubled, so that code and formulas stay readable.
    """
    shown = _AMBIGUOUS_BACKSLASHES.sub(lambda found: found[0] * 2, text.replace("\r\n", "\n"))
    lines = (_escaped(line, keep="\t") for line in shown.split("\n"))
    return harmless("\n".join(f"| {line}" if line else "|" for line in lines))


def visible(text: str) -> str:
    """`text` on one line of a terminal, without quotes: what a terminal would obey or hide is escaped."""
    return _escaped(_AMBIGUOUS_BACKSLASHES.sub(lambda found: found[0] * 2, text))


def with_unseen(text: str) -> str:
    """A caller's text in which `\\u{200d}` is the invisible character that answers show so; any other escape stays."""
    return _SHOWN_UNSEEN.sub(_unseen, text)


def _unseen(shown: re.Match[str]) -> str:
    code = int(shown[2], 16)
    is_text = 0 < code <= sys.maxunicode and not 0xD800 <= code < 0xE000  # no NUL, which no database takes
    is_shown_so = is_text and _escaped(chr(code)) != chr(code)
    return shown[1] + chr(code) if is_shown_so else shown[0]


def _one_line(text: str) -> str:
    text = text.replace("\\", "\\\\").replace('"', '\\"')
    text = text.replace("\n", "\\n").replace("\r", "\\r").replace("\t", "\\t")
    return _escaped(text)


def _escaped(text: str, keep: str = "") -> str:
    """The text with escapes for what nobody sees. Joiners that a script needs inside of its words stay."""
    if "\u200c" not in text and "\u200d" not in text:
        return _all_escaped(text, keep)
    parts = _NEEDED_JOINERS.split(text)
    return "".join(part if number % 2 else _all_escaped(part, keep) for number, part in enumerate(parts))


def _all_escaped(text: str, keep: str) -> str:
    if text.isprintable() and (text.isascii() or not _INVISIBLE.search(text)):
        return _without_stray_selectors(text)
    escapes = {
        ord(character): f"\\u{{{ord(character):x}}}"
        for character in set(text)
        if _is_unseen(character) and character not in keep
    }
    return _without_stray_selectors(text.translate(escapes) if escapes else text)


def _without_stray_selectors(text: str) -> str:
    """Emoji keep their selector. Any other selector would be invisible data."""
    return _STRAY_SELECTOR.sub(r"\\u{fe0f}", text) if "\ufe0f" in text else text


def _is_unseen(character: str) -> bool:
    """Whether a character is invisible but not a space."""
    if character.isprintable():
        return _INVISIBLE.match(character) is not None
    return unicodedata.category(character) != "Zs"


def _is_plain(text: str) -> bool:
    """Whether a text can only be a name: no sentence, and nothing that looks like a mark of ours."""
    return len(text) <= (_SENTENCE if " " in text else _NAME_LENGTH) and _is_plain_word(text)


@lru_cache(maxsize=4_096)  # rows repeat keys and labels
def _is_plain_word(text: str) -> bool:
    if text.count(" ") >= _MOST_WORDS or _PHRASE.search(text) or text.casefold() in _OUR_WORDS:
        return False
    letters = text
    if not text.isascii():
        if _escaped(text) != text:
            return False
        letters = "".join(c for c in text if not unicodedata.category(c).startswith("M"))
    return _NAME.fullmatch(letters) is not None and any(map(str.isalpha, letters))
