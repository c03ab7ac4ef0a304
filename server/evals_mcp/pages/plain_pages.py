"""The pages without scripts: evaluations, an error, and the form to sign in."""

from urllib.parse import quote, urlencode

from evals_mcp.answers.evaluations import headline_words
from evals_mcp.answers.frame.figures import count, date
from evals_mcp.models.path_labels import path_labels
from evals_mcp.models.rows import EvaluationRow, EvaluationRows
from evals_mcp.pages.html import Html, page, table, tag, text

_HEADERS = ("evaluation", "status", "runs", "headline", "evaluators", "file", "changed")


def navigation(root: str, *more: Html, signed_in: bool) -> Html:
    """The links of all pages, and `more` of one. `root` is the relative address of the first page."""
    links = [tag("a", text("Evaluations"), href=root), *more]
    if signed_in:
        links.append(tag("form", tag("button", text("Sign out")), method="post", action=f"{root}sign-out"))
    return tag("nav", *links, aria_label="Pages")


def evaluations_page(rows: EvaluationRows, sought: str, offset: int, limit: int, *, signed_in: bool) -> str:
    """A page of the evaluations, most recently changed first."""
    field = tag("label", text("Name, file or evaluator"), tag_input("search", "text", sought))
    search = tag("form", field, tag("button", text("Search")), role="search")
    told = f"{count(rows.total, 'evaluation')}" + (f" with “{sought}”" if sought else "")
    parts = [search, tag("p", text(f"{told}."))]
    if rows.rows:
        parts.append(table(_HEADERS, map(_evaluation, rows.rows), "Evaluations"))
    elif not rows.total and not sought:
        parts.append(tag("p", text("Load results with evals-mcp import FILE, or log with the SDK.")))
    parts.append(_steps(rows.total, sought, offset, limit))
    return page("Evaluations", *parts, navigation=navigation("./", signed_in=True) if signed_in else None)


def failure_page(message: str, root: str) -> str:
    """A page with a sentence about what is wrong. `root` is the relative address of the first page."""
    return page("Not shown", tag("p", text(message)), tag("p", tag("a", text("All evaluations"), href=root)))


def sign_in_page(message: str) -> str:
    """The form that takes a key. It stands at the address that somebody wanted to open."""
    field = tag("label", text("API key"), tag_input("password", "key", "", autocomplete="current-password"))
    form = tag("form", field, tag("button", text("Sign in")), method="post")
    told = [tag("p", text(message), role="alert")] if message else []
    how = "This server shows evaluations to those who have a key of it: evals-mcp keys create NAME --read-only."
    return page("Sign in", *told, form, tag("p", text(how), class_="soft"))


def tag_input(kind: str, name: str, value: str, autocomplete: str | None = None) -> Html:
    """A field of a form."""
    opened = tag("input", type=kind, name=name, value=value, autocomplete=autocomplete)
    return Html(opened.removesuffix("</input>"))


def _evaluation(row: EvaluationRow) -> list[Html]:
    link = tag("a", text(row.name or row.id), href=f"evaluations/{quote(row.id, safe='')}")
    labels = path_labels(row.evaluators)
    found = headline_words(row.headline, labels)
    cells = (row.status, count(row.runs_count), found, ", ".join(labels.values()), row.file_path or "")
    return [link, *map(text, cells), text(date(row.changed_at))]


def _steps(total: int, sought: str, offset: int, limit: int) -> Html:
    """Links to the page before and after this one."""
    links = []
    for label, start, exists in (
        ("Newer", max(offset - limit, 0), offset > 0),
        ("Older", offset + limit, offset + limit < total),
    ):
        if exists:
            query = urlencode({key: value for key, value in (("text", sought), ("offset", start)) if value})
            links.append(tag("a", text(label), href=f"?{query}"))
    return tag("p", *links) if links else Html("")
