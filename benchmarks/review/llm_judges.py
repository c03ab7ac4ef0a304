"""Questions about judges without version names: labels, votes as tool calls, options without order, search, costs."""

from collections.abc import Callable
from typing import Any

from benchmarks.review import judges_document as made
from benchmarks.review.questions import Question, comparison, counted, figure, line, literal, percent
from benchmarks.review.truth import Recorded, adjust, verdicts
from scipy.stats import binomtest

GPT4, METRICS = "gpt-4-vanilla", "gpt-4-metrics-reference"
_LABELS = {
    GPT4: "model=GPT-4 strategy=Vanilla",
    "gpt-4-cot": "strategy=CoT",
    METRICS: "strategy=Metrics_Reference",
    "chatgpt-vanilla": "model=ChatGPT",
    "chatgpt-cot": "model=ChatGPT strategy=CoT",
    "palm2-vanilla": "model=PaLM2",
    "llama2-vanilla": "model=LLaMA2",
    "falcon-vanilla": "model=Falcon",
}


def _judges(words: str, tool: str, arguments: dict[str, Any], facts: Any, *raw: str) -> Question:
    return Question(words, "llm-judges", ((tool, {"evaluation": made.JUDGES, **arguments}),), facts, raw)


def _votes(words: str, tool: str, arguments: dict[str, Any], facts: Callable[[], list[str]], *raw: str) -> Question:
    return Question(words, "votes", ((tool, {"evaluation": made.VOTES, **arguments}),), lambda _: facts(), raw)


def _rates(data: Recorded, *runs: str) -> list[str]:
    return [line(rf'(?m:^"?{literal(_LABELS[run])}"?)', percent(data.mean(run, "correct"))) for run in runs]


def _compared(data: Recorded, baseline: str, candidate: str) -> list[str]:
    pairing = data.pair(baseline, candidate, "correct")
    (verdict,) = verdicts([pairing])
    better, worse = len(pairing.better), len(pairing.worse)
    exact = _mcnemar(better, worse)
    shown = "<0.0001" if exact < 0.0001 else figure(exact, 4 if exact < 0.01 else 3 if exact < 0.1 else 2)
    return [comparison("correct", pairing, verdict, share=True), line("correct", shown)]


def _mcnemar(better: int, worse: int) -> float:
    return float(binomtest(better, better + worse).pvalue)


def _best_and_worst(data: Recorded) -> list[str]:
    means = {run: data.mean(run, "correct") for run in data.logs}
    best, worst = max(means, key=means.__getitem__), min(means, key=means.__getitem__)
    return [
        line(f'best "{literal(_LABELS[best])}"', percent(means[best])),
        line(f'worst "{literal(_LABELS[worst])}"', percent(means[worst]), "n=419 and 418"),
    ]


def _abstained(data: Recorded) -> list[str]:
    given = [said for logs in data.logs.values() for log in logs for said in log["judgments"].values()]
    return [counted(sum(said.get("judgment") is None for said in given), "abstained judgments")]


def _failed_by_six(data: Recorded) -> list[str]:
    runs = [run for run in data.logs if run not in ("chatgpt-cot", "palm2-vanilla")]
    wrong = [{log["datapoint_id"] for log, said in data.judged(run, "correct") if not said} for run in runs]
    return [counted(len(set.intersection(*wrong)), "datapoints")]


def _family(data: Recorded) -> list[str]:
    """The p of one difference is that of the whole evaluation: Holm's over 7 runs and 3 evaluators."""
    tests = []
    for evaluator in ("correct", "correct_swapped", "consistent"):
        for run in data.logs:
            pairing = data.pair(GPT4, run, evaluator)
            if run != GPT4 and pairing.moved:
                tests.append(((run, evaluator), _mcnemar(len(pairing.better), len(pairing.worse))))
    adjusted = dict(zip([of for of, _ in tests], adjust([p for _, p in tests]), strict=True))
    return [
        line("correct", rf"\| {figure(adjusted[METRICS, 'correct'], 3)} \|"),
        f"over {len(tests)} comparisons of the evaluation",
    ]


def _cut(data: Recorded) -> list[str]:
    point = data.datapoints["natural_000"]["inputs"]["instruction"]
    return [literal(f"{len(point):,} characters"), literal(point.splitlines()[0])]


_LINES = {line["id"]: line for line in made.read_lines("votes.jsonl")}
_POINTS = made.read_lines("dataset.jsonl")[: made.VOTED]
_NAMES = {model: name for name, model in made.VOTERS.items()}


def _cast(model: str) -> dict[str, str | None]:
    return {point["id"]: _LINES[point["id"]][_NAMES[model]]["order_1"] for point in _POINTS}


def _share(model: str, option: str) -> float:
    cast = [vote for vote in _cast(model).values() if vote is not None]
    return cast.count(option) / len(cast)


def _biased(model: str) -> dict[str, bool]:
    both = {point["id"]: _LINES[point["id"]][_NAMES[model]] for point in _POINTS}
    return {id: vote["order_1"] != vote["order_2"] for id, vote in both.items() if None not in vote.values()}


def _more_biased(baseline: str, candidate: str) -> tuple[int, int, int]:
    """Datapoints that lost their bias, that got one, and that have both votes."""
    before, after = _biased(baseline), _biased(candidate)
    shared = before.keys() & after.keys()
    lost = sum(before[id] and not after[id] for id in shared)
    got = sum(after[id] and not before[id] for id in shared)
    return lost, got, len(shared)


def _valence(baseline: str, candidate: str) -> list[str]:
    lost, got, shared = _more_biased(baseline, candidate)
    p_value = _mcnemar(lost, got)
    verdict = "no significant difference" if p_value > 0.05 else "better" if lost > got else "worse"
    return [line("biased", figure(shared, 0), literal(f"| {lost}/{got}/{shared - lost - got} |"), verdict)]


def _disagreeing() -> int:
    """The datapoints on which the judges and people do not all vote alike."""
    cast = [_cast(model) for model in made.VOTERS.values()]
    votes = [[_LINES[point["id"]]["human"], *(of[point["id"]] for of in cast)] for point in _POINTS]
    return sum(len(set(filter(None, of_point))) > 1 for of_point in votes)


_FALCON_COST = made.PROMPT_COST + 2 * made.OUTPUT_COST
_GPT4_COST = made.PROMPT_COST + made.OUTPUT_COST
_CORRECT = {"evaluators": ["correct"], "limit": 1, "max_tokens": 700}
_ONE = {"candidates": ["judge=Falcon"], "limit": 1, "max_tokens": 1000}

QUESTIONS: tuple[Question, ...] = (
    _judges(
        "Which judge is best, and which worst?",
        "list_evaluations",
        {"evaluation": None, "text": made.JUDGES},
        _best_and_worst,
        "runs",
    ),
    _judges(
        "How often is each judge right? None has a name.",
        "list_runs",
        {},
        lambda data: _rates(data, *data.logs),
        "runs",
        "stats",
    ),
    _judges("How often did judges name no winner?", "list_runs", {"max_tokens": 1200}, _abstained, "stats"),
    _judges(
        "Do metrics and a reference help GPT-4?",
        "compare_runs",
        {"candidates": ["Metrics"], "evaluators": ["correct"], "limit": 1, "max_tokens": 700},
        lambda data: [*_compared(data, GPT4, METRICS), "strategy Vanilla → Metrics_Reference"],
        "runs",
    ),
    _judges(
        "Does a chain of thought help GPT-4?",
        "compare_runs",
        {"candidates": ["strategy=CoT"], "evaluators": ["correct"], "limit": 1, "max_tokens": 700},
        lambda data: _compared(data, GPT4, "gpt-4-cot"),
        "runs",
    ),
    _judges(
        "Is Falcon better than ChatGPT?",
        "compare_runs",
        {
            "baseline": "model=ChatGPT",
            "candidates": ["Falcon"],
            "evaluators": ["correct"],
            "limit": 1,
            "max_tokens": 700,
        },
        lambda data: [*_compared(data, "chatgpt-vanilla", "falcon-vanilla"), "model ChatGPT → Falcon"],
        "runs",
    ),
    _judges(
        "Is Llama better than ChatGPT on what both judged?",
        "compare_runs",
        {
            "baseline": "model=ChatGPT",
            "candidates": ["LLaMA2"],
            "evaluators": ["correct"],
            "limit": 1,
            "max_tokens": 700,
        },
        lambda data: _compared(data, "chatgpt-vanilla", "llama2-vanilla"),
        "runs",
    ),
    _judges(
        "What is p for metrics over all that was compared?",
        "compare_runs",
        {"candidates": ["Metrics"], "evaluators": ["correct"], "limit": 1, "max_tokens": 700, "family": "evaluation"},
        _family,
        "runs",
    ),
    _judges(
        "On how many datapoints are six judges all wrong?",
        "list_datapoints",
        {
            "show": "all_fail",
            "evaluator": "correct",
            "runs": [label for run, label in _LABELS.items() if run not in ("chatgpt-cot", "palm2-vanilla")],
            "limit": 1,
            "max_tokens": 700,
        },
        _failed_by_six,
        "datapoints",
    ),
    _judges(
        "How many answers of PaLM2 name no winner?",
        "get_logs",
        {"runs": ["PaLM2"], "limit": 1, "max_tokens": 500, "where": ["correct=abstained"]},
        lambda data: [counted(419 - len(data.judged("palm2-vanilla", "correct")), "logs")],
        "runs",
    ),
    _judges(
        "How many answers of Falcon are wrong, and what was right in one?",
        "get_logs",
        {"runs": ["Falcon"], "limit": 1, "max_tokens": 500, "where": ["correct=false"]},
        lambda data: [
            counted(sum(not said for _, said in data.judged("falcon-vanilla", "correct")), "logs"),
            r"\n = \"?output_[12]\b",
        ],
        "runs",
    ),
    Question(
        "How long is the first instruction, of which only the beginning is shown?",
        "llm-judges",
        (("get_log", {"log": "log_gpt-4-cot_natural_000", "part": "inputs.instruction", "max_tokens": 300}),),
        _cut,
        ("datapoints",),
    ),
    _votes(
        "How did each judge vote?",
        "list_runs",
        {},
        lambda: [
            line(rf'(?m:^"judge={model}")', rf"output_1 {percent(_share(model, 'output_1'))}") for model in _NAMES
        ],
        "stats",
    ),
    _votes(
        "Which vote did Falcon cast on the eighth datapoint? Its output is a tool call.",
        "get_logs",
        {"runs": ["Falcon"], "datapoint": "dp_vote_natural_007", "max_tokens": 700},
        lambda: [literal(f'cast_vote({{winner: "{_cast("Falcon")["natural_007"]}"}})')],
        "logs",
    ),
    _votes(
        "Is Falcon more biased than GPT-4? True is bad.",
        "compare_runs",
        {**_ONE, "evaluators": ["biased"]},
        lambda: _valence("GPT-4", "Falcon"),
        "logs",
    ),
    _votes(
        "Is PaLM2 less biased than Falcon? True is bad.",
        "compare_runs",
        {"baseline": "Falcon", "candidates": ["PaLM2"], "evaluators": ["biased"], "limit": 1, "max_tokens": 1000},
        lambda: _valence("Falcon", "PaLM2"),
        "logs",
    ),
    _votes(
        "Which datapoints did every run get wrong by people? Their options have no order.",
        "list_datapoints",
        {"show": "all_fail", "evaluator": "people", "limit": 1, "max_tokens": 500},
        lambda: ["Cannot tell", "its options have no order", r"options\[\]\.valence"],
        "logs",
    ),
    _votes(
        "On how many datapoints do the judges' votes differ, from each other or from people's?",
        "list_datapoints",
        {"show": "disagreement", "evaluator": "vote", "limit": 1, "max_tokens": 700},
        lambda: [counted(_disagreeing(), "datapoints")],
        "logs",
    ),
    _votes(
        "What do the flows cost, of which only the steps have a cost?",
        "compare_runs",
        {**_ONE, "evaluators": ["vote"]},
        lambda: [line("cost", "120", rf"\${_GPT4_COST:.3f}0*\b", rf"\${_FALCON_COST:.3f}0*\b", "worse")],
        "logs",
    ),
    _votes(
        "Does PaLM2 cost less than GPT-4? It logs only the output's cost.",
        "compare_runs",
        {"candidates": ["PaLM2"], "evaluators": ["vote"], "limit": 1, "max_tokens": 900},
        lambda: [rf'Only the output\'s cost is logged for {made.VOTED} in "judge=PaLM2"', r"\A(?!(?s:.*)\ncost \|)"],
        "logs",
    ),
    _votes(
        "Which run has nothing but errors?",
        "list_runs",
        {},
        lambda: [r'(?i)"judge=LLaMA2"[^\n]*(?:all|every)[^\n]*(?:error|failed)|(?:all|every)[^\n]*error[^\n]*LLaMA2'],
        "logs",
    ),
    _votes(
        "Which log has this ticket in its metadata?",
        "get_logs",
        {"where": ["text~ticket-Falcon-natural_007"], "max_tokens": 500},
        lambda: [counted(1, "log"), "log_Falcon_natural_007", "found: in metadata"],
        "logs",
    ),
    _votes(
        "In which step was the swapped vote of PaLM2 on the twelfth datapoint?",
        "get_logs",
        {"where": ["text~swapped vote of PaLM2 on natural_011"], "max_tokens": 500},
        lambda: [counted(1, "log"), "in step log_PaLM2_natural_011_step"],
        "logs",
    ),
    _votes(
        "How many explanations say that people preferred the second output on the datapoints 10 to 19?",
        "get_logs",
        {"where": ["text~People preferred output_2 of natural_01"], "limit": 1, "max_tokens": 500},
        lambda: [
            counted(4 * sum(_LINES[f"natural_01{n}"]["human"] == "output_2" for n in range(10)), "logs"),
            "in explanation by people",
        ],
        "logs",
    ),
    _votes(
        "How many logs of Llama failed, and how?",
        "get_logs",
        {"runs": ["LLaMA2"], "limit": 1, "max_tokens": 500, "where": ["error=true"]},
        lambda: [counted(made.VOTED, "logs"), r'error: "LLaMA2 gave no vote on \w+"'],
        "logs",
    ),
    _votes(
        "Can Llama be compared with GPT-4? All its logs failed.",
        "compare_runs",
        {"candidates": ["LLaMA2"], "limit": 1, "max_tokens": 900},
        lambda: [r'Failed logs: 120 in "judge=LLaMA2"', r"No judgments in the candidate"],
        "logs",
    ),
)
