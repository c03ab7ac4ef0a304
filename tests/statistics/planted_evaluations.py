"""Evaluations with known differences by people, slices, errors of judges and missing judgments, and their verdicts."""

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from tests.statistics.run_samples import evaluator

from evals_mcp.models.comparisons import Comparisons, LocatedDifference
from evals_mcp.models.judgments import JUDGED, MISSING
from evals_mcp.models.questions import ComparisonQuestion
from evals_mcp.models.rows import EvaluatorRow
from evals_mcp.statistics.columns import JudgmentColumn, RunColumns
from evals_mcp.statistics.judge_corrections import correct_differences
from evals_mcp.statistics.located_differences import locate
from evals_mcp.statistics.pairing import pair_columns
from evals_mcp.statistics.run_comparisons import compare_pair, compare_runs
from evals_mcp.statistics.verdicts import DEVIATIONS_MARGIN, RATE_MARGIN, CandidateVerdict, Decision, best_verdict

Array = NDArray[np.float64]
DETECTABLE = 2.8015852  # standard errors: a difference that is significant in 80 % of evaluations
CHANGED = 0.3  # of booleans
RATE = 0.7  # of true in the baseline
NOISE = 0.8  # of numbers
FIELDS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is planted. `multiples` has the true difference by people in detectable ones: a row for each candidate.

    The first evaluator is a judge with these rates of true and false against people, who label so many logs of each
    run, and which says true so much more of candidates (`favour`). `slice_multiple` is added to the first candidate's
    difference in a quarter of the datapoints, in detectable ones of this quarter.
    """

    pairs: int
    multiples: list[list[float]]
    true_positive: float = 1.0
    true_negative: float = 1.0
    labels: int = 0
    favour: float = 0.0
    slice_multiple: float = 0.0
    missing: float = 0.2
    numbers: tuple[bool, ...] = field(default=())

    @property
    def has_judge(self) -> bool:
        """Whether the first evaluator errs or has labels."""
        return self.true_positive < 1 or self.true_negative < 1 or self.labels > 0


class Judged(NamedTuple):
    """A verdict and the truth of its candidate: a loss beyond the margin overall, and in the slice."""

    verdict: CandidateVerdict
    is_lossy: bool
    is_lossy_slice: bool
    found: Comparisons

    @property
    def is_right(self) -> bool:
        """Whether it is right or cannot tell: shipped without a loss, or refused for one."""
        loss = self.is_lossy or self.is_lossy_slice
        return self.verdict.decision is Decision.CANNOT_TELL or (self.verdict.decision is Decision.DO_NOT_SHIP) == loss


def plant(chance: np.random.Generator, plan: Plan) -> Judged:
    """Draw an evaluation and judge it."""
    amount = len(plan.multiples[0])
    rows = [
        evaluator(f"v{at}", "number" if at < len(plan.numbers) and plan.numbers[at] else "boolean", has_valence=True)
        for at in range(amount)
    ]
    human = evaluator("human", "boolean", evaluator_type="human")
    fields = [chance.integers(0, values, plan.pairs) for values in (4, *chance.integers(2, 9, FIELDS - 1))]
    inside = fields[0] == 0
    baselines = [_baseline(chance, row, plan) for row in rows]
    runs, lossy = {"b": _run(chance, plan, rows, human, baselines, 0.0, plan.missing)}, {}
    for number, multiples in enumerate(plan.multiples):
        sliced = plan.slice_multiple if not number else 0.0
        drawn = [
            _candidate(chance, plan, at, before, multiple, sliced if not at else 0.0, inside)
            for at, (before, multiple) in enumerate(zip(baselines, multiples, strict=True))
        ]
        run_id = f"c{number}"
        runs[run_id] = _run(chance, plan, rows, human, [values for values, _, _ in drawn], plan.favour, 0.0)
        lossy[run_id] = (any(loss for _, loss, _ in drawn), any(loss for _, _, loss in drawn))
    found = _compared(rows, human, runs, fields, labelled=plan.labels > 0)
    evaluators = {row.version_id: row for row in (*rows, human)}
    verdict = best_verdict(found, evaluators)
    return Judged(verdict, *lossy[verdict.candidate.run_id], found)


def detectable(plan: Plan, at: int, pairs: float) -> float:
    """The smallest difference by people that is found in 80 % of evaluations of so many pairs."""
    if at < len(plan.numbers) and plan.numbers[at]:
        return DETECTABLE * NOISE / float(np.sqrt(pairs))
    variance, slope = CHANGED, 1.0
    if not at and plan.has_judge:
        slope = plan.true_positive + plan.true_negative - 1
        errors = RATE * plan.true_positive * (1 - plan.true_positive)
        errors += (1 - RATE) * plan.true_negative * (1 - plan.true_negative)
        variance = 2 * errors + slope**2 * CHANGED
    return DETECTABLE * float(np.sqrt(variance / pairs)) / slope


def _baseline(chance: np.random.Generator, row: EvaluatorRow, plan: Plan) -> Array:
    if row.return_type == "number":
        return 5.0 - chance.exponential(1.0, plan.pairs)
    return (chance.random(plan.pairs) < RATE).astype(float)


def _candidate(
    chance: np.random.Generator,
    plan: Plan,
    at: int,
    before: Array,
    multiple: float,
    slice_multiple: float,
    inside: NDArray[np.bool_],
) -> tuple[Array, bool, bool]:
    """A candidate's truth, whether it is a loss beyond the margin, and whether it is one in the slice."""
    kept = plan.pairs * (1 - plan.missing / 2)
    overall = multiple * detectable(plan, at, kept)
    extra = slice_multiple * detectable(plan, at, kept / 4)
    is_number = at < len(plan.numbers) and plan.numbers[at]
    if is_number:
        differences = np.where(inside, overall + extra, overall)
        margin = DEVIATIONS_MARGIN * np.sqrt((1 + 1 + NOISE**2) / 2)
        values = before + chance.normal(differences, NOISE)
    else:
        most = 0.9 * CHANGED
        differences = np.clip(np.where(inside, overall + extra, overall), -most, most)
        margin = RATE_MARGIN
        fate = chance.random(plan.pairs)
        gained = (before == 0) & (fate < (CHANGED + differences) / 2 / (1 - RATE))
        lost = (before == 1) & (fate < (CHANGED - differences) / 2 / RATE)
        values = np.where(gained, 1.0, np.where(lost, 0.0, before))
    is_lossy_slice = slice_multiple != 0 and float(differences[inside].mean() if inside.any() else 0) < -margin
    return values, float(differences.mean()) < -margin, bool(is_lossy_slice)


def _run(
    chance: np.random.Generator,
    plan: Plan,
    rows: list[EvaluatorRow],
    human: EvaluatorRow,
    truths: list[Array],
    favour: float,
    missing: float,
) -> RunColumns:
    """The columns of a run: the judge's judgments, people's labels, and the others' as they are."""
    pairs = plan.pairs
    kept = chance.random(pairs) >= chance.uniform(0, missing)
    judgments = {
        row.version_id: _column(np.where(kept, values, np.nan)) for row, values in zip(rows, truths, strict=True)
    }
    if plan.has_judge:
        says = np.where(truths[0] == 1, plan.true_positive, 1 - plan.true_negative) + favour
        said = (chance.random(pairs) < says).astype(float)
        judgments[rows[0].version_id] = _column(np.where(kept, said, np.nan))
    labelled = np.full(pairs, np.nan)
    at = chance.permutation(np.flatnonzero(kept))[: plan.labels]
    labelled[at] = truths[0][at]
    judgments[human.version_id] = _column(labelled)
    nothing = np.full(pairs, np.nan)
    return RunColumns(
        datapoints=np.arange(pairs),
        failed=np.zeros(pairs, dtype=bool),
        measures={"latency": nothing, "tokens": nothing, "cost": nothing},
        judgments=judgments,
    )


def _column(values: Array) -> JudgmentColumn:
    known = ~np.isnan(values)
    return JudgmentColumn(
        states=np.where(known, JUDGED, MISSING).astype(np.int8),
        numbers=values,
        labels=np.full(len(values), -1, dtype=np.int32),
        options=(),
        version_ids=("v",) if known.any() else (),
    )


def _compared(
    rows: list[EvaluatorRow],
    human: EvaluatorRow,
    runs: dict[str, RunColumns],
    fields: list[NDArray[np.int64]],
    *,
    labelled: bool,
) -> Comparisons:
    """The comparison as the store answers it."""
    every = [*rows, human] if labelled else rows
    candidates = [run_id for run_id in runs if run_id != "b"]
    question = ComparisonQuestion(
        baseline_run_id="b",
        candidate_run_ids=candidates,
        evaluator_version_ids=[row.version_id for row in every],
        limit=1,
    )
    family = {run_id: compare_pair(every, runs["b"], runs[run_id]) for run_id in candidates}
    answer = compare_runs(question, every, runs, family).answer
    corrected = correct_differences(rows, [human], "b", answer.candidates, runs) if labelled else []
    located = _located(rows[0], candidates, runs, fields)
    return answer.model_copy(update={"corrected": corrected, "located": located})


def _located(
    row: EvaluatorRow, candidates: list[str], runs: dict[str, RunColumns], fields: list[NDArray[np.int64]]
) -> list[LocatedDifference]:
    baseline, *others = (runs[run_id].judged(row.version_id) for run_id in ("b", *candidates))
    pairs = {
        run_id: pair_columns(baseline.keys, baseline.numbers, other.keys, other.numbers)
        for run_id, other in zip(candidates, others, strict=True)
    }
    codes = {run_id: [codes[np.array(item.keys, dtype=int)] for codes in fields] for run_id, item in pairs.items()}
    return [
        LocatedDifference(
            run_id=item.subject,
            evaluator_version_id=row.version_id,
            part="input",
            key=str(item.field),
            value=str(item.code),
            pairs=item.pairs,
            others=item.others,
            difference=item.difference,
            rest=item.rest,
            rest_p=item.rest_p,
            adjusted_p=item.adjusted_p,
        )
        for item in locate({run_id: item.differences() for run_id, item in pairs.items()}, codes)
    ]


KINDS = ("differences", "judge errors", "labels", "favour and labels", "slices")
"""What is planted beside differences and missing judgments, in equal numbers of evaluations."""

UNKNOWABLE = "favour without labels"
SIZES = (60, 120, 250, 500, 1000, 2000)


def any_plan(chance: np.random.Generator, kind: str) -> Plan:
    """Up to three candidates and evaluators; differences are none, small, detectable or twice that, either way."""
    shape = (int(chance.integers(1, 4)), int(chance.integers(1, 4)))
    multiples = chance.choice([-2, -1, -0.5, 0, 0, 0.5, 1, 2], shape).tolist()
    pairs = int(chance.choice(SIZES))
    labels = int(chance.choice([20, 40, 80, 150])) if pairs > 250 else 20
    return Plan(
        pairs=pairs,
        multiples=multiples,
        numbers=(kind == "differences" and chance.random() < 0.5, *(chance.random(shape[1] - 1) < 0.5).tolist()),
        labels=labels if kind in ("labels", "favour and labels") else 0,
        favour=float(chance.choice([-1, 1]) * chance.uniform(0.03, 0.1)) if "favour" in kind else 0.0,
        slice_multiple=float(chance.choice([-2, -1, 1, 2])) if kind == "slices" else 0.0,
        **({} if kind in ("differences", "slices") else _errors(chance)),
    )


def decisive_plan(chance: np.random.Generator, kind: str, multiple: float) -> Plan:
    """One candidate: twice the detectable difference by all evaluators, or a loss of it by one of them."""
    evaluators, pairs = int(chance.integers(1, 4)), int(chance.choice(SIZES))
    rest = multiple if multiple > 0 else 0.0
    is_judged = kind in ("judge errors", "labels")
    return Plan(
        pairs=pairs,
        multiples=[[multiple, *[rest] * (evaluators - 1)]],
        numbers=(not is_judged and bool(chance.random() < 0.5), *(chance.random(evaluators - 1) < 0.5).tolist()),
        labels=(int(chance.choice([40, 80, 150])) if pairs > 250 else 40) if kind == "labels" else 0,
        **(_errors(chance) if is_judged else {}),
    )


def equal_plan(chance: np.random.Generator) -> Plan:
    """Up to three candidates without any difference."""
    shape = (int(chance.integers(1, 4)), int(chance.integers(1, 4)))
    pairs = int(chance.choice(SIZES))
    return Plan(
        pairs=pairs, multiples=np.zeros(shape).tolist(), numbers=tuple((chance.random(shape[1]) < 0.4).tolist())
    )


def _errors(chance: np.random.Generator) -> dict[str, float]:
    return {"true_positive": chance.uniform(0.75, 0.9), "true_negative": chance.uniform(0.7, 0.9)}
