"""An evaluation whose failing logs are of planted groups."""

import random
from typing import Any

from tests.small_evaluations import SmallEvaluation, make_evaluation

from evals_mcp.client.client import EvalsClient

_SAID = {
    "refund": "The answer promises a refund, which the policy excludes for {}.",
    "rude": "Rude wording that blames the customer about {}.",
    "退款": "回答承诺退款，但是政策不允许，{}。",
}
_THINGS = [first + last for first in ("sea", "sun", "wood", "fire", "snow") for last in ("boot", "lamp", "map", "tent")]
FAILING = {"v1": ["refund"] * 14, "v2": ["refund"] * 12 + ["rude"] * 20 + ["退款"] * 9}
"""The groups of the failing logs of each run; 60 logs each."""


async def plant_failures(client: EvalsClient) -> SmallEvaluation:
    """Two runs of 60 logs: `good` fails some, and explains it; of the rude ones, a person says so in a note.

    `stars` has no limits, so it can fail none.
    """
    small = await make_evaluation(
        client,
        "Planted",
        good={"return_type": "boolean"},
        stars={"return_type": "number", "number_valence": "positive"},
        note={"return_type": "text", "evaluator_type": "human", "instructions": "Say what is wrong."},
    )
    source = random.Random(2)
    for name, failing in FAILING.items():
        logs: list[tuple[str, dict[str, Any]]] = []
        for number in range(60):
            group = failing[number] if number < len(failing) else ""
            said = _SAID.get(group, "").format(source.choice(_THINGS))
            fails: dict[str, Any] = {"judgment": not group, "output": said if group != "rude" else None}
            judged = {"small/good": fails, "small/stars": 1, **({"small/note": said} if group == "rude" else {})}
            logs.append((f"{number} {source.choice(_THINGS)}?", judged))
        await small.run(name, logs)
    return small
