"""A check for machines and for pull requests: JSON, JUnit's XML, and a comment in Markdown."""

import json
import re
from typing import Any

from evals_mcp.answers.checks import OUTCOMES, Check, check_notes, figure_words, headline
from evals_mcp.answers.frame.quoting import quote
from evals_mcp.statistics.requirements import Met

COMMENT_MARK = "<!-- evals-mcp check -->"
"""Begins the comment, so that a workflow finds the one it wrote before."""

_ICONS = {Met.PASSED: "✅", Met.FAILED: "❌", Met.CANNOT_TELL: "❓"}


def check_json(check: Check) -> str:
    """The check as one JSON object: outcome, evaluation, runs, and the figures of each requirement."""
    evaluation = check.evaluation.overview.evaluation
    whole: dict[str, Any] = {
        "outcome": OUTCOMES[check.met],
        "evaluation": {"id": evaluation.id, "name": evaluation.name},
        "candidate": {"id": check.candidate_id, "name": check.candidate},
        "baseline": None if check.baseline_id is None else {"id": check.baseline_id, "name": check.baseline},
        "where": list(check.where),
        "requirements": [
            {
                "requirement": item.requirement.text,
                "outcome": OUTCOMES[item.result.met],
                "n": item.result.amount,
                "estimate": item.result.estimate,
                "low": item.result.low,
                "high": item.result.high,
                "limit": item.result.limit,
                "n_needed": item.result.needed,
                "figure": figure_words(item),
            }
            for item in check.checked
        ],
        "notes": check_notes(check),
    }
    return json.dumps(whole, ensure_ascii=False, indent=2, allow_nan=False)


def check_junit(check: Check) -> str:
    """The check as a JUnit test suite: a test case per requirement. An error is a requirement that cannot be told."""
    from xml.etree import ElementTree

    outcomes = [item.result.met for item in check.checked]
    suite = ElementTree.Element(
        "testsuite",
        name=f"evals-mcp check: {headline(check)}",
        tests=str(len(outcomes)),
        failures=str(outcomes.count(Met.FAILED)),
        errors=str(outcomes.count(Met.CANNOT_TELL)),
        skipped="0",
    )
    for item in check.checked:
        case = ElementTree.SubElement(suite, "testcase", classname=quote(check.candidate)[1:-1], name=_plain(item))
        if item.result.met is not Met.PASSED:
            kind = "failure" if item.result.met is Met.FAILED else "error"
            ElementTree.SubElement(case, kind, message=f"{OUTCOMES[item.result.met]}: {figure_words(item)}")
        else:
            ElementTree.SubElement(case, "system-out").text = figure_words(item)
    ElementTree.SubElement(suite, "system-out").text = "\n".join(check_notes(check))
    ElementTree.indent(suite)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ElementTree.tostring(suite, encoding="unicode")


def check_markdown(check: Check) -> str:
    """The check as a comment on a pull request."""
    rows = [
        f"| {_ICONS[item.result.met]} {OUTCOMES[item.result.met]} | {_code(_plain(item))} | {figure_words(item)} |"
        for item in check.checked
    ]
    notes = [f"- {_code(note)}" for note in check_notes(check)]
    lines = [
        COMMENT_MARK,
        f"### {_ICONS[check.met]} Evaluation check: {OUTCOMES[check.met]}",
        "",
        _code(headline(check)),
        "",
        "| outcome | requirement | figure (95% interval) |",
        "|---|---|---|",
        *rows,
        *(["", *notes] if notes else []),
    ]
    return "\n".join(lines)


def _plain(item: Any) -> str:
    """The requirement without characters that cannot be seen, which XML refuses."""
    return quote(item.requirement.text)[1:-1].replace('\\"', '"')


def _code(text: str) -> str:
    """A code span of any text, also with backticks and in a table. GitHub reads no mention or link in it."""
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    fence = "`" * (longest + 1)
    padding = " " if longest else ""
    cell = re.sub(r"(?<!\\)\|", r"\\|", text)
    return f"{fence}{padding}{cell}{padding}{fence}"
