"""Each call in the skill's pages, made in its order."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from tests.assistant import connect_assistant
from tests.skill_pages import CALLS

from evals_mcp.config import Settings
from evals_mcp.wiring import build_client

SAMPLE = "Which prompt answers tickets"


@pytest.mark.anyio
async def test_every_call_in_the_pages_can_be_made(sample_copy: Path) -> None:
    """In their order, at the sample, with ids from earlier answers for what is left open. Writes write.

    Only the file of results is not there; its arguments are checked with those of all calls in tests/mcp.
    """
    async with build_client(Settings(database=str(sample_copy))) as client, connect_assistant(client) as assistant:
        log = re.findall(r"^log_\w+", await assistant.ask("get_logs", evaluation=SAMPLE, limit=1), re.MULTILINE)[0]
        open_ones = {
            "log": log,
            "logs": log,
            "note": "Wrong days.",
            "judgment": "date",
            "output": "Yes.",
            "question": "Why?",
        }
        for tool, given in CALLS:
            if given.get("path") == "results.csv":
                continue
            arguments = _filled(given, open_ones)
            assert await assistant.ask(tool, **arguments)
            if tool == "set_up_run":
                made = await assistant.ask(tool, **{**arguments, "dry_run": False})
                open_ones["run"] = re.findall(r"\brun_\w+", made)[0]
                listed = await assistant.ask("list_datapoints", evaluation="Support")
                open_ones["datapoint"] = re.findall(r"^dp_\w+", listed, re.MULTILINE)[0]


def _filled(given: dict[str, Any], open_ones: dict[str, str]) -> dict[str, Any]:
    """The arguments with a value for each `…`, also inside of JSON in a text."""
    text = json.dumps(given, ensure_ascii=False)
    for name, value in open_ones.items():
        text = re.sub(rf'({name}\\?": ?\[?\\?")…', rf"\g<1>{value}", text)
    assert "…" not in text, text
    filled: dict[str, Any] = json.loads(text)
    return filled
