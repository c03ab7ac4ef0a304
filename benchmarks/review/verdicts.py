"""Questions that end in a decision: missing judgments as failures, ship or not, what changed, and checks."""

import difflib
from collections.abc import Callable
from typing import Any

from benchmarks.review.questions import Question, figure, interval, line, literal, one_call, percent, row, signed
from benchmarks.review.truth import Recorded
from benchmarks.review.vote_figures import CHATGPT, COT, FALCON, GPT4, LLAMA, METRICS, PALM, Paired
from scipy.stats import t as student
from statsmodels.stats.proportion import proportion_confint

_AUGUST = "baseline-2024-08"


def _compare(
    kind: str, evaluation: str, words: str, arguments: dict[str, Any], facts: Callable[[Recorded], list[str]]
) -> Question:
    return one_call(kind, evaluation, words, ("compare_runs", {"limit": 1, "max_tokens": 800, **arguments}), facts)


def _check(evaluation: str, words: str, options: list[str], facts: Callable[[Recorded], list[str]]) -> Question:
    return one_call("check", evaluation, words, ("check", {"options": options}), facts)


def _row(paired: Paired) -> list[str]:
    group = paired.all
    return [
        row(
            "correct",
            str(group.pairs),
            percent(group.before),
            percent(group.after),
            signed(group.difference, 1) + " points?",
            interval(group.interval()) + " points?",
            r"[\d.<]+",
            group.counts,
        )
    ]


def _decided(baseline: str, candidate: str, margin: float) -> str:
    """By Tango's interval of the difference of one evaluator."""
    group = Paired(baseline, candidate).all
    low, _ = group.interval()
    if group.difference < -margin and group.p_value <= 0.05:
        return "do not ship"
    return "ship" if low > -margin else "cannot tell yet"


def _verdict(baseline: str, candidate: str, margin: float) -> list[str]:
    return [rf"\AVerdict: {_decided(baseline, candidate, margin)}\b", *_row(Paired(baseline, candidate))]


def _template(data: Recorded, run: str) -> str:
    return str(next(item["version"]["prompt_template"] for item in data.about["runs"] if item["id"] == run))


def _rewritten(data: Recorded, run: str) -> list[str]:
    """The lines of a new template, and how many came and went."""
    lines = _template(data, run).splitlines()
    changed = [text[0] for text in difflib.ndiff(['""'], lines) if text[0] in "+-"]
    counts = f"template {literal('+')}{changed.count('+')} -{changed.count('-')} lines"
    return [counts, *(literal(text[:60]) for text in lines if text)]


def _only_attributes(baseline: str, candidate: str) -> list[str]:
    return [literal(f"What changed: {baseline} → {candidate}") + r"\n"]


def _rate_within(baseline: str, candidate: str) -> list[str]:
    group = Paired(baseline, candidate).all
    low, high = proportion_confint(round(group.after * group.pairs), group.pairs, method="wilson")
    return [line(percent(group.after), percent(low), percent(high), f"n={group.pairs}")]


def _no_worse(baseline: str, candidate: str) -> list[str]:
    group = Paired(baseline, candidate).all
    return [line(signed(group.difference, 1) + " points", interval(group.interval()) + " points", f"n={group.pairs}")]


def _natural() -> list[str]:
    group = Paired(GPT4, FALCON).group("subset", "natural")
    low, high = proportion_confint(round(group.after * group.pairs), group.pairs, method="wilson")
    return [line("(?:❌ )?failed", percent(group.after), percent(low), percent(high), "n=100"), "exit status 1"]


def _fast(data: Recorded) -> list[str]:
    frame = data.frame()
    taken = frame[frame["run"] == _AUGUST]["latency"].astype(float)
    half = float(student.ppf(0.975, len(taken) - 1) * taken.std() / len(taken) ** 0.5)
    low, mean, high = (figure(value, 1) + " s" for value in (taken.mean() - half, taken.mean(), taken.mean() + half))
    return [line("passed", mean, low, high, f"n={len(taken)}"), "exit status 0"]


_CORRECT = {"evaluators": ["correct"]}
_PALM = {**_CORRECT, "baseline": "model=ChatGPT", "candidates": ["PaLM2"], "missing": "fail"}

QUESTIONS: tuple[Question, ...] = (
    _compare(
        "missing",
        "llm-judges",
        "Is PaLM2 better than ChatGPT, if naming no winner is wrong?",
        _PALM,
        lambda _: [r"(?i)count as fail", *_row(Paired(CHATGPT, PALM, missing_fails=True))],
    ),
    _compare(
        "missing",
        "llm-judges",
        "And on natural, where it abstained twice?",
        {**_PALM, "where": ["subset=natural"]},
        lambda _: [
            row("correct", "100", percent(group.before), percent(group.after))
            for group in [Paired(CHATGPT, PALM, missing_fails=True).group("subset", "natural")]
        ],
    ),
    _compare(
        "missing",
        "llm-judges",
        "Does a chain of thought help ChatGPT, if naming no winner is wrong?",
        {**_CORRECT, "baseline": "model=ChatGPT", "candidates": ["model=ChatGPT strategy=CoT"], "missing": "fail"},
        lambda _: _row(Paired(CHATGPT, "chatgpt-cot", missing_fails=True)),
    ),
    _compare(
        "verdict",
        "llm-judges",
        "Ship GPT-4 with metrics?",
        {**_CORRECT, "candidates": ["Metrics"]},
        lambda _: _verdict(GPT4, METRICS, 2),
    ),
    _compare(
        "verdict",
        "llm-judges",
        "Ship Falcon in place of GPT-4?",
        {**_CORRECT, "candidates": ["Falcon"]},
        lambda _: _verdict(GPT4, FALCON, 2),
    ),
    _compare(
        "verdict",
        "llm-judges",
        "Ship the chain of thought?",
        {**_CORRECT, "candidates": ["strategy=CoT"]},
        lambda _: _verdict(GPT4, COT, 2),
    ),
    _compare(
        "verdict",
        "llm-judges",
        "And if a loss of 5 points is acceptable?",
        {**_CORRECT, "candidates": ["strategy=CoT"], "margin": ["5 points"]},
        lambda _: _verdict(GPT4, COT, 5),
    ),
    _compare(
        "verdict",
        "llm-judges",
        "May Llama replace ChatGPT, if it must not lose anything?",
        {**_CORRECT, "baseline": "model=ChatGPT", "candidates": ["LLaMA2"], "margin": ["correct=0"]},
        lambda _: _verdict(CHATGPT, LLAMA, 0),
    ),
    _compare(
        "changes",
        "llm-judges",
        "What is different about the best judge?",
        {**_CORRECT, "candidates": ["Metrics"]},
        lambda _: _only_attributes("strategy Vanilla", "Metrics_Reference"),
    ),
    _compare(
        "changes",
        "rag-chat",
        "What did prompt-refined add to the prompt?",
        {"candidates": ["prompt-refined"], "evaluators": ["gpt_groundedness"], "max_tokens": 1000},
        lambda data: _rewritten(data, "prompt-refined"),
    ),
    _compare(
        "changes",
        "rag-chat",
        "What was the prompt that ignored sources told?",
        {"candidates": ["prompt-ignore-sources"], "evaluators": ["gpt_groundedness"]},
        lambda data: [literal(_template(data, "prompt-ignore-sources"))],
    ),
    _compare(
        "changes",
        "rag-chat",
        "How was the general prompt changed?",
        {"candidates": ["prompt-general"], "evaluators": ["gpt_groundedness"]},
        lambda data: [literal(f'→ "{_template(data, "prompt-general")}"')],
    ),
    _check(
        "llm-judges",
        "Does GPT-4 with metrics pass: not 2 points worse, and right in 80 %?",
        ["--candidate", "Metrics", "--require", "correct not worse by 2 points", "--require", "correct >= 0.8"],
        lambda _: [*_no_worse(GPT4, METRICS), *_rate_within(GPT4, METRICS), "exit status 0"],
    ),
    _check(
        "llm-judges",
        "Does the chain of thought pass: not 2 points worse?",
        ["--candidate", "strategy=CoT", "--require", "correct not worse by 2 points"],
        lambda _: [*_no_worse(GPT4, COT), "needs about", "exit status 3"],
    ),
    _check(
        "llm-judges",
        "Is Falcon right on 80 % of natural pairs, as a comment?",
        ["--candidate", "Falcon", "--where", "subset=natural", "--require", "correct >= 0.8", "--format", "markdown"],
        lambda _: _natural(),
    ),
    _check(
        "rag-chat",
        "Was August fast enough, within 2.5 seconds?",
        ["--candidate", _AUGUST, "--require", "latency <= 2.5"],
        _fast,
    ),
)
