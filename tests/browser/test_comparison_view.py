"""The view of comparisons in the official host: drawn, fitting, read and worked by everybody."""

import re
from typing import Any

import pytest
from playwright.async_api import expect
from tests.browser.app_host import DOCUMENT, OpenHost
from tests.browser.chromium import Theme
from tests.browser.keyboard import press_tab_to
from tests.browser.page_checks import assert_accessible, assert_fits, named
from tests.browser.shown_evaluations import LONG, LONG_TEXT
from tests.e2e.stdio import SAMPLE

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("theme", ["light", "dark"])
async def test_a_comparison_is_drawn_for_everybody(new_host: OpenHost, axe: str, theme: Theme) -> None:
    """Each difference is a row with its figures; so in both themes, on all widths, for screen readers."""
    async with new_host(theme=theme) as host:
        result = await host.show_tool("compare_runs", {"evaluation": SAMPLE}, theme=theme)
        document: dict[str, Any] = result["_meta"][DOCUMENT]
        await expect(host.view.get_by_role("heading", level=1)).to_have_text(SAMPLE)
        first = document["candidates"][0]["rows"][0]
        section = named(host.view.get_by_role("region", name="Differences"), first["label"])
        row = section.get_by_role("button").first
        await expect(row).to_contain_text(first["words"]["difference"])
        await expect(row).to_contain_text(first["verdict"].split(" at n=")[0])
        await row.click()
        for number in range(2):
            await host.view.get_by_role("button", expanded=False).first.click()
            await expect(host.view.get_by_role("table", name="Judgments").nth(number)).to_be_visible()
        await host.view.get_by_text("What changed").wait_for()
        for summary in await host.view.locator("summary").all():
            await summary.click()
        await assert_fits(host.page, host.view)
        await assert_accessible(host.view, axe)
        background = await host.view.evaluate("getComputedStyle(document.body).backgroundColor")
        assert (sum(map(int, re.findall(r"\d+", background)[:3])) < 384) == (theme == "dark")
        host.watched.assert_quiet()


async def test_the_keyboard_alone_leads_from_a_bar_to_a_datapoint_and_into_the_chat(new_host: OpenHost) -> None:
    """Tab and Enter reach a difference, its datapoints, both outputs, and "Ask about this"."""
    async with new_host() as host:
        await host.show_tool("compare_runs", {"evaluation": SAMPLE})
        await host.view.get_by_role("heading", level=1).wait_for()
        await press_tab_to(host.page, host.view, "worse")
        await host.page.keyboard.press("Enter")
        opened = await press_tab_to(host.page, host.view, "→")
        await host.page.keyboard.press("Enter")
        await expect(host.view.get_by_role("table", name="Judgments")).to_be_visible()
        await press_tab_to(host.page, host.view, "Ask about this")
        await host.page.keyboard.press("Enter")
        await host.view.get_by_text("It is in the chat now").wait_for()
        (told,) = await host.sent("ui/update-model-context")
        assert opened.split("→")[0].strip() in told["content"][0]["text"]
        host.watched.assert_quiet()


async def test_all_datapoints_are_reached_page_by_page(new_host: OpenHost) -> None:
    """The pages are calls of `compare_runs`; at the end no button is left, and each datapoint was there once."""
    async with new_host() as host:
        result = await host.show_tool("compare_runs", {"evaluation": SAMPLE})
        rows = result["_meta"][DOCUMENT]["candidates"][0]["rows"]
        label = next(row["label"] for row in rows if (row["same"] or 0) > 20)
        await named(host.view, label).get_by_role("button").first.click()
        await host.view.get_by_role("button", name=re.compile("^Same")).click()
        datapoints = host.view.locator("ul.list > li")
        more = host.view.get_by_role("button", name="Show more")
        await datapoints.first.wait_for()
        while await more.count():
            before = await datapoints.count()
            await more.click()
            await expect(datapoints.nth(before)).to_be_visible()
        said = await host.view.get_by_text(re.compile(r"^[\d,]+ of [\d,]+ datapoint")).first.inner_text()
        shown, total = re.findall(r"[\d,]+", said)[:2]
        assert shown == total == str(await datapoints.count())


async def test_a_log_of_176_000_characters_is_cut_and_says_so(new_host: OpenHost) -> None:
    """Its beginning is shown as text in a box of its own, and how much more there is."""
    async with new_host() as host:
        await host.show_tool("compare_runs", {"evaluation": LONG, "baseline": "first"})
        await named(host.view, re.compile("right")).get_by_role("button").first.click()
        await host.view.get_by_role("button", expanded=False).filter(has_text="long").first.click()
        box = named(host.view, re.compile("^second: "))
        shown = await box.inner_text()
        assert LONG_TEXT.startswith(shown.rstrip()[:10_000])
        left = len(LONG_TEXT + "second") - len(shown)
        await expect(host.view.get_by_text(f"{left:,} more characters.").first).to_be_visible()
        await assert_fits(host.page, host.view, (320,))
        host.watched.assert_quiet()
