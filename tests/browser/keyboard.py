"""What people do with the keyboard alone."""

import time
from itertools import count
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.async_api import Frame, Page

_MOST = 400
_PATIENCE = 120
"""Seconds that a page may take until it has what is looked for."""

_FOCUSED = """() => {
  const found = document.activeElement;
  if (!found || found === document.body) return '';
  return (found.getAttribute('aria-label') || found.innerText || found.title || '').replace(/\\s+/g, ' ').trim();
}"""
_VISIBLE = """() => {
  const found = document.activeElement, style = getComputedStyle(found);
  return style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 1 || style.boxShadow !== 'none';
}"""


async def focused(frame: "Frame") -> str:
    """What a screen reader says of the element that has the focus; empty if none has."""
    return str(await frame.evaluate(_FOCUSED))


async def press_tab_to(page: "Page", frame: "Frame", words: str) -> str:
    """Press Tab until an element with these words has the focus, which must be visible on it; all its words."""
    passed: list[str] = []
    until = time.monotonic() + _PATIENCE
    for presses in count():
        if presses >= _MOST and time.monotonic() > until:
            break
        await page.keyboard.press("Tab")
        passed.append(await focused(frame))
        if words in passed[-1]:
            assert await frame.evaluate(_VISIBLE), f"The focus cannot be seen on {passed[-1]!r}"
            return passed[-1]
    raise AssertionError(f"Tab never reaches {words!r}, but: {list(dict.fromkeys(passed))}")
