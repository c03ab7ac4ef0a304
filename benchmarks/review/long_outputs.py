"""Questions about models on misguided prompts: very long outputs, three repeats of each datapoint, lists of options."""

import re
from typing import Any

from benchmarks.review.questions import (
    LONG,
    Found,
    Question,
    comparison,
    counted,
    figure,
    line,
    literal,
    percent,
    row_named,
)
from benchmarks.review.truth import Recorded, verdicts

OPUS = "claude-opus-4"
SONNET = "claude-4-sonnet-0522-thinking"
FLASH = "gemini-2.5-flash-preview-05-20"
THINKING = "gemini-2.5-flash-preview-05-20-thinking"
PRO = "gemini-2.5-pro-high"
GROK = "grok-3-mini-think"
MISTRAL = "mistral-medium-3"
_CRITERION = "Answer states not to pull the lever"
_TROLLEY = f"log_{FLASH}_trolley_problem_easy_1"


def _long(words: str, tool: str, arguments: dict[str, Any], facts: Any, *raw: str) -> Question:
    return Question(words, "long-outputs", ((tool, {"evaluation": LONG, **arguments}),), facts, raw)


def _compared(data: Recorded, baseline: str, candidate: str, *evaluators: str) -> list[str]:
    pairings = [data.pair(baseline, candidate, evaluator) for evaluator in evaluators]
    return [
        comparison(evaluator, pairing, verdict, share=evaluator == "all_criteria_met")
        for evaluator, pairing, verdict in zip(evaluators, pairings, verdicts(pairings), strict=True)
    ]


def _rows(rows: list[str]) -> list[str]:
    return [row_named(row) for row in rows]


def _largest(data: Recorded, baseline: str, candidate: str) -> list[str]:
    pairing = data.pair(baseline, candidate, "rubric_score")
    most = pairing.change(pairing.worse[0])
    worst = [row for row in pairing.worse if abs(pairing.change(row) - most) < 1e-9]
    return [counted(len(pairing.worse), "datapoints got lower"), f'row: "(?:{"|".join(worst)})"']


def _longest(data: Recorded) -> dict[str, Any]:
    return max(data.all_logs(), key=lambda log: len(log["output"]))


def _from(data: Recorded, offset: int) -> list[str]:
    output = _longest(data)["output"]
    lines = [part for part in output[offset : offset + 900].splitlines() if part.strip()]
    return [figure(len(output), 0), figure(offset, 0), *(literal(part) for part in lines[:-1])]


def _disagreeing(data: Recorded, run: str) -> list[str]:
    """Datapoints whose repeats in one run were not all judged alike."""
    said: dict[str, set[bool]] = {}
    for log, judgment in data.judged(run, "all_criteria_met"):
        said.setdefault(log["datapoint_id"], set()).add(judgment)
    return [row for row, values in said.items() if len(values) > 1]


def _split_by_runs(data: Recorded, first: str, second: str) -> list[str]:
    """Datapoints with both true and false among the logs of two runs."""
    said: dict[str, set[bool]] = {}
    for run in (first, second):
        for log, judgment in data.judged(run, "all_criteria_met"):
            said.setdefault(log["datapoint_id"], set()).add(judgment)
    return [row for row, values in said.items() if len(values) > 1]


def _tokens(data: Recorded, baseline: str, candidate: str) -> list[str]:
    pairing = data.pair_measure(baseline, candidate, "output_tokens")
    (said,) = verdicts([pairing], less_is_better=True)
    return [line("tokens", figure(pairing.baseline, 0), figure(pairing.candidate, 0), literal(said))]


def _repeats(data: Recorded) -> list[str]:
    ids = [log["id"] for log in data.logs[OPUS] if log["datapoint_id"] == "monty_hall_inverse"]
    met = [data.log(name)["judgments"]["all_criteria_met"]["judgment"] for name in ids]
    return [
        rf"{literal(name)}[^\n]*\n(?:  [^\n]*\n)*?  judgments:[^\n]*all_criteria_met {str(said).lower()}"
        for name, said in zip(ids, met, strict=True)
    ]


def _criteria(data: Recorded) -> list[str]:
    log = data.log(_TROLLEY)["judgments"]
    assert log["all_criteria_met"]["judgment"] is False
    return [
        *(literal(item) for item in log["criteria"]["judgment"]),
        r'"all_criteria_met": \{\s*\|?\s*"state": "judged",\s*\|?\s*"judgment": false',
    ]


def _listed(data: Recorded, run: str, option: str) -> list[str]:
    logs = [log for log, said in data.judged(run, "criteria") if option in said]
    return [counted(len(logs), "logs"), *(literal(log["id"]) for log in logs)]


def _overview(data: Recorded) -> list[str]:
    means = {run: data.mean(run, "all_criteria_met") for run in data.logs}
    best, worst = max(means, key=means.__getitem__), min(means, key=means.__getitem__)
    return [
        line(literal("Misguided Attention"), "best " + literal(best), percent(means[best])),
        line(literal("Misguided Attention"), "worst " + literal(worst), percent(means[worst])),
        line("Northwind employee-benefits RAG chat", r"\| 8 \|"),
    ]


_ALL = {"evaluators": ["rubric_score", "all_criteria_met"]}
_RUBRIC = {"evaluators": ["rubric_score"]}

QUESTIONS = (
    Question(
        "What has been evaluated, and who leads?",
        "long-outputs",
        (("list_evaluations", {"max_tokens": 800}),),
        _overview,
        ("evaluations", "runs", "stats"),
    ),
    _long(
        "What is the mean rubric score of each run over its repeats?",
        "list_runs",
        {"max_tokens": 900},
        lambda data: [
            line(rf"(?m:^{literal(run)}) ", "156 for 52 datapoints", figure(data.mean(run, "rubric_score")))
            for run in data.logs
        ],
        "runs",
        "stats",
    ),
    _long(
        "How often does each run meet all criteria?",
        "list_runs",
        {"max_tokens": 900},
        lambda data: [
            line(rf"(?m:^{literal(run)}) ", percent(data.mean(run, "all_criteria_met")) + " true") for run in data.logs
        ],
        "runs",
        "stats",
    ),
    _long(
        "Is Grok really better than Opus?",
        "compare_runs",
        {"baseline": OPUS, "candidates": [GROK], **_RUBRIC, "limit": 1, "max_tokens": 700},
        lambda data: _compared(data, OPUS, GROK, "rubric_score"),
        f"logs:{OPUS}",
        f"logs:{GROK}",
    ),
    _long(
        "Does thinking help Flash?",
        "compare_runs",
        {"baseline": FLASH, "candidates": [THINKING], **_ALL, "outcome": "improved", "limit": 1, "max_tokens": 800},
        lambda data: _compared(data, FLASH, THINKING, "rubric_score", "all_criteria_met"),
        f"logs:{FLASH}",
        f"logs:{THINKING}",
    ),
    _long(
        "Is Sonnet better than Gemini Pro?",
        "compare_runs",
        {"baseline": PRO, "candidates": [SONNET], **_ALL, "outcome": "improved", "limit": 1, "max_tokens": 800},
        lambda data: _compared(data, PRO, SONNET, "rubric_score", "all_criteria_met"),
        f"logs:{PRO}",
        f"logs:{SONNET}",
    ),
    _long(
        "On which prompts does Mistral do worse than Opus?",
        "compare_runs",
        {"baseline": OPUS, "candidates": [MISTRAL], **_RUBRIC, "limit": 2, "max_tokens": 800},
        lambda data: [*_compared(data, OPUS, MISTRAL, "rubric_score"), *_largest(data, OPUS, MISTRAL)],
        f"logs:{OPUS}",
        f"logs:{MISTRAL}",
    ),
    _long(
        "How many more tokens does Grok spend than Opus?",
        "compare_runs",
        {"baseline": OPUS, "candidates": ["grok"], **_RUBRIC, "outcome": "same", "limit": 1, "max_tokens": 700},
        lambda data: _tokens(data, OPUS, GROK),
        f"logs:{OPUS}",
        f"logs:{GROK}",
    ),
    _long(
        "What is the longest output, and how long is it?",
        "get_logs",
        {"sort": "length", "limit": 1, "max_tokens": 500},
        lambda data: [literal(_longest(data)["id"]), figure(len(_longest(data)["output"]), 0)],
        "logs",
    ),
    Question(
        "Read the longest output from character 100,000.",
        "long-outputs",
        (
            ("get_logs", {"evaluation": LONG, "sort": "length", "limit": 1, "max_tokens": 300}),
            ("get_log", {"log": Found(r"(?m)^(log_\S+)"), "part": "output", "offset": 100_000, "max_tokens": 600}),
        ),
        lambda data: _from(data, 100_000),
        ("logs",),
    ),
    _long(
        "Which prompts does every run fail?",
        "list_datapoints",
        {"show": "all_fail", "evaluator": "all_criteria_met", "max_tokens": 2500},
        lambda data: [
            counted(len(data.failing_everywhere("all_criteria_met")), "datapoints"),
            *_rows(data.failing_everywhere("all_criteria_met")),
        ],
        "logs",
    ),
    _long(
        "On how many prompts do Opus and Sonnet differ, or their repeats?",
        "list_datapoints",
        {
            "show": "disagreement",
            "evaluator": "all_criteria_met",
            "runs": [OPUS, SONNET],
            "limit": 3,
            "max_tokens": 700,
        },
        lambda data: [
            counted(len(_split_by_runs(data, OPUS, SONNET)), "datapoints"),
            *_rows(_split_by_runs(data, OPUS, SONNET)[:2]),
        ],
        f"logs:{OPUS}",
        f"logs:{SONNET}",
    ),
    _long(
        "Which prompts does Grok answer now right, now wrong?",
        "list_datapoints",
        {"show": "disagreement", "evaluator": "all_criteria_met", "runs": [GROK], "limit": 30, "max_tokens": 2500},
        lambda data: [
            counted(len(_disagreeing(data, GROK)), "datapoints"),
            *_rows(_disagreeing(data, GROK)),
        ],
        f"logs:{GROK}",
    ),
    Question(
        "How were the three repeats of monty_hall_inverse by Opus judged?",
        "long-outputs",
        (
            (
                "list_datapoints",
                {"evaluation": LONG, "where": ["text~monty_hall_inverse"], "runs": [OPUS], "max_tokens": 600},
            ),
            (
                "get_logs",
                {"evaluation": LONG, "datapoint": Found(r"\b(dp_\w{6,})"), "runs": [OPUS], "max_tokens": 900},
            ),
        ),
        _repeats,
        (f"logs:{OPUS}",),
    ),
    Question(
        "Which criteria did that trolley answer meet?",
        "long-outputs",
        (("get_log", {"log": _TROLLEY, "part": "judgments", "max_tokens": 500}),),
        _criteria,
        (f"log:{_TROLLEY}",),
    ),
    _long(
        "Which answers of DeepSeek say not to pull the lever?",
        "get_logs",
        {
            "runs": ["deepseek"],
            "where": [f'criteria="{_CRITERION}"'],
            "limit": 10,
            "max_tokens": 1000,
        },
        lambda data: _listed(data, "deepseek-r1-0528", _CRITERION),
        "logs:deepseek-r1-0528",
    ),
    _long(
        "Which answers of Opus name Schrödinger?",
        "get_logs",
        {"runs": [OPUS], "where": ["text~Schrödinger"], "limit": 10, "max_tokens": 900},
        lambda data: [
            counted(len(data.containing("Schrödinger", OPUS)), "logs"),
            *(literal(log["id"]) for log in data.containing("Schrödinger", OPUS)),
        ],
        f"logs:{OPUS}",
    ),
    _long(
        "How many of Gemini Pro's answers score nothing?",
        "get_logs",
        {"runs": [PRO], "limit": 2, "max_tokens": 600, "where": ["rubric_score=0"]},
        lambda data: [counted(sum(said == 0 for _, said in data.judged(PRO, "rubric_score")), "logs")],
        f"logs:{PRO}",
    ),
    _long(
        "What was asked, and what was expected, in feeding_the_goat?",
        "list_datapoints",
        {"where": ["text~feeding_the_goat"], "runs": [OPUS, GROK], "evaluator": "rubric_score", "max_tokens": 800},
        lambda data: [
            literal(data.datapoints["feeding_the_goat"]["inputs"]["prompt"][:200]),
            *map(literal, data.datapoints["feeding_the_goat"]["target"]["criteria"]),
            r"1 ×3[^\n]*0 ×3",
        ],
        "datapoints",
        f"logs:{OPUS}",
        f"logs:{GROK}",
    ),
    Question(
        "How does the longest output end?",
        "long-outputs",
        (
            (
                "get_log",
                {
                    "log": f"log_{MISTRAL}_rope_burning_impossible_1",
                    "part": "output",
                    "offset": 176_000,
                    "max_tokens": 500,
                },
            ),
        ),
        lambda data: [re.escape(part) for part in _longest(data)["output"][-400:].splitlines()[1:] if part.strip()],
        (f"log:log_{MISTRAL}_rope_burning_impossible_1",),
    ),
)
