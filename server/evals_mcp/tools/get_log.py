"""The tool get_log."""

from typing import Annotated

from pydantic import Field

from evals_mcp.answers.frame.quoting import name
from evals_mcp.answers.log_pairs import summarize_pair
from evals_mcp.answers.log_parts import log_document
from evals_mcp.answers.whole_log import summarize_log, summarize_part
from evals_mcp.errors import Invalid, NotFound
from evals_mcp.lookup.log_runs import find_run_label
from evals_mcp.lookup.lookup import Lookup
from evals_mcp.lookup.runs import find_run
from evals_mcp.models.logs import LogResponse
from evals_mcp.models.questions import Filter, LogQuestion
from evals_mcp.tools.arguments import AS_SHOWN, MaxTokens
from evals_mcp.tools.tool import Tool

LogId = Annotated[str, Field(min_length=1, max_length=500, description="Id or unique prefix.")]
PartName = Annotated[
    str,
    Field(
        max_length=1_000,
        description="One of these, or a path such as inputs.context; default all.",
    ),
    AS_SHOWN,
]
Offset = Annotated[
    int, Field(ge=0, le=2**31 - 1, description="First character of part (trace: first step); default 0.")
]
Beside = Annotated[str, Field(max_length=500, description="Run whose log to show, too."), AS_SHOWN]
InEvaluation = Annotated[str, Field(max_length=500, description="Evaluation of beside."), AS_SHOWN]


async def get_log(
    lookup: Lookup,
    log: LogId,
    part: PartName = "",
    offset: Offset = 0,
    beside: Beside = "",
    evaluation: InEvaluation = "",
    max_tokens: MaxTokens = 4000,
) -> str:
    """Show one log in full: inputs, messages, output, error, judgments, trace; long parts by offset, another run's log
    beside it."""
    if beside:
        if part or offset:
            raise Invalid("part, offset: cannot be combined with beside.")
        if not evaluation:
            raise Invalid("evaluation: required with beside.")
        return await _pair(lookup, await lookup.find_log(log), beside, evaluation, max_tokens)
    if offset and not part:
        raise Invalid('offset: requires part, such as part="output".')
    found = await lookup.find_log(log)
    datapoint = await lookup.find_datapoint_of(found)
    lookup.show(lambda: {"kind": "log", "id": found.id, "parts": log_document(found, datapoint)})
    if part:
        return summarize_part(found, part, offset, max_tokens, datapoint)
    return summarize_log(found, max_tokens, datapoint)


async def _pair(lookup: Lookup, log: LogResponse, beside: str, evaluation: str, max_tokens: int) -> str:
    if log.source_datapoint_id is None:
        raise Invalid(f"beside: log {name(log.id)} has no datapoint, so no other log can match it.")
    resolved = await lookup.find_evaluation(evaluation)
    run = find_run(resolved, beside)
    question = LogQuestion(filter=Filter(run_ids=[run.id], datapoint_id=log.source_datapoint_id), limit=3, characters=0)
    resolved, rows = await (await lookup.rows()).find_logs(resolved, question)
    others = [row.id for row in rows.rows if row.id != log.id]
    label = resolved.run_labels[run.id]
    if not others:
        raise NotFound(f"beside: run {name(label)} has no other log for datapoint {name(log.source_datapoint_id)}.")
    other = await lookup.client.logs.get(others[0])
    return summarize_pair(
        log,
        other,
        (await find_run_label(lookup, resolved, log), label),
        len(others) - 1,
        max_tokens,
        await lookup.find_datapoint_of(log),
    )


TOOL = Tool(function=get_log, title="Read a log", search_hint="whole output")
