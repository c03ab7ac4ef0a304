"""Make the pictures of the documentation (`docs/images`) from the sample evaluation, in the official host of views.

It needs the extra `browser`, and Chromium: `apt-get install chromium-headless-shell`. Name pictures to make only those.
"""

import asyncio
import sys
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "server"))
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tests.browser.app_host import AppHost, connect_client, open_host
from tests.browser.chromium import Theme, open_chromium
from tests.browser.node_programs import HOST, bundle_host
from tests.node_packages import require_node

from evals_mcp.cli.demo import EVALUATION
from evals_mcp.config import Settings
from evals_mcp.sample.loading import load_sample
from evals_mcp.sample.support_bot import read_sample
from evals_mcp.wiring import build_client

if TYPE_CHECKING:
    from playwright.async_api import Frame

FOLDER = Path(__file__).resolve().parents[1] / "docs" / "images"


class Picture(NamedTuple):
    """A view of a tool's result, after what somebody did in it, in a frame that is so many pixels high."""

    tool: str
    arguments: dict[str, Any]
    theme: Theme
    height: int
    act: Callable[["Frame"], Awaitable[None]]


async def _nothing(view: "Frame") -> None:
    await view.get_by_role("heading", level=2).first.wait_for()


async def _open_datapoint(view: "Frame") -> None:
    await view.get_by_role("region", name="Differences").get_by_role("button").first.click()
    await view.get_by_role("button", expanded=False).first.click()
    await view.get_by_role("table", name="Judgments").wait_for()


_EVALUATION = {"evaluation": EVALUATION}
PICTURES = {
    "comparison": Picture("compare_runs", _EVALUATION, "light", 705, _nothing),
    "datapoint": Picture("compare_runs", _EVALUATION, "dark", 800, _open_datapoint),
    "labelling": Picture("next_to_review", {**_EVALUATION, "reviewer": "ana"}, "light", 860, _nothing),
}


async def take(host: AppHost, picture: Picture, path: Path) -> None:
    """Write a picture."""
    await host.show_tool(picture.tool, picture.arguments, theme=picture.theme)
    await picture.act(host.view)
    frame = host.page.locator("iframe")
    await frame.evaluate("(frame, height) => (frame.style.height = `${height}px`)", picture.height)
    await host.page.mouse.move(0, 0)
    await host.view.evaluate(
        "document.activeElement.blur(); document.querySelector('#datapoints')?.scrollIntoView({ block: 'start' })"
    )
    await frame.screenshot(path=path)


async def main(names: list[str]) -> None:
    """Write the pictures with these names, or all."""
    FOLDER.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        database = Path(folder) / "evals.db"
        async with build_client(Settings(database=str(database))) as client:
            await load_sample(client, read_sample())
        script = bundle_host(require_node(HOST), Path(folder) / "host.js")
        async with open_chromium() as browser, connect_client(database) as connected:
            for name, picture in PICTURES.items():
                if names and name not in names:
                    continue
                async with open_host(browser, script, connected, theme=picture.theme) as host:
                    await take(host, picture, FOLDER / f"{name}.png")


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1:]))
