"""Questions about repeated logs and about the order of many runs."""

from functools import partial
from itertools import combinations
from math import comb

import pandas as pd
from benchmarks.review.questions import Question, figure, literal, one_call, row
from benchmarks.review.truth import Recorded, adjust
from benchmarks.review.vote_figures import Paired, by_run

_LABELS = {
    "gpt-4-metrics-reference": "strategy=Metrics_Reference",
    "gpt-4-vanilla": "model=GPT-4 strategy=Vanilla",
    "gpt-4-cot": "strategy=CoT",
    "palm2-vanilla": "model=PaLM2",
    "falcon-vanilla": "model=Falcon",
    "llama2-vanilla": "model=LLaMA2",
    "chatgpt-vanilla": "model=ChatGPT",
    "chatgpt-cot": "model=ChatGPT strategy=CoT",
}


def _whole(share: float) -> str:
    return figure(100 * share, 0) + r"% \([^)]*\)"


def _grouped(data: Recorded, evaluator: str) -> pd.DataFrame:
    frame = data.frame()[["run", "datapoint", evaluator]].astype({evaluator: float})
    return frame.groupby(["run", "datapoint"])[evaluator].agg(["sum", "count", "mean", "var"])


def _any_and_all(data: Recorded) -> list[str]:
    """The chance that any, and that all, of 2 or 3 logs of a datapoint pass, over all choices of them."""
    facts = []
    for run, points in _grouped(data, "all_criteria_met").groupby(level="run"):
        passed = points["sum"].astype(int)
        chances = (lambda n, k: 1 - comb(3 - n, k) / comb(3, k), lambda n, k: comb(n, k) / comb(3, k))
        shown = ["; ".join(f"{k}: {_whole(passed.map(partial(of, k=k)).mean())}" for k in (2, 3)) for of in chances]
        differ = f"{int(((passed > 0) & (passed < 3)).sum())} of {len(points)}"
        facts.append(row("all_criteria_met", literal(str(run)), "52", "3", "[^|]*", "[^|]*", differ, *shown))
    return facts


def _spread(data: Recorded) -> list[str]:
    """The mean over datapoints and the standard deviation of logs around the mean of their datapoint."""
    return [
        row(
            "rubric_score",
            literal(str(run)),
            "52",
            "3",
            figure(float(points["mean"].mean())) + r" \([^)]*\)",
            figure(float(points["var"].mean() ** 0.5)),
        )
        for run, points in _grouped(data, "rubric_score").groupby(level="run")
    ]


def _ranks(_: Recorded) -> list[str]:
    """Ranks from McNemar's exact tests of all pairs, Holm-adjusted over them."""
    pairs = list(combinations(by_run().columns, 2))
    groups = [Paired(*pair).all for pair in pairs]
    better = dict.fromkeys(by_run(), 0)
    worse = dict(better)
    for (first, second), group, p_value in zip(pairs, groups, adjust([group.p_value for group in groups]), strict=True):
        if p_value <= 0.05:
            won, lost = (second, first) if group.difference > 0 else (first, second)
            worse[won] += 1
            better[lost] += 1
    facts = []
    for run, correct in by_run().items():
        low, high = 1 + better[run], len(better) - worse[run]
        rank = str(low) if low == high else f"{low}–{high}"
        mean = figure(100 * float(correct.mean()), 0) + r"% \([^)]*\)"
        facts.append(row(rank, f'"{literal(_LABELS[run])}"', mean, str(correct.notna().sum())))
    return facts


QUESTIONS: tuple[Question, ...] = (
    one_call(
        "repeats",
        "long-outputs",
        "How often does one of two or three tries meet all criteria, and how often do all tries?",
        ("list_runs", {"show": "repeats", "evaluator": "all_criteria_met", "max_tokens": 1500}),
        _any_and_all,
    ),
    one_call(
        "repeats",
        "long-outputs",
        "How much do the scores of one prompt vary from try to try?",
        ("list_runs", {"show": "repeats", "evaluator": "rubric_score", "max_tokens": 700}),
        _spread,
    ),
    one_call(
        "repeats",
        "llm-judges",
        "In which order are the judges, and where can the data not tell?",
        ("list_runs", {"show": "ranking", "evaluator": "correct", "max_tokens": 700}),
        _ranks,
    ),
)
