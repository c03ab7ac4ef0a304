"""Runs in groups of datapoints, on both databases: figures as SciPy computes them, and what cannot be grouped."""

from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

import pytest
from tests.loaded_stores import Served, open_kind, served
from tests.sliced_evaluations import EVALUATION, POINTS, category, judgments, sliced_document

from evals_mcp.client.client import EvalsClient
from evals_mcp.errors import Invalid, NotFound
from evals_mcp.lookup.lookup import Lookup
from evals_mcp.models.groups import GroupBy, GroupedComparisonQuestion, RunFiguresQuestion
from evals_mcp.store.store import Store
from evals_mcp.tools.compare_runs import compare_runs
from evals_mcp.tools.list_runs import list_runs

__all__ = ["served"]
Ask = Callable[..., str]


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def store(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, served: Served) -> Iterator[Store]:
    """The evaluation, once in each database."""
    with closing(open_kind(request, tmp_path_factory, "groups")) as opened:
        served.load(opened, list(sliced_document()))
        yield opened


@pytest.fixture
def compare(store: Store, served: Served) -> Ask:
    """Ask compare_runs for `new` against `old`."""

    def ask(**arguments: Any) -> str:
        async def use(client: EvalsClient) -> str:
            return await compare_runs(Lookup(client), EVALUATION, **{"candidates": ["new"], **arguments})

        answer: str = served.use(store, use)
        return answer

    return ask


@pytest.fixture
def list_all(store: Store, served: Served) -> Ask:
    """Ask list_runs."""

    def ask(**arguments: Any) -> str:
        async def use(client: EvalsClient) -> str:
            return await list_runs(Lookup(client), EVALUATION, **arguments)

        answer: str = served.use(store, use)
        return answer

    return ask


def _changed(indexes: list[int]) -> tuple[int, int, int]:
    """Pairs, and datapoints that got better and worse by helpful."""
    sides = [(judgments("old", index)["helpful"], judgments("new", index)["helpful"]) for index in indexes]
    pairs = [(old, new) for old, new in sides if isinstance(old, bool) and isinstance(new, bool)]
    return len(pairs), sum(new > old for old, new in pairs), sum(new < old for old, new in pairs)


def test_each_group_is_compared_by_itself(store: Store) -> None:
    """Pairs, counts and exact p are those of the group; p is Holm-adjusted over the groups that changed."""
    from scipy.stats import binomtest
    from statsmodels.stats.multitest import multipletests

    question = GroupedComparisonQuestion(
        baseline_run_id="run_old",
        candidate_run_ids=["run_new"],
        evaluator_version_ids=["evv_helpful", "evv_stars"],
        group_by=GroupBy(kind="field", part="input", key="category"),
    )
    found = store.grouped_comparison_questions.answer("evr", question)
    helpful, stars = found.tables
    assert [row.name.value for row in helpful.groups[:3]] == ["chat", "law", "tax"]
    assert [(row.name.kind, row.name.pooled) for row in helpful.groups[3:]] == [("others", 10)]
    members = {
        row.name.value: [index for index in range(POINTS) if category(index) == row.name.value]
        for row in helpful.groups[:3]
    }
    members[""] = list(range(90, POINTS))
    for row in helpful.groups:
        compared = row.comparison
        expected = _changed(members[row.name.value])
        assert (compared.pairs, compared.better, compared.worse) == expected
        if sum(expected[1:]):
            exact = binomtest(expected[1], sum(expected[1:])).pvalue
            assert compared.p_value == pytest.approx(exact, abs=1e-12)
    given = [row.comparison for row in stars.groups if row.comparison.changed]
    adjusted = multipletests([row.p_value for row in given], method="holm")[1]
    assert [row.adjusted_p for row in given] == pytest.approx(list(adjusted), abs=1e-12)
    assert sum(row.comparison.pairs for row in helpful.groups) == helpful.whole.pairs == POINTS - 4


def test_a_field_gives_a_row_for_each_group(compare: Ask) -> None:
    """The largest difference comes first, small groups are one, and all datapoints are the last row."""
    lines = compare(group_by="category").splitlines()
    assert lines[1] == "new against baseline old by helpful, in groups of category."
    assert lines[2].startswith("category | pairs | baseline | candidate | difference")
    assert lines[3].startswith("law | 30 | 73.3% | 0% | -73.3 points | ")
    assert lines[3].endswith(" | <0.0001 | 0/22/8 | worse")
    assert [line.split(" | ")[0] for line in lines[4:8]] == ["chat", "tax", "other (10 groups)", "all"]
    assert "Groups with fewer than 5 pairs are pooled as other." in lines


def test_numbers_are_grouped_in_bins(compare: Ask) -> None:
    """Bins are of about equal size and in order; what the baseline gave is told to bias."""
    lines = compare(group_by="size", evaluators=["stars"]).splitlines()
    assert [line.split(" | ")[:2] for line in lines[3:8]] == [
        ["0 to 23", "24"], ["24 to 47", "24"], ["48 to 71", "24"], ["72 to 95", "24"], ["96 to 119", "24"]
    ]  # fmt: skip
    lengths = compare(group_by="length")
    assert "\n1 to 24 | 24 | " in lengths
    assert "biased" in lengths
    assert "1.0 s to 3.3 s | 24 |" in compare(group_by="latency")


def test_judgments_make_groups(compare: Ask) -> None:
    """The baseline's judgment by another evaluator, options and booleans alike."""
    tone = compare(group_by="tone", evaluators=["helpful"])
    assert "\nrude | 23 | " in tone
    assert "\nkind | 93 | " in tone
    assert "\nfalse | " in compare(group_by="helpful", evaluators=["stars"])


def test_odd_groups_are_told(compare: Ask) -> None:
    """A group of one, no value, no pairs, no such field, text as a judgment, and too many values."""
    only = compare(group_by="only")
    assert "\none | 1 | 100% | 0% | " in only
    assert "too few pairs" in only
    assert "\nno value | 115 | " in only
    assert "All pairs are in one group." in compare(group_by="category", where=["category=tax"])
    with pytest.raises(NotFound, match='group_by: "nothing like this": no evaluator'):
        compare(group_by="nothing like this")
    with pytest.raises(Invalid, match=r"group_by: logs cannot be grouped by their metadata\. Group by category, "):
        compare(group_by="log.metadata.tier")
    with pytest.raises(Invalid, match=r'"output" gives no groups\. Group by category, '):
        compare(group_by="output")


def test_every_evaluator_and_candidate_has_its_rows(compare: Ask) -> None:
    """Columns tell several candidates and evaluators apart; an unchanged candidate has no p."""
    answer = compare(candidates=[], evaluators=["helpful", "stars"], group_by="lang")
    assert "candidate | evaluator | lang | pairs" in answer
    assert len([line for line in answer.splitlines() if " | de | 40 | " in line or " | de | 38 | " in line]) == 4


def test_figures_of_all_logs_are_those_of_the_list(store: Store) -> None:
    """Without a filter, each evaluator's figures from columns equal those of the overview."""
    found = store.run_figures_questions.answer("evr", RunFiguresQuestion())
    overview = store.overviews.get("evr").overview
    assert overview is not None
    assert [run.stats for run in found.groups[0].runs] == [run.stats for run in overview.runs]
    assert [run.logs_count for run in found.groups[0].runs] == [run.logs_count for run in overview.runs]


def test_runs_are_listed_over_chosen_logs(list_all: Ask) -> None:
    """The usual table, with the filter and n first; differences are paired where the datapoints are the same."""
    lines = list_all(where=["category=law"]).splitlines()
    assert lines[1] == 'Only logs with input category = "law": 90 logs in 3 runs.'
    assert lines[3].startswith("old (control) | 30 | 73.3% true | ")
    assert lines[4].startswith("new | 30 | 0% true (-73.3 points) | ")
    slow = list_all(where=["latency>6", "run!=copy"])
    assert "latency > 6 s: 138 logs in 2 runs." in slow
    assert "(unpaired -" in slow
    biased = "The logs are chosen by what runs gave, so rates and differences are biased."
    assert biased in slow
    assert biased not in lines
    nothing = list_all(where=["category=law", "size>100"])
    assert "No logs" in nothing
    assert "Each condition alone matches something" in nothing
    assert 'Values of input "category": "chat", "law", "tax"' in list_all(where=["category=none"])


def test_runs_are_listed_in_groups(list_all: Ask) -> None:
    """A row for each group and run, with n; also over chosen logs, and by what each log gave."""
    lines = list_all(group_by="category", where=["size<60"]).splitlines()
    assert lines[1:4] == [
        'Figures of logs with metadata size < "60" in groups of category.',
        "category | run | n | helpful | stars | free | tone",
        lines[3],
    ]
    assert lines[3].startswith("law | old | 30 | 73.3% true | ")
    assert [line.split(" | ")[:3] for line in lines[7:9]] == [["tax", "new", "30"], ["tax", "copy", "30"]]
    assert " n=26 | " in lines[7]
    assert "\nnot judged | new | 4 | " in list_all(group_by="helpful")


def test_a_comparison_tells_where_the_difference_sits(compare: Ask) -> None:
    """The planted category is named without being asked, and the fields to group by are told."""
    lines = compare().splitlines()
    (where,) = [line for line in lines if line.startswith("The difference by helpful")]
    assert where.startswith(
        "The difference by helpful sits in category=law: -73.3 points (n=30, p<0.0001); none elsewhere"
    )
    assert "group_by: category, size." in lines
    assert "The difference" not in compare(candidates=["copy"])


def test_missing_judgments_fail_on_wish(compare: Ask) -> None:
    """Failed, abstained and missing ones count as false; the first line says so, and what has no worst is refused."""
    answer = compare(missing="fail", evaluators=["helpful", "stars"])
    assert answer.splitlines()[0].endswith(
        "Missing, abstained and failed judgments count as failures (the worst judgment). Left out: free, tone."
    )
    old = [judgments("old", index)["helpful"] for index in range(POINTS)]
    new = [judgments("new", index)["helpful"] is True for index in range(POINTS)]
    worse = sum(a and not b for a, b in zip(old, new, strict=True))
    assert f"\nhelpful | {POINTS} | 75% | " in answer
    assert f" | 0/{worse}/{POINTS - worse} | " in answer
    assert "Excluded" not in answer
    assert "Left out: free, tone." in compare(missing="fail")
    assert "\ntax | 30 | 76.7% | 66.7% | " in compare(missing="fail", evaluators=["helpful"], group_by="category")
    for evaluator in ("free", "tone"):
        with pytest.raises(Invalid, match=f"{evaluator} has no worst judgment"):
            compare(missing="fail", evaluators=[evaluator])
