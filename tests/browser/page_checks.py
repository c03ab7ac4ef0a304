"""What every page and view must hold: it fits its width, and everybody can use it."""

from collections.abc import Sequence
from re import Pattern
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from playwright.async_api import Frame, Locator, Page

WIDTHS = (320, 480, 768, 1_280, 1_600)
"""Pixels, from a narrow phone to a wide screen."""


def named(place: "Frame | Locator", name: str | Pattern[str]) -> "Locator":
    """The first part of a page that a screen reader calls so, a region or a group."""
    return place.get_by_role("region", name=name).or_(place.get_by_role("group", name=name)).first


async def assert_accessible(frame: "Frame", axe: str) -> None:
    """axe-core finds nothing wrong: names, roles, contrast, order of headings."""
    await frame.evaluate(f"() => {{ if (!window.axe) {{ {axe} }} }}")
    found = await frame.evaluate("axe.run(document, {resultTypes: ['violations']})")
    assert not found["violations"], "\n".join(_described(found["violations"]))


async def assert_fits(page: "Page", frame: "Frame", widths: Sequence[int] = WIDTHS) -> None:
    """Nothing sticks out at the right at any width; what is wider scrolls in a box of its own."""
    size = page.viewport_size
    assert size is not None
    for width in widths:
        await page.set_viewport_size({"width": width, "height": size["height"]})
        measured = await frame.evaluate(
            "() => { const root = document.scrollingElement; return [root.scrollWidth, root.clientWidth]; }"
        )
        assert measured[0] <= measured[1], f"{width} px: the page is {measured[0]} px wide in {measured[1]} px"
    await page.set_viewport_size(size)


async def assert_closed(frame: "Frame") -> None:
    """A script that got into the page would not run, and reach nothing. It leaves errors on the console."""
    runs = "() => { const s = document.createElement('script'); s.text = 'window.ran = 1'; document.body.append(s); }"
    await frame.evaluate(runs)
    assert await frame.evaluate("window.ran") is None, "A script that is put into the page runs"
    for reach in (
        "fetch('http://else.invalid/a').then(() => true, () => false)",
        "new Promise((done) => { const i = new Image(); i.onload = () => done(true); i.onerror = () => done(false);"
        " i.src = 'http://else.invalid/a.png'; })",
    ):
        assert await frame.evaluate(reach) is False


def _described(violations: Sequence[Any]) -> list[str]:
    return [
        f"{each['id']}: {each['help']}: " + "; ".join(str(node["html"])[:200] for node in each["nodes"][:3])
        for each in violations
    ]
