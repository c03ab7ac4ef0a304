"""Which datapoints have an outcome, in which order, and which log shows it."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.statistics.run_samples import FAILS, NEVER, evaluator, run_columns

from evals_mcp.models.questions import Outcome
from evals_mcp.models.rows import EvaluatorRow
from evals_mcp.statistics.columns import DatapointKeys, RunColumns
from evals_mcp.statistics.datapoint_changes import Ranking, datapoints_with_errors, rank_datapoints
from evals_mcp.statistics.missing_judgments import count_missing

QUALITY = evaluator("quality", low=1, high=5)
CORRECT = evaluator("correct", "boolean")
ERRORS = evaluator("errors", lower_is_better=True)
TONE = evaluator(
    "tone",
    "select",
    options=["kind", "plain", "rude"],
    valences={"kind": "positive", "plain": "neutral", "rude": "negative"},
)
TOPICS = evaluator("topics", "multi_select")
NOTES = evaluator("notes", "text")


def ranked(ranking: Ranking, keys: DatapointKeys) -> list[str]:
    """The ids of all datapoints in order."""
    return [keys.id_of(change.key) for change in ranking.page(0, len(ranking))]


def two(
    judged: list[tuple[EvaluatorRow, list[object], list[object]]], ids: list[str | None]
) -> tuple[DatapointKeys, RunColumns, RunColumns]:
    """Two runs over the same datapoints."""
    keys = DatapointKeys()
    before = run_columns(keys, ids, [(row, values) for row, values, _ in judged])
    after = run_columns(keys, ids, [(row, values) for row, _, values in judged])
    return keys, before, after


def test_any_evaluator_that_got_worse_counts_by_its_range() -> None:
    """A boolean falls by its whole range, a rating by a part of it; several falls decide between equal largest ones."""
    keys, before, after = two(
        [(QUALITY, [5, 5, 5, 3], [4, 1, 5, 3]), (CORRECT, [True, True, True, False], [True, False, False, True])],
        ["small", "both", "boolean", "improved"],
    )
    regressed = rank_datapoints([QUALITY, CORRECT], before, after, "regressed")
    assert ranked(regressed, keys) == ["both", "boolean", "small"]
    assert [change.evaluators for change in regressed.page(0, 3)] == [(0, 1), (1,), (0,)]
    assert ranked(rank_datapoints([QUALITY, CORRECT], before, after, "improved"), keys) == ["improved"]
    assert ranked(rank_datapoints([QUALITY], before, after, "same"), keys) == ["boolean", "improved"]


def test_less_is_better_where_the_evaluator_says_so() -> None:
    """Its direction decides, and without declared bounds the numbers' own range."""
    keys, before, after = two([(ERRORS, [0, 2, 4], [4, 1, 4])], ["a", "b", "c"])
    assert ranked(rank_datapoints([ERRORS], before, after, "regressed"), keys) == ["a"]
    assert ranked(rank_datapoints([ERRORS], before, after, "improved"), keys) == ["b"]
    assert ranked(rank_datapoints([ERRORS], before, after, "changed"), keys) == ["a", "b"]


def test_options_change_by_their_valences() -> None:
    """From kind to rude is further than from kind to plain; without valences options only differ."""
    keys, before, after = two([(TONE, ["kind", "kind", "rude"], ["plain", "rude", "rude"])], ["near", "far", "same"])
    assert ranked(rank_datapoints([TONE], before, after, "regressed"), keys) == ["far", "near"]
    keys, before, after = two([(TOPICS, [["a"], ["a", "b"], []], [["b"], ["b"], []])], ["all", "half", "same"])
    assert ranked(rank_datapoints([TOPICS], before, after, "regressed"), keys) == []
    assert ranked(rank_datapoints([TOPICS], before, after, "changed"), keys) == ["all", "half"]
    assert ranked(rank_datapoints([TOPICS], before, after, "same"), keys) == ["same"]


def test_texts_never_stay_the_same() -> None:
    """They are not compared, so a datapoint needs another judgment in both runs; as gaps they count."""
    keys, before, after = two(
        [
            (NOTES, ["x", "x", "x", "x"], ["x", "y", "y", NEVER]),
            (CORRECT, [True, NEVER, True, True], [NEVER, NEVER, True, False]),
        ],
        ["equal", "other", "judged", "worse"],
    )
    assert ranked(rank_datapoints([NOTES, CORRECT], before, after, "same"), keys) == ["judged"]
    assert ranked(rank_datapoints([NOTES], before, after, "same"), keys) == []
    assert ranked(rank_datapoints([NOTES], before, after, "only_baseline"), keys) == ["worse"]


def test_gaps_are_datapoints_that_one_run_alone_has_a_judgment_for() -> None:
    """No log, a failed, null or missing judgment are gaps; an evaluator that one run never has is none."""
    keys = DatapointKeys()
    absent = [NEVER] * 4
    before = run_columns(keys, ["a", "b", "c", "d"], [(QUALITY, [1, 2, 3, 4]), (CORRECT, [True] * 4)])
    after = run_columns(keys, ["a", "b", "c", "e"], [(QUALITY, [1, FAILS, None, 5]), (CORRECT, absent)])
    assert ranked(rank_datapoints([QUALITY, CORRECT], before, after, "only_baseline"), keys) == ["b", "c", "d"]
    only = rank_datapoints([QUALITY, CORRECT], before, after, "only_candidate").page(0, 9)
    assert [(keys.id_of(change.key), change.baseline, change.candidate) for change in only] == [("e", (), (3,))]


def test_errors_come_with_those_of_the_candidate_first() -> None:
    """Then those of the baseline, then judgments that failed in either."""
    keys = DatapointKeys()
    ids = ["judge", "fine", "old", "new"]
    before = run_columns(keys, ids, [(QUALITY, [FAILS, 1, 1, 1])], failed=[False, False, True, False])
    after = run_columns(keys, ids, [(QUALITY, [1, 1, 1, 1])], failed=[False, False, False, True])
    assert ranked(rank_datapoints([QUALITY], before, after, "errors"), keys) == ["new", "old", "judge"]


def test_failed_judgments_are_errors_also_where_they_count_as_the_worst() -> None:
    """The same datapoints, in the same order, and the same log first; absent and abstained judgments are no errors."""
    keys = DatapointKeys()
    ids = ["a", "a", "b", "c", "d"]
    before = run_columns(keys, ids, [(CORRECT, [True, FAILS, True, None, True])])
    after = run_columns(keys, ids, [(CORRECT, [True, True, FAILS, NEVER, False])])
    given = rank_datapoints([CORRECT], before, after, "errors").page(0, 9)
    left, right = (count_missing([CORRECT], run) for run in (before, after))
    for first, second in ((left, right), [run.only(run.datapoints >= 0) for run in (left, right)]):
        assert rank_datapoints([CORRECT], first, second, "errors").page(0, 9) == given
        assert len(datapoints_with_errors(CORRECT, first, second)) == 2
    assert [(keys.id_of(change.key), change.baseline) for change in given] == [("a", (1, 0)), ("b", (2,))]


@pytest.mark.parametrize(("outcome", "first"), [("regressed", ((0, 1), (4, 3))), ("improved", ((1, 0), (3, 4)))])
def test_of_several_logs_the_ones_that_show_the_outcome_come_first(
    outcome: Outcome, first: tuple[tuple[int, int], tuple[int, int]]
) -> None:
    """For a fall the best of the baseline and the worst of the candidate, for a rise the reverse."""
    keys = DatapointKeys()
    low, high = (4, 3, 3), (3, 3, 3, 2, 1)
    if outcome == "improved":
        low, high = (3, 2, 3), (3, 3, 3, 5, 4)
    before = run_columns(keys, ["a", "a", "b"], [(QUALITY, low)])
    after = run_columns(keys, ["b", "b", None, "a", "a"], [(QUALITY, high)])
    (change,) = rank_datapoints([QUALITY], before, after, outcome).page(0, 9)
    assert (change.baseline, change.candidate) == first


def test_runs_without_logs_or_evaluators_have_no_datapoints() -> None:
    """Nothing is found, whatever is asked for."""
    keys = DatapointKeys()
    empty = run_columns(keys, [], [(QUALITY, [])])
    one = run_columns(keys, ["a"], [(QUALITY, [1])])
    for outcome in ("regressed", "same", "only_candidate", "errors"):
        assert len(rank_datapoints([QUALITY], empty, one, outcome)) == 0
        assert len(rank_datapoints([], one, one, outcome)) == 0


values = st.one_of(st.integers(1, 5), st.none(), st.just(FAILS))
sides = st.lists(st.tuples(st.integers(0, 6).map(str), values), max_size=12)


@settings(max_examples=60, deadline=None)
@given(sides, sides)
def test_outcomes_partition_the_datapoints_of_one_evaluator(
    before: list[tuple[str, object]], after: list[tuple[str, object]]
) -> None:
    """A datapoint that both runs have a judgment for is worse, better or the same, once; the rest are gaps."""
    keys = DatapointKeys()
    left, right = (
        run_columns(keys, [id for id, _ in side], [(QUALITY, [value for _, value in side])]) for side in (before, after)
    )
    found = {
        outcome: set(ranked(rank_datapoints([QUALITY], left, right, outcome), keys))
        for outcome in ("regressed", "improved", "changed", "same", "only_baseline", "only_candidate")
    }
    judged = [{id for id, value in side if isinstance(value, int)} for side in (before, after)]
    assert found["regressed"] | found["improved"] == found["changed"]
    assert not found["regressed"] & found["improved"]
    assert found["changed"] | found["same"] == judged[0] & judged[1]
    assert not found["changed"] & found["same"]
    if all(judged):
        assert found["only_baseline"] == judged[0] - judged[1]
        assert found["only_candidate"] == judged[1] - judged[0]
