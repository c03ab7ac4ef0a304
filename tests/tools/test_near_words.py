"""Near words: what a model writes for a value of an argument means that value."""

from pathlib import Path
from typing import get_args

import pytest
from tests.e2e.in_process import connect

from evals_mcp.models.questions import DatapointShow, LogSort, Outcome
from evals_mcp.tools.near_words import ORDERS, OUTCOMES, SHOWN

SAMPLE = "Which prompt answers tickets"


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("tool", "argument", "words", "value"),
    [
        ("compare_runs", "outcome", "worse", "regressed"),
        ("compare_runs", "outcome", "Got worse", "regressed"),
        ("compare_runs", "outcome", "better", "improved"),
        ("compare_runs", "outcome", "unchanged", "same"),
        ("compare_runs", "outcome", "failures", "errors"),
        ("get_logs", "sort", "slowest", "latency"),
        ("get_logs", "sort", "most-expensive", "cost"),
        ("list_datapoints", "show", "disagreements", "disagreement"),
        ("list_datapoints", "show", "All Failed", "all_fail"),
    ],
)
async def test_a_near_word_is_answered_like_the_value(
    sample_database: Path, tool: str, argument: str, words: str, value: str
) -> None:
    """In any case, with blanks, hyphens or underscores."""
    async with connect({"EVALS_MCP_DATABASE": str(sample_database)}) as assistant:
        expected = await assistant.ask(tool, evaluation=SAMPLE, **{argument: value})
        assert await assistant.ask(tool, evaluation=SAMPLE, **{argument: words}) == expected
        assert f"{argument}: " in await assistant.refuse(tool, evaluation=SAMPLE, **{argument: "no such word"})


def test_no_word_means_two_values() -> None:
    """Every value is there, and no word is listed twice."""
    for meanings, kind in ((OUTCOMES, Outcome), (ORDERS, LogSort), (SHOWN, DatapointShow)):
        assert set(meanings) == set(get_args(kind))
        words = [word for value, others in meanings.items() for word in (value, *others.split())]
        assert len(words) == len(set(words))
