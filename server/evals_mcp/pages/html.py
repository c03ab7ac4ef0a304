"""HTML pages without scripts. Every text is escaped here, and what nobody would see in it is made visible."""

from base64 import b64encode
from collections.abc import Iterable
from hashlib import sha256
from html import escape
from typing import NewType

from evals_mcp.answers.frame.quoting import visible

Html = NewType("Html", str)
"""A part of a page: our own tags around escaped texts."""

_STYLE = """
:root { color-scheme: light dark; --soft: light-dark(#566070, #a4aebb); --card: light-dark(#f5f7f9, #1d2128);
  --line: light-dark(#c9d0d8, #3b434f); --link: light-dark(#0b5cad, #8fc3ff);
  font: 15px/1.5 system-ui, sans-serif; background: light-dark(#fff, #14171c); color: light-dark(#1b1f24, #e8eaee) }
body { margin: 0 auto; padding: 16px; max-width: 1200px; overflow-wrap: anywhere }
h1 { font-size: 1.4rem } h2 { font-size: 1.1rem; margin-top: 1.6em }
h3 { font-size: .9rem; margin: 12px 0 4px; color: var(--soft) }
a { color: var(--link) } .soft { color: var(--soft) }
nav { display: flex; flex-wrap: wrap; gap: 4px 16px; align-items: center }
table { border-collapse: collapse; width: 100% } .scroll { overflow-x: auto }
th, td { text-align: left; vertical-align: top; padding: 5px 14px 5px 0; border-bottom: 1px solid var(--line);
  overflow-wrap: break-word; min-width: 4rem }
pre { background: var(--card); padding: 10px; border-radius: 4px; white-space: pre-wrap; font: inherit;
  unicode-bidi: isolate; max-height: 40rem; overflow: auto }
.said { white-space: pre-wrap; unicode-bidi: isolate }
form { margin: 12px 0; display: flex; flex-wrap: wrap; gap: 8px; align-items: end } nav form { margin: 0 }
input, button { font: inherit; color: inherit; background: var(--card); border: 1px solid var(--line);
  border-radius: 5px; padding: 5px 10px; max-width: 100% }
label { display: grid; gap: 2px } button { cursor: pointer } details { margin: 8px 0 }
:focus-visible { outline: 3px solid var(--link); outline-offset: 1px }
"""

PAGE_POLICY = (
    "default-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; "
    f"style-src 'sha256-{b64encode(sha256(_STYLE.encode()).digest()).decode()}'"
)
"""The content security policy of `page`: its own style, and nothing else."""


def tag(element: str, /, *content: str, **attributes: str | bool | None) -> Html:
    """An element. Plain texts in it are escaped by `text` before; an attribute is escaped here."""
    given = "".join(
        f" {key.rstrip('_').replace('_', '-')}" + ("" if value is True else f'="{escape(visible(str(value)))}"')
        for key, value in attributes.items()
        if value not in (None, False)
    )
    return Html(f"<{element}{given}>{''.join(content)}</{element}>")


def text(words: object) -> Html:
    """A text, over several lines if it has them."""
    lines = str(words).replace("\r\n", "\n").split("\n")
    return Html("\n".join(escape("\t".join(map(visible, line.split("\t")))) for line in lines))


def table(headers: Iterable[str], rows: Iterable[Iterable[Html]], label: str) -> Html:
    """A table whose first column heads its rows."""
    head = tag("tr", *(tag("th", text(word), scope="col") for word in headers))
    body = [_row(list(cells)) for cells in rows]
    whole = tag("table", tag("thead", head), tag("tbody", *body))
    return tag("div", whole, class_="scroll", tabindex="0", role="region", aria_label=label)


def page(title: str, *content: str, navigation: Html | None = None) -> str:
    """A whole page."""
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{text(title)}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n"
        f"{navigation or ''}\n<main>\n{tag('h1', text(title))}\n" + "\n".join(content) + "\n</main>\n</body>\n</html>\n"
    )


def _row(cells: list[Html]) -> Html:
    return tag("tr", tag("th", cells[0], scope="row"), *(tag("td", cell) for cell in cells[1:]))
