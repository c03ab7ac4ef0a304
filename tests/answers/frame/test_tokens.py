import base64
import json
import random
import string
import uuid
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evals_mcp.answers.frame.tokens import estimate, fit, share, whole_character

_SHARED = Path(__file__).parents[3] / "../shared/data"
_TEXT = st.text(max_size=300)
_LETTERS = st.text("abhnotyZ \n1", max_size=60)

_PROSE = {
    "English": "The refund was declined because the order is older than thirty days. The assistant should have "
    "offered a store credit instead, which our policy allows for up to ninety days after delivery. ",
    "Chinese": "退款被拒绝，因为订单已经超过三十天。助手本来应该提供商店积分，我们的政策允许在交货后九十天内这样做。"
    "客户对这个回答不满意，并且要求与经理通话。",
    "Japanese": "注文から三十日以上が経過しているため、返金は認められませんでした。アシスタントは代わりに"
    "ストアクレジットを提案すべきでした。規定では配達後九十日まで可能です。",
    "Korean": "주문한 지 삼십 일이 지났기 때문에 환불이 거절되었습니다. "
    "상담원은 대신 스토어 크레딧을 제안했어야 합니다. ",
    "Russian": "В возврате денег отказано, потому что заказ старше тридцати дней. Помощник должен был предложить "
    "вместо этого баллы магазина, что разрешено правилами в течение девяноста дней. ",
    "Arabic": "تم رفض طلب الاسترداد لأن الطلب مضى عليه أكثر من ثلاثين يوما. كان على المساعد أن يعرض رصيدا في المتجر "
    "بدلا من ذلك، وهو ما تسمح به سياستنا خلال تسعين يوما بعد التسليم. ",
    "Hindi": "धनवापसी अस्वीकार कर दी गई क्योंकि ऑर्डर तीस दिन से अधिक पुराना है। सहायक को इसके बजाय स्टोर क्रेडिट देना "
    "चाहिए था, जिसकी अनुमति हमारी नीति डिलीवरी के नब्बे दिन बाद तक देती है। ",
    "German": "Die Rückerstattung wurde abgelehnt, weil die Bestellung älter als dreißig Tage ist. Der Assistent "
    "hätte stattdessen ein Guthaben anbieten müssen, was unsere Richtlinie neunzig Tage lang erlaubt. ",
    "French": "Le remboursement a été refusé parce que la commande date de plus de trente jours. L’assistant aurait "
    "dû proposer un avoir, ce que nos règles permettent jusqu’à quatre-vingt-dix jours après la livraison. ",
}


def _words(source: random.Random, letters: str, length: int) -> str:
    return " ".join("".join(source.choices(letters, k=length)) for _ in range(3_000 // length))


def _generated(kind: str) -> str:
    """A text of 2,000 to 8,000 characters of a kind that is not prose; always the same."""
    source = random.Random(kind)
    alphabet = "abcdefghijklmnopqrstuvwxyz0123456789"
    cells = [[f"{source.random() * 5:.2f}" for _ in range(6)] for _ in range(100)]
    logs = [{"id": f"log_{source.randbytes(8).hex()}", "output": None, "score": source.random()} for _ in range(60)]
    symbols = "😀👍🏽🚀🔥✅❌🎉🤔💡📈❤️⚠️"
    return {
        "base64": lambda: base64.b64encode(source.randbytes(3000)).decode(),
        "hex": lambda: source.randbytes(2000).hex(),
        "uuids": lambda: "\n".join(str(uuid.UUID(bytes=source.randbytes(16))) for _ in range(100)),
        "ids": lambda: " ".join("log_" + "".join(source.choices(alphabet, k=20)) for _ in range(150)),
        "digits": lambda: "".join(source.choices("0123456789", k=3000)),
        "table": lambda: "\n".join(" | ".join(row) for row in cells),
        "markdown table": lambda: "\n".join(f"| {' | '.join(row)} |" for row in cells),
        "JSON": lambda: json.dumps(logs),
        "indented JSON": lambda: json.dumps(logs, indent=2),
        "code": lambda: Path(__file__).read_text(encoding="utf-8").partition("def _generated")[2],
        "CSV": lambda: "id,name,score,passed\n" + "1,alice,4.5,true\n2,bob,3,false\n" * 80,
        "formulas": lambda: r"\frac{1}{2} + \alpha_{i} = \sum_{k=0}^{n} \left( x_k^2 - 1 \right) " * 40,
        "short words": lambda: "Can I go to it now? Yes, you can. Is it so? I do not see why. " * 40,
        "empty lines": lambda: r"\n" * 1000,
        "emoji": lambda: " ".join(source.choices(symbols, k=1000)),
        "chatty emoji": lambda: " ".join(f"great {symbol}" for symbol in source.choices(symbols, k=500)),
        "escapes": lambda: "".join(f"\\u{{{source.randrange(0x2000, 0xE0080):x}}}" for _ in range(500)),
        "rare Chinese characters": lambda: "".join(chr(source.randrange(0x4E00, 0xA000)) for _ in range(2000)),
        "random letters": lambda: "".join(source.choices(string.ascii_lowercase, k=3000)),
        "random capitals": lambda: "".join(source.choices(string.ascii_letters, k=3000)),
        "random common letters": lambda: "".join(source.choices("aehilnorst", k=3000)),
        "ids of letters": lambda: _words(source, string.ascii_lowercase, 20),
        "short ids of letters": lambda: _words(source, "aehilnorst", 6),
        "Greek letters": lambda: _words(source, "αβγδεζηθικλμνξοπρστυφχψω", 9),
        "Hebrew letters": lambda: _words(source, "אבגדהוזחטיכלמנסעפצקרשת", 9),
        "Arabic letters": lambda: _words(source, "ابتثجحخدذرزسشصضطظعغفقكلمنهوي", 9),
        "Cyrillic letters": lambda: _words(source, "абвгдежзийклмнопрстуфхцчшщъыьэюя", 9),
        "quoted lines": lambda: json.dumps(_PROSE["English"].replace(". ", ".\n") * 20),
    }[kind]()


_KINDS = (
    *("base64", "hex", "uuids", "ids", "digits", "table", "markdown table", "JSON", "indented JSON", "code"),
    *("CSV", "formulas", "short words", "empty lines"),
    *("random letters", "random capitals", "random common letters", "ids of letters", "short ids of letters"),
    *("Greek letters", "Hebrew letters", "Arabic letters", "Cyrillic letters"),
    *("emoji", "chatty emoji", "escapes", "rare Chinese characters", "quoted lines"),
)


@pytest.mark.parametrize("language", _PROSE)
def test_prose_is_never_underestimated(language: str, real_tokens: Callable[[str], int]) -> None:
    """In any language the estimate of prose is at least its real count and at most 1.45 times as much."""
    text = _PROSE[language] * 20
    assert real_tokens(text) <= estimate(text) <= 1.45 * real_tokens(text)


@pytest.mark.parametrize("kind", _KINDS)
def test_other_text_is_never_underestimated(kind: str, real_tokens: Callable[[str], int]) -> None:
    """Code, ids, tables, base64, emoji and the like cost at least what the tokenizer says."""
    text = _generated(kind)
    assert real_tokens(text) <= estimate(text) <= 2.3 * real_tokens(text)


@pytest.mark.parametrize("part", ["ha", "no", "lol", "xo", "aB", "the", "h", "abcd", "hahaha ", "a1", "tion"])
def test_repeated_letters_are_never_underestimated(part: str, real_tokens: Callable[[str], int]) -> None:
    """The same letters over and over are no words, and cost more tokens than such."""
    text = part * 800
    assert real_tokens(text) <= estimate(text)


@pytest.mark.parametrize("letter", ["a", "l", "x", "A", "Z"])
def test_a_letter_over_and_over_takes_no_more_than_one_token_each(
    letter: str, real_tokens: Callable[[str], int]
) -> None:
    """As padding does."""
    text = letter * 2_000
    assert real_tokens(text) <= estimate(text) <= len(text)


def test_budgets_are_used_for_prose_and_tables(real_tokens: Callable[[str], int]) -> None:
    """English prose is estimated at most 1.2 times too high, tables of numbers at most 1.1 times."""
    prose, tables = _PROSE["English"] * 20, [_generated("table"), _generated("markdown table")]
    assert estimate(prose) <= 1.2 * real_tokens(prose)
    assert all(estimate(table) <= 1.1 * real_tokens(table) for table in tables)


def _real_ratios(real_tokens: Callable[[str], int]) -> list[float]:
    """The estimate over the count for answer-sized parts of real model outputs; skips where there are none."""
    if not _SHARED.is_dir():
        pytest.skip("no evaluation data in ../shared/data")
    ratios = []
    for path in sorted(_SHARED.glob("*/logs-*.jsonl")):
        with path.open(encoding="utf-8") as lines:
            outputs = [json.loads(line)["output"] or "" for line in lines]
        parts = ["\n".join(outputs)[start : start + 12_000] for start in range(0, 48_001, 24_000)]
        ratios += [estimate(part) / real_tokens(part) for part in parts if len(part) > 6_000]
    assert len(ratios) > 20
    return ratios


def test_real_outputs_are_never_underestimated(real_tokens: Callable[[str], int]) -> None:
    """No answer-sized part of a real model output costs more than its estimate."""
    assert min(_real_ratios(real_tokens)) >= 1


def test_real_outputs_are_estimated_closely(real_tokens: Callable[[str], int]) -> None:
    """Over real model outputs the mean is at most 1.25 times too high."""
    ratios = _real_ratios(real_tokens)
    assert sum(ratios) / len(ratios) <= 1.25


@given(_LETTERS | _TEXT, _LETTERS | _TEXT)
def test_lines_cost_together_what_each_costs_and_one_for_the_break(first: str, second: str) -> None:
    """Costs can be added up line by line; a whole answer costs exactly their sum."""
    assert estimate(f"{first}\n{second}") == estimate(first) + 1 + estimate(second)


@given(_LETTERS | _TEXT, _LETTERS | _TEXT)
def test_a_text_costs_no_less_than_the_words_that_it_begins_with(first: str, second: str) -> None:
    """Only the last word of a beginning can cost more than the longer word that it is cut from."""
    assert estimate(first) <= estimate(f"{first} {second}")


@given(st.text() | st.text("0 \n.aBho", min_size=500, max_size=1500), st.integers(-1, 400))
@settings(max_examples=60)
def test_what_fits_is_within_the_budget_and_a_character_more_is_not(text: str, budget: int) -> None:
    """`fit` stays within the budget, and stops only where more does not fit or would part an accent from its letter."""
    size = fit(text, budget)
    assert estimate(text[:size]) <= budget or size == 0
    if size < len(text):
        longer = range(size + 1, min(size + 12, len(text)) + 1)
        assert any(estimate(text[:end]) > budget for end in longer)


@given(st.text("ab1é你 -", min_size=600, max_size=3_000), st.integers(0, 2_000))
@settings(max_examples=30)
def test_most_of_a_budget_is_used_in_texts_of_long_words(text: str, budget: int) -> None:
    """Also where no word ends within sight, what fits is within the budget and close to it."""
    joined = text.replace(" ", "")
    size = fit(joined, budget)
    assert estimate(joined[:size]) <= budget
    assert size == len(joined) or estimate(joined[:size]) >= 0.97 * budget - 5


def test_fitting_does_not_read_on() -> None:
    """A text that is far too long is looked at only as far as it fits."""

    class Watched(str):
        furthest = 0

        def __getitem__(self, key: object) -> str:
            assert isinstance(key, slice | int)
            self.furthest = max(self.furthest, key.stop if isinstance(key, slice) else key)
            return super().__getitem__(key)

    text = Watched("words and 12 numbers " * 10_000)
    assert 0 < fit(text, 100) < text.furthest < 2_000


def test_a_cut_keeps_accents_and_joined_emoji_together() -> None:
    """No cut falls before an accent, a joiner or a skin tone, unless there is no end of them."""
    assert whole_character("cafe\u0301s", 4) == 3
    assert whole_character("a👍🏽!", 2) == 1
    assert whole_character("a👩\u200d👧", 3) == 1
    assert whole_character("e" + "\u0301" * 50, 30) == 30
    assert (whole_character("abc", -1), whole_character("abc", 7)) == (0, 3)


@given(st.integers(0, 5_000), st.lists(st.integers(0, 1_000), max_size=20))
def test_shares_are_fair(budget: int, needs: list[int]) -> None:
    """Nobody gets more than it needs, all is given if needed, and who falls short gets no less than any other."""
    shares = share(budget, needs)
    assert all(0 <= given <= need for given, need in zip(shares, needs, strict=True))
    assert sum(shares) == min(budget, sum(needs))
    short = [given for given, need in zip(shares, needs, strict=True) if given < need]
    assert not short or min(short) >= max(shares) - 1
