"""Write a report: one file without any address of another, complete or absent."""

import json
from pathlib import Path
from typing import Literal, get_args

from evals_mcp.errors import Invalid
from evals_mcp.models.model import JsonObject
from evals_mcp.pages.markdown import markdown_report
from evals_mcp.views.assembly import policy_of, read_view, with_document, with_policy, with_title

ReportFormat = Literal["html", "md", "json"]


def report_format(to: str) -> ReportFormat:
    """The format that a file's name tells. Raises Invalid for another name, and for what cannot be replaced there."""
    from evals_mcp.exporters.new_files import require_writable  # a server's pages write no files

    ending = Path(to).suffix.lower().removeprefix(".")
    formats: tuple[ReportFormat, ...] = get_args(ReportFormat)
    for format in formats:
        if ending == format:
            require_writable(Path(to), format)
            return format
    raise Invalid(f"{to}: a report is a file that ends with .html, .md or .json.")


def write_report(document: JsonObject, path: Path, format: ReportFormat) -> None:
    """Write a report's document to a file. Raises Invalid if it cannot be written."""
    from evals_mcp.exporters.new_files import write_new_file

    text = report_text(document, format)
    write_new_file(path, format, lambda new: new.write_text(text, encoding="utf-8", newline="\n"))


def report_text(document: JsonObject, format: ReportFormat) -> str:
    """A report as the text of its file."""
    if format == "json":
        return json.dumps(document, ensure_ascii=False, indent=1) + "\n"
    if format == "md":
        return markdown_report(document)
    html = with_title(with_document(read_view("comparison"), document), document["evaluation"]["name"])
    return with_policy(html, policy_of(html))
