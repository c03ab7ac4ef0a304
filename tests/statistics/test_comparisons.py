"""One way in for evaluators of every kind."""

from evals_mcp.statistics.comparisons import compare, not_comparable
from evals_mcp.statistics.results import Comparison, PairedTest, Verdict


def every(values: list[object]) -> dict[str, list[object]]:
    """Twelve datapoints with these values each."""
    return {str(i): values for i in range(12)}


def test_each_kind_has_its_test() -> None:
    """Booleans, numbers, one and several options are each compared by what fits them."""
    cases: dict[str, tuple[list[object], list[object], PairedTest]] = {
        "boolean": ([True], [False], PairedTest.MCNEMAR),
        "number": ([1.0], [0.0], PairedTest.SIGN_FLIP),
        "select": (["a"], ["b"], PairedTest.MCNEMAR),
        "multi_select": ([["a"]], [["b"]], PairedTest.PER_OPTION),
    }
    for kind, (before, after, test) in cases.items():
        result = compare(kind, every(before), every(after))
        assert (result.kind, result.test, result.pairs) == (kind, test, 12)
        assert result.verdict in (Verdict.WORSE, Verdict.DIFFERENT)


def test_text_is_not_comparable() -> None:
    """Free text has no statistic, and says so instead of a number."""
    result = compare("text", {"a": ["x"]}, {"a": ["y"]})
    assert result == not_comparable("text") == Comparison(kind="text", verdict=Verdict.NOT_COMPARABLE)


def test_all_null_is_nothing_to_compare() -> None:
    """Judgments that are all null give no pairs, for any kind."""
    for kind in ("boolean", "number", "select", "multi_select"):
        result = compare(kind, {"a": [None]}, {"a": [None]})
        assert (result.verdict, result.pairs, result.ignored) == (Verdict.NOTHING_TO_COMPARE, 0, 0)


def test_a_changed_return_type_gives_no_wrong_number() -> None:
    """Numbers against booleans do not pair; the values of the other type are counted."""
    result = compare("number", every([1.0]), every([True]))
    assert (result.verdict, result.ignored, result.only_baseline) == (Verdict.NOTHING_TO_COMPARE, 12, 12)


def test_valences_reach_the_verdict() -> None:
    """The direction of numbers and of options is the evaluator's."""
    latency = compare("number", every([2.0]), every([1.0]), "negative")
    tone = compare(
        "select",
        every(["rude"]),
        every(["kind"]),
        options={"rude": "negative", "kind": "positive"},
    )
    assert (latency.verdict, tone.verdict) == (Verdict.BETTER, Verdict.BETTER)
