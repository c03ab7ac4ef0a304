"""Comparing runs over their columns: figures, families of p-values, tallies, and which candidate is shown."""

import math

import pytest
from tests.statistics.mappings import compare
from tests.statistics.run_samples import FAILS, NEVER, evaluator, run_columns

from evals_mcp.models.comparisons import Comparisons
from evals_mcp.models.questions import ComparisonQuestion, Outcome
from evals_mcp.models.rows import EvaluatorRow
from evals_mcp.statistics.columns import DatapointKeys, RunColumns
from evals_mcp.statistics.corrections import holm
from evals_mcp.statistics.results import PairedTest
from evals_mcp.statistics.run_comparisons import ComparedRuns, compare_pair, compare_runs

IDS = [f"dp{n}" for n in range(20)]
QUALITY = evaluator("quality", low=1, high=5)
CORRECT = evaluator("correct", "boolean")
TONE = evaluator("tone", "select", options=["kind", "rude"], valences={"kind": "positive", "rude": "negative"})
TEXT = evaluator("text", "text")


def answer(
    columns: dict[str, RunColumns], evaluators: list[EvaluatorRow], outcome: Outcome = "regressed", **fields: int
) -> Comparisons:
    """Every other run against the first."""
    baseline, *candidates = columns
    question = ComparisonQuestion(
        baseline_run_id=baseline,
        candidate_run_ids=candidates,
        evaluator_version_ids=[row.version_id for row in evaluators],
        outcome=outcome,
        **fields,
    )
    return compared(question, evaluators, columns).answer


def compared(
    question: ComparisonQuestion, evaluators: list[EvaluatorRow], columns: dict[str, RunColumns]
) -> ComparedRuns:
    """The answer to a question, corrected over its own comparisons."""
    baseline = columns[question.baseline_run_id]
    family = {run_id: compare_pair(evaluators, baseline, columns[run_id]) for run_id in question.candidate_run_ids}
    return compare_runs(question, evaluators, columns, family)


def test_figures_are_those_of_the_comparison_by_mappings() -> None:
    """Every kind of evaluator is compared as `compare` does, corrected over all of them."""
    keys = DatapointKeys()
    said: list[tuple[EvaluatorRow, list[object], list[object]]] = [
        (QUALITY, [5, 4, 5, 3] * 5, [4, 3, 5, 3] * 5),
        (CORRECT, [True] * 20, [True, False] * 10),
        (TONE, ["kind"] * 20, [*["kind"] * 12, *["rude"] * 8]),
    ]
    columns = {
        "old": run_columns(keys, IDS, [(row, before) for row, before, _ in said]),
        "new": run_columns(keys, IDS, [(row, after) for row, _, after in said]),
    }
    rows = answer(columns, [QUALITY, CORRECT, TONE]).candidates[0].comparisons
    expected = []
    for row, *sides in said:
        before, after = ({id: [value] for id, value in zip(IDS, side, strict=True)} for side in sides)
        valences = {option: row.valences.get(option) for option in row.options}
        expected.append(compare(row.return_type, before, after, options=valences))
    assert [row.p_value for row in rows] == [item.p_value for item in expected]
    assert [row.adjusted_p for row in rows] == holm(item.p_value for item in expected)
    assert [(row.better, row.worse, row.same) for row in rows] == [(0, 10, 10), (0, 10, 10), (0, 8, 12)]
    assert [row.verdict for row in rows] == ["worse"] * 3
    assert [row.test for row in rows] == [PairedTest.SIGN_FLIP, PairedTest.MCNEMAR, PairedTest.MCNEMAR]


def test_what_never_changed_is_no_member_of_the_family() -> None:
    """A comparison without any change can not be significant, so it costs the others nothing."""
    keys = DatapointKeys()
    changing = [*[True] * 14, *[False] * 6]
    columns = {
        "old": run_columns(keys, IDS, [(QUALITY, [3] * 20), (CORRECT, [True] * 20)]),
        "new": run_columns(keys, IDS, [(QUALITY, [3] * 20), (CORRECT, changing)]),
    }
    constant, correct = answer(columns, [QUALITY, CORRECT]).candidates[0].comparisons
    assert (constant.changed, constant.adjusted_p, constant.verdict) == (0, None, "no significant difference")
    assert correct.adjusted_p == correct.p_value
    assert correct.verdict == "worse"


def test_measures_are_a_family_of_their_own_without_failed_logs() -> None:
    """Latency is compared where both runs have it; the time of a log that ended in an error says nothing."""
    keys = DatapointKeys()
    failed = [True] + [False] * 19
    columns = {
        "old": run_columns(keys, IDS, [(CORRECT, [True] * 20)], latency=[1.0 + n / 50 for n in range(20)]),
        "new": run_columns(keys, IDS, [(CORRECT, [True] * 20)], latency=[0.0] + [2.0] * 19, failed=failed),
    }
    candidate = answer(columns, [CORRECT]).candidates[0]
    (latency,) = candidate.measures
    assert (latency.measure, latency.pairs, latency.worse, latency.verdict) == ("latency", 19, 19, "worse")
    assert latency.adjusted_p == latency.p_value
    assert candidate.failed_logs == 1


@pytest.mark.parametrize(
    ("seconds", "verdict"), [(0.002, "negligible"), (-0.002, "negligible"), (0.02, "worse"), (-0.02, "better")]
)
def test_a_latency_that_nobody_feels_gets_no_verdict(seconds: float, verdict: str) -> None:
    """However significant it is."""
    keys = DatapointKeys()
    before = [1.0 + n / 50 for n in range(20)]
    columns = {
        "old": run_columns(keys, IDS, [], latency=before),
        "new": run_columns(keys, IDS, [], latency=[value + seconds for value in before]),
    }
    (latency,) = answer(columns, []).candidates[0].measures
    assert latency.p_value is not None
    assert latency.p_value < 0.0001
    assert (latency.verdict, latency.pairs_needed is None) == (verdict, verdict == "negligible")


def test_what_is_not_judged_is_counted_and_never_averaged_in() -> None:
    """Failed, abstained and missing judgments, other types and odd numbers are told apart; pairs are the rest."""
    keys = DatapointKeys()
    odd = [5, None, FAILS, NEVER, True, math.nan, *[4] * 14]
    columns = {
        "old": run_columns(keys, IDS, [(QUALITY, [5] * 20)]),
        "new": run_columns(keys, [*IDS[:19], None], [(QUALITY, odd)]),
    }
    found = answer(columns, [QUALITY])
    candidate = found.candidates[0]
    tally = candidate.tallies[0]
    assert (tally.judged, tally.abstained, tally.failed, tally.missing, tally.other_type) == (15, 1, 1, 1, 1)
    assert (candidate.unpaired_logs, candidate.datapoints, candidate.shared) == (1, 19, 19)
    row = candidate.comparisons[0]
    assert (row.pairs, row.ignored, row.only_baseline) == (14, 1, 6)
    assert row.candidate == pytest.approx((5 + 13 * 4) / 14)
    assert (found.baseline.tallies[0].constant, tally.constant) == (5, None)


def test_all_of_another_type_or_null_leaves_nothing_to_compare() -> None:
    """No figure is made up where there is nothing to pair, and text has none at all."""
    keys = DatapointKeys()
    columns = {
        "old": run_columns(keys, IDS, [(QUALITY, [3] * 20), (CORRECT, [True] * 20), (TEXT, ["fine"] * 20)]),
        "new": run_columns(keys, IDS, [(QUALITY, [True] * 20), (CORRECT, [None] * 20), (TEXT, ["good"] * 20)]),
    }
    rows = answer(columns, [QUALITY, CORRECT, TEXT]).candidates[0].comparisons
    assert [row.verdict for row in rows] == ["nothing to compare", "nothing to compare", "not comparable"]
    assert all((row.pairs, row.difference, row.p_value) == (0, None, None) for row in rows)


def test_runs_without_a_common_datapoint_share_nothing() -> None:
    """Each run's own datapoints are told, and there are no pairs."""
    keys = DatapointKeys()
    columns = {
        "old": run_columns(keys, ["a", "b"], [(QUALITY, [1, 2])]),
        "new": run_columns(keys, ["c"], [(QUALITY, [3])]),
    }
    candidate = answer(columns, [QUALITY]).candidates[0]
    row = candidate.comparisons[0]
    assert (candidate.shared, candidate.datapoints, row.pairs) == (0, 1, 0)
    assert (row.only_baseline, row.only_candidate, row.verdict) == (2, 1, "nothing to compare")


@pytest.mark.parametrize(
    ("outcome", "shown"),
    [
        ("regressed", "worst"),
        ("changed", "worst"),
        ("improved", "best"),
        ("errors", "broken"),
        ("only_baseline", "broken"),
    ],
)
def test_the_candidate_that_tells_most_is_shown(outcome: Outcome, shown: str) -> None:
    """That is the most significant regression or improvement, or the one with most failures or gaps."""
    keys = DatapointKeys()
    numbers: dict[str, list[object]] = {
        "old": [3] * 20,
        "same": [3] * 20,
        "bad": [*[2] * 8, *[3] * 12],
        "worst": [*[2] * 12, *[3] * 8],
        "best": [*[4] * 10, *[3] * 10],
        "broken": [FAILS, FAILS, *[3] * 18],
    }
    columns = {name: run_columns(keys, IDS, [(QUALITY, values)]) for name, values in numbers.items()}
    assert answer(columns, [QUALITY], outcome).shown_run_id == shown


def test_without_any_significance_the_first_candidate_is_shown() -> None:
    """And a run that is asked for is shown whatever the others are."""
    keys = DatapointKeys()
    columns = {name: run_columns(keys, IDS, [(QUALITY, [3] * 20)]) for name in ("old", "first", "second")}
    assert answer(columns, [QUALITY]).shown_run_id == "first"
    question = ComparisonQuestion(
        baseline_run_id="old",
        candidate_run_ids=["first", "second"],
        evaluator_version_ids=["quality"],
        shown_run_id="second",
    )
    assert compared(question, [QUALITY], columns).answer.shown_run_id == "second"


def test_a_neutral_number_has_no_better_or_worse() -> None:
    """It can still be significantly different."""
    keys = DatapointKeys()
    length = evaluator("length", neutral=True)
    columns = {
        "old": run_columns(keys, IDS, [(length, list(range(20)))]),
        "new": run_columns(keys, IDS, [(length, list(range(1, 21)))]),
    }
    row = answer(columns, [length]).candidates[0].comparisons[0]
    assert (row.better, row.worse, row.changed, row.verdict) == (None, None, 20, "different")
    assert answer(columns, [length], "regressed").total == 0
    assert answer(columns, [length], "changed").total == 20
