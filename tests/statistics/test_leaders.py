"""The run that leads, in one line of a list."""

from datetime import UTC, datetime

from evals_mcp.models.figures import EvaluatorFigures
from evals_mcp.models.rows import EvaluationRow, EvaluatorRow, Overview, RunRow
from evals_mcp.statistics.leaders import read_headline

_NOW = datetime(2026, 1, 1, tzinfo=UTC)


def _true(true: int, of: int) -> EvaluatorFigures:
    return EvaluatorFigures(total_logs=of, num_judgments=of, num_nulls=0, num_errors=0, num_true=true)


def _mean(mean: float | None, of: int) -> EvaluatorFigures:
    return EvaluatorFigures(total_logs=of, num_judgments=of, num_nulls=0, num_errors=0, mean=mean)


def _overview(
    evaluators: dict[str, dict[str, object]], runs: dict[str, list[EvaluatorFigures]], **statuses: str
) -> Overview:
    return Overview(
        evaluation=EvaluationRow(
            id="evr_1", runs_count=len(runs), evaluators=[], status="completed", created_at=_NOW, changed_at=_NOW
        ),
        evaluators=[
            EvaluatorRow.model_validate({"id": path, "version_id": path, "path": path, "return_type": "x", **row})
            for path, row in evaluators.items()
        ],
        runs=[
            RunRow(
                id=f"run_{name}",
                version_name=name,
                logs_count=1,
                status=statuses.get(name, "completed"),
                control=False,
                created_at=_NOW,
                stats=stats,
            )
            for name, stats in runs.items()
        ],
    )


def _said(overview: Overview) -> tuple[str, str, str | None] | None:
    found = read_headline(overview)
    if found is None:
        return None
    return found.evaluator, found.best.run, None if found.worst is None else found.worst.run


def test_the_best_and_the_worst_run_are_named() -> None:
    """By rate or mean, whichever way is better."""
    runs = {"a": [_true(8, 10)], "b": [_true(5, 10)], "c": [_true(6, 10)]}
    assert _said(_overview({"t/right": {}}, runs)) == ("t/right", "a", "b")
    assert _said(_overview({"t/toxic": {"lower_is_better": True}}, runs)) == ("t/toxic", "b", "a")


def test_the_evaluator_that_judged_most_and_tells_runs_apart_is_chosen() -> None:
    """One that is the same everywhere only if there is no other."""
    runs = {"a": [_true(9, 9), _mean(3, 5)], "b": [_true(9, 9), _mean(4, 5)]}
    assert _said(_overview({"same": {}, "stars": {}}, runs)) == ("stars", "b", "a")
    assert _said(_overview({"same": {}}, {name: stats[:1] for name, stats in runs.items()})) == ("same", "a", None)


def test_what_has_no_better_or_worse_is_no_headline() -> None:
    """A neutral number, options, and nothing judged at all."""
    assert _said(_overview({"length": {"neutral": True}}, {"a": [_mean(10, 3)], "b": [_mean(20, 3)]})) is None
    assert _said(_overview({"tone": {}}, {"a": [_mean(None, 3)]})) is None
    assert _said(_overview({"right": {}}, {"a": [_true(0, 0)]})) is None
    assert _said(_overview({}, {})) is None


def test_runs_with_too_few_judgments_are_not_ranked() -> None:
    """One log of forty, a cancelled run, and the half that the judge did not fail on lead nothing."""
    halves = EvaluatorFigures(total_logs=40, num_judgments=20, num_nulls=0, num_errors=20, num_true=20)
    runs = {"a": [_true(30, 40)], "one": [_true(1, 1)], "gone": [_true(40, 40)], "half": [halves], "b": [_true(20, 40)]}
    overview = _overview({"right": {}}, runs, gone="cancelled")
    assert _said(overview) == ("right", "a", "b")


def test_an_evaluator_that_covers_more_runs_comes_first() -> None:
    """However many judgments another has in a few runs."""
    few = {name: [_true(5, 10), _mean(1 + len(name), 500)] for name in ("a", "bb", "ccc")}
    none = EvaluatorFigures(total_logs=0, num_judgments=0, num_nulls=0, num_errors=0)
    many = {f"run{number}": [_true(number, 10), none] for number in range(7)}
    assert _said(_overview({"covers": {}, "elsewhere": {}}, few | many)) == ("covers", "run6", "run0")


def test_one_comparable_run_is_no_best() -> None:
    """A single run is shown with its figure only."""
    assert _said(_overview({"right": {}}, {"a": [_true(30, 40)], "b": [_true(3, 3)]})) == ("right", "a", None)
