"""Over a real pipe: all that a client uses, wrong calls that are refused in process, and tools that write to stdout."""

import re
import sys
from pathlib import Path
from typing import Any

import pytest
from tests.assistant import Assistant
from tests.e2e.stdio import ERAS, MODERN, SAMPLE, environ
from tests.e2e.test_protocol import check_a_noisy_server, use_everything
from tests.tools.test_bad_input import WRONG

from evals_mcp.client.client import EvalsClient
from mcp import Client, StdioServerParameters

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("mode", ["legacy", MODERN])
async def test_a_stdio_server_survives_it_too(sample_copy: Path, mode: Any) -> None:
    """Over a real pipe, in both eras: every error is an answer, and the next question is answered."""
    variables = environ(EVALS_MCP_DATABASE=str(sample_copy))
    parameters = StdioServerParameters(command=sys.executable, args=["-m", "evals_mcp"], env=variables)
    async with Client(parameters, mode=mode) as host:
        assistant = Assistant(host, EvalsClient())
        for tool, arguments, said in WRONG:
            if "\ud800" not in "".join(arguments.get("where", ())):
                assert said in await assistant.refuse(tool, **arguments)
        assert "3 runs" in await assistant.ask("list_runs", evaluation=SAMPLE)
        listed = await assistant.ask("get_logs", evaluation=SAMPLE, limit=1)
        log = next(line.split(" ")[0] for line in listed.splitlines() if line.startswith("log_"))
        whole = await assistant.ask("get_log", log=log)
        assert re.match(rf"Log {log}\w{{15}} of prompt support/answer-ticket ", whole)
        points = await assistant.ask("list_datapoints", evaluation=SAMPLE, limit=1)
        assert "\ndatapoint | input (question, plan, locale) | target (facts) | " in points


async def test_a_client_that_starts_the_server_uses_everything_it_offers(sample_database: Path) -> None:
    """As hosts start it."""
    variables = environ(EVALS_MCP_DATABASE=str(sample_database))
    parameters = StdioServerParameters(command=sys.executable, args=["-m", "evals_mcp"], env=variables)
    async with Client(parameters) as client:
        await use_everything(client)


@pytest.mark.parametrize("era", ERAS)
def test_nothing_but_the_protocol_reaches_stdout(sample_database: Path, era: str) -> None:
    """Prints, bytes, children and warnings go to stderr; an error nobody foresaw is told without its innards."""
    check_a_noisy_server(sample_database, era)
