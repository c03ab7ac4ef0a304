"""The grammar of a condition."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evals_mcp.errors import Invalid
from evals_mcp.lookup.written_conditions import Word, WrittenCondition, read_condition

_OPERATORS = ["=", "!=", "<", "<=", ">", ">=", "~", "!~"]


def _parts(text: str) -> tuple[str, str, list[str], str]:
    found = read_condition(text)
    return found.whole_name, found.operator, [value.text for value in found.values], found.stated


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("category=law", ("category", "=", ["law"], "")),
        ("input.lang != de", ("input.lang", "!=", ["de"], "")),
        ('"rouge(mode=f)"<0.5', ("rouge(mode=f)", "<", ["0.5"], "")),
        ("rouge(mode=f)<0.5", ("rouge(mode=f)", "<", ["0.5"], "")),
        ("tone=rude|curt", ("tone", "=", ["rude", "curt"], "")),
        ('explanation~"less structured"', ("explanation", "~", ["less structured"], "")),
        ('a="x|y"|z', ("a", "=", ["x|y", "z"], "")),
        ('metadata."a.b">=2', ("metadata.a.b", ">=", ["2"], "")),
        ("passes(groundedness>=4)=gpt-4", ("passes", "=", ["gpt-4"], "groundedness>=4")),
        ("passes_count(helpful)>=2", ("passes_count", ">=", ["2"], "helpful")),
        ("score≥3", ("score", ">=", ["3"], "")),
        ("a==b", ("a", "=", ["b"], "")),
        ("url=https://x.example/?q=1", ("url", "=", ["https://x.example/?q=1"], "")),
        (r'a="say \"no\""', ("a", "=", ['say "no"'], "")),
    ],
)
def test_a_condition_is_split_at_its_first_operator(text: str, parts: tuple[str, str, list[str], str]) -> None:
    """Outside quotes and brackets; `|` stands between values."""
    assert _parts(text) == parts


def test_what_is_quoted_is_told() -> None:
    """A quoted word is never a reserved one."""
    assert read_condition('"run"="missing"') == WrittenCondition(
        '"run"="missing"', (Word("run", True),), "=", (Word("missing", True),)
    )


@given(st.text(min_size=1), st.sampled_from(_OPERATORS), st.text())
def test_any_name_and_value_can_be_quoted(name: str, operator: str, value: str) -> None:
    """Quotes and backslashes inside are escaped."""
    quoted_name, quoted_value = ('"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"' for text in (name, value))
    assert _parts(f"{quoted_name}{operator}{quoted_value}") == (name, operator, [value], "")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("category law", "is no condition"),
        ("", "is no condition"),
        ("=law", "no name"),
        ("category=", "no value"),
        ("a=b|", "no value"),
        ("a<1|2", "several values"),
        ('a="b', "does not end"),
    ],
)
def test_what_is_no_condition_is_refused_with_the_right_form(text: str, why: str) -> None:
    """The sentence names the argument."""
    with pytest.raises(Invalid, match=why) as refused:
        read_condition(text)
    assert str(refused.value).startswith("where: ")
