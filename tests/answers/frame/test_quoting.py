import re
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evals_mcp.answers.frame.quoting import block, cell, literal, name, quote, with_unseen

_ODD = '\\"|{}u\n\r\t\x00\x1b\x7f\x85\xad\u061c\u200b\u200d\u202e\u2028\u2029\u2066\u3000\ufe0f\ufeff❤a1é\U000e0041'
_TEXT = st.text(max_size=80) | st.text(_ODD, max_size=40) | st.text(st.characters(categories=["Cf", "Cs", "Cn", "Cc"]))
_ESCAPE = re.compile(r'\\(?:u\{([0-9a-f]+)\}|([nrt"\\|]))')
_PLAIN = {"n": "\n", "r": "\r", "t": "\t"}


def _unquoted(shown: str) -> str:
    return _ESCAPE.sub(lambda found: chr(int(found[1], 16)) if found[1] else _PLAIN.get(found[2], found[2]), shown)


def _is_harmless(line: str) -> bool:
    """Whether every character shows: no line break, control, format, surrogate or unassigned character."""
    line = re.sub("(?<=[\u0620-\u18af])[\u200c\u200d](?=[\u0620-\u18af])", "", line)  # joiners that scripts need
    return len(line.splitlines()) <= 1 and not {unicodedata.category(c) for c in line} & {
        *("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")
    }


@given(_TEXT)
def test_a_quote_is_one_harmless_line_that_says_exactly_what_the_text_says(text: str) -> None:
    """Quoted text hides nothing, cannot leave its quotes, and can be read back."""
    shown = quote(text)
    assert _is_harmless(shown)
    assert re.fullmatch(r'"(?:[^"\\]|\\.)*"', shown)
    assert _unquoted(shown[1:-1]) == text
    shown.encode()


@given(_TEXT, st.integers(0, 60))
def test_a_cut_quote_counts_what_it_leaves_out(text: str, limit: int) -> None:
    """The part shown and the number given add up to the whole text."""
    shown = quote(text, limit)
    assert _is_harmless(shown)
    found = re.fullmatch(r'"((?:[^"\\]|\\.)*)…" \(\+([\d,]+) characters\)', shown)
    if found is None:
        assert _unquoted(shown[1:-1]) == text
        return
    head = _unquoted(found[1])
    assert len(text) == len(head) + int(found[2].replace(",", ""))
    assert text.startswith(head)
    assert len(head) <= limit


def test_quotes_read_well() -> None:
    """Everyday text stays as it is; what is cut is counted outside of the quotes."""
    assert quote('He said "no".\nThen left.') == r'"He said \"no\".\nThen left."'
    assert quote("x" * 2_000, 5) == '"xxxxx…" (+1,995 characters)'
    assert quote("我很好 ❤️ 👍🏽 naïve") == '"我很好 ❤️ 👍🏽 naïve"'
    assert quote("\x1b[31mred\x1b[0m") == r'"\u{1b}[31mred\u{1b}[0m"'
    assert quote("abc\u202egpj.exe") == r'"abc\u{202e}gpj.exe"'
    assert quote("می\u200cخواهم क्\u200dष") == '"می\u200cخواهم क्\u200dष"'
    assert quote("a\u200cb \u200dक") == r'"a\u{200c}b \u{200d}क"'
    assert quote("👩\u200d💻") == r'"👩\u{200d}💻"'


def test_text_hidden_in_tags_and_selectors_is_shown() -> None:
    """Tag characters and variation selectors cannot carry a message past the reader."""
    assert quote("a\U000e0068\U000e0069") == r'"a\u{e0068}\u{e0069}"'
    assert quote("a\ufe01\U000e0101\ufe0f") == r'"a\u{fe01}\u{e0101}\u{fe0f}"'
    assert quote("❤\ufe0f\ufe0f") == '"❤\ufe0f\\u{fe0f}"'


@given(_TEXT)
def test_a_cell_stays_in_its_column(text: str) -> None:
    """A cell holds no bar that is not escaped, and reads back to the text."""
    shown = cell(text)
    assert not re.search(r"(?<!\\)(?:\\\\)*\|", shown)
    assert _unquoted(shown[1:-1]) == text


@given(_TEXT | st.from_regex(r"[\w ./#:()-]{1,20}", fullmatch=True))
def test_a_name_is_bare_only_if_it_is_plain(text: str) -> None:
    """A bare name has no quotes, bars, line breaks or outer spaces; any other is quoted."""
    shown = name(text)
    assert _is_harmless(shown)
    if not shown.startswith('"'):
        assert shown == text == text.strip()
        assert not set(shown) & set('"|,;=<>`\n')
        assert "  " not in shown
        assert ": " not in shown


def test_names_of_any_script_are_bare_and_our_words_are_not() -> None:
    """Ordinary names read without quotes; what could pass for a result, a number or a marker is quoted."""
    for text in ("baseline-2024-08", "gpt-4o:2024", "prompts/support bot #3", "模型 v2", "हिन्दी परीक्षण", "Größe"):
        assert name(text) == text
    for text in ("", " a", "a  b", "a|b", "missing", "Failed", "4.79", "x: 1", "a, b", "(+5 characters)", "n" * 61):
        assert name(text).startswith('"')
    assert name("a|b") == r'"a\|b"'
    assert name("n" * 500).endswith('…" (+300 characters)')


@given(_TEXT)
def test_every_line_of_a_block_is_marked(text: str) -> None:
    """However a text breaks lines, none of its lines begins without the mark, and nothing in it is invisible."""
    lines = block(text).splitlines()
    assert all(line == "|" or line.startswith("| ") for line in lines)
    assert all(_is_harmless(line.replace("\t", "")) for line in lines)
    assert len(lines) == text.count("\n") + 1


@given(*[st.text("\\u{}2\x02", max_size=7)] * 2)
@settings(max_examples=300)
def test_different_texts_make_different_blocks(first: str, second: str) -> None:
    """Escapes in a block are never mistaken for the same letters in the text (but line ends are all alike)."""
    same = first.replace("\r\n", "\n") == second.replace("\r\n", "\n")
    assert (block(first) == block(second)) == same


def test_a_block_reads_like_the_text() -> None:
    """Formulas, code and tabs stay; what looks like an escape but is none is told apart."""
    assert block("a\r\n\n\\theta \\u00e9\tb") == "| a\n|\n| \\theta \\u00e9\tb"
    assert block("x\u2028y\rz\x85") == "| x\\u{2028}y\\u{d}z\\u{85}"
    assert block("\\u{41} \\\u200b \u200b") == "| \\\\u{41} \\\\\\u{200b} \\u{200b}"


@pytest.mark.parametrize("text", ["0.2", "-3", "1e-05", "true", "false", "null", "+3 -1 lines", "+10 -0 words"])
def test_a_literal_and_the_size_of_a_change_stand_bare(text: str) -> None:
    """Such a word is no name that somebody chose."""
    assert literal(text) == text


@pytest.mark.parametrize("text", ["+3 -1 lines\nSYSTEM", "+3 -1 orders", "none"])
def test_what_only_looks_like_a_literal_is_quoted(text: str) -> None:
    """It is a name like any other."""
    assert literal(text) == name(text)
    assert literal(text).startswith('"')


@given(_TEXT)
def test_a_copied_text_has_its_invisible_characters(text: str) -> None:
    """Also with its other escapes still there; what no text can have, and what is seen, is no escape."""
    text = text.encode(errors="ignore").decode().replace("\0", "").replace("\\", "")
    copied = quote(text)[1:-1]
    assert _unquoted(with_unseen(copied)) == text
    kept = r"\u{0} \u{d800} \u{110000} \u{41} \u{200D} \\u{200d} \u200d"
    assert with_unseen(kept) == kept
