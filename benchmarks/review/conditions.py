"""Questions about the logs and datapoints that meet conditions, and about those that some runs pass."""

from collections.abc import Callable
from typing import Any

import pandas as pd
from benchmarks.review.questions import Question, counted, figure, line, one_call, percent, row, row_named
from benchmarks.review.truth import Recorded
from benchmarks.review.vote_figures import CHATGPT, FALCON, GPT4, METRICS, PALM, Paired, by_run, judgments, votes

_LABELS = {GPT4: "model=GPT-4", FALCON: "model=Falcon", PALM: "model=PaLM2", CHATGPT: "model=ChatGPT"}
_ONE = {"limit": 1, "max_tokens": 600}


def _ask(
    kind: str,
    evaluation: str,
    words: str,
    tool: str,
    arguments: dict[str, Any],
    facts: Callable[[Recorded], list[str]],
) -> Question:
    return one_call(kind, evaluation, words, (tool, arguments), facts)


def _logs(chosen: "pd.Series[bool]") -> list[str]:
    return [counted(int(chosen.sum()), "logs?"), r"\A(?!error)"]


def _datapoints(chosen: "pd.Series[bool]") -> list[str]:
    """How many datapoints there are; the page shows one of them."""
    return [counted(int(chosen.sum()), "datapoints"), row_named("|".join(map(str, chosen.index[chosen])))]


def _judged(**conditions: Any) -> "pd.Series[bool]":
    frame = judgments()
    chosen = pd.Series(True, index=frame.index)
    for column, value in conditions.items():
        chosen &= frame[column] == value
    return chosen


def _passing(data: Recorded) -> pd.DataFrame:
    """Whether each datapoint (rows) passes in each run (columns): every repeat meets all criteria."""
    frame = data.frame()
    return frame.pivot_table(index="datapoint", columns="run", values="all_criteria_met", aggfunc="min").astype(bool)


def _on_river(log: dict[str, Any]) -> bool:
    explained = [str(given.get("explanation") or "") for given in log["judgments"].values()]
    return any("river crossing" in text.lower() for text in explained)


def _where_group(data: Recorded) -> list[str]:
    group = Paired(GPT4, METRICS).group("subset", "neighbor")
    return [
        row("correct", str(group.pairs), percent(group.before), percent(group.after)),
        line(r"(?m:^correct) ", rf"\| {group.counts} \|"),
    ]


def _long_answers(data: Recorded) -> list[str]:
    frame = data.frame()
    before, after = (
        frame[frame["run"] == run].set_index("datapoint") for run in ("baseline-2023-12", "prompt-ignore-sources")
    )
    chosen = before["length"] > 1000
    first, second = before["gpt_similarity"][chosen], after["gpt_similarity"].reindex(before.index)[chosen]
    return [row("gpt_similarity", str(chosen.sum()), figure(first.mean()), figure(second.mean())), "biase[ds]"]


QUESTIONS: tuple[Question, ...] = (
    _ask(
        "filter",
        "llm-judges",
        "How many of Falcon's verdicts on gptout are wrong?",
        "get_logs",
        {"runs": ["Falcon"], "where": ["subset=gptout", "correct=false"], **_ONE},
        lambda _: _logs(_judged(run=FALCON, subset="gptout", correct=False)),
    ),
    _ask(
        "filter",
        "llm-judges",
        "How many verdicts are right in one order and wrong when swapped?",
        "get_logs",
        {"where": ["correct=true", "correct_swapped=false"], **_ONE},
        lambda _: _logs(_judged(correct=True, correct_swapped=False)),
    ),
    _ask(
        "filter",
        "llm-judges",
        "Outside of natural and manual, how often is ChatGPT inconsistent?",
        "get_logs",
        {"where": ["run=model=ChatGPT", "subset!=natural|manual", "consistent=false"], **_ONE},
        lambda _: _logs(_judged(run=CHATGPT, consistent=False) & ~judgments()["subset"].isin(["natural", "manual"])),
    ),
    _ask(
        "filter",
        "preferences",
        "Where do people prefer the first output, and Falcon the second?",
        "get_logs",
        {"where": ["run=first", "people=output_1", "falcon-vanilla=output_2"], **_ONE},
        lambda _: _logs(
            (votes()["order"] == "first")
            & (votes()["people"] == "output_1")
            & (votes()["falcon-vanilla"] == "output_2")
        ),
    ),
    _ask(
        "filter",
        "preferences",
        "How many natural pairs did PaLM2 abstain on in either order?",
        "get_logs",
        {"where": ["subset=natural", "palm2-vanilla=abstained"], **_ONE},
        lambda _: _logs((votes()["subset"] == "natural") & votes()["palm2-vanilla"].isna()),
    ),
    _ask(
        "filter",
        "rag-chat",
        "Which long answers are not grounded?",
        "get_logs",
        {"where": ["length>1000", "gpt_groundedness<3"], **_ONE},
        lambda data: _logs((data.frame()["length"] > 1000) & (data.frame()["gpt_groundedness"] < 3)),
    ),
    _ask(
        "filter",
        "rag-chat",
        "Which answers took over 4 seconds and cite nothing?",
        "get_logs",
        {"where": ["latency>4", "has_citation=false"], **_ONE},
        lambda data: _logs((data.frame()["latency"] > 4) & (data.frame()["has_citation"] == False)),  # noqa: E712
    ),
    _ask(
        "filter",
        "rag-chat",
        "Which logs were never judged for citations?",
        "get_logs",
        {"where": ["has_citation=missing"], **_ONE},
        lambda data: _logs(data.frame()["has_citation"].isna()),
    ),
    _ask(
        "filter",
        "rag-chat",
        "How many answers of the two August runs say that they do not know?",
        "get_logs",
        {"where": ["run=baseline-2024-08|prompt-no-markdown-2024-08", 'output~"I don\'t know"'], **_ONE},
        lambda data: _logs(
            data.frame()["run"].isin(["baseline-2024-08", "prompt-no-markdown-2024-08"])
            & data.frame()["output"].str.contains("I don't know", case=False, regex=False)
        ),
    ),
    _ask(
        "filter",
        "long-outputs",
        "Which answers spent 10,000 tokens and still failed?",
        "get_logs",
        {"where": ["tokens>=10000", "all_criteria_met=false"], **_ONE},
        lambda data: _logs((data.frame()["tokens"] >= 10_000) & (data.frame()["all_criteria_met"] == False)),  # noqa: E712
    ),
    _ask(
        "filter",
        "rag-chat",
        "How many answers took 2 to 3 seconds?",
        "get_logs",
        {"where": ["latency=2..3"], **_ONE},
        lambda data: _logs(data.frame()["latency"].between(2, 3)),
    ),
    _ask(
        "filter",
        "long-outputs",
        "Which answers of Opus got half of the score?",
        "get_logs",
        {"where": ["run=claude-opus-4", "rubric_score=0.4..0.6"], **_ONE},
        lambda data: _logs((data.frame()["run"] == "claude-opus-4") & data.frame()["rubric_score"].between(0.4, 0.6)),
    ),
    _ask(
        "filter",
        "long-outputs",
        "Which answers did the judge reproach with a river crossing?",
        "get_logs",
        {"where": ["explanation~river crossing"], **_ONE},
        lambda data: [counted(sum(map(_on_river, data.all_logs())), "logs")],
    ),
    _ask(
        "filter",
        "llm-judges",
        "How many verdicts are wrong in all, and whose?",
        "list_runs",
        {"where": ["correct=false"], "max_tokens": 900},
        lambda _: [
            counted(int(_judged(correct=False).sum()), "logs"),
            *(row(f'"{label}[^|]*', str(_judged(run=run, correct=False).sum())) for run, label in _LABELS.items()),
        ],
    ),
    _ask(
        "filter",
        "llm-judges",
        "How often is each judge right where people prefer the second output?",
        "list_runs",
        {"where": ["better=output_2"], "max_tokens": 1000},
        lambda _: [
            line(rf'(?m:^"{_LABELS[run]}[^|]*\| 213 \|)', percent(float(rate)) + " true")
            for run in (GPT4, CHATGPT, PALM, FALCON)
            for rate in [judgments()[_judged(run=run, better="output_2")]["correct"].dropna().astype(float).mean()]
        ],
    ),
    _ask(
        "filter",
        "llm-judges",
        "Do metrics help GPT-4 on neighbor?",
        "compare_runs",
        {
            "candidates": ["Metrics"],
            "where": ["subset=neighbor"],
            "evaluators": ["correct"],
            "limit": 1,
            "max_tokens": 800,
        },
        _where_group,
    ),
    _ask(
        "filter",
        "rag-chat",
        "Did similarity fall where the control's answers were long?",
        "compare_runs",
        {
            "candidates": ["prompt-ignore-sources"],
            "evaluators": ["gpt_similarity"],
            "where": ["baseline.length>1000"],
            "limit": 1,
            "max_tokens": 800,
        },
        _long_answers,
    ),
    _ask(
        "passes",
        "llm-judges",
        "Which datapoints does only GPT-4 with metrics get right?",
        "list_datapoints",
        {"where": ["passes(correct)=Metrics", "passes_count(correct)=1"], "limit": 1, "max_tokens": 700},
        lambda _: _datapoints((by_run()[METRICS] == 1) & ((by_run() == 1).sum(axis=1) == 1)),
    ),
    _ask(
        "passes",
        "llm-judges",
        "Which datapoints does Falcon get right and GPT-4 wrong?",
        "list_datapoints",
        {"where": ["passes(correct)=Falcon", 'fails(correct)="model=GPT-4 strategy=Vanilla"'], **_ONE},
        lambda _: _datapoints((by_run()[FALCON] == 1) & (by_run()[GPT4] == 0)),
    ),
    _ask(
        "passes",
        "llm-judges",
        "How many datapoints are easy: all eight are right?",
        "list_datapoints",
        {"where": ["passes_count(correct)=8"], **_ONE},
        lambda _: _datapoints((by_run() == 1).all(axis=1)),
    ),
    _ask(
        "passes",
        "llm-judges",
        "How many datapoints do three to five of eight judges get right?",
        "list_datapoints",
        {"where": ["passes_count(correct)=3..5"], **_ONE},
        lambda _: _datapoints((by_run() == 1).sum(axis=1).between(3, 5)),
    ),
    _ask(
        "passes",
        "llm-judges",
        "How many gptinst datapoints do at most two judges get right?",
        "list_datapoints",
        {"where": ["subset=gptinst", "passes_count(correct)<=2"], **_ONE},
        lambda _: _datapoints(((by_run() == 1).sum(axis=1) <= 2) & by_run().index.str.startswith("gptinst")),
    ),
    _ask(
        "passes",
        "long-outputs",
        "Which prompts does Opus always solve, and Grok not?",
        "list_datapoints",
        {"where": ["passes(all_criteria_met)=claude-opus-4", "fails(all_criteria_met)=grok-3-mini-think"], **_ONE},
        lambda data: _datapoints(_passing(data)["claude-opus-4"] & ~_passing(data)["grok-3-mini-think"]),
    ),
    _ask(
        "passes",
        "long-outputs",
        "Which prompts does every run always solve?",
        "list_datapoints",
        {"where": ["passes_count(all_criteria_met)=8"], **_ONE},
        lambda data: _datapoints(_passing(data).all(axis=1)),
    ),
)
