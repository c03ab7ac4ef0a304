"""compare_runs of several candidates: each datapoint shows the outputs of all runs, by run."""

import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from tests.small_evaluations import SmallEvaluation, make_evaluation
from tests.tokenizers import count_tokens

from evals_mcp.answers.frame.tokens import estimate
from evals_mcp.config import Settings
from evals_mcp.lookup.lookup import Lookup
from evals_mcp.tools.compare_runs import compare_runs
from evals_mcp.wiring import build_client

pytestmark = pytest.mark.anyio
_CAPITAL = "capital?"


@pytest.fixture
async def small(tmp_path: Path) -> AsyncIterator[SmallEvaluation]:
    """An evaluation with a boolean evaluator and no runs yet."""
    async with build_client(Settings(database=str(tmp_path / "evals.db"))) as client:
        yield await make_evaluation(client, right={"return_type": "boolean"})


async def _add(
    small: SmallEvaluation, run: str, output: str, right: object, question: str = _CAPITAL, **more: Any
) -> None:
    await small.run(run, [(question, {"small/right": right})], outputs={question: output}, **more)


async def _compare(small: SmallEvaluation, **arguments: Any) -> str:
    return await compare_runs(Lookup(small.client), "Small", **arguments)


def _lines(answer: str) -> list[str]:
    """The lines below the first datapoint."""
    return re.findall(r"^  (.+)$", answer.partition("\ndp_")[2], re.MULTILINE)


async def test_all_three_outputs_of_a_datapoint_are_in_one_answer(small: SmallEvaluation) -> None:
    """The baseline's and the shown candidate's come first; the other's has its run and judgment."""
    await _add(small, "old", "It is Bonn.", right=True)
    await _add(small, "bad", "It is Ulm.", right=False)
    await _add(small, "good", "Berlin it is.", right=True)
    answer = await _compare(small)
    assert "1 datapoint got worse by right in bad:" in answer
    assert _lines(answer)[1:] == [
        'baseline: "It is Bonn."',
        'candidate: "It is Ulm."',
        'good (right true): "Berlin it is."',
    ]


async def test_one_candidate_shows_no_other_run(small: SmallEvaluation) -> None:
    """A run that was not asked for is not there."""
    for run, right in (("old", True), ("bad", False), ("good", True)):
        await _add(small, run, f"{run} says so", right)
    answer = await _compare(small, candidates=["bad"])
    assert "good" not in answer.partition("\ndp_")[2]


async def test_runs_without_a_log_there_are_named(small: SmallEvaluation) -> None:
    """A run over other datapoints has no output for this one, and the answer says so."""
    await _add(small, "old", "Bonn", right=True)
    await _add(small, "bad", "Ulm", right=False)
    for run in ("elsewhere", "v1 (new)"):
        await _add(small, run, "12", right=True, question="how many?")
    assert _lines(await _compare(small))[-1] == 'no log: elsewhere, "v1 (new)"'


async def test_equal_outputs_are_shown_once(small: SmallEvaluation) -> None:
    """An output that another run has, too, is not repeated."""
    outputs = {"old": "It is Bonn.", "bad": "It is Ulm.", "like-old": "It is Bonn.", "new": "Kiel", "like-new": "Kiel"}
    for run, output in outputs.items():
        await _add(small, run, output, right=run == "old")
    assert _lines(await _compare(small))[-3:] == [
        "like-old (right false): same as baseline",
        'new (right false): "Kiel"',
        "like-new (right false): same as new",
    ]


async def test_one_of_repeated_logs_is_shown(small: SmallEvaluation) -> None:
    """The newest one, and the answer says how many there are."""
    await _add(small, "old", "Bonn", right=True)
    await _add(small, "bad", "Ulm", right=False)
    logs = [(_CAPITAL, {"small/right": right}) for right in (False, False, True)]
    await small.run("thrice", logs, outputs={_CAPITAL: "Kiel"})
    assert _lines(await _compare(small))[-1] == 'thrice (right true, newest of 3 logs): "Kiel"'


async def test_json_outputs_are_compared_with_the_baseline_by_field(small: SmallEvaluation) -> None:
    """Only what differs is shown, as of the pair."""
    for run, city in (("old", "Bonn"), ("bad", "Ulm"), ("good", "Berlin")):
        await _add(small, run, f'{{"city": "{city}", "country": "DE"}}', right=run != "bad")
    assert _lines(await _compare(small))[-2:] == [
        'fields, baseline → candidate: city "Bonn" → "Ulm" (1 field is the same)',
        'fields, baseline → good (right true): city "Bonn" → "Berlin" (1 field is the same)',
    ]


async def test_long_similar_outputs_are_compared_with_the_baseline(small: SmallEvaluation) -> None:
    """What both have in common is only counted."""
    for run, word in (("old", "Bonn"), ("bad", "Ulm"), ("good", "Berlin")):
        await _add(small, run, f"{'The same long beginning. ' * 20}It is {word}.", right=run != "bad")
    assert re.fullmatch(
        r'outputs, -baseline \+good \(right true\): \(same 5\d\d characters\) -"Bonn" \+"Berlin" "\."',
        _lines(await _compare(small))[-1],
    )


async def test_errors_and_missing_outputs_of_other_runs_are_told(small: SmallEvaluation) -> None:
    """An error stands in place of an output."""
    await _add(small, "old", "Bonn", right=True)
    await _add(small, "bad", "Ulm", right=False)
    await small.run("broken", [(_CAPITAL, {})], output=None, error="Timed out")
    await small.run("silent", [(_CAPITAL, {})], output=None)
    assert _lines(await _compare(small))[-2:] == [
        'broken (right missing) error: "Timed out"',
        "silent (right missing): none",
    ]


async def test_other_outputs_come_after_both_and_are_cut_alike(small: SmallEvaluation) -> None:
    """A little room has both outputs; more adds the others one after the other, and never takes from one."""
    texts = {run: f"{run} " + " ".join(f"{run}{n}" for n in range(800)) for run in ("old", "bad", "r1", "r2", "r3")}
    for run, text in texts.items():
        await _add(small, run, text, right=run == "old")
    before = [0] * 5
    seen = set()
    for budget in (500, 560, 620, 700, 800, 900, 1_100, 1_500, 2_000, 4_000, 8_000, 20_000):
        answer = await _compare(small, max_tokens=budget)
        assert max(estimate(answer), count_tokens(answer)) <= budget
        shown = [_quoted_length(answer, side) for side in ("baseline", "candidate", "r1 .*", "r2 .*", "r3 .*")]
        assert all(now >= then for now, then in zip(shown, before, strict=True))
        others = sum(length > 0 for length in shown[2:])
        assert not others or min(shown[:2]) > 0
        left = re.search(r"^  \(\+(\d) more outputs?\)$", answer, re.MULTILINE)
        assert others + (int(left[1]) if left else 0) == 3 or not shown[0]
        seen.add(others)
        before = shown
    assert {0, 3} <= seen
    assert max(before) - min(before) <= 2 or before == [len(text) for text in texts.values()]


def _quoted_length(answer: str, side: str) -> int:
    found = re.search(rf'^  {side}: "(.*?)…?"', answer, re.MULTILINE)
    return len(found[1]) if found else 0


@pytest.mark.slow
async def test_forty_runs_stay_in_the_budget(small: SmallEvaluation) -> None:
    """Those without room are counted."""
    for run in range(40):
        await _add(small, f"run-{run}", f"{run} is the answer of this run", right=run == 0)
    answer = await _compare(small, max_tokens=1_500)
    assert max(estimate(answer), count_tokens(answer)) <= 1_500
    shown = len(re.findall(r"^  run-\d+ \(right false\): ", answer, re.MULTILINE))
    left = re.search(r"^  \(\+(\d+) more outputs\)$", answer, re.MULTILINE)
    assert left is None or shown + int(left[1]) == 38
