"""Conditions on what is not there, and on what passes by an evaluator's direction."""

import pytest
from tests.assistant import Assistant
from tests.own_rows import app, assistant, client
from tests.small_evaluations import make_evaluation

pytestmark = pytest.mark.anyio
__all__ = ["app", "assistant", "client"]

_TONES = [{"name": "kind", "valence": "positive"}, {"name": "curt"}, {"name": "rude", "valence": "negative"}]
_STARS = {"return_type": "number", "number_limits": {"min": 1, "max": 5}, "number_valence": "positive"}


async def test_what_passes_follows_from_the_direction_without_verdicts(assistant: Assistant) -> None:
    """Options with a negative one fail by it, numbers in their worst quarter; what is not judged does neither."""
    small = await make_evaluation(
        assistant.client, tone={"return_type": "select", "options": _TONES}, stars=_STARS, plain={"return_type": "text"}
    )
    tones = ("kind", "curt", "rude", "rude", "kind")
    rows = [(f"q{at}", {"small/tone": tone, "small/stars": at + 1}) for at, tone in enumerate(tones)]
    await small.run("v1", [*rows, ("q5", {})])

    async def found(*where: str) -> str:
        return (await assistant.ask("get_logs", evaluation="Small", where=list(where), limit=1)).splitlines()[1]

    assert (await found("tone=passed")).startswith('3 logs not judged "rude" by tone')
    assert (await found("tone!=passed")).startswith('2 logs judged "rude" by tone')
    assert (await found("tone=not passed")).startswith('2 logs judged "rude" by tone')
    assert (await found("stars=not passed")).startswith('2 logs judged "<=2" by stars')
    assert (await found("stars=passed")).startswith('3 logs not judged "<=2" by stars')
    assert (await found("stars=passed", "tone=not passed")).startswith("2 logs ")
    for where, words in (
        ("plain=passed", "does not tell which judgments pass"),
        ("tone=passed|kind", "stand alone"),
        ("judgment=not passed", "name the evaluator"),
    ):
        assert words in await assistant.refuse("get_logs", evaluation="Small", where=[where])


async def test_a_log_without_an_output_is_found(assistant: Assistant) -> None:
    """An output can be missing, as a field can. In quotes, the word is an output."""
    small = await make_evaluation(assistant.client, right={"return_type": "boolean"})
    await small.run("v1", [(f"q{at}", {"small/right": True}) for at in range(4)], outputs={"q1": "missing"})
    await small.run("v2", [(f"q{at}", {"small/right": True}) for at in range(3)], output=None, error="timeout")

    async def found(where: str) -> str:
        return (await assistant.ask("get_logs", evaluation="Small", where=[where], limit=1)).splitlines()[1]

    assert (await found("output=missing")).startswith("3 logs without output")
    assert (await found("output!=missing")).startswith("4 logs with output")
    assert (await found('output="missing"')).startswith("1 log ")
    assert (await found("explanation=missing")).startswith("7 logs without explanation")
