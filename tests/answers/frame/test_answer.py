import json
import random
import re
import string
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evals_mcp.answers.frame.answer import Answer
from evals_mcp.answers.frame.calls import encode, left_out, next_call
from evals_mcp.answers.frame.detail import Row
from evals_mcp.answers.frame.lists import Rank
from evals_mcp.answers.frame.quoting import name, quote
from evals_mcp.answers.frame.tables import table
from evals_mcp.answers.frame.tokens import estimate

_SHARED = Path(__file__).parents[3] / "../shared/data"
_TEXTS = st.text(max_size=50) | st.sampled_from(
    ["word " * 300, "我们的政策" * 100, "🙂" * 150, "\u202e" * 40, "x" * 5_000, "0.25 | 4.71\n" * 60]
)


def _log(data: str) -> Row:
    return Row(lambda limit: f"log_1 | output: {quote(data, limit)}", len(data))


def _more(total: int, shown: int) -> str:
    question = {"evaluation": "evr_1", "runs": ["a"]}
    cursor = encode([f"log_{shown}"], question)
    return left_out(total - shown, "log", next_call("get_logs", **question, cursor=cursor))


def _answered(budget: int, title: str, notes: list[str], data: list[str], alike: str = "") -> tuple[str, int]:
    answer = Answer(budget)
    answer.head(f"evaluation {name(title)}: {len(data)} logs")
    for note in notes:
        answer.note(f"note: {quote(note)}")
    rows = [_log(text) for text in data]
    header = f"All: {quote(alike)}." if alike else ""
    answer.rows(rows, partial(_more, len(data)), header=header, on_cut="Texts are cut: get_log(log=…)")
    text = answer.text()
    return text, text.count("\nlog_1 | output: ")


@given(st.integers(0, 3_000), _TEXTS, st.lists(_TEXTS, max_size=3), st.lists(_TEXTS, max_size=8))
@settings(max_examples=100)
def test_no_answer_exceeds_its_budget(budget: int, title: str, notes: list[str], data: list[str]) -> None:
    """Whatever the content and however small the budget, the estimate of the whole stays within it."""
    text, _ = _answered(budget, title, notes, data)
    assert estimate(text) <= budget


@given(
    st.integers(300, 3_000),
    _TEXTS,
    st.lists(_TEXTS, max_size=3),
    st.lists(_TEXTS, min_size=1, max_size=40),
    _TEXTS | st.text("ע", max_size=400),
)
@settings(max_examples=200)
def test_what_is_left_out_is_always_said(
    budget: int, title: str, notes: list[str], data: list[str], alike: str
) -> None:
    """At least one row is shown, whatever stands above it, and when rows are missing the exact next call is the end."""
    text, shown = _answered(budget, title, notes, data, alike)
    assert 1 <= shown <= len(data)
    if shown < len(data):
        assert text.endswith(f"\n{_more(len(data), shown)}")
    if " characters)" in "".join(line for line in text.splitlines() if line.startswith("log_1")):
        assert "\nTexts are cut: " in text
    if len(re.findall(r"^note: ", text, re.MULTILINE)) < len(notes):
        assert "Raise max_tokens" in text


@given(
    st.integers(0, 1_200), _TEXTS, st.lists(_TEXTS, min_size=1, max_size=2), st.lists(_TEXTS, min_size=1, max_size=3)
)
@settings(max_examples=100)
def test_a_call_is_whole_or_its_absence_is_said(budget: int, title: str, verdicts: list[str], data: list[str]) -> None:
    """Below verdicts, with a heading, where hardly any room is left for it, and below a passage."""
    answer = Answer(budget)
    answer.head(f"evaluation {name(title)}: {len(data)} logs")
    answer.rows([Row(partial(quote, text), len(text)) for text in verdicts], _unsaid, rank=Rank.VERDICTS, least=30)
    heading = f"3 logs by {name(title)}"
    footer = partial(_more, 5)
    answer.rows(
        list(map(_log, data)), lambda shown: f"{heading}.\n{footer(shown)}" if not shown else footer(shown), waits=True
    )
    passage = Answer(budget)
    passage.head(f"log {name(title)}")
    passage.passage(
        data[0], 0, lambda end: next_call("get_logs", evaluation=title, offset=end) if end < len(data[0]) else ""
    )
    for text in (answer.text(), passage.text()):
        assert estimate(text) <= budget
        calls = [line for line in text.splitlines() if "get_logs(" in line and "output: " not in line]
        assert all(line.endswith(")") and "characters)" not in line for line in calls), text


def _unsaid(shown: int) -> str:
    return ""


def _sources() -> dict[str, str]:
    source = random.Random(5)
    return {
        "Chinese": "退款被拒绝，因为订单已经超过三十天。助手本来应该提供商店积分。" * 400,
        "code": Path(__file__).read_text(encoding="utf-8") * 3,
        "base64": "".join(source.choices(string.ascii_letters + string.digits + "+/", k=20_000)),
        "emoji": " ".join(source.choices("😀👍🏽🚀🔥✅❌🎉🤔💡📈❤️⚠️", k=8_000)),
        "English": "The refund was declined because the order is older than thirty days. " * 300,
        "controls": "".join(source.choices("\x00\x1b\u200b\u202e\U000e0041 ab", k=9_000)),
    }


@pytest.mark.parametrize("kind", ["Chinese", "code", "base64", "emoji", "English", "controls"])
@pytest.mark.parametrize("budget", [300, 1_000, 4_000])
def test_no_answer_exceeds_its_budget_by_a_real_count(
    kind: str, budget: int, real_tokens: Callable[[str], int]
) -> None:
    """From 300 tokens on, a real tokenizer agrees that the answer is within its budget; and the budget is used."""
    text = _sources()[kind]
    parts = [text[start : start + 2_000] for start in range(0, 9_000, 900)]
    shown, _ = _answered(budget, "support bot", [text[:50]], parts)
    assert budget * 0.4 < real_tokens(shown) <= budget
    answer = Answer(budget)
    answer.passage(text, 100, lambda end: next_call("get_log", log="log_1", offset=end))
    assert budget * 0.4 < real_tokens(answer.text()) <= budget


def test_real_logs_stay_in_their_budget(real_tokens: Callable[[str], int]) -> None:
    """Answers over real logs are within the budget by a real count, and use five eighths of it where they cut."""
    if not _SHARED.is_dir():
        pytest.skip("no evaluation data in ../shared/data")
    for path in sorted(_SHARED.glob("*/logs-*.jsonl")):
        with path.open(encoding="utf-8") as lines:
            outputs = [json.loads(line)["output"] or "" for line in lines][::20]
        text, shown = _answered(4_000, path.stem, [], [output * 3 for output in outputs])
        assert real_tokens(text) <= 4_000
        if shown < len(outputs) or "Texts are cut" in text:
            assert real_tokens(text) > 2_800


def test_an_answer_reads_from_what_it_is_about_to_what_is_left_out() -> None:
    """Head, body, notes, then what is left out, whatever the order in which they were given."""
    answer = Answer(400)
    answer.head("evaluation support bot (evr_1): 3 runs")
    answer.note("Evaluator polite says the same for every log.")
    header, *rows = table(["run", "mean"], [["a", "4.79"], ["b", "4.27"], ["c", "4.31"]])
    answer.rows(rows, lambda shown: left_out(3 - shown, "run", "list_runs()"), header=header)
    assert answer.text().splitlines() == [
        "evaluation support bot (evr_1): 3 runs",
        *("run | mean", "a | 4.79", "b | 4.27", "c | 4.31"),
        "Evaluator polite says the same for every log.",
    ]


def test_no_rows_are_said_by_the_footer() -> None:
    """An empty list still gets what its footer says about nothing."""
    answer = Answer(400)
    answer.rows([], lambda shown: f"{shown} logs match; try without text=")
    assert answer.text() == "0 logs match; try without text="


def test_two_lists_share_an_answer() -> None:
    """Neither of two long lists takes the room of the other, and a short one is whole."""
    answer = Answer(1_000)
    answer.rows([f"row {n}" for n in range(500)], lambda shown: f"{500 - shown} more of the first")
    answer.rows([f"row {n}" for n in range(500)], lambda shown: f"{500 - shown} more of the second")
    answer.rows(["one", "two"], lambda shown: f"{2 - shown} more of the last" if shown < 2 else "")
    text = answer.text()
    first, second = (500 - int(found) for found in re.findall(r"(\d+) more of", text))
    assert 0.9 < first / second < 1.1
    assert "one\ntwo\n" in text


@given(_TEXTS.map(lambda text: text * 8), st.integers(300, 1_000))
@settings(max_examples=40, deadline=None)
def test_a_passage_can_be_read_to_its_end(text: str, budget: int) -> None:
    """Reading on from where a passage ended reaches every character, each answer within its budget."""
    offset = 0
    while offset < len(text):
        answer = Answer(budget)
        end = answer.passage(text, offset, lambda end: f"on: {end}" if end < len(text) else "")
        assert end > offset
        assert estimate(answer.text()) <= budget
        assert answer.text().endswith(f"\non: {end}") == (end < len(text))
        offset = end


@pytest.mark.parametrize("length", [920, 1_100, 10_050])
def test_a_footer_longer_in_the_middle_than_at_both_ends_has_its_room(length: int) -> None:
    """What is left and where to go on are two numbers, of which each may be the longer one."""
    text = "\U000bc722" * length

    def footer(end: int) -> str:
        return f"{len(text) - end:,} more characters: {next_call('get_log', log='log_1', offset=end)}"

    answer = Answer(300)
    end = answer.passage(text, 0, footer)
    assert answer.text().endswith(f"\n{footer(end)}")
    assert estimate(answer.text()) <= 300


def test_a_passage_ends_at_a_line_or_word() -> None:
    """A part of a long text is not cut in the middle of a line if one ends nearby."""
    text = "one line of words\n" * 1_000
    end = Answer(500).passage(text, 0, str)
    assert text[end - 1] == "\n"


def test_calls_are_written_as_a_model_writes_them() -> None:
    """Strings are quoted, None is dropped, and what is too long to repeat is named."""
    call = next_call("get_logs", evaluation="evr_1", runs=["a", 'b "x"'], limit=10, errors_only=True, text=None)
    assert call == r'get_logs(evaluation="evr_1", runs=["a", "b \"x\""], limit=10, errors_only=true)'
    assert next_call("f", text="x" * 10**6, runs=["a" * 50] * 9) == "f(text=<as before>, runs=<as before>)"


def test_what_is_left_out_agrees_in_number() -> None:
    """One more log, two more logs, and nothing when nothing is left."""
    assert [left_out(n, "log", "f()") for n in (0, 1, 1_590)] == ["", "1 more log: f()", "1,590 more logs: f()"]
