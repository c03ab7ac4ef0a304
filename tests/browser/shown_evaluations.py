"""The evaluations that the tests of this folder show, beside the sample: hostile, long, and one to label."""

from pathlib import Path

from tests.assistant import connect_assistant
from tests.small_evaluations import make_evaluation
from tests.tools.test_hostile_texts import Evil

from evals_mcp.client.client import EvalsClient
from evals_mcp.config import Settings
from evals_mcp.wiring import build_client

HOSTILE = (
    "</script><script>document.title='taken'</script><img src=http://else.invalid/x onerror=\"document.title='taken'\">"
    "<style>body{display:none}</style><a href=\"javascript:document.title='taken'\">press</a>\u202e\u200b"
)
"""A text that would run a script, load a picture, hide the page, and lead away, if it were taken for HTML."""

LONG_TEXT = "".join(f"Line {number} of a long answer, with <b>tags</b> in it.\n" for number in range(3_500))[:176_000]
LONG, TO_LABEL, FEW_TO_LABEL = "Long answers", "Answers to label", "Three answers to label"
PASSING = "Scores that pass"
"""Names of evaluations."""


async def add_shown_evaluations(database: Path) -> None:
    """Add them to a database."""
    async with build_client(Settings(database=str(database))) as client:
        async with connect_assistant(client) as assistant:
            await Evil(HOSTILE, client, assistant).build()
        await _add_long(client)
        await _add_to_label(client, TO_LABEL, 12)
        await _add_to_label(client, FEW_TO_LABEL, 3)
        await _add_passing(client)


async def _add_long(client: EvalsClient) -> None:
    evaluation = await make_evaluation(client, LONG, right={"return_type": "boolean"})
    for name, is_right in (("first", True), ("second", False)):
        await evaluation.run(
            name,
            [(question, {"small/right": is_right}) for question in ("long", "short")],
            outputs={"long": LONG_TEXT + name, "short": name},
        )


async def _add_passing(client: EvalsClient) -> None:
    evaluation = await make_evaluation(client, PASSING, assertion={"return_type": "number"})
    for name in ("recorded-ungrounded", "recorded-grounded"):
        judged = [{"judgment": n / 7, "score": n / 7, "passed": n > 2} for n in range(8)]
        await evaluation.run(name, [(f"q{n}", {"small/assertion": item}) for n, item in enumerate(judged)])


async def _add_to_label(client: EvalsClient, called: str, logs: int) -> None:
    tones = [{"name": "kind", "valence": "positive"}, {"name": "rude", "valence": "negative"}]
    evaluation = await make_evaluation(
        client,
        called,
        tone={"evaluator_type": "human", "return_type": "select", "options": tones},
        right={"evaluator_type": "human", "return_type": "boolean"},
    )
    await evaluation.run("answers", [(f"question {number}", {}) for number in range(logs)])
