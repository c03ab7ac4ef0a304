"""Texts of others that look like HTML stay texts, and messages of strangers are not heard."""

import json
import re
from typing import Any

import anyio
import pytest
from playwright.async_api import expect
from tests.browser.app_host import AppHost, Held, OpenHost, call_tool
from tests.browser.page_checks import assert_fits
from tests.browser.shown_evaluations import HOSTILE
from tests.e2e.stdio import SAMPLE

pytestmark = pytest.mark.anyio
_RESULT = "ui/notifications/tool-result"
_SHOWN = HOSTILE.rstrip("\u202e\u200b")


async def assert_only_text(host: AppHost) -> None:
    """The text is to be read as it is, and nothing of it became an element or a script."""
    await expect(host.view.get_by_text(_SHOWN).first).to_be_attached()
    found = await host.view.evaluate(
        "[document.querySelectorAll('main img, main script, main style, main a[href^=javascript]').length,"
        " document.title === 'taken', getComputedStyle(document.body).display]"
    )
    assert found == [0, False, "block"]
    host.watched.assert_quiet()


async def test_hostile_texts_stay_texts_in_a_comparison(new_host: OpenHost) -> None:
    """In names of evaluations, runs, evaluators and options, in inputs, outputs and explanations."""
    async with new_host() as host:
        await host.show_tool("compare_runs", {"evaluation": HOSTILE})
        await host.view.get_by_role("heading", level=1).wait_for()
        await assert_only_text(host)
        await host.view.get_by_role("region").get_by_role("button").first.click()
        await host.view.get_by_role("button", expanded=False).first.click()
        await host.view.get_by_role("table", name="Judgments").wait_for()
        await assert_only_text(host)
        await assert_fits(host.page, host.view)


async def test_hostile_texts_stay_texts_in_a_list_of_runs(new_host: OpenHost) -> None:
    """The same where runs stand side by side."""
    async with new_host() as host:
        await host.show_tool("list_runs", {"evaluation": HOSTILE})
        await host.view.get_by_role("heading", level=1).wait_for()
        await assert_only_text(host)
        await assert_fits(host.page, host.view)


_WRONG: list[Any] = [
    None,
    7,
    "text",
    [],
    {},
    {"jsonrpc": "1.0", "method": _RESULT, "params": {}},
    {"jsonrpc": "2.0"},
    {"jsonrpc": "2.0", "method": 5, "params": {}},
    {"jsonrpc": "2.0", "method": _RESULT},
    {"jsonrpc": "2.0", "method": _RESULT, "params": []},
    {"jsonrpc": "2.0", "method": _RESULT, "params": {"content": "text", "_meta": []}},
    {"jsonrpc": "2.0", "method": _RESULT, "params": {"content": [None, {"type": 5}], "_meta": {"evals-mcp/view": []}}},
    {"jsonrpc": "2.0", "method": _RESULT, "params": {"content": [], "_meta": {"evals-mcp/view": {"kind": "runs"}}}},
    {"jsonrpc": "2.0", "method": "ui/notifications/host-context-changed", "params": {"theme": {}, "styles": 4}},
    {"jsonrpc": "2.0", "method": "ui/notifications/tool-input", "params": {"arguments": "none"}},
    {"jsonrpc": "2.0", "id": {}, "method": "ping"},
    {"jsonrpc": "2.0", "id": 1, "result": {"hostContext": {"theme": "dark"}}},
    {"jsonrpc": "2.0", "id": 999, "result": {}},
    {"jsonrpc": "2.0", "id": 999, "error": "none"},
]
"""Messages of the wrong form: no JSON-RPC, wrong types, answers to nothing, a document without what it must have."""


async def test_messages_of_the_wrong_form_change_nothing_that_is_right(new_host: OpenHost) -> None:
    """The view lives on after each, throws nothing, and draws the next right result."""
    async with new_host() as host:
        await host.show_tool("list_runs", {"evaluation": SAMPLE})
        heading = host.view.get_by_role("heading", level=1)
        await heading.wait_for()
        for message in _WRONG:
            await host.post(message)
        await host.show(await call_tool(host.client, "compare_runs", {"evaluation": SAMPLE}))
        await host.view.get_by_role("region", name="Differences").wait_for()
        await expect(heading).to_have_text(SAMPLE)
        host.watched.assert_quiet()


async def test_messages_of_the_wrong_form_change_nothing_in_the_labelling_view(new_host: OpenHost) -> None:
    """The log stays, and what was written to it."""
    async with new_host() as host:
        await host.show_tool("next_to_review", {"evaluation": SAMPLE, "reviewer": "ana"})
        log = host.view.get_by_role("heading", name=re.compile("^Log log_"))
        shown = await log.inner_text()
        await host.view.get_by_role("textbox", name="Note").fill("Stays.")
        for message in _WRONG:
            await host.post(message)
        await host.show(await call_tool(host.client, "next_to_review", {"evaluation": SAMPLE, "reviewer": "ana"}))
        await expect(log).to_have_text(shown)
        await expect(host.view.get_by_role("textbox", name="Note")).to_have_value("Stays.")
        host.watched.assert_quiet()


async def test_a_view_asks_itself_for_what_its_host_dropped(new_host: OpenHost) -> None:
    """Once: a host may hand over the answer without its metadata."""
    async with new_host() as host:
        await host.open_view("compare_runs", {"evaluation": SAMPLE})
        result = await call_tool(host.client, "compare_runs", {"evaluation": SAMPLE})
        await host.show({"content": result["content"]})
        await host.view.get_by_role("region", name="Differences").wait_for()
        assert [params["name"] for _, params in host.calls] == ["compare_runs"]
        host.watched.assert_quiet()


async def test_the_same_result_twice_is_drawn_once(new_host: OpenHost) -> None:
    """A host that repeats itself does not close the list that somebody reads."""
    async with new_host() as host:
        result = await host.show_tool("compare_runs", {"evaluation": SAMPLE})
        await host.view.get_by_role("region", name="Differences").get_by_role("button").first.click()
        await host.view.get_by_role("button", expanded=False).first.wait_for()
        listed = len(host.calls)
        await host.show(result)
        await host.show(result)
        await expect(host.view.get_by_role("button", expanded=False).first).to_be_visible()
        await expect(host.view.get_by_role("heading", level=1)).to_have_count(1)
        assert len(host.calls) == listed


async def test_a_stranger_is_not_heard(new_host: OpenHost) -> None:
    """Only the window around the view is its host: another frame's result, and the view's own, are not drawn."""
    async with new_host() as host:
        await host.show_tool("list_runs", {"evaluation": SAMPLE})
        await host.view.get_by_role("heading", level=1).wait_for()
        other = await call_tool(host.client, "list_runs", {"evaluation": HOSTILE})
        message = {"jsonrpc": "2.0", "method": _RESULT, "params": other}
        await host.view.evaluate("message => window.postMessage(message, '*')", message)
        await host.page.evaluate(
            """async (text) => {
              const stranger = document.createElement('iframe');
              stranger.srcdoc = `<script>parent.frames[0].postMessage(${text}, '*')</script>`;
              const loaded = new Promise((resolve) => (stranger.onload = resolve));
              document.body.append(stranger);
              await loaded;
            }""",
            json.dumps(message).replace("<", "\\u003c"),
        )
        await host.change(theme="dark")
        await expect(host.view.locator("html")).to_have_attribute("data-theme", "dark")
        await expect(host.view.get_by_role("heading", level=1)).to_have_text(SAMPLE)


async def test_a_host_that_closes_the_view_in_the_middle_gets_its_answer(new_host: OpenHost) -> None:
    """While a call is under way: the view agrees to end, says nothing more, and nothing fails."""
    async with new_host() as host:
        await host.show_tool("compare_runs", {"evaluation": SAMPLE})
        button = host.view.get_by_role("region", name="Differences").get_by_role("button").first
        await button.wait_for()
        held = host.held = Held()
        await button.click()
        with anyio.fail_after(120):
            await held.asked.wait()
            await host.close()
        held.given.set()
        sent = await host.page.evaluate("evalsHost.sent.length")
        await button.click()
        await host.view.get_by_text("This view was closed").wait_for()
        await host.page.set_viewport_size({"width": 500, "height": 500})
        await host.view.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
        assert await host.page.evaluate("evalsHost.sent.length") == sent
        host.watched.assert_quiet()


async def test_a_host_that_takes_the_view_away_in_the_middle_is_left_alone(new_host: OpenHost) -> None:
    """Without a word, while a call is under way; the next view of the same host works."""
    async with new_host() as host:
        await host.show_tool("compare_runs", {"evaluation": SAMPLE})
        button = host.view.get_by_role("region", name="Differences").get_by_role("button").first
        await button.wait_for()
        held = host.held = Held()
        await button.click()
        with anyio.fail_after(120):
            await held.asked.wait()
        await host.remove()
        host.held = None
        held.given.set()
        await host.show_tool("list_runs", {"evaluation": SAMPLE})
        await expect(host.view.get_by_role("heading", level=1)).to_have_text(SAMPLE)
        host.watched.assert_quiet()


async def test_a_host_that_lets_views_call_nothing_still_gets_a_drawing(new_host: OpenHost) -> None:
    """What needs a call is told in a sentence."""
    async with new_host() as host:
        await host.show_tool("compare_runs", {"evaluation": SAMPLE}, answers_tools=False)
        await host.view.get_by_role("region", name="Differences").get_by_role("button").first.click()
        await host.view.get_by_text("This host does not let views call tools").wait_for()
        assert host.calls == []
        host.watched.assert_quiet()
