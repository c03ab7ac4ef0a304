"""The page of an evaluation: the view of its comparison, which asks this server for more."""

from html import escape
from urllib.parse import quote

from evals_mcp.answers.frame.quoting import visible
from evals_mcp.models.model import JsonObject
from evals_mcp.pages.html import tag, text
from evals_mcp.pages.plain_pages import navigation
from evals_mcp.views.assembly import policy_of, read_view, with_document

_NOBODY = "; frame-ancestors 'none'"


def report_page(document: JsonObject, *, signed_in: bool) -> tuple[str, str]:
    """The page and its content security policy."""
    head = document["evaluation"]
    here = quote(head["id"], safe="")
    files = [
        tag("a", text(f".{ending}"), href=f"{here}/report.{ending}", download=True) for ending in ("html", "md", "json")
    ]
    links = navigation("../", signed_in=signed_in) + tag(
        "p", text("This report as a file: "), text(" ").join(files), class_="soft"
    )
    html = with_document(read_view("comparison", "page.js"), document)
    html = html.replace("<title>Evaluation</title>", f"<title>{escape(visible(head['name']))}</title>", 1)
    html = html.replace("<body>", f"<body>\n{links}", 1)
    return html, policy_of(html, connect=True, forms=signed_in) + _NOBODY
