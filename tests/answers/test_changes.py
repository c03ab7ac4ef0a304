import random
import re
import unicodedata

from hypothesis import given, settings
from hypothesis import strategies as st

from evals_mcp.answers.changes import text_difference

_QUOTED = r'"(?:[^"\\]|\\.)*"'
_TEXT = st.text('ab .\n我|"\\\u202e', max_size=60) | st.text(max_size=40)


@given(_TEXT, _TEXT, st.none() | st.integers(0, 100))
@settings(max_examples=200)
def test_a_difference_is_one_harmless_line(old: str, new: str, limit: int | None) -> None:
    """Only our marks stand outside of quotes, and nothing is invisible."""
    shown = text_difference(old, new, limit)
    assert len(shown.splitlines()) == 1
    assert not {unicodedata.category(c) for c in shown} & {"Cc", "Cf", "Cs", "Cn", "Zl", "Zp"}
    ours = re.sub(_QUOTED, "", shown)
    assert re.fullmatch(r"[-+ ]*(\((same [\d,]+ characters?|\+[\d,]+ (characters|more changes?))\)[-+ ]*)*", ours)


@given(st.text("ab .\n我", max_size=40), st.text("ab .\n我", max_size=40))
@settings(max_examples=200)
def test_both_texts_can_be_rebuilt_from_their_difference(old: str, new: str) -> None:
    """What is quoted and counted as the same, and what was replaced, add up to both texts."""
    shown = text_difference(old, new)
    same = sum(int(amount.replace(",", "")) for amount in re.findall(r"\(same ([\d,]+) ch", shown))
    sides: dict[str, int] = {"-": 0, "+": 0, "": same}
    for mark, quoted in re.findall(rf"([-+]?)({_QUOTED})", shown):
        sides[mark] += len(quoted[1:-1].replace("\\n", "\n"))
    assert sides[""] + sides["-"] == len(old)
    assert sides[""] + sides["+"] == len(new)


def test_only_what_differs_is_shown() -> None:
    """Long texts that are alike come down to their changed words and a little around them."""
    rules = "Returns are free within thirty days. " * 30
    old, new = f"{rules}You may keep it. {rules}", f"{rules}You must not keep it. {rules}"
    assert text_difference(old, new) == ('(same 1,114 characters) -"may" +"must not" (same 1,120 characters)')
    assert text_difference(old, old) == "(same 2,237 characters)"
    assert text_difference("退款被拒绝了。", "退款被接受了。") == '"退款被" -"拒绝" +"接受" "了。"'


def test_texts_that_are_not_alike_are_shown_whole() -> None:
    """A mosaic of accidental matches helps nobody: both texts are shown instead."""
    shown = text_difference("It depends on the plan you chose.", "Ask the support team, please.")
    assert shown == '-"It depends on the plan you chose." +"Ask the support team, please."'
    assert text_difference("", "new") == '+"new"'


def test_a_limit_keeps_the_first_changes_and_counts_the_others() -> None:
    """Beyond the limit changes are cut or counted."""
    old = " ".join(f"word{n} stays here" for n in range(40))
    shown = text_difference(old, old.replace("word", "term"), 60)
    assert shown.endswith("(+38 more changes)")
    assert text_difference("a", "b" * 900, 50) == '-"a" +"' + "b" * 49 + '…" (+851 characters)'


def test_very_long_and_different_texts_are_not_matched_word_by_word() -> None:
    """The work is bounded: beyond some thousand pieces the middle counts as replaced."""
    source = random.Random(1)
    old = " ".join(source.choices("abcdefgh", k=100_000))
    shown = text_difference(old, old[::-1], 100)
    assert len(shown) < 400
