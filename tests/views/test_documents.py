"""Documents for views: their figures are those of the tools' answers, and they hold what the answers leave out."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from tests.small_evaluations import FAILS, make_evaluation

from evals_mcp.config import Settings
from evals_mcp.lookup.lookup import Lookup
from evals_mcp.models.model import JsonObject
from evals_mcp.models.questions import Outcome
from evals_mcp.tools.compare_runs import compare_runs
from evals_mcp.tools.list_runs import list_runs
from evals_mcp.wiring import build_client

pytestmark = pytest.mark.anyio
SAMPLE = "Which prompt answers tickets"
_WORDS = ("pairs", "baseline", "candidate", "difference", "interval", "p", "directions")


@pytest.fixture
async def lookup(sample_database: Path) -> AsyncIterator[Lookup]:
    """A call with a view, at the sample."""
    async with build_client(Settings(database=str(sample_database)), may_write=False) as client:
        yield Lookup(client, with_document=True)


def _document(lookup: Lookup) -> JsonObject:
    assert lookup.document is not None
    return lookup.document


def _table(answer: str) -> list[list[str]]:
    """The cells of the table in an answer, by line."""
    return [line.split(" | ") for line in answer.splitlines() if line.count(" | ") > 5][1:]


async def test_a_comparison_has_the_figures_of_the_answer(lookup: Lookup) -> None:
    """Each line of the answer's table is a row with the same words, and the verdict is the same line."""
    answer = await compare_runs(lookup, SAMPLE, max_tokens=8_000)
    document = _document(lookup)
    labels = {run["id"]: run["label"] for run in document["runs"]}
    rows = [
        [labels[item["run"]], row["label"], *(row["words"][word] or "-" for word in _WORDS), row["verdict"]]
        for item in document["candidates"]
        for row in item["rows"]
        if not row["constant"]
    ]
    assert len(rows) == 12
    assert rows == _table(answer)
    assert answer.startswith(document["verdict"]["line"])
    assert labels[document["baseline"]] == "v1-baseline"


async def test_numbers_stand_beside_the_words(lookup: Lookup) -> None:
    """What is planted in the sample: nine datapoints got worse, none better, of 39."""
    await compare_runs(lookup, SAMPLE, candidates=["v2-concise"], evaluators=["policy_correct"])
    document = _document(lookup)
    (candidate,) = document["candidates"]
    row = candidate["rows"][0]
    assert (row["better"], row["worse"], row["pairs"], row["sign"]) == (0, 9, 39, "worse")
    assert row["difference"] == pytest.approx(-9 / 39)
    assert row["low"] < row["difference"] < row["high"] < 0
    (page,) = document["datapoints"]
    assert (page["total"], len(page["rows"]), page["outcome"]) == (9, 5, "regressed")
    first = page["rows"][0]
    judged = [
        [item["word"] for item in first[side]["judgments"] if item["label"] == "policy_correct"]
        for side in ("baseline", "candidate")
    ]
    assert judged == [["true"], ["false"]]
    assert first["candidate"]["judgments"][0]["text"]["text"]
    assert [part["label"] for part in first["baseline"]["output"]] == ["output"]


async def test_a_row_counts_the_datapoints_of_every_outcome(tmp_path: Path) -> None:
    """As many as its list has: also of those in one run only, and with errors of a log or an evaluator."""
    async with build_client(Settings(database=str(tmp_path / "evals.db"))) as client:
        small = await make_evaluation(client, ok={"return_type": "boolean"}, stars={"return_type": "number"})
        both = {"small/ok": True, "small/stars": 2.5}
        asked = list("abcdefgh")
        await small.run("v1", [(q, both) for q in "abcdef"], questions=asked, errors={"f": "timeout"})
        await small.run(
            "v2",
            [
                ("a", both),
                ("b", {"small/ok": False}),
                ("c", {"small/ok": FAILS, "small/stars": 1}),
                ("g", both),
                ("h", both),
            ],
            questions=asked,
        )
        lookup = Lookup(client, with_document=True)
        await compare_runs(lookup, small.id)
        rows = _document(lookup)["candidates"][0]["rows"]
        assert len(rows) == 2
        outcomes: tuple[Outcome, ...] = ("only_baseline", "only_candidate", "errors")
        for row in rows:
            for outcome in outcomes:
                await compare_runs(lookup, small.id, evaluators=[row["evaluator"]], outcome=outcome)
                (page,) = _document(lookup)["datapoints"]
                assert page["total"] == row[outcome]
                assert page["total"]


async def test_all_datapoints_are_reached_by_pages(lookup: Lookup) -> None:
    """Each page names the call of the next one, which has the following datapoints only."""
    given: dict[str, Any] = {
        "evaluation": SAMPLE,
        "candidates": ["v2-concise"],
        "evaluators": ["policy_correct"],
        "outcome": "same",
        "limit": 13,
        "max_tokens": 300,
    }
    found: list[str] = []
    while given:
        await compare_runs(lookup, **given)
        (page,) = _document(lookup)["datapoints"]
        assert (page["total"], page["offset"]) == (30, len(found))
        found += [row["id"] for row in page["rows"]]
        given = {**page["next"]["arguments"], "max_tokens": 300} if page["next"] else {}
    assert len(found) == len(set(found)) == 30


async def test_runs_have_the_figures_of_the_answer(lookup: Lookup) -> None:
    """Also with conditions, where only some logs count."""
    for where in ([], ["policy_correct=false"]):
        answer = await list_runs(lookup, SAMPLE, where=where)
        document = _document(lookup)
        assert document["kind"] == "runs"
        assert len(document["runs"]) == 3
        for run in document["runs"]:
            (line,) = (line for line in answer.splitlines() if line.startswith(run["label"]) and " | " in line)
            for figure in run["figures"]:
                assert figure["text"] in line
                assert figure["judged"] + figure["failed"] + figure["abstained"] + figure["missing"] == run["logs"]


async def test_groups_have_the_figures_of_the_answer(lookup: Lookup) -> None:
    """A table for each candidate, its groups in the order of the answer."""
    answer = await compare_runs(lookup, SAMPLE, group_by="locale")
    document = _document(lookup)
    assert (document["kind"], document["by"]) == ("groups", "locale")
    rows = [
        [table["label"], row["label"], *(row["words"][word] or "-" for word in _WORDS)]
        for table in document["tables"]
        for row in table["groups"]
    ]
    assert rows == [cells[:-1] for cells in _table(answer) if cells[1] != "all"]


async def test_without_a_view_no_document_is_made(lookup: Lookup) -> None:
    """And the answer is the same text."""
    plain = Lookup(lookup.client)
    assert await compare_runs(plain, SAMPLE) == await compare_runs(lookup, SAMPLE)
    assert plain.document is None


async def test_the_runs_of_a_filtered_comparison_have_the_figures_of_the_filter(lookup: Lookup) -> None:
    """Beside its differences, figures over all datapoints would say something else. None is counted twice."""
    await compare_runs(lookup, SAMPLE)
    whole = _document(lookup)["runs"]
    await compare_runs(lookup, SAMPLE, where=["locale=de-DE"])
    document = _document(lookup)
    places = {item["id"]: index for index, item in enumerate(document["evaluators"])}
    sides = {document["baseline"]: (document["candidates"][0], "baseline")}
    sides |= {item["run"]: (item, "candidate") for item in document["candidates"]}
    for run in document["runs"]:
        candidate, side = sides[run["id"]]
        rows = [row for row in candidate["rows"] if row["measure"] is None and not row["passes"]]
        assert len(rows) == 4
        for row in rows:
            figure = run["figures"][places[row["evaluator"]]]
            assert figure["value"] == row[side]
            assert figure["text"].removesuffix(" true") == (row["words"][side] or f"{figure['judged']} judged")
            assert figure["shares"] == ({item["option"]: item[side] for item in row["options"]} or None)
            assert row["pairs"] <= figure["judged"] <= run["logs"]
        assert run["logs"] < next(item for item in whole if item["id"] == run["id"])["logs"]
    assert [run["id"] for run in document["runs"]] == [run["id"] for run in whole]


async def test_a_filter_that_no_datapoint_meets_is_no_verdict_about_evaluators(lookup: Lookup) -> None:
    """A mistyped value is not a finding."""
    answer = await compare_runs(lookup, SAMPLE, where=["locale=de-DF"])
    document = _document(lookup)
    assert answer.startswith("No verdict: no pairs to compare.")
    assert document["verdict"]["line"] == "No verdict: no pairs to compare."
    assert {(run["logs"], figure["text"]) for run in document["runs"] for figure in run["figures"]} == {(0, "")}
