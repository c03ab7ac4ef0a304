"""Questions about raters and relations: agreement, judges' errors, rates corrected for them, and correlations."""

from collections.abc import Callable
from typing import Any

import pandas as pd
from benchmarks.review.questions import Question, figure, line, one_call, row, signed
from benchmarks.review.truth import Recorded
from benchmarks.review.vote_figures import (
    FALCON,
    agreement,
    alpha,
    rate_by_errors,
    recall,
    voters,
    votes,
    weighted_rate,
    wins,
)
from scipy.stats import pointbiserialr, spearmanr
from statsmodels.stats.proportion import proportion_confint

_IGNORING, _AUGUST = "prompt-ignore-sources", "baseline-2024-08"


def _ask(
    kind: str,
    evaluation: str,
    words: str,
    arguments: dict[str, Any],
    facts: Callable[[Recorded], list[str]],
) -> Question:
    return one_call(kind, evaluation, words, ("list_runs", arguments), facts)


def _first() -> pd.DataFrame:
    return votes()[votes()["order"] == "first"]


def _whole(share: float) -> str:
    return figure(100 * share, 0) + "%"


def _pair(first: str, second: str, rows: pd.DataFrame, *, interval: bool = True) -> list[str]:
    """The line of a pair: logs, equal judgments with Wilson's interval, kappa, and the largest cell of the table."""
    amount, equal, kappa = agreement(first, second, rows)
    low, high = proportion_confint(round(equal * amount), amount, method="wilson")
    both = rows[[first, second]].dropna()
    (one, other), most = next(iter(both.value_counts().items()))
    return [
        row(
            f"{first}, {second}",
            f"{amount}[^|]*",
            _whole(equal) + (rf" \({figure(100 * low, 0)} to {figure(100 * high, 0)}\)" if interval else "[^|]*"),
            signed(kappa, 2) + "[^|]*",
            f"[^|]*{one}, {other} {most}[^|]*",
        )
    ]


def _recalls(judge: str, rows: pd.DataFrame) -> list[str]:
    """How often a judge says what people say, for each option."""
    first, second = (_whole(recall(judge, option, rows)) for option in ("output_1", "output_2"))
    return [
        rf"Where people says output_1, {judge} does on {first} \([^;]*;"
        rf" where people says output_2, on {second}(?: \(|\.)"
    ]


def _everybody() -> list[str]:
    return [
        line("Krippendorff", signed(alpha(voters(), votes()), 2), f"{len(voters())} together", f"{len(votes())} logs")
    ]


def _corrected(judge: str, output: str) -> list[str]:
    """What a judge's rate of a run means, and the interval holds the rate of people over all datapoints."""
    rows = wins()[wins()["run"] == output]
    labels = int(rows["people"].notna().sum())
    rate = weighted_rate(judge, output) if labels >= 20 else rate_by_errors(judge, output)
    against = f"{labels} labels" if labels >= 20 else "if it errs as on the labelled logs"
    judged = figure(100 * float(rows[judge].mean()), 1)
    return [line(rf"(?m:^{output}: {judge})", judged + "%", f"{len(rows)} logs", against, "about " + _whole(rate))]


def _holding(judge: str, output: str) -> list[str]:
    """Intervals in whole per cent that hold the true rate of people."""
    truth = 100 * float((_first()["people"] == output).mean())
    intervals = [f"{low} to {high}" for low in range(25, 50) for high in range(45, 70) if low < truth < high]
    return [line(rf"(?m:^{output}: {judge})", rf"\((?:{'|'.join(intervals)})\)")]


def _moved(judge: str) -> list[str]:
    """Both runs have the outputs of the datapoint, so only the judge can differ."""
    first, swapped = (votes()[votes()["order"] == order].set_index("id")[judge] for order in ("first", "swapped"))
    differing = int((first != swapped).sum())
    return [f"Of {len(first)} outputs identical in both runs, {judge} judged {differing} differently"]


def _related(data: Recorded, run: str, first: str, second: str) -> list[str]:
    frame = data.frame()
    rows = frame[frame["run"] == run][[first, second]].dropna().astype(float)
    return [
        row(f"{first}, {second}", str(len(rows)), signed(float(spearmanr(rows[first], rows[second])[0]), 2) + "[^|]*")
    ]


def _met_by_length(data: Recorded) -> list[str]:
    frame = data.frame()
    return [
        line(
            rf"(?m:^all_criteria_met, {measure}) ",
            f"{len(rows):,}",
            signed(float(pointbiserialr(rows["all_criteria_met"].astype(float), rows[measure].astype(float))[0]), 2),
            "pb",
        )
        for measure in ("length", "tokens")
        for rows in [frame[["all_criteria_met", measure]].dropna()]
    ]


def _within_runs(data: Recorded) -> list[str]:
    """Spearman's correlation over all runs, and after the mean of each run is subtracted."""
    rows = data.frame()[["run", "gpt_similarity", "length"]].dropna()
    rows = rows.astype({"gpt_similarity": float, "length": float})
    all_runs = spearmanr(rows["gpt_similarity"], rows["length"])[0]
    apart = rows.groupby("run")[["gpt_similarity", "length"]].transform(lambda part: part - part.mean())
    within = spearmanr(apart["gpt_similarity"], apart["length"])[0]
    return [
        line(r"(?m:^gpt_similarity, length) ", str(len(rows)), signed(float(all_runs), 2), signed(float(within), 2))
    ]


def _latency(data: Recorded) -> list[str]:
    frame = data.frame()
    taken = frame[frame["run"] == _AUGUST]["latency"].astype(float)
    low, middle, high = (figure(float(taken.quantile(share)), 1) + " s" for share in (0.1, 0.5, 0.9))
    return [line(r"(?m:^latency \| 200) ", figure(float(taken.mean()), 1) + " s", low, middle, high)]


_AGREE = {"show": "agreement", "max_tokens": 800}
_ALL = {"show": "agreement", "where": ["run=first"]}

QUESTIONS: tuple[Question, ...] = (
    _ask(
        "agreement",
        "preferences",
        "Which judge agrees least with people?",
        _AGREE | {"where": ["run=first"]},
        lambda _: _pair("people", "chatgpt-cot", _first()),
    ),
    _ask(
        "agreement",
        "preferences",
        "How well does GPT-4 agree with people, and PaLM2, which abstains?",
        _ALL | {"evaluator": "people"},
        lambda _: _pair("people", "gpt-4-vanilla", _first()) + _pair("people", "palm2-vanilla", _first()),
    ),
    _ask(
        "agreement",
        "preferences",
        "Do GPT-4's two strategies say the same?",
        _ALL | {"evaluator": "gpt-4-cot"},
        lambda _: _pair("gpt-4-vanilla", "gpt-4-cot", _first()),
    ),
    _ask(
        "agreement",
        "preferences",
        "Is Falcon biased towards the first output, by people's labels?",
        _AGREE | {"where": ["run=first"]},
        lambda _: _recalls("falcon-vanilla", _first()),
    ),
    _ask(
        "agreement",
        "preferences",
        "How often does the best judge say what people say, in both orders?",
        _AGREE | {"max_tokens": 1200},
        lambda _: _recalls("gpt-4-metrics-reference", votes()),
    ),
    _ask(
        "agreement",
        "preferences",
        "Do people and all judges agree, overall?",
        _AGREE | {"max_tokens": 1200},
        lambda _: _everybody(),
    ),
    _ask(
        "agreement",
        "preferences",
        "Do GPT-4 and people agree on natural pairs, in order?",
        _ALL | {"where": ["run=first", "subset=natural"], "evaluator": "gpt-4-vanilla"},
        lambda _: _pair("people", "gpt-4-vanilla", _first()[_first()["subset"] == "natural"]),
    ),
    one_call(
        "judge",
        "preferences",
        "Did Falcon judge otherwise when the outputs were swapped, or did the outputs change?",
        ("compare_runs", {"candidates": ["swapped"], "evaluators": [FALCON], "limit": 1, "max_tokens": 800}),
        lambda _: _moved(FALCON),
    ),
    _ask(
        "corrected",
        "wins",
        "How often does output 1 really win, if GPT-4's errors count?",
        _AGREE,
        lambda _: _corrected("gpt-4-vanilla", "output_1") + _holding("gpt-4-vanilla", "output_1"),
    ),
    _ask(
        "corrected",
        "wins",
        "And by Falcon, which says output 1 far too often?",
        _AGREE,
        lambda _: _corrected("falcon-vanilla", "output_1") + _holding("falcon-vanilla", "output_1"),
    ),
    _ask(
        "corrected",
        "wins",
        "How often does output 2 win, for which there are hardly any labels?",
        _AGREE,
        lambda _: _corrected("gpt-4-vanilla", "output_2") + _holding("gpt-4-vanilla", "output_2"),
    ),
    _ask(
        "relations",
        "rag-chat",
        "Are longer answers less similar to the expected ones, when sources are ignored?",
        {"show": "relations", "where": [f"run={_IGNORING}"], "max_tokens": 800},
        lambda data: _related(data, _IGNORING, "gpt_similarity", "length"),
    ),
    _ask(
        "relations",
        "rag-chat",
        "Do groundedness and relevance go together?",
        {"show": "relations", "where": [f"run={_IGNORING}"], "max_tokens": 800},
        lambda data: _related(data, _IGNORING, "gpt_groundedness", "gpt_relevance"),
    ),
    _ask(
        "relations",
        "rag-chat",
        "Is longer worse within each run, too?",
        {"show": "relations", "max_tokens": 1200},
        _within_runs,
    ),
    _ask(
        "relations",
        "long-outputs",
        "Do long outputs meet the criteria more often?",
        {"show": "relations", "max_tokens": 800},
        _met_by_length,
    ),
    _ask(
        "relations",
        "rag-chat",
        "How are the latencies of August distributed?",
        {"show": "relations", "where": [f"run={_AUGUST}"], "max_tokens": 900},
        _latency,
    ),
)
