"""Tokens of answers against the JSON of the documented API's own answers to the same question; nothing is timed.

`python benchmarks/tokens.py` loads an evaluation into a temporary database and asks about it;
`python benchmarks/tokens.py DATABASE EVALUATION` asks about one that is there (its id). Tokens are those of cl100k or
o200k, whichever takes more; the last figure is how much higher the server estimates them.
"""

import asyncio
import os
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import httpx

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.loading import load_evaluation
from tests.tokenizers import count_tokens

from evals_mcp.answers.frame.tokens import estimate
from evals_mcp.cli.stdio_client import start_server
from evals_mcp.wiring import open_embedded_app

LOGS, DATAPOINTS = 10, 20
MOST = 0.1
MOST_OVER = 1.25


async def ask_tools(database: str, evaluation: str) -> dict[str, str]:
    """The answers of the tools, by name."""
    calls: dict[str, dict[str, Any]] = {
        "list_runs": {"evaluation": evaluation},
        "get_logs": {"evaluation": evaluation, "limit": LOGS},
        "list_datapoints": {"evaluation": evaluation, "limit": DATAPOINTS},
    }
    async with start_server({**os.environ, "EVALS_MCP_DATABASE": database}) as asker:
        return {tool: (await asker.ask(tool, arguments)).text for tool, arguments in calls.items()}


async def ask_api(database: str, evaluation: str) -> dict[str, str]:
    """The JSON of the documented answers that hold what each tool is asked for, by the tool's name."""
    transport = httpx.ASGITransport(app=open_embedded_app(database))
    async with httpx.AsyncClient(transport=transport, base_url="http://embedded", timeout=60) as client:
        runs = (await client.get(f"/v5/evaluations/{evaluation}/runs")).raise_for_status().json()["runs"]
        v5, v4 = f"/v5/evaluations/{evaluation}", f"/v4/evaluations/{evaluation}"
        shown = [f"{v4}/datapoints?evaluatee_id={run}&size={DATAPOINTS}" for run in _shown_by_default(runs)]
        return {
            "list_runs": await _read(client, [v5, f"{v5}/runs", f"{v5}/stats"]),
            "get_logs": await _read(client, [f"{v5}/logs?size={LOGS}"]),
            "list_datapoints": await _read(client, shown),
        }


async def _read(client: httpx.AsyncClient, paths: Sequence[str]) -> str:
    return "\n".join([(await client.get(path)).raise_for_status().text for path in paths])


def _shown_by_default(runs: Sequence[dict[str, Any]]) -> list[str]:
    """The ids of the runs that list_datapoints shows unasked: the control, else the oldest, and the newest two."""
    newest_first = [run["id"] for run in runs]
    control = next((run["id"] for run in runs if run["control"]), newest_first[-1])
    return list(dict.fromkeys([control, *[run_id for run_id in newest_first if run_id != control][:2]]))


async def main(database: str, evaluation: str) -> None:
    """Count and print."""
    answers, documented = await ask_tools(database, evaluation), await ask_api(database, evaluation)
    for tool, answer in answers.items():
        ours, theirs = count_tokens(answer), count_tokens(documented[tool])
        print(
            f"{tool}: {ours:,} tokens, JSON {theirs:,}, ratio {ours / theirs:.3f} (at most {MOST}),"
            f" estimate {estimate(answer) / ours:.2f} x (at most {MOST_OVER})"
        )


if __name__ == "__main__":
    if len(sys.argv) > 1:
        asyncio.run(main(*sys.argv[1:3]))
    else:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "tokens.db"
            asyncio.run(main(str(path), load_evaluation(path)))
