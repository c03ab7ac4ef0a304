"""The page of an evaluation: the view of its comparison, which asks this server for more."""

from urllib.parse import quote

from evals_mcp.models.model import JsonObject
from evals_mcp.pages.html import tag, text
from evals_mcp.pages.plain_pages import navigation
from evals_mcp.views.assembly import policy_of, read_view, with_document, with_title

_KINDS = ("html", "md", "json")
_NOBODY = "; frame-ancestors 'none'"


def report_page(document: JsonObject, query: str, *, signed_in: bool) -> tuple[str, str]:
    """The page and its content security policy. `query` is that of its address, which narrows the comparison."""
    head = document["evaluation"]
    file = f"{quote(head['id'], safe='')}/report."
    links = [tag("a", text(kind), href=f"{file}{kind}?{query}".rstrip("?"), download=True) for kind in _KINDS]
    told = tag("span", text("This report as a file: "), text(", ").join(links), class_="soft")
    html = with_title(with_document(read_view("comparison", "page.js"), document), head["name"])
    html = html.replace("<body>", f"<body>\n{navigation('../', told, signed_in=signed_in)}", 1)
    return html, policy_of(html, connect=True, forms=signed_in) + _NOBODY
