"""The pages of `evals-mcp serve`: evaluations, a report, a log; open on this machine, elsewhere behind a sign-in."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.async_api import expect
from tests.browser.chromium import Theme, Watched, watched_page
from tests.browser.keyboard import press_tab_to
from tests.browser.page_checks import assert_accessible, assert_closed, assert_fits
from tests.browser.shown_evaluations import HOSTILE, LONG, LONG_TEXT
from tests.e2e.stdio import SAMPLE
from tests.serving.administration import create_key, revoke_key
from tests.serving.served_here import served

if TYPE_CHECKING:
    from playwright.async_api import Browser, Page

pytestmark = pytest.mark.anyio


@pytest.fixture(scope="module")
def address(database: Path) -> Iterator[str]:
    """The address of a server without keys."""
    with served(str(database)) as found:
        yield found


async def _assert_for_everybody(watched: Watched, axe: str) -> None:
    await assert_fits(watched.page, watched.page.main_frame)
    await assert_accessible(watched.page.main_frame, axe)
    watched.assert_quiet()


async def _press_enter_on(page: "Page", words: str) -> None:
    await press_tab_to(page, page.main_frame, words)
    await page.keyboard.press("Enter")


@pytest.mark.parametrize("theme", ["light", "dark"])
async def test_the_keyboard_alone_leads_from_the_evaluations_to_a_log(
    browser: "Browser", address: str, axe: str, theme: Theme
) -> None:
    """Evaluations, a report, the datapoints of a difference, both outputs, a whole log; each page for everybody."""
    async with watched_page(browser, allowed=address, theme=theme) as watched:
        page = watched.page
        await page.goto(address)
        await _assert_for_everybody(watched, axe)
        await _press_enter_on(page, SAMPLE)
        await expect(page.get_by_role("heading", level=1)).to_have_text(SAMPLE)
        await _press_enter_on(page, "worse")
        await _press_enter_on(page, "→")
        await expect(page.get_by_role("table", name="Judgments").first).to_be_visible()
        await _assert_for_everybody(watched, axe)
        await _press_enter_on(page, "log_")
        await expect(page.get_by_role("heading", level=1)).to_contain_text("log_")
        await _assert_for_everybody(watched, axe)
        await _press_enter_on(page, SAMPLE)
        await expect(page.get_by_role("heading", level=1)).to_have_text(SAMPLE)


async def test_hostile_and_long_texts_stay_texts_on_pages(browser: "Browser", address: str) -> None:
    """In the list, the report and the log. A log of 176,000 characters is whole and stays in its box."""
    async with watched_page(browser, allowed=address) as watched:
        page = watched.page
        for evaluation in (HOSTILE, LONG):
            await page.goto(address)
            await page.get_by_role("link", name=evaluation[:60]).click()
            await page.get_by_role("region", name=re.compile("^Differences")).get_by_role("button").first.click()
            await page.get_by_role("button", expanded=False).first.click()
            await page.get_by_role("link", name=re.compile("log_")).first.click()
            await page.get_by_role("heading", level=1, name=re.compile("log_")).wait_for()
            assert await page.evaluate("document.querySelectorAll('main img, main script, main style').length") == 0
            assert await page.title() != "taken"
            await assert_fits(page, page.main_frame, (320,))
        longest = "Math.max(...[...document.querySelectorAll('pre')].map((element) => element.textContent.length))"
        assert await page.evaluate(longest) >= len(LONG_TEXT)
        watched.assert_quiet()
        for _ in range(2):  # the log, and the report that it was opened from
            await assert_closed(page.main_frame)
            await page.go_back()
        assert watched.strays == []


async def test_a_difference_counts_the_datapoints_of_each_list(browser: "Browser", address: str) -> None:
    """On its buttons, as many as each then lists."""
    async with watched_page(browser, allowed=address) as watched:
        page = watched.page
        await page.goto(address)
        await page.get_by_role("link", name=SAMPLE).click()
        await page.get_by_role("button", name="worse").first.click()
        choices = page.get_by_role("group", name="Datapoints to list").get_by_role("button")
        await choices.first.wait_for()
        words = await choices.all_text_contents()
        assert words == [
            "Worse 9",
            "Better 0",
            "Changed 9",
            "Same 30",
            "Only baseline 1",
            "Only candidate 0",
            "Errors 1",
        ]
        for word in words:
            await page.get_by_role("button", name=word, exact=True).click()
            number = word.split()[-1]
            told = "No datapoints." if number == "0" else re.compile(rf" of {number} datapoints?$")
            await page.locator("#list").get_by_text(told).wait_for()
        watched.assert_quiet()


async def test_a_page_on_paper_says_how_to_get_datapoints(browser: "Browser", address: str) -> None:
    """It asks the server for them one by one, which printing does not wait for; what is listed is printed."""
    async with watched_page(browser, allowed=address) as watched:
        await watched.page.goto(address)
        await watched.page.get_by_role("link", name=SAMPLE).click()
        await watched.page.get_by_role("heading", level=1, name=SAMPLE).wait_for()
        seen = "addEventListener('beforeprint', () => { window.printed = document.getElementById('list').innerText; })"
        await watched.page.evaluate(seen)
        await watched.page.pdf()
        assert "print this report's html file" in await watched.page.evaluate("window.printed")
        watched.assert_quiet()


async def test_an_evaluation_that_was_deleted_is_told_in_a_sentence(browser: "Browser", address: str) -> None:
    """With a way back to the others."""
    async with watched_page(browser, allowed=address) as watched:
        await watched.page.goto(f"{address}/evaluations/evr_gone")
        await watched.page.get_by_text("There is no evaluation").wait_for()
        await watched.page.get_by_role("link", name="All evaluations").click()
        await expect(watched.page.get_by_role("link", name=SAMPLE)).to_be_visible()


async def test_who_has_a_key_signs_in_until_it_is_revoked(
    browser: "Browser", sample_database: Path, tmp_path: Path, axe: str
) -> None:
    """At the address that they wanted, also after a restart of the server. No script reads the cookie."""
    from tests.databases import vacuum_into

    database = tmp_path / "keyed.db"
    vacuum_into(database, sample_database)
    key = create_key(str(database), None, "ana", read_only=True)
    async with watched_page(browser, allowed="http://127.0.0.1:") as watched:
        page = watched.page
        with served(str(database)) as address:
            await page.goto(address)
            await expect(page.get_by_text(SAMPLE)).to_have_count(0)
            await assert_fits(page, page.main_frame)
            await assert_accessible(page.main_frame, axe)
            await page.get_by_label("API key").fill("wrong")
            await page.keyboard.press("Enter")
            await page.get_by_role("alert").wait_for()
            await page.get_by_label("API key").fill(key.secret)
            await page.keyboard.press("Enter")
            await page.get_by_role("link", name=SAMPLE).click()
            await expect(page.get_by_role("heading", level=1)).to_have_text(SAMPLE)
        (cookie,) = await page.context.cookies()
        assert cookie.get("httpOnly")
        assert cookie.get("sameSite") in ("Lax", "Strict")
        assert key.secret not in (cookie.get("value") or "")
        assert await page.evaluate("document.cookie") == ""
        with served(str(database)) as address:
            await page.goto(address)
            await page.get_by_role("link", name=SAMPLE).wait_for()
        revoke_key(str(database), "ana")
        with served(str(database)) as address:
            await page.goto(address)
            await page.get_by_label("API key").wait_for()
            await expect(page.get_by_text(SAMPLE)).to_have_count(0)
        assert watched.strays == []
