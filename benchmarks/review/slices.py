"""Questions about parts of the logs: figures in groups, where a difference sits, and which logs fail."""

from collections.abc import Callable
from typing import Any

from benchmarks.review.questions import (
    Question,
    figure,
    interval,
    line,
    literal,
    nothing_like,
    one_call,
    p_shown,
    percent,
    row,
    signed,
)
from benchmarks.review.truth import Recorded, adjust
from benchmarks.review.vote_figures import CHATGPT, COT, FALCON, GPT4, METRICS, PALM, SUBSETS, Paired, bins, judgments

_LABELS = {GPT4: "model=GPT-4", FALCON: "model=Falcon", PALM: "model=PaLM2", CHATGPT: "model=ChatGPT"}
_CORRECT = {"evaluators": ["correct"], "limit": 1, "max_tokens": 800}


def _ask(
    kind: str,
    evaluation: str,
    words: str,
    tool: str,
    arguments: dict[str, Any],
    facts: Callable[[Recorded], list[str]],
) -> Question:
    return one_call(kind, evaluation, words, (tool, arguments), facts)


def _rates(field: str, value: str, *runs: str) -> list[str]:
    """The rate of each run in one group, with the number judged where some abstained."""
    facts = []
    for run in runs:
        rows = judgments()[(judgments()["run"] == run) & (judgments()[field] == value)]
        judged = rows["correct"].dropna()
        cell = f"{percent(float(judged.astype(float).mean()))} true" + f" n={len(judged)}" * (len(judged) < len(rows))
        facts.append(row(value, f'"?{_LABELS[run]}[^|]*', str(len(rows)), cell))
    return facts


def _changes(paired: Paired, field: str, values: tuple[str, ...]) -> list[str]:
    """The row of each group: pairs, rates, difference, Holm-adjusted p and counts."""
    groups = [paired.group(field, value) for value in values]
    changed = [group for group in groups if group.better + group.worse]
    adjusted = dict(zip(map(id, changed), adjust([group.p_value for group in changed]), strict=True))
    return [
        row(
            value,
            str(group.pairs),
            percent(group.before),
            percent(group.after),
            signed(group.difference, 1) + " points?",
            interval(group.interval()) + " points?",
            p_shown(adjusted[id(group)]) if id(group) in adjusted else "-",
            group.counts,
        )
        for value, group in zip(values, groups, strict=True)
    ]


def _sits(paired: Paired) -> list[str]:
    """The group that the difference sits in, its difference and that of the others."""
    _, field, value = paired.located()[0]
    group = paired.group(field, value)
    others = paired.all
    rest = 100 * (others.better - others.worse - group.better + group.worse) / (others.pairs - group.pairs)
    return [
        rf"in {field}={value}: [+-]?{figure(abs(group.difference), 1)} points \(n={group.pairs}\b"
        + rf"[^\n]*[+-]?{figure(abs(rest), 1)} points?, n={others.pairs - group.pairs}\b"
    ]


def _output_bins(data: Recorded) -> list[str]:
    frame = data.frame()
    before, after = (
        frame[frame["run"] == run].set_index("datapoint") for run in ("baseline-2023-12", "prompt-ignore-sources")
    )
    facts = []
    for low, high, chosen in bins(before["length"], 5):
        first, second = before["gpt_similarity"][chosen], after["gpt_similarity"].reindex(before.index)[chosen]
        better, worse = int((second > first).sum()), int((second < first).sum())
        counts = f"{better}/{worse}/{int(chosen.sum()) - better - worse}"
        between = f"{low:,.0f} to {high:,.0f}"
        facts.append(row(between, str(chosen.sum()), figure(first.mean()), figure(second.mean())))
        facts.append(line(rf"(?m:^{between}) ", rf"\| {counts} \|"))
    return facts


def _length_by_latency(data: Recorded) -> list[str]:
    frame = data.frame()
    rows = frame[frame["run"] == "baseline-2024-08"].astype({"latency": float, "answer_length": float})
    return [
        line(rf"(?m:^{low:.1f} s to {high:.1f} s)", f"{chosen.sum()}", figure(rows["answer_length"][chosen].mean()))
        for low, high, chosen in bins(rows["latency"], 5)
    ]


def _failing(data: Recorded) -> list[str]:
    failed = data.frame()["all_criteria_met"] == False  # noqa: E712
    by_run = failed.groupby(data.frame()["run"])
    runs = [literal(f"{run} {of_run.sum()} of {len(of_run)}") for run, of_run in by_run]
    return [f"{failed.sum()} of {len(failed):,} logs fail", *runs]


def _grounded_by_citation(data: Recorded) -> list[str]:
    frame = data.frame()
    frame = frame[(frame["run"] == "baseline-2024-02-reasons")]
    return [
        row(str(cited).lower(), "baseline-2024-02-reasons", str(len(rows)), figure(mean))
        for cited, rows in frame.groupby("has_citation")
        for mean in [float(rows["groundedness"].astype(float).mean())]
    ]


QUESTIONS: tuple[Question, ...] = (
    _ask(
        "groups",
        "llm-judges",
        "Where is each judge weak, by subset?",
        "list_runs",
        {"group_by": "subset", "max_tokens": 2000},
        lambda _: [fact for subset in SUBSETS for fact in _rates("subset", subset, GPT4, FALCON, PALM)],
    ),
    _ask(
        "groups",
        "llm-judges",
        "Do the judges favour an output by its position?",
        "list_runs",
        {"group_by": "better", "max_tokens": 900},
        lambda _: [fact for side in ("output_1", "output_2") for fact in _rates("better", side, FALCON, PALM, CHATGPT)],
    ),
    _ask(
        "groups",
        "llm-judges",
        "In which subsets do metrics help GPT-4?",
        "compare_runs",
        {"candidates": ["Metrics"], "evaluators": ["correct"], "group_by": "subset", "max_tokens": 800},
        lambda _: _changes(Paired(GPT4, METRICS), "subset", SUBSETS),
    ),
    _ask(
        "groups",
        "llm-judges",
        "In which subsets is Falcon better than ChatGPT?",
        "compare_runs",
        {
            "baseline": "model=ChatGPT",
            "candidates": ["Falcon"],
            "evaluators": ["correct"],
            "group_by": "subset",
            "max_tokens": 800,
        },
        lambda _: _changes(Paired(CHATGPT, FALCON), "subset", SUBSETS),
    ),
    _ask(
        "groups",
        "rag-chat",
        "Does the loss of similarity depend on how long the control's answer was?",
        "compare_runs",
        {
            "candidates": ["prompt-ignore-sources"],
            "evaluators": ["gpt_similarity"],
            "group_by": "length",
            "max_tokens": 800,
        },
        _output_bins,
    ),
    _ask(
        "groups",
        "rag-chat",
        "Are answers with a citation more grounded?",
        "list_runs",
        {"where": ["run=baseline-2024-02-reasons"], "group_by": "has_citation", "max_tokens": 600},
        _grounded_by_citation,
    ),
    _ask(
        "groups",
        "rag-chat",
        "Are slow answers of August longer?",
        "list_runs",
        {"where": ["run=baseline-2024-08"], "group_by": "latency", "max_tokens": 600},
        _length_by_latency,
    ),
    _ask(
        "located",
        "llm-judges",
        "Where does the gain of metrics sit?",
        "compare_runs",
        {"candidates": ["Metrics"], **_CORRECT},
        lambda _: _sits(Paired(GPT4, METRICS)),
    ),
    _ask(
        "located",
        "llm-judges",
        "Where does Falcon lose to GPT-4?",
        "compare_runs",
        {"candidates": ["Falcon"], **_CORRECT},
        lambda _: _sits(Paired(GPT4, FALCON)),
    ),
    _ask(
        "located",
        "llm-judges",
        "Where is Falcon better than ChatGPT?",
        "compare_runs",
        {"baseline": "model=ChatGPT", "candidates": ["Falcon"], **_CORRECT},
        lambda _: _sits(Paired(CHATGPT, FALCON)),
    ),
    _ask(
        "located",
        "llm-judges",
        "Does a chain of thought harm GPT-4 anywhere in particular?",
        "compare_runs",
        {"candidates": ["strategy=CoT"], **_CORRECT},
        lambda _: [nothing_like("The difference by correct")] if Paired(GPT4, COT).located()[0][0] > 0.05 else [],
    ),
    _ask(
        "failures",
        "long-outputs",
        "How many answers fail, whose, and on what kind of prompt?",
        "list_runs",
        {"show": "failures", "max_tokens": 1000},
        _failing,
    ),
)
