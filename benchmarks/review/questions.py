"""What a question of the benchmark is, and the patterns that its facts are written with; the questions are beside."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import Any

from benchmarks.review.judges_document import JUDGES, PREFERENCES, VOTES, WINS
from benchmarks.review.truth import Pairing, Recorded

RAG = "northwind/rag-chat"
LONG = "misguided/attention"
EVALUATIONS = {
    "rag-chat": RAG,
    "long-outputs": LONG,
    "llm-judges": JUDGES,
    "votes": VOTES,
    "preferences": PREFERENCES,
    "wins": WINS,
}


@dataclass(frozen=True)
class Found:
    """An argument that the model reads in the answer before: the first group of a pattern."""

    pattern: str


@dataclass(frozen=True)
class Question:
    """A reviewer's question: the calls that answer it, its true facts as patterns, and what the raw API would need.

    `raw` names documented requests: `evaluations`, `runs`, `stats`, `datapoints`, `logs:<run>` (each page), `logs`
    (of all runs) or `log:<id>`.
    """

    words: str
    evaluation: str
    calls: tuple[tuple[str, dict[str, Any]], ...]
    facts: Callable[[Recorded], list[str]]
    raw: tuple[str, ...]
    kind: str = "review"


def one_call(
    kind: str, evaluation: str, words: str, call: tuple[str, dict[str, Any]], facts: Callable[[Recorded], list[str]]
) -> Question:
    """A question about a loaded evaluation that one call answers; the raw API would need all logs."""
    tool, arguments = call
    return Question(
        words, evaluation, ((tool, {"evaluation": EVALUATIONS[evaluation], **arguments}),), facts, ("logs",), kind
    )


def literal(text: str) -> str:
    """A pattern of exactly this text."""
    return re.escape(text)


def with_named_cells(answer: str) -> str:
    """An answer, and each log of its tables again with the names of the columns, so that facts can name them."""
    told, header, named = "", [], []
    for text in answer.splitlines():
        told = text.removeprefix("All: ").rstrip(".") if text.startswith("All: ") else told
        if text.startswith("log | "):
            header = text.split(" | ")
        elif text.startswith("log_") and header:
            cells = [f"{column} {cell}" for column, cell in zip(header, text.split(" | "), strict=False)]
            named.append(f"{text}\n  judgments: {', '.join([*cells, told])}\n")
    return "\n".join([answer, *named])


def row_named(pattern: str) -> str:
    """The field that names a recorded row, with its label or in its column."""
    return rf'(?:row: "|[ "])(?:{pattern})\b'


def line(*patterns: str) -> str:
    """These patterns one after another on one line."""
    return r"[^\n]*".join(patterns)


def figure(value: float, digits: int = 2) -> str:
    """A number rounded to some digits, a half either way, as no word or longer number goes on with it.

    One or two digits more are right, too: comparisons show them where their difference would not add up.
    """
    exact = Decimal(repr(round(float(value), 9)))
    forms: set[str] = set()
    for more in range(3):
        unit = Decimal(1).scaleb(-digits - more)
        low, high = exact.quantize(unit, ROUND_FLOOR), exact.quantize(unit, ROUND_CEILING)
        nearest = [item for item in {low, high} if abs(item - exact) <= unit / 2]
        forms |= {f"{item:,}" for item in nearest}
        forms |= {f"{item:,}".rstrip("0").rstrip(".") for item in nearest if digits + more}
    return r"(?<![\d.,])(?:" + "|".join(re.escape(form.lstrip("-")) for form in sorted(forms)) + r")(?![\d]|\.\d)"


def percent(share: float) -> str:
    """A share in per cent with one digit."""
    return figure(share * 100, 1) + "%"


def row(*cells: str) -> str:
    """The line of a table that begins with these cells, each a pattern of a whole cell."""
    return r"(?m:^" + r" \| ".join(cells) + r"(?: \||$))"


def signed(value: float, digits: int) -> str:
    """A number with its sign, rounded; `-0` and `+0` are 0."""
    sign = r"[-+]?" if not round(value, digits) else literal("-") if value < 0 else r"(?<!-)\+?"
    return sign + figure(abs(value), digits)


def interval(bounds: tuple[float, float], digits: int = 1) -> str:
    """`low to high` with signs."""
    return f"{signed(bounds[0], digits)} to {signed(bounds[1], digits)}"


def p_shown(p_value: float) -> str:
    """A p-value with two significant digits at most."""
    return "<0.0001" if p_value < 0.0001 else figure(p_value, 4 if p_value < 0.01 else 3 if p_value < 0.1 else 2)


def nothing_like(pattern: str) -> str:
    """That no part of the answer matches."""
    return rf"\A(?!(?s:.*){pattern})"


def counted(number: int, what: str) -> str:
    """How many there are of something, singular or plural."""
    return rf"(?<![\d,]){number:,} {what}"


def comparison(evaluator: str, pairing: Pairing, verdict: str, *, share: bool = False) -> str:
    """The line of a comparison: pairs, means, counts of better, worse and same, verdict.

    The recorded evaluators of numbers have no direction: their verdict is higher or lower.
    """
    if not share:
        verdict = {"better": "higher", "worse": "lower"}.get(verdict, verdict)
    shown = percent if share else figure
    better, worse = len(pairing.better), len(pairing.worse)
    counts = f"{better}/{worse}/{pairing.pairs - better - worse}"
    return line(
        literal(evaluator),
        figure(pairing.pairs, 0),
        shown(pairing.baseline),
        shown(pairing.candidate),
        literal(f"| {counts} |"),
        "no (?:significant )?difference" if verdict == "no significant difference" else literal(verdict),
    )
