"""Put a view together: one HTML text without any address of another file.

A view is an HTML file in this folder. The line `<!-- bridge -->` in it takes the script that joins it to its place:
`bridge.js` in a host of MCP Apps, `page.js` on a page of `serve`, none in a file. The line `<!-- document -->` takes
the document, where it is known beforehand. Outside of hosts, the view can be printed: its script goes on with
`paper.js`, and its style with `paper.css`.
"""

import json
from base64 import b64encode
from functools import cache
from hashlib import sha256
from html import escape
from importlib.resources import files
from re import DOTALL, findall
from typing import Literal

from evals_mcp.answers.frame.quoting import visible
from evals_mcp.models.model import JsonObject

Bridge = Literal["bridge.js", "page.js"]

_BRIDGE = "<!-- bridge -->"
_DOCUMENT = "<!-- document -->"


@cache
def read_view(name: str, bridge: Bridge | None = None) -> str:
    """The HTML of a view (`comparison`) with the script that joins it to its place."""
    script = f"<script>\n{_read(bridge)}</script>" if bridge else ""
    html = _read(f"{name}.html").replace(_BRIDGE, script, 1)
    return _without_notes(html if bridge == "bridge.js" else _for_paper(html))


def _for_paper(html: str) -> str:
    """A view that can be printed. Its last script and its style go on, so that it has no more of them."""
    before, end, after = html.rpartition("</script>")
    html = before + _read("paper.js") + end + after
    return html.replace("</style>", _read("paper.css") + "</style>", 1)


def _without_notes(text: str) -> str:
    """HTML or a script without indents and lines that are comments: whoever shows a view has no use for them."""
    lines = [line.strip() for line in text.splitlines()]
    return "\n".join(line for line in lines if line and not line.startswith("//"))


def with_document(html: str, document: JsonObject) -> str:
    """A view with its document. No text in it can end the element that it is in."""
    text = json.dumps(document, ensure_ascii=False, separators=(",", ":"))
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return html.replace(_DOCUMENT, f'<script type="application/json" id="evals-document">{text}</script>', 1)


def with_title(html: str, title: str) -> str:
    """A view whose window has a title. What nobody would see in it is made visible."""
    return html.replace("<title>Evaluation</title>", f"<title>{escape(visible(title))}</title>", 1)


def policy_of(html: str, *, connect: bool = False, forms: bool = False) -> str:
    """The content security policy of a view: nothing but its own scripts and styles, which it names by their hashes.

    With `connect`, it may also ask the server that it came from, and with `forms`, send forms to it.
    """
    scripts, styles = (
        " ".join(_hash(text) for text in findall(f"<{tag}>(.*?)</{tag}>", html, DOTALL)) for tag in ("script", "style")
    )
    asks, sends = ("'self'" if allowed else _NONE for allowed in (connect, forms))
    return (
        f"default-src 'none'; script-src {scripts or _NONE}; style-src {styles or _NONE}; connect-src {asks}; "
        f"base-uri 'none'; form-action {sends}"
    )


def with_policy(html: str, policy: str) -> str:
    """A view that carries its policy itself, for where no server sends it."""
    tag = f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
    return html.replace(_CHARSET, f"{_CHARSET}\n{tag}", 1)


_CHARSET = '<meta charset="utf-8">'
_NONE = "'none'"


def _hash(text: str) -> str:
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"


def _read(name: str) -> str:
    return files("evals_mcp.views").joinpath(name).read_text(encoding="utf-8")
