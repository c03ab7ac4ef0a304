"""The file that `evals-mcp report` writes: opened from a disk, without a server behind it."""

import re
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from anyio import to_thread
from playwright.async_api import expect
from tests.browser.chromium import Theme, watched_page
from tests.browser.keyboard import press_tab_to
from tests.browser.page_checks import assert_accessible, assert_closed, assert_fits
from tests.browser.shown_evaluations import HOSTILE, PASSING
from tests.e2e.in_process import run
from tests.e2e.stdio import SAMPLE

if TYPE_CHECKING:
    from playwright.async_api import Browser, Page

pytestmark = pytest.mark.anyio


@pytest.fixture(scope="module")
async def reports(database: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with reports of the sample, of the hostile evaluation, and of scores that pass."""
    folder = tmp_path_factory.mktemp("reports")
    for name, evaluation in (("sample", SAMPLE), ("hostile", HOSTILE), ("passing", PASSING)):
        arguments = ["report", evaluation, "--to", str(folder / f"{name}.html"), "--from", str(database)]
        done = await to_thread.run_sync(run, arguments)
        assert done.status == 0, done.stderr
    return folder


@pytest.mark.parametrize("theme", ["light", "dark"])
async def test_a_report_is_read_by_everybody(browser: "Browser", reports: Path, axe: str, theme: Theme) -> None:
    """One file, without a request: differences, and by the keyboard alone a datapoint with both outputs."""
    address = (reports / "sample.html").as_uri()
    async with watched_page(browser, allowed=address, theme=theme) as watched:
        page = watched.page
        await page.goto(address)
        await expect(page.get_by_role("heading", level=1)).to_have_text(SAMPLE)
        await press_tab_to(page, page.main_frame, "worse")
        await page.keyboard.press("Enter")
        await press_tab_to(page, page.main_frame, "→")
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("table", name="Judgments").first).to_be_visible()
        await assert_fits(page, page.main_frame)
        await assert_accessible(page.main_frame, axe)
        assert watched.requests == [address]
        watched.assert_quiet()


async def test_hostile_texts_stay_texts_in_a_report(browser: "Browser", reports: Path) -> None:
    """Nothing in a log ends the element that holds the report's figures, or becomes one."""
    address = (reports / "hostile.html").as_uri()
    async with watched_page(browser, allowed=address) as watched:
        page = watched.page
        await page.goto(address)
        await expect(page.get_by_role("heading", level=1)).to_contain_text(HOSTILE[:60])
        await page.get_by_role("region", name=re.compile("^Differences")).get_by_role("button").first.click()
        await page.get_by_role("button", expanded=False).first.click()
        assert await page.evaluate("document.querySelectorAll('main img, main script, main style').length") == 0
        assert await page.title() != "taken"
        await assert_fits(page, page.main_frame)
        watched.assert_quiet()
        await assert_closed(page.main_frame)
        assert watched.requests == [address]


async def test_figures_of_two_parts_stay_in_their_cards(browser: "Browser", reports: Path) -> None:
    """A mean with the rate that passed is wider than its column, also beside long names of runs."""
    address = (reports / "passing.html").as_uri()
    async with watched_page(browser, allowed=address) as watched:
        page = watched.page
        await page.goto(address)
        await expect(page.get_by_text("0.50 (62.5% passed)").first).to_be_visible()
        await assert_fits(page, page.main_frame)
        is_wider = "(e) => e.clientWidth > 0 && e.scrollWidth > e.clientWidth + 1"
        wider = f"[...document.querySelectorAll('.card *')].filter({is_wider}).length"
        assert await page.evaluate(wider) == 0


async def test_a_report_on_paper_has_the_worst_datapoints(browser: "Browser", reports: Path) -> None:
    """With both outputs, in dark ink, although nobody opened any; on the screen nothing stays of it."""
    address = (reports / "sample.html").as_uri()
    async with watched_page(browser, allowed=address, theme="dark") as watched:
        page = watched.page
        await page.goto(address)
        assert await _printed(page) == await _printed(page)
        words = await _printed(page)
        assert "v2-concise against v1-baseline: 10 of 22 datapoints that got worse" in words
        first = words[words.index("policy_correct true → false") :]
        for part in ("question", "target: facts", "v1-baseline (baseline)", "output tokens", "Judgments"):
            assert part in first
        assert await page.locator("#list").text_content() == ""
        await expect(page.get_by_role("button", name="worse").first).to_be_visible()
        await page.get_by_role("button", name="worse").first.click()
        listed = await page.get_by_role("button", expanded=False).count()
        words = await _printed(page)
        assert "9 of 9 datapoints" in words
        assert words.count("v1-baseline (baseline)") == listed == 9
        assert await page.get_by_role("button", expanded=False).count() == listed
        watched.assert_quiet()


async def _printed(page: "Page") -> str:
    """What is listed on paper. The browser prints as for a printer."""
    await page.evaluate(
        "addEventListener('beforeprint', () => { const list = document.getElementById('list');"
        " window.printed = list.innerText; window.shut = document.querySelectorAll('details:not([open])').length; })"
    )
    await page.pdf()
    assert await page.evaluate("window.shut") == 0
    printed: str = await page.evaluate("window.printed")
    return printed


@pytest.mark.parametrize("width", [320, 480, 1_280])
async def test_axes_have_labels_that_do_not_meet(browser: "Browser", reports: Path, width: int) -> None:
    """In narrow plots, too, with zero among them; and no figure beside a bar is broken in two."""
    address = (reports / "sample.html").as_uri()
    async with watched_page(browser, allowed=address, width=width) as watched:
        await watched.page.goto(address)
        axes = await watched.page.evaluate(
            "[...document.querySelectorAll('.axis')].map((axis) => [...axis.querySelectorAll('text[y=\"12\"]')].map("
            "(label) => [label.textContent, label.getBoundingClientRect().left, label.getBoundingClientRect().right]))"
        )
        assert len(axes) > 5
        is_broken = "(e) => !e.textContent.includes(' ') && e.offsetHeight > 30"
        broken = f"[...document.querySelectorAll('.values .line')].filter({is_broken}).map((e) => e.textContent)"
        assert await watched.page.evaluate(broken) == []
        for labels in axes:
            assert len(labels) > 1
            assert "0" in [label for label, _, _ in labels]
            for (_, left, right), (_, following, _) in pairwise(labels):
                assert left < right < following
