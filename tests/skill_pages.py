"""The pages of the skill, with the calls and conditions in them."""

import ast
import re
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parents[1] / "server" / "evals_mcp" / "skills"
PAGES = {path.relative_to(FOLDER).as_posix(): path.read_text(encoding="utf-8") for path in sorted(FOLDER.rglob("*.md"))}


def spans(text: str) -> list[str]:
    """What stands between backticks, as Markdown shows it."""
    return [span.replace("\\|", "|") for span in re.findall(r"`([^`]+)`", text)]


def calls(text: str) -> list[tuple[str, dict[str, Any]]]:
    """Each call in a text: the tool, and its arguments."""
    found = []
    for span in spans(text):
        if re.fullmatch(r"[a-z_]+\(.*\)", span):
            (call,) = (node for node in ast.walk(ast.parse(span)) if isinstance(node, ast.Call))
            assert isinstance(call.func, ast.Name), span
            assert not call.args, span
            given = {str(key.arg): _value(key.value) for key in call.keywords}
            found.append((call.func.id, given))
    return found


def _value(node: ast.expr) -> Any:
    if isinstance(node, ast.Name):
        return {"true": True, "false": False}[node.id]
    return ast.literal_eval(node)


def conditions(text: str) -> list[str]:
    """Each condition in a text."""
    return [
        span
        for span in spans(text)
        if re.match(r'["a-z]', span) and re.search(r"[=<>~]", span) and not re.fullmatch(r"[a-z_]+\(.*\)", span)
    ]


CALLS = [call for text in PAGES.values() for call in calls(text)]
CONDITIONS = conditions(PAGES["review-evaluations/references/filters.md"])
