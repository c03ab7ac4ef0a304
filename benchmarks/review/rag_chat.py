"""Questions about the runs of a chat over company documents: prompt versions, evaluator failures, latency, texts."""

from typing import Any

from benchmarks.review.questions import (
    RAG,
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

CONTROL = "baseline-2023-12"
IGNORING = "prompt-ignore-sources"
REFINED = "prompt-refined"
REASONS = "baseline-2024-02-reasons"
RETRIEVAL = "text-retrieval-2024-02"
AUGUST = "baseline-2024-08"
PLAIN = "prompt-no-markdown-2024-08"


def _rag(words: str, tool: str, arguments: dict[str, Any], facts: Any, *raw: str) -> Question:
    return Question(words, "rag-chat", ((tool, {"evaluation": RAG, **arguments}),), facts, raw)


def _compared(data: Recorded, baseline: str, candidate: str, *evaluators: str) -> list[str]:
    pairings = [data.pair(baseline, candidate, evaluator) for evaluator in evaluators]
    return [
        comparison(evaluator, pairing, verdict, share=evaluator == "has_citation")
        for evaluator, pairing, verdict in zip(evaluators, pairings, verdicts(pairings), strict=True)
    ]


def _against_control(data: Recorded, evaluator: str) -> list[str]:
    runs = [run for run in data.logs if run != CONTROL and data.judged(run, evaluator)]
    pairings = [data.pair(CONTROL, run, evaluator) for run in runs]
    return [
        line(literal(run), comparison(evaluator, pairing, verdict))
        for run, pairing, verdict in zip(runs, pairings, verdicts(pairings), strict=True)
    ]


def _means(data: Recorded, evaluator: str) -> list[str]:
    return [
        line(rf"(?m:^{literal(run)})", figure(data.mean(run, evaluator)))
        for run in data.logs
        if data.judged(run, evaluator)
    ]


def _largest(data: Recorded, baseline: str, candidate: str, evaluator: str, *, better: bool = False) -> list[str]:
    """How many datapoints moved one way, and the largest change."""
    pairing = data.pair(baseline, candidate, evaluator)
    rows = pairing.better if better else pairing.worse
    most = abs(pairing.change(rows[0]))
    before, after = next(pairing.changes[row] for row in rows if abs(pairing.change(row)) == most)
    named = "|".join(row for row in rows if abs(pairing.change(row)) == most)
    return [counted(len(rows), "datapoints got"), rf"{evaluator} {before:g} → {after:g}", f'row: "(?:{named})"']


def _moved(data: Recorded, baseline: str, candidate: str, evaluator: str) -> list[str]:
    """Each datapoint that got worse, with both judgments."""
    pairing = data.pair(baseline, candidate, evaluator)
    return [
        rf'{evaluator} {pairing.changes[row][0]:g} → {pairing.changes[row][1]:g}\n(?:  [^\n]*\n)*?[^\n]*row: "{row}"'
        for row in pairing.worse
    ]


def _failures(data: Recorded) -> list[str]:
    failed = data.failed()
    per_evaluator = {evaluator: sum(item[1] == evaluator for item in failed) for _, evaluator, _ in failed}
    return [
        counted(len(failed), "failed judgments"),
        *(line(literal(RETRIEVAL), literal(evaluator)) for evaluator in per_evaluator),
        figure(next(iter(per_evaluator.values())), 0) + " each",
    ]


def _slowest(data: Recorded, run: str | None, amount: int) -> list[str]:
    logs = [log for log in (data.logs[run] if run else data.all_logs()) if log["latency_s"] is not None]
    logs.sort(key=lambda log: -log["latency_s"])
    return [line(literal(log["id"]), figure(log["latency_s"], 1) + " s") for log in logs[:amount]]


def _constant(data: Recorded) -> list[str]:
    said = [judgment for run in data.logs for _, judgment in data.judged(run, "citation_match")]
    assert set(said) == {False}
    return [line("citation_match", "false", rf"all {len(said)} judged logs")]


def _judged(data: Recorded, run: str, evaluator: str, low: float, high: float) -> list[dict[str, Any]]:
    return [log for log, judgment in data.judged(run, evaluator) if low <= judgment <= high]


def _beside(data: Recorded) -> list[str]:
    facts = []
    for run in (CONTROL, REFINED):
        log = data.log(f"log_{run}_0067")
        facts.append(literal(log["output"][:140]))
    before, after = (data.log(f"log_{run}_0067")["judgments"]["gpt_groundedness"] for run in (CONTROL, REFINED))
    return [*facts, rf"gpt_groundedness: A {before['judgment']:g}, B {after['judgment']:g}"]


def _worst_explained(data: Recorded) -> list[str]:
    _, judgment = min(data.judged(REASONS, "groundedness"), key=lambda item: item[1])
    ids = [log["id"] for log, said in data.judged(REASONS, "groundedness") if said == judgment]
    starts = [literal(data.log(name)["judgments"]["groundedness"]["explanation"][:60]) for name in ids]
    return [line("judgments:", f"groundedness {judgment:g}", f"(?:{'|'.join(starts)})"), f"(?:{'|'.join(ids)})"]


def _distribution(data: Recorded) -> list[str]:
    return [rf"gpt_similarity {value:g}\b" for value in {said for _, said in data.judged(IGNORING, "gpt_similarity")}]


def _longest(data: Recorded) -> list[str]:
    log = max(data.all_logs(), key=lambda item: len(item["output"]))
    return [literal(log["id"]), literal(log["output"][:60]), figure(len(log["output"]), 0)]


def _duplicates(data: Recorded) -> list[str]:
    question = data.datapoints["dp_0007"]["inputs"]["question"]
    rows = [row for row, point in data.datapoints.items() if point["inputs"]["question"] == question]
    assert rows == ["dp_0007", "dp_0076"]
    return [counted(len(rows), "datapoints"), *(row_named(row) for row in rows)]


def _latency(data: Recorded) -> list[str]:
    pairing = data.pair_measure(RETRIEVAL, AUGUST, "latency_s")
    (said,) = verdicts([pairing], less_is_better=True)
    counts = (
        f"| {len(pairing.worse)}/{len(pairing.better)}/{pairing.pairs - len(pairing.worse) - len(pairing.better)} |"
    )
    return [
        line("latency", figure(pairing.baseline, 1), figure(pairing.candidate, 1), literal(counts), literal(said)),
        line("latency", literal("-") + figure(pairing.baseline - pairing.candidate) + " s"),
    ]


def _read_context(data: Recorded) -> list[str]:
    context = data.log(f"log_{IGNORING}_0005")["inputs"]["context"]
    return [figure(len(context), 0) + " characters", literal(context[:300])]


def _texts(data: Recorded, log_id: str) -> list[str]:
    log = data.log(log_id)
    return [
        literal(log["inputs"]["question"]),
        literal(log["output"][:200]),
        *(line(name, figure(said["judgment"])) for name, said in log["judgments"].items()),
    ]


_ONE = ("gpt_groundedness",)
_LOG_27 = f"log_{REASONS}_0027"

QUESTIONS = (
    _rag(
        "Which run is the most grounded?",
        "list_runs",
        {"max_tokens": 1200},
        lambda data: _means(data, "gpt_groundedness"),
        "runs",
        "stats",
    ),
    _rag(
        "What are the similarity scores of the runs that have them?",
        "list_runs",
        {"max_tokens": 1200},
        lambda data: _means(data, "gpt_similarity"),
        "runs",
        "stats",
    ),
    _rag("Which evaluator is broken?", "list_runs", {"max_tokens": 1200}, _constant, "runs", "stats"),
    _rag("How many judgments failed, and where?", "list_runs", {"max_tokens": 1200}, _failures, "runs", "stats"),
    _rag(
        "Did prompt-refined improve groundedness?",
        "compare_runs",
        {"candidates": [REFINED], "evaluators": _ONE, "limit": 2, "max_tokens": 600},
        lambda data: _compared(data, CONTROL, REFINED, *_ONE),
        f"logs:{CONTROL}",
        f"logs:{REFINED}",
    ),
    _rag(
        "Which answers did prompt-refined make less grounded?",
        "compare_runs",
        {"candidates": [REFINED], "evaluators": _ONE, "max_tokens": 800},
        lambda data: _moved(data, CONTROL, REFINED, *_ONE),
        f"logs:{CONTROL}",
        f"logs:{REFINED}",
    ),
    _rag(
        "Which answers did prompt-refined make more grounded?",
        "compare_runs",
        {"candidates": [REFINED], "evaluators": _ONE, "outcome": "improved", "limit": 3, "max_tokens": 800},
        lambda data: _largest(data, CONTROL, REFINED, *_ONE, better=True),
        f"logs:{CONTROL}",
        f"logs:{REFINED}",
    ),
    _rag(
        "What did ignoring the sources do to groundedness and similarity?",
        "compare_runs",
        {
            "candidates": [IGNORING],
            "evaluators": ["gpt_groundedness", "gpt_similarity"],
            "limit": 2,
            "max_tokens": 800,
        },
        lambda data: _compared(data, CONTROL, IGNORING, "gpt_groundedness", "gpt_similarity"),
        f"logs:{CONTROL}",
        f"logs:{IGNORING}",
    ),
    _rag(
        "Which answers lost most similarity when the sources were ignored?",
        "compare_runs",
        {"candidates": [IGNORING], "evaluators": ["gpt_similarity"], "limit": 3, "max_tokens": 800},
        lambda data: _largest(data, CONTROL, IGNORING, "gpt_similarity"),
        f"logs:{CONTROL}",
        f"logs:{IGNORING}",
    ),
    _rag(
        "Is any run really more or less grounded than the control?",
        "compare_runs",
        {"evaluators": _ONE, "limit": 1, "max_tokens": 1300},
        lambda data: _against_control(data, *_ONE),
        "logs",
    ),
    _rag(
        "Is prompt-general better or worse than the control?",
        "compare_runs",
        {"candidates": ["prompt-general"], "limit": 1, "max_tokens": 900},
        lambda data: _compared(
            data, CONTROL, "prompt-general", "gpt_groundedness", "gpt_relevance", "gpt_coherence", "gpt_similarity"
        ),
        f"logs:{CONTROL}",
        "logs:prompt-general",
    ),
    _rag(
        "Does forbidding Markdown change quality or length?",
        "compare_runs",
        {
            "baseline": AUGUST,
            "candidates": [PLAIN],
            "evaluators": ["gpt_groundedness", "gpt_relevance", "answer_length"],
            "limit": 1,
            "max_tokens": 900,
        },
        lambda data: _compared(data, AUGUST, PLAIN, "gpt_groundedness", "gpt_relevance", "answer_length"),
        f"logs:{AUGUST}",
        f"logs:{PLAIN}",
    ),
    _rag(
        "Do the same number of answers cite a source after the change of retrieval?",
        "compare_runs",
        {
            "baseline": RETRIEVAL,
            "candidates": [AUGUST],
            "evaluators": ["has_citation"],
            "outcome": "changed",
            "limit": 2,
            "max_tokens": 1200,
        },
        lambda data: [
            *_compared(data, RETRIEVAL, AUGUST, "has_citation"),
            *(f'row: "{row}"' for row in data.pair(RETRIEVAL, AUGUST, "has_citation").moved),
        ],
        f"logs:{RETRIEVAL}",
        f"logs:{AUGUST}",
    ),
    _rag(
        "Did August get faster than text retrieval?",
        "compare_runs",
        {"baseline": RETRIEVAL, "candidates": [AUGUST], "evaluators": _ONE, "limit": 1, "max_tokens": 700},
        _latency,
        f"logs:{RETRIEVAL}",
        f"logs:{AUGUST}",
    ),
    _rag(
        "Is text retrieval as grounded, given that some judgments failed?",
        "compare_runs",
        {"candidates": [RETRIEVAL], "evaluators": _ONE, "limit": 1, "max_tokens": 700},
        lambda data: [*_compared(data, CONTROL, RETRIEVAL, *_ONE), line("failed", literal(RETRIEVAL), "11")],
        f"logs:{CONTROL}",
        f"logs:{RETRIEVAL}",
    ),
    _rag(
        "Which logs could the judge not score?",
        "get_logs",
        {"limit": 11, "max_tokens": 2200, "where": ["gpt_groundedness=failed"]},
        lambda data: [literal(log_id) for _, evaluator, log_id in data.failed() if evaluator == "gpt_groundedness"],
        "logs",
    ),
    _rag(
        "On which datapoints did the judge fail?",
        "list_datapoints",
        {"show": "failed", "runs": [RETRIEVAL], "evaluator": "gpt_relevance", "max_tokens": 1500},
        lambda data: [
            row_named(data.log(log_id)["datapoint_id"])
            for _, evaluator, log_id in data.failed()
            if evaluator == "gpt_relevance"
        ],
        f"logs:{RETRIEVAL}",
    ),
    _rag(
        "What are the slowest logs of text retrieval?",
        "get_logs",
        {"runs": [RETRIEVAL], "sort": "latency", "limit": 3, "max_tokens": 900},
        lambda data: _slowest(data, RETRIEVAL, 3),
        f"logs:{RETRIEVAL}",
    ),
    _rag(
        "What is the slowest answer of all runs?",
        "get_logs",
        {"sort": "latency", "limit": 1, "max_tokens": 500},
        lambda data: _slowest(data, None, 1),
        "logs",
    ),
    _rag(
        "What is the longest answer anywhere, and how long is it?",
        "get_logs",
        {"sort": "length", "limit": 1, "max_tokens": 500},
        _longest,
        "logs",
    ),
    _rag(
        "How many answers of prompt-ignore-sources are not grounded at all?",
        "get_logs",
        {"runs": [IGNORING], "limit": 2, "max_tokens": 600, "where": ["gpt_groundedness=1"]},
        lambda data: [counted(len(_judged(data, IGNORING, "gpt_groundedness", 1, 1)), "logs")],
        f"logs:{IGNORING}",
    ),
    _rag(
        "How many answers of the control are below 3 for relevance?",
        "get_logs",
        {"runs": ["control"], "limit": 2, "max_tokens": 600, "where": ["gpt_relevance<3"]},
        lambda data: [counted(len(_judged(data, CONTROL, "gpt_relevance", 1, 2.999)), "logs")],
        f"logs:{CONTROL}",
    ),
    _rag(
        "Which answers with reasons lack a citation?",
        "get_logs",
        {"runs": [REASONS], "limit": 5, "max_tokens": 900, "where": ["has_citation=false"]},
        lambda data: [
            counted(len(_judged(data, REASONS, "has_citation", 0, 0)), "logs"),
            *(literal(log["id"]) for log in _judged(data, REASONS, "has_citation", 0, 0)),
        ],
        f"logs:{REASONS}",
    ),
    _rag(
        "What does the judge say of the least grounded answer?",
        "get_logs",
        {"runs": [REASONS], "evaluator": "groundedness", "sort": "worst", "limit": 1, "max_tokens": 600},
        _worst_explained,
        f"logs:{REASONS}",
    ),
    Question(
        "Read the whole reasons for that answer.",
        "rag-chat",
        (("get_log", {"log": _LOG_27, "part": "judgments", "max_tokens": 900}),),
        lambda data: [
            literal(data.log(_LOG_27)["judgments"][name]["explanation"]) for name in ("groundedness", "relevance")
        ],
        (f"log:{_LOG_27}",),
    ),
    Question(
        "Show a poor answer of prompt-ignore-sources whole.",
        "rag-chat",
        (("get_log", {"log": f"log_{IGNORING}_0005", "max_tokens": 1000}),),
        lambda data: _texts(data, f"log_{IGNORING}_0005"),
        (f"log:log_{IGNORING}_0005",),
    ),
    Question(
        "Which sources did that answer have?",
        "rag-chat",
        (("get_log", {"log": f"log_{IGNORING}_0005", "part": "inputs.context", "max_tokens": 600}),),
        _read_context,
        (f"log:log_{IGNORING}_0005",),
    ),
    Question(
        "Show the log for dp_0067 of the control beside prompt-refined.",
        "rag-chat",
        (("get_log", {"log": f"log_{CONTROL}_0067", "beside": REFINED, "evaluation": RAG, "max_tokens": 800}),),
        _beside,
        (f"log:log_{CONTROL}_0067", f"log:log_{REFINED}_0067"),
    ),
    _rag(
        "Show an even sample of how similarity was judged in prompt-ignore-sources.",
        "get_logs",
        {"runs": [IGNORING], "evaluator": "gpt_similarity", "sample": True, "limit": 5, "max_tokens": 1200},
        _distribution,
        f"logs:{IGNORING}",
    ),
    _rag(
        "Did any log end in an error?",
        "get_logs",
        {"max_tokens": 500, "where": ["error=true"]},
        lambda data: [counted(sum(log["error"] is not None for log in data.all_logs()), "logs with an error")],
        "logs",
    ),
    _rag(
        "Which logs of prompt-refined mention hearing aids?",
        "get_logs",
        {"runs": [REFINED], "where": ["text~hearing aid"], "limit": 5, "max_tokens": 900},
        lambda data: [
            counted(len(data.containing("hearing aid", REFINED)), "logs"),
            *(literal(log["id"]) for log in data.containing("hearing aid", REFINED)),
        ],
        f"logs:{REFINED}",
    ),
    _rag(
        "How many logs of all runs mention acupuncture?",
        "get_logs",
        {"where": ["text~acupuncture"], "limit": 2, "max_tokens": 600},
        lambda data: [counted(len(data.containing("acupuncture")), "logs")],
        "logs",
    ),
    _rag(
        "Which datapoints are about hospice care?",
        "list_datapoints",
        {"where": ["text~hospice"], "runs": [CONTROL], "max_tokens": 1000},
        lambda data: [row_named(row) for row in data.datapoints_containing("hospice")],
        "datapoints",
    ),
    _rag(
        "Is this question in the dataset twice?",
        "list_datapoints",
        {"where": ["text~What is balance billing?"], "runs": [CONTROL], "max_tokens": 800},
        _duplicates,
        "datapoints",
    ),
    Question(
        "How did every run answer dp_0067?",
        "rag-chat",
        (
            ("list_datapoints", {"evaluation": RAG, "where": ["text~dp_0067"], "runs": [CONTROL], "max_tokens": 500}),
            ("get_logs", {"evaluation": RAG, "datapoint": Found(r"\b(dp_\w{6,})"), "max_tokens": 2000}),
        ),
        lambda data: [
            fact
            for run in data.logs
            for fact in (
                literal(f"log_{run}_0067"),
                *(
                    line("judgments:", rf"{name} {said['judgment']:g}")
                    for name, said in data.log(f"log_{run}_0067")["judgments"].items()
                    if isinstance(said["judgment"], int) and not isinstance(said["judgment"], bool)
                ),
            )
        ],
        ("logs",),
    ),
    _rag(
        "How often do answers with reasons cite, and how long are they?",
        "list_runs",
        {"max_tokens": 1200},
        lambda data: [
            line(
                literal(REASONS),
                percent(data.mean(REASONS, "has_citation")),
                figure(data.mean(REASONS, "answer_length")),
            )
        ],
        "runs",
        "stats",
    ),
)
