"""The labelling view in the official host: people label with the keyboard alone, and nothing of it is lost."""

import re
from typing import Any

import pytest
from playwright.async_api import expect
from tests.browser.app_host import AppHost, OpenHost, call_tool
from tests.browser.chromium import Theme
from tests.browser.keyboard import press_tab_to
from tests.browser.page_checks import assert_accessible, assert_fits
from tests.browser.shown_evaluations import FEW_TO_LABEL, HOSTILE, LONG, LONG_TEXT, TO_LABEL

pytestmark = pytest.mark.anyio
_LOG = re.compile(r"^Log log_")


async def _shown_log(host: AppHost) -> str:
    """The id of the log that is shown."""
    title = await host.view.get_by_role("heading", name=_LOG).inner_text()
    found = re.search(r"log_\w+", title)
    assert found is not None
    return found[0]


async def _labels(host: AppHost, log: str) -> Any:
    """What the server has of a log, as a model reads it."""
    return (await call_tool(host.client, "get_log", {"log": log}))["content"][0]["text"]


@pytest.mark.parametrize("theme", ["light", "dark"])
async def test_a_log_to_label_is_shown_for_everybody(new_host: OpenHost, axe: str, theme: Theme) -> None:
    """In both themes, on all widths, for screen readers."""
    async with new_host(theme=theme) as host:
        await host.show_tool("next_to_review", {"evaluation": TO_LABEL, "reviewer": "ana"}, theme=theme)
        await host.view.get_by_role("heading", name=_LOG).wait_for()
        await assert_fits(host.page, host.view)
        await assert_accessible(host.view, axe)
        host.watched.assert_quiet()


async def test_the_keyboard_alone_labels_undoes_and_skips(new_host: OpenHost) -> None:
    """From the start: a note, a key that labels, the next log, the label undone, and another log."""
    async with new_host() as host:
        await host.show_tool("next_to_review", {"evaluation": TO_LABEL, "reviewer": "ben"})
        await host.view.get_by_role("heading", name=_LOG).wait_for()
        first = await _shown_log(host)
        await press_tab_to(host.page, host.view, "Skip")
        await host.page.keyboard.press("n")
        await host.page.keyboard.type("Because 1 is <b>kind</b>.")
        await host.page.keyboard.press("Escape")
        await host.page.keyboard.press("1")
        await expect(host.view.get_by_role("heading", name=_LOG)).not_to_contain_text(first)
        label = await _labels(host, first)
        assert "kind" in label
        assert "Because 1 is <b>kind</b>." in label
        second = await _shown_log(host)
        await host.page.keyboard.press("u")
        await expect(host.view.get_by_role("heading", name=_LOG)).to_contain_text(first)
        assert "Because 1 is" not in await _labels(host, first)
        await expect(host.view.get_by_role("textbox", name="Note")).to_have_value("Because 1 is <b>kind</b>.")
        await host.page.keyboard.press("s")
        await expect(host.view.get_by_role("heading", name=_LOG)).not_to_contain_text(first)
        assert first != second
        host.watched.assert_quiet()


async def test_all_logs_are_labelled_and_the_view_says_so(new_host: OpenHost) -> None:
    """A key for each log, until none is left; each log has one label of this reviewer."""
    async with new_host() as host:
        await host.show_tool("next_to_review", {"evaluation": FEW_TO_LABEL, "reviewer": "eve", "blind": True})
        labelled: list[str] = []
        log = host.view.get_by_role("heading", name=_LOG)
        await log.wait_for()
        await log.click()
        while await log.count():
            labelled.append(await _shown_log(host))
            await host.page.keyboard.press("2")
            await expect(host.view.get_by_role("heading", name=f"Log {labelled[-1]}")).to_have_count(0)
            assert len(labelled) < 5
        assert len(set(labelled)) == len(labelled) == 3
        await expect(host.view.get_by_role("button", name="Skip")).to_be_hidden()


async def test_a_label_is_stored_once_when_a_host_loses_the_answer(new_host: OpenHost) -> None:
    """The view says what failed, keeps the note, and trying again stores no second label."""
    async with new_host() as host:
        await host.show_tool("next_to_review", {"evaluation": TO_LABEL, "reviewer": "lou"})
        await host.view.get_by_role("heading", name=_LOG).wait_for()
        log = await _shown_log(host)
        await host.view.get_by_role("textbox", name="Note").fill("Once.")
        host.loses_answers = True
        await host.view.get_by_role("button", name="kind").click()
        await host.view.get_by_role("button", name="Try again").wait_for()
        await expect(host.view.get_by_role("textbox", name="Note")).to_have_value("Once.")
        host.loses_answers = False
        await host.view.get_by_role("button", name="Try again").click()
        await expect(host.view.get_by_role("heading", name=_LOG)).not_to_contain_text(log)
        assert (await _labels(host, log)).count("Once.") == 1


async def test_hostile_and_long_texts_stay_texts(new_host: OpenHost) -> None:
    """What looks like HTML is shown as it is; a log of 176,000 characters is cut, and whole on request."""
    async with new_host() as host:
        await host.show_tool("next_to_review", {"evaluation": HOSTILE, "reviewer": "ana"})
        await host.view.get_by_role("heading", name=_LOG).wait_for()
        await expect(host.view.get_by_text(HOSTILE[:60]).first).to_be_attached()
        found = "document.querySelectorAll('main img, main script, main style, main a').length"
        assert await host.view.evaluate(found) == 0
        shown = await host.view.evaluate("document.body.textContent")
        assert "\\u{202e}\\u{200b}" in shown
        assert not {"\u202e", "\u200b"} & set(shown)
        await assert_fits(host.page, host.view, (320, 1_600))
    async with new_host() as host:
        result = await host.show_tool(
            "next_to_review", {"evaluation": LONG, "reviewer": "ana", "where": ["question=long"]}
        )
        assert len(str(result["_meta"])) < 100_000
        await host.view.get_by_role("button", name="Show the whole log").first.click()
        await host.view.get_by_text("This is the whole log.").wait_for()
        shown = await host.view.evaluate(
            "Math.max(...[...document.querySelectorAll('pre')].map((e) => e.textContent.length))"
        )
        assert shown >= len(LONG_TEXT)
        await assert_fits(host.page, host.view, (320,))
        host.watched.assert_quiet()
