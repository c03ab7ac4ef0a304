"""Kinds of texts that tokenizers treat each in a way of its own, as strategies of Hypothesis."""

import base64
import json
import string
import unicodedata
from uuid import UUID

from hypothesis import strategies as st

_BLOCK = 0x80
_LAST_BLOCK = 0x1FB80
_MARKED = "אבגדהוזחטיכלמנסעפצקרשת" + "ابتثجحخدذرزسشصضطظعغفقكلمنهوي"
_POINTS = "".join(map(chr, [*range(0x5B0, 0x5BD), *range(0x64B, 0x656)]))
_EMOJI = (
    "😀",
    "👍🏽",
    "👩🏽\u200d🚀",
    "👨\u200d👩\u200d👧\u200d👦",
    "🏳️\u200d🌈",
    "🇩🇪",
    "🇫🇷",
    "❤️",
    "1️⃣",
    "\u200d",
    "\ufe0f",
    " ",
)
_WORDS = (
    "the",
    "refund",
    "don't",
    "it's",
    "they'll",
    "Straße",
    "été",
    "snake_case",
    "camelCase",
    "HTTPServer",
    "naïve",
)
_CODE = (
    "def ",
    "(self)",
    " -> ",
    "None:\n",
    "\t",
    "    ",
    "return ",
    "x[0]",
    " += 1",
    "\n",
    "{}",
    ");\n",
    "// ",
    "/* */",
    "=>",
)


def _blocks() -> list[str]:
    """The assigned characters of every block of 128, where there are more than a few."""
    blocks = []
    for first in range(0, _LAST_BLOCK, _BLOCK):
        characters = map(chr, range(first, first + _BLOCK))
        assigned = "".join(each for each in characters if unicodedata.category(each) not in ("Cn", "Cs", "Co"))
        blocks += [assigned] if len(assigned) > 5 else []
    return blocks


BLOCKS = _blocks()


def _runs_of(characters: str, longest: int = 200) -> st.SearchStrategy[str]:
    """Texts in which each character may stand many times in a row."""
    run = st.tuples(st.sampled_from(characters), st.integers(1, longest)).map(lambda pair: pair[0] * pair[1])
    return st.lists(run, min_size=1, max_size=6).map("".join)


def _joined(parts: tuple[str, ...] | st.SearchStrategy[str], most: int = 20) -> st.SearchStrategy[str]:
    each = parts if isinstance(parts, st.SearchStrategy) else st.sampled_from(parts)
    return st.lists(each, min_size=1, max_size=most).map("".join)


_LETTERS = st.text(string.ascii_lowercase, min_size=1, max_size=12)
_BLOCK_TEXTS = st.sampled_from(BLOCKS).flatmap(lambda block: st.text(block, min_size=1, max_size=20))
_VALUES = st.none() | st.booleans() | st.floats(allow_nan=False) | st.text(max_size=12)
_CELLS = st.lists(st.text(string.ascii_letters + string.digits + " .-%", max_size=8), min_size=2, max_size=5)

KINDS: dict[str, st.SearchStrategy[str]] = {
    "one script": _BLOCK_TEXTS,
    "two scripts": _joined(_BLOCK_TEXTS, 2),
    "mixed scripts": st.text(st.sampled_from("".join(BLOCKS)), min_size=1, max_size=20),
    "scripts with blanks": st.sampled_from(BLOCKS).flatmap(lambda block: st.text(f"{block[:40]}   ", min_size=1)),
    "one character over and over": st.tuples(st.sampled_from("".join(BLOCKS)), st.integers(1, 60)).map(
        lambda pair: pair[0] * pair[1]
    ),
    "Chinese": st.text(st.characters(min_codepoint=0x4E00, max_codepoint=0x9FFF), min_size=1, max_size=30),
    "Japanese": st.text(st.characters(min_codepoint=0x3040, max_codepoint=0x30FF), min_size=1, max_size=30),
    "Korean": st.text(st.characters(min_codepoint=0xAC00, max_codepoint=0xD7A3), min_size=1, max_size=30),
    "Thai": st.text(st.characters(min_codepoint=0x0E01, max_codepoint=0x0E3A), min_size=1, max_size=30),
    "Tibetan": st.text(st.characters(min_codepoint=0x0F00, max_codepoint=0x0FDA), min_size=1, max_size=30),
    "points and vowel signs": _joined(st.tuples(st.sampled_from(_MARKED), st.text(_POINTS, max_size=2)).map("".join)),
    "stacked marks": _joined(
        st.tuples(
            st.sampled_from(string.ascii_letters),
            st.text(st.characters(min_codepoint=0x300, max_codepoint=0x36F), max_size=12),
        ).map("".join)
    ),
    "accented Latin": st.text(st.sampled_from("".join(map(chr, range(0xC0, 0x180))) + string.ascii_letters * 4 + " ")),
    "blanks": st.text(" \t\r\n\x0b\x0c\x85\xa0\u2003\u2028\u3000", min_size=1, max_size=15),
    "blanks in runs": _runs_of(" \t", 300),
    "line breaks in runs": _runs_of("\n", 300),
    "words between blanks": _joined(st.sampled_from(_WORDS) | st.text(" \n\t", max_size=3)),
    "a letter in runs": _runs_of(string.ascii_letters),
    "letters that repeat": st.tuples(st.text(string.ascii_letters, min_size=1, max_size=4), st.integers(1, 80)).map(
        lambda pair: pair[0] * pair[1]
    ),
    "punctuation in runs": _runs_of(string.punctuation),
    "punctuation": st.text(string.punctuation, min_size=1, max_size=20),
    "small letters": st.text(string.ascii_lowercase, min_size=1, max_size=60),
    "common letters": st.text("aehilnorst", min_size=1, max_size=60),
    "letters": st.text(string.ascii_letters, min_size=1, max_size=60),
    "capitals": st.text(string.ascii_uppercase, min_size=1, max_size=30),
    "ASCII": st.text(st.characters(max_codepoint=0x7F), min_size=1, max_size=40),
    "digits": st.text(string.digits, min_size=1, max_size=40),
    "numbers": st.text(string.digits + ".,-+%eE ", min_size=1, max_size=30),
    "hex": st.binary(min_size=1, max_size=40).map(bytes.hex),
    "base64": st.binary(min_size=1, max_size=60).map(lambda data: base64.b64encode(data).decode()),
    "UUIDs": st.uuids().map(UUID.__str__),
    "JSON": st.dictionaries(_LETTERS, _VALUES, min_size=1, max_size=4).map(
        lambda value: json.dumps(value, ensure_ascii=False)
    ),
    "indented JSON": st.dictionaries(_LETTERS, _VALUES, min_size=1, max_size=4).map(
        lambda value: json.dumps(value, indent=2)
    ),
    "code": _joined(st.sampled_from(_CODE) | _LETTERS),
    "URLs": st.text(string.ascii_letters + string.digits + "/-_.%?=&#", max_size=50).map(
        "https://example.com/".__add__
    ),
    "Markdown tables": st.lists(_CELLS, min_size=1, max_size=5).map(
        lambda rows: "\n".join(f"| {' | '.join(row)} |\n|{'---|' * len(row)}" for row in rows)
    ),
    "emoji": _joined(_EMOJI),
    "contractions": _joined(st.sampled_from(_WORDS) | st.sampled_from(("'s", "'t", "'LL", "'", "’s", " ", "-"))),
    "private use": st.text(st.characters(categories=["Co"]), min_size=1, max_size=12),
    "rare planes": st.text(st.characters(min_codepoint=0x10000, max_codepoint=0xE01EF), min_size=1, max_size=12),
    "any text": st.text(max_size=60),
}
KINDS["kinds together"] = st.lists(st.one_of(*KINDS.values()), min_size=2, max_size=4).map("".join)
KINDS["kinds between spaces"] = st.lists(st.one_of(*KINDS.values()), min_size=2, max_size=4).map(" ".join)
