"""Answers as Markdown: what a viewer renders of somebody's text is the text, and nothing else."""

from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from evals_mcp.answers.frame.markdown import as_markdown, markdown_table
from evals_mcp.answers.frame.quoting import cell, name
from evals_mcp.answers.frame.tables import table

HARMLESS = {"text", "code_inline", "softbreak"}
HOSTILE = st.one_of(
    st.text(alphabet='`*_[]()!<>|\\"#&;:/.~ \na1é', max_size=40),
    st.text(max_size=40),
    st.sampled_from(
        [
            "![x](http://evil.example/p.png)",
            "[click](javascript:alert(1))",
            "<img src=x onerror=alert(1)>",
            "http://evil.example/a",
            "www.evil.example",
            "<https://evil.example>",
            "``` code",
            "a`b``c",
            "&lt;b&gt;",
            "__init__",
            "# heading",
            "| --- |",
        ]
    ),
)


def parsed(text: str) -> list[Token]:
    """The inline tokens that a viewer would render, whatever block they are in."""
    return [child for token in MarkdownIt("commonmark").enable("table").parse(text) for child in token.children or []]


@settings(max_examples=300, deadline=None)
@given(HOSTILE)
def test_no_text_of_data_has_any_effect_in_a_line(text: str) -> None:
    """No link, image, emphasis or HTML comes out of it, and it is still there to read."""
    line = f"Run {name(text)} (control), {cell(text)}: says {name(text)} for all."
    tokens = parsed(as_markdown(line))
    assert {token.type for token in tokens} <= HARMLESS
    assert "".join(token.content for token in tokens).startswith("Run ")


@settings(max_examples=300, deadline=None)
@given(HOSTILE, HOSTILE)
def test_no_text_of_data_leaves_its_cell(left: str, right: str) -> None:
    """A table keeps its rows and columns, with one cell for each."""
    lines = markdown_table(table(["run", "logs"], [[name(left), cell(right)], ["a", "2"]]))
    tokens = MarkdownIt("commonmark").enable("table").parse("\n".join(lines))
    assert [token.type for token in tokens].count("td_open") == 4
    assert [token.type for token in tokens].count("th_open") == 2
    assert {child.type for token in tokens for child in token.children or []} <= HARMLESS


def test_bare_addresses_do_not_become_links() -> None:
    """A viewer that turns anything like an address into a link finds none outside of code."""
    for text in ("http://evil.example/a", "www.evil.example", "evil.example"):
        assert as_markdown(f"run {name(text)}: failed") == f"run `{text}`: failed"


def test_names_stand_in_code_where_a_mark_could_mean_something() -> None:
    """Underscores would make emphasis; plain words and figures stay as they are."""
    assert as_markdown("policy_correct 85% true (-23.5 points), v1-baseline") == (
        "`policy_correct` 85% true (-23.5 points), v1-baseline"
    )
    assert as_markdown("Evaluation (evr_1a).") == "Evaluation (`evr_1a`)."


def test_a_call_is_one_piece_of_code() -> None:
    """So it can be copied as a whole."""
    call = 'list_runs(evaluation="a \\"b\\" (c)", cursor="x")'
    assert as_markdown(f"3 more runs: {call}") == f"3 more runs: `{call}`"


def test_code_with_backticks_in_it_is_enclosed_by_more_of_them() -> None:
    """The longest run of backticks inside never ends the code."""
    assert as_markdown(name("a`b``c")) == '```"a`b``c"```'
