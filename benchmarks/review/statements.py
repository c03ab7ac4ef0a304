"""Questions that only SQL answers, each in one statement."""

from collections.abc import Callable

from benchmarks.review.questions import Question, figure, one_call, row
from benchmarks.review.truth import Recorded
from benchmarks.review.vote_figures import voters, votes


def _sql(evaluation: str, words: str, statement: str, facts: Callable[[Recorded], list[str]]) -> Question:
    return one_call("sql", evaluation, words, ("query", {"sql": statement, "max_tokens": 800}), facts)


def _abstained(_: Recorded) -> list[str]:
    counts = votes().set_index("subset")[voters()].isna().groupby(level=0).sum().sum(axis=1)
    return [row(subset, str(amount)) for subset, amount in counts.items() if amount]


def _consistent(_: Recorded) -> list[str]:
    first, swapped = (votes()[votes()["order"] == order].set_index("id") for order in ("first", "swapped"))
    return [
        row(voter, figure(float((first[voter][both] == swapped[voter][both]).mean()), 4), str(int(both.sum())))
        for voter in voters()
        for both in [first[voter].notna() & swapped[voter].notna()]
    ]


def _majority(_: Recorded) -> list[str]:
    frame = votes()[votes()["order"] == "first"]
    cast = frame[voters()[1:]]
    lead = (cast == "output_1").sum(axis=1) - (cast == "output_2").sum(axis=1)
    right = (lead[lead != 0] > 0) == (frame["people"][lead != 0] == "output_1")
    return [row(figure(float(right.mean()), 4), str(len(right)))]


def _any_and_all(data: Recorded) -> list[str]:
    rates = data.frame().groupby(["run", "datapoint"])["all_criteria_met"].agg(lambda met: met.astype(float).mean())
    return [
        row(str(run), figure(float((of_run > 0).mean()), 4), figure(float((of_run == 1).mean()), 4))
        for run, of_run in rates.groupby(level="run")
    ]


def _slow(data: Recorded) -> list[str]:
    taken = data.frame().dropna(subset=["latency"]).astype({"latency": float}).groupby("run")["latency"]
    return [row(str(run), str(len(of_run)), figure(float(of_run.quantile(0.95)), 3)) for run, of_run in taken]


def _cited(data: Recorded) -> list[str]:
    frame = data.frame().dropna(subset=["has_citation"])
    known = frame["output"].str.contains("[", regex=False) == frame["has_citation"].astype(bool)
    return [row(str(run), str(int((~of_run).sum()))) for run, of_run in known.groupby(frame["run"])]


QUESTIONS: tuple[Question, ...] = (
    _sql(
        "preferences",
        "In which subsets did judges name no winner?",
        "SELECT d.metadata->>'subset' AS subset, count(*) AS abstained FROM judgments j"
        " JOIN datapoints d USING (datapoint) WHERE j.state = 'abstained' GROUP BY subset ORDER BY abstained DESC",
        _abstained,
    ),
    _sql(
        "preferences",
        "How often does each judge prefer the same output in both orders?",
        "SELECT f.evaluator, avg(CASE WHEN f.option = s.option THEN 1 ELSE 0 END) AS same, count(*) AS n"
        " FROM judgments f JOIN judgments s ON f.datapoint = s.datapoint AND f.evaluator = s.evaluator"
        " WHERE f.run = 'first' AND s.run = 'swapped' AND f.state = 'judged' AND s.state = 'judged'"
        " GROUP BY f.evaluator ORDER BY same DESC",
        _consistent,
    ),
    _sql(
        "preferences",
        "Is the majority of the judges right more often than one?",
        "WITH v AS (SELECT datapoint, avg(CASE WHEN option = 'output_1' THEN 1 ELSE 0 END) AS share FROM judgments"
        " WHERE run = 'first' AND author_kind = 'llm' AND state = 'judged' GROUP BY datapoint)"
        " SELECT avg(CASE WHEN (share > 0.5) = (d.target->>'better' = 'output_1') THEN 1 ELSE 0 END) AS right_rate,"
        " count(*) AS n FROM v JOIN datapoints d USING (datapoint) WHERE share <> 0.5",
        _majority,
    ),
    _sql(
        "long-outputs",
        "How often is one of three repeats right, and how often are all?",
        "WITH k AS (SELECT run, datapoint, avg(boolean) AS rate FROM judgments WHERE evaluator = 'all_criteria_met'"
        " GROUP BY run, datapoint) SELECT run, avg(CASE WHEN rate > 0 THEN 1 ELSE 0 END) AS any_of_3,"
        " avg(CASE WHEN rate = 1 THEN 1 ELSE 0 END) AS all_of_3 FROM k GROUP BY run ORDER BY all_of_3 DESC",
        _any_and_all,
    ),
    _sql(
        "rag-chat",
        "What is the 95th percentile of each run's latency?",
        "SELECT run, count(*) AS n, percentile_cont(0.95) WITHIN GROUP (ORDER BY latency) AS p95 FROM logs"
        " WHERE latency IS NOT NULL GROUP BY run ORDER BY p95 DESC",
        _slow,
    ),
    _sql(
        "rag-chat",
        "Where does has_citation contradict whether the output has a bracket?",
        "SELECT run, count(*) FILTER (WHERE (instr(output, '[') > 0) <> boolean) AS contradictions"
        " FROM logs JOIN judgments USING (log, run) WHERE evaluator = 'has_citation' GROUP BY run",
        _cited,
    ),
)
