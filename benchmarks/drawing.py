"""How soon a view is drawn after its tool's result, for 12 runs x 11 evaluators, in the official host of MCP Apps.

`python benchmarks/drawing.py [DATAPOINTS] [ROUNDS]` makes such an evaluation with so many datapoints (100), starts a
server over stdio and Chromium, and mounts the view anew in each round. It needs the extra `browser` and Chromium.
Prints milliseconds from the moment when the host hands over the result to the second frame that has the heading, and
the size of the document.
"""

import asyncio
import json
import random
import sys
import tempfile
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tests.browser.app_host import DOCUMENT, AppHost, call_tool, connect_client, open_host
from tests.browser.chromium import open_chromium
from tests.browser.node_programs import HOST, bundle_host
from tests.node_packages import require_node
from tests.small_evaluations import make_evaluation

from evals_mcp.config import Settings
from evals_mcp.wiring import build_client

if TYPE_CHECKING:
    from playwright.async_api import Frame

RUNS, EVALUATORS, MOST = 12, 11, 300
EVALUATION = "Twelve runs"
_OPTIONS = ("kind", "neutral", "rude")
_WATCH = """() => {
  window.drawn = new Promise((resolve) => {
    const now = () => resolve(performance.timeOrigin + performance.now());
    const told = () => requestAnimationFrame(() => requestAnimationFrame(now));
    new MutationObserver((changes, observer) => {
      if (document.querySelector('h1')) { observer.disconnect(); told(); }
    }).observe(document.body, { childList: true, subtree: true });
  });
}"""
_SHOW = """async (result) => {
  const shown = performance.timeOrigin + performance.now();
  await evalsHost.show(result);
  return shown;
}"""


async def make(database: Path, datapoints: int) -> None:
    """Make the evaluation: evaluators of three types, and later runs that are a little better or worse."""
    drawn = random.Random(0)
    options = [{"name": option, "valence": "neutral"} for option in _OPTIONS]
    specs: list[dict[str, Any]] = [
        {"return_type": "boolean"},
        {"return_type": "number", "number_limits": {"min": 1, "max": 5, "step": 1}},
        {"return_type": "select", "options": options},
    ]
    given = {f"evaluator_{number}": specs[number % 3] for number in range(EVALUATORS)}
    async with build_client(Settings(database=str(database))) as client:
        evaluation = await make_evaluation(client, EVALUATION, **given)
        for run in range(RUNS):
            logs = [(f"question {number}", _judgments(drawn, run)) for number in range(datapoints)]
            await evaluation.run(f"version {run}", logs)


def _judgments(drawn: random.Random, run: int) -> dict[str, object]:
    values = [drawn.random() < 0.6 + run / 50, drawn.randint(1, 5), drawn.choice(_OPTIONS)]
    return {f"small/evaluator_{number}": values[number % 3] for number in range(EVALUATORS)}


async def measure(host: AppHost, tool: str, rounds: int) -> tuple[list[float], int]:
    """Milliseconds until the view of a tool is drawn, in each round, and the size of its document."""
    arguments = {"evaluation": EVALUATION}
    result = await call_tool(host.client, tool, arguments)
    taken = []
    for _ in range(rounds):
        await host.open_view(tool, arguments)
        view: Frame = host.view
        await view.evaluate(_WATCH)
        shown = await host.page.evaluate(_SHOW, result)
        taken.append(await view.evaluate("window.drawn") - shown)
    return taken, len(json.dumps(result["_meta"][DOCUMENT]))


async def main(datapoints: int = 100, rounds: int = 15) -> bool:
    """Measure and print; whether all stay under their limits."""
    held = True
    with tempfile.TemporaryDirectory() as folder:
        database = Path(folder) / "evals.db"
        await make(database, datapoints)
        script = bundle_host(require_node(HOST), Path(folder) / "host.js")
        async with open_chromium() as browser, connect_client(database) as client:
            print(f"{RUNS} runs x {EVALUATORS} evaluators x {datapoints} datapoints; ms from the result to the drawing")
            for tool in ("list_runs", "compare_runs"):
                async with open_host(browser, script, client) as host:
                    taken, size = await measure(host, tool, rounds)
                    host.watched.assert_quiet()
                held = held and median(taken) <= MOST
                figures = f"median {median(taken):4.0f}, least {min(taken):4.0f}, most {max(taken):4.0f} (limit {MOST})"
                print(f"{tool:14} {figures}; document {size:,} characters")
    return held


if __name__ == "__main__":
    sys.exit(not asyncio.run(main(*map(int, sys.argv[1:]))))
