"""`evals-mcp call … --json`: what an answer is made of, and an exit status where a verdict is asked for."""

import json
import os
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from evals_mcp.errors import EvalsError, Invalid

if TYPE_CHECKING:
    from evals_mcp.lookup.recorded import RecordedLookup
    from evals_mcp.statistics.verdicts import CandidateVerdict
    from evals_mcp.tools.tool import Tool


def print_json(tool: str, arguments: Mapping[str, Any], database: str | None) -> int:
    """Call a tool in this process and print what its answer is made of. The exit status, 2 after an error."""
    import anyio

    printed: tuple[dict[str, Any], int] | None = None
    try:
        printed = anyio.run(_call, tool, arguments, database)
    except* EvalsError as errors:
        print(f"Error: {errors.exceptions[0]}", file=sys.stderr)
    if printed is None:
        return 2
    print(json.dumps(printed[0], ensure_ascii=False, indent=2, default=_as_json))
    return printed[1]


async def _call(name: str, arguments: Mapping[str, Any], database: str | None) -> tuple[dict[str, Any], int]:
    from evals_mcp.config import read_settings
    from evals_mcp.lookup.recorded import RecordedLookup
    from evals_mcp.pages.arguments import checked_arguments
    from evals_mcp.wiring import build_client, build_mirror, setup_of

    settings = read_settings(os.environ, database=database)
    tool = _tool(name, read_only=settings.read_only)
    given = checked_arguments(tool, arguments)
    if "max_tokens" in tool.argument_names:
        given.setdefault("max_tokens", settings.max_tokens)
    async with build_client(settings) as client:
        lookup = RecordedLookup(client, mirror=build_mirror(settings, client), setup=setup_of(settings))
        text = await tool.function(lookup, **given)
    whole: dict[str, Any] = {"tool": tool.name, "arguments": given, "evaluation": _names(lookup)}
    whole["answers"] = [
        {"question": item.method, "arguments": item.arguments, "rows": item.answer} for item in lookup.asked
    ]
    status = 0
    if name == "compare_runs":
        whole["verdict"], status = _verdict(lookup, given)
    return {**whole, "text": text}, status


def _tool(name: str, *, read_only: bool) -> "Tool":
    from difflib import get_close_matches

    from evals_mcp.tools import TOOLS

    tools = {tool.name: tool for tool in TOOLS if tool.read_only or not read_only}
    if name not in tools:
        raise Invalid(f"There is no tool {name}. Use {', '.join(get_close_matches(name, tools, n=1) or tools)}.")
    return tools[name]


def _names(lookup: "RecordedLookup") -> dict[str, Any] | None:
    """The evaluation, and the labels of its runs and evaluators as answers show them."""
    found = lookup.evaluation
    if found is None:
        return None
    return {
        "id": found.id,
        "name": found.overview.evaluation.name,
        "runs": [{"label": found.run_labels[run.id], **run.model_dump(mode="json")} for run in found.runs],
        "evaluators": [
            {"label": found.evaluator_labels[row.version_id], **row.model_dump(mode="json")} for row in found.evaluators
        ],
    }


def _verdict(lookup: "RecordedLookup", given: Mapping[str, Any]) -> tuple[dict[str, Any], int]:
    """The verdict on the best candidate, and the exit status as of a check."""
    from evals_mcp.lookup.evaluators import find_evaluators
    from evals_mcp.lookup.margins import read_margins
    from evals_mcp.statistics.verdicts import Decision, best_verdict

    resolved, asked = lookup.evaluation, lookup.asked[-1]
    assert resolved is not None
    if asked.arguments[0].filter.is_by_outcomes:  # such datapoints bias every difference
        return {"decision": Decision.CANNOT_TELL, "reason": "the datapoints are chosen by what a run gave"}, 3
    margins = read_margins(resolved, find_evaluators(resolved, given.get("evaluators", [])), given.get("margin", []))
    evaluators = {row.version_id: row for row in resolved.evaluators}
    verdict = best_verdict(asked.answer, evaluators, margins)
    status = {Decision.SHIP: 0, Decision.DO_NOT_SHIP: 1, Decision.CANNOT_TELL: 3}[verdict.decision]
    return _parts(verdict, resolved.run_labels, resolved.evaluator_labels), status


def _parts(verdict: "CandidateVerdict", runs: Mapping[str, str], evaluators: Mapping[str, str]) -> dict[str, Any]:
    run_id = verdict.candidate.run_id
    return {
        "decision": verdict.decision,
        "candidate": {"id": run_id, "label": runs[run_id]},
        "errors": verdict.errors,
        "lost_groups": list(verdict.groups),
        "criteria": [
            {
                "evaluator": evaluators[item.row.evaluator_version_id or ""],
                "passes": item.row.passes,
                "finding": item.finding,
                "margin": item.margin,
                "gain": None if item.gain is None else item.gain.estimate,
                "low": None if item.gain is None else item.gain.low,
                "high": None if item.gain is None else item.gain.high,
                "n": item.row.pairs,
                "n_needed": item.pairs_needed,
                "labels_needed": item.labels_needed,
                "corrected": item.corrected,
            }
            for item in verdict.criteria
        ],
    }


def _as_json(value: Any) -> Any:
    """A model or another value of an answer as JSON."""
    from pydantic import TypeAdapter

    return TypeAdapter(type(value)).dump_python(value, mode="json")
