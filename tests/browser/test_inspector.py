"""Both views in MCP Inspector, a host that others wrote: a sandbox in a sandbox, its own policy, its own colours."""

import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.async_api import expect
from tests.browser.chromium import Watched, watched_page
from tests.browser.inspector import start_inspector
from tests.browser.page_checks import assert_accessible
from tests.browser.shown_evaluations import TO_LABEL
from tests.e2e.stdio import SAMPLE, environ

if TYPE_CHECKING:
    from playwright.async_api import Browser, FrameLocator

pytestmark = pytest.mark.anyio


@pytest.fixture(scope="module")
async def inspector(
    browser: "Browser", node: str, database: Path, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Watched]:
    """Inspector's page, connected to our server, with the list of the tools that have views."""
    folder = tmp_path_factory.mktemp("inspector")
    with start_inspector(node, environ(EVALS_MCP_DATABASE=str(database)), folder) as address:
        async with watched_page(browser, allowed="http://127.0.0.1:", width=1_300, height=900) as watched:
            await watched.page.goto(address)
            await watched.page.get_by_role("switch", name="Connect or disconnect").click(force=True)
            await watched.page.get_by_text("Apps", exact=True).click()
            yield watched


async def _open(inspector: Watched, tool: str, **arguments: str) -> "FrameLocator":
    page = inspector.page
    await page.get_by_role("button", name=tool).click()
    for name, value in arguments.items():
        await page.get_by_role("textbox", name=name, exact=True).fill(value)
    await page.get_by_role("button", name="Open App").click()
    return page.frame_locator("iframe").frame_locator("iframe")


async def test_a_comparison_is_drawn_and_worked_in_inspector(inspector: Watched, axe: str) -> None:
    """A click lists datapoints, which the view asks the server for; no request leaves the frame."""
    view = await _open(inspector, "Compare runs", evaluation=SAMPLE)
    await expect(view.get_by_role("heading", level=1)).to_have_text(SAMPLE)
    await view.get_by_role("region", name="Differences").get_by_role("button").first.click()
    await view.get_by_role("button", expanded=False).first.click()
    await expect(view.get_by_role("table", name="Judgments")).to_be_visible()
    await assert_accessible(inspector.page.frames[-1], axe)
    assert inspector.of_frames == []


async def test_a_log_is_labelled_in_inspector(inspector: Watched) -> None:
    """A key labels the log, and the next one appears."""
    view = await _open(inspector, "Next log to review", evaluation=TO_LABEL, reviewer="ida")
    log = view.get_by_role("heading", name=re.compile("^Log log_"))
    first = await log.inner_text()
    await log.click()
    await inspector.page.keyboard.press("1")
    await expect(log).not_to_have_text(first)
    assert inspector.of_frames == []
    await inspector.page.get_by_role("button", name="Toggle color scheme").click()
    await expect(view.locator("html")).to_have_attribute("data-theme", "dark")
