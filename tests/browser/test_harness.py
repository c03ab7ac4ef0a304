"""The checks of this folder find what they look for, in views and pages that are made wrong on purpose."""

from typing import TYPE_CHECKING

import pytest
from tests.browser.app_host import OpenHost
from tests.browser.chromium import Served, watched_page
from tests.browser.page_checks import assert_accessible, assert_closed, assert_fits
from tests.e2e.stdio import SAMPLE

if TYPE_CHECKING:
    from playwright.async_api import Browser

pytestmark = pytest.mark.anyio

_VIEW = """<!doctype html><html lang="en"><title>A view</title>
<main style="overflow-wrap:anywhere"><h1>Runs</h1><p id="shown">nothing</p></main>
<script>
const send = (message) => parent.postMessage({jsonrpc: '2.0', ...message}, '*');
addEventListener('message', ({data}) => {
  const show = (text) => { document.getElementById('shown').textContent = text; };
  if (data.id === 1) send({method: 'ui/notifications/initialized', params: {}});
  if (data.method === 'ui/notifications/tool-result') {
    show(data.params.content[0].text);
    send({id: 2, method: 'tools/call', params: {name: 'list_evaluations', arguments: {}}});
  }
  if (data.id === 2) show(data.result ? data.result.content[0].text : 'refused');
});
send({id: 1, method: 'ui/initialize', params: {protocolVersion: '2026-01-26', appCapabilities: {},
  appInfo: {name: 'tiny', version: '1'}}});
</script>"""


async def test_a_view_calls_the_server_through_the_host(new_host: OpenHost, axe: str) -> None:
    """The frame is the view's, its tool calls reach a server over stdio, and its policy lets no request out."""
    async with new_host() as host:
        await host.open(_VIEW, "list_runs", {"evaluation": SAMPLE})
        await host.show({"content": [{"type": "text", "text": "first"}]})
        await host.view.get_by_text(SAMPLE).wait_for()
        assert host.calls == [("tools/call", {"name": "list_evaluations", "arguments": {}})]
        await assert_fits(host.watched.page, host.view)
        await assert_accessible(host.view, axe)
        host.watched.assert_quiet()
        said = await host.view.evaluate("fetch('https://example.com/').catch((error) => error.name)")
        assert said == "TypeError"
        with pytest.raises(AssertionError, match="Content Security Policy"):
            host.watched.assert_quiet()


async def test_wrong_pages_are_found_out(browser: "Browser", axe: str) -> None:
    """A page that asks for a picture elsewhere, is too wide on a phone, has grey text on grey and no policy."""
    url = "http://page.invalid/"
    wrong = Served(
        '<!doctype html><html lang="en"><title>Wrong</title><main><h1>Wrong</h1><img src="http://else.invalid/a.png">'
        '<div style="width:600px;color:#999;background:#aaa">Hardly to be read</div></main>'
    )
    async with watched_page(browser, {url: wrong}) as watched:
        await watched.page.goto(url)
        assert watched.strays == ["http://else.invalid/a.png"]
        with pytest.raises(AssertionError, match="320 px: the page is"):
            await assert_fits(watched.page, watched.page.main_frame)
        with pytest.raises(AssertionError, match="color-contrast"):
            await assert_accessible(watched.page.main_frame, axe)
        with pytest.raises(AssertionError, match="put into the page runs"):
            await assert_closed(watched.page.main_frame)
