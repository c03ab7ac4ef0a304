"""Debian's Chromium, driven by Playwright, and pages that reach nothing but what the test serves them."""

import shutil
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import pytest

if TYPE_CHECKING:
    from playwright.async_api import Browser, ConsoleMessage, Page, Route

Theme = Literal["light", "dark"]
_PROGRAMS = ("chromium-headless-shell", "chromium", "google-chrome", "chrome")
_PATIENCE = 120_000
"""Milliseconds that a page may take for what a test waits for: it decides nothing but when a failure is told."""


@dataclass(frozen=True)
class Served:
    """What a test serves at an address: a body, and its headers."""

    body: str
    kind: str = "text/html; charset=utf-8"
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass
class Watched:
    """A page and what happened in it.

    `strays` are requests to anywhere else, which get no answer; `of_frames` those of frames in the page, but for their
    own documents; `errors` what its console tells.
    """

    page: "Page"
    served: dict[str, Served]
    allowed: str | None
    requests: list[str] = field(default_factory=list)
    strays: list[str] = field(default_factory=list)
    of_frames: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    async def answer(self, route: "Route") -> None:
        """Answer a request of the page."""
        url = route.request.url
        self.requests.append(url)
        if not route.request.is_navigation_request() and route.request.frame != self.page.main_frame:
            self.of_frames.append(url)
        if (served := self.served.get(url)) is not None:
            headers = {"Content-Type": served.kind, **served.headers}
            await route.fulfill(status=200, body=served.body, headers=headers)
        elif self.allowed is not None and url.startswith(self.allowed):
            await route.continue_()
        else:
            self.strays.append(url)
            await route.abort()

    def note(self, message: "ConsoleMessage") -> None:
        """Keep an error of the console: a refused request, a broken script, a violated policy."""
        if message.type in ("error", "warning"):
            self.errors.append(message.text)

    def assert_quiet(self) -> None:
        """No request left the page or tried to, no script failed."""
        assert not self.strays, f"requests to elsewhere: {self.strays}"
        assert not self.errors, f"on the console: {self.errors}"


@asynccontextmanager
async def open_chromium() -> AsyncIterator["Browser"]:
    """A browser; skips where there is none."""
    program = next((path for name in _PROGRAMS if (path := shutil.which(name))), None)
    if program is None:
        pytest.skip("needs Chromium: apt-get install chromium-headless-shell")
    pytest.importorskip("playwright", reason="needs Playwright: pip install -e .[test,browser]")
    from playwright.async_api import async_playwright, expect

    expect.set_options(timeout=_PATIENCE)

    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=program, timeout=_PATIENCE)
        try:
            yield browser
        finally:
            await browser.close()


@asynccontextmanager
async def watched_page(
    browser: "Browser",
    served: Mapping[str, Served] | None = None,
    *,
    allowed: str | None = None,
    theme: Theme = "light",
    width: int = 1_000,
    height: int = 800,
    **options: Any,
) -> AsyncIterator[Watched]:
    """A page in a context of its own. It reaches the addresses in `served`, and those that begin with `allowed`."""
    context = await browser.new_context(
        viewport={"width": width, "height": height}, color_scheme=theme, reduced_motion="reduce", **options
    )
    context.set_default_timeout(_PATIENCE)
    try:
        watched = Watched(await context.new_page(), dict(served or {}), allowed)
        await context.route("**/*", watched.answer)
        watched.page.on("console", watched.note)
        watched.page.on("pageerror", lambda error: watched.errors.append(str(error)))
        yield watched
    finally:
        await context.close()
