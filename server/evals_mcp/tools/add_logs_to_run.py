"""The tool add_logs_to_run."""

from typing import Annotated

from pydantic import BeforeValidator, Field

from evals_mcp.answers.writes import summarize_added_logs
from evals_mcp.lookup.review import Review
from evals_mcp.tools.arguments import Evaluation, MaxTokens, Run
from evals_mcp.tools.tool import Tool

LogIds = Annotated[
    list[Annotated[str, Field(min_length=1, max_length=500)]],
    BeforeValidator(lambda value: [value] if isinstance(value, str) else value),
    Field(min_length=1, max_length=1_000, description="Ids of existing logs, 1–1,000."),
]


async def add_logs_to_run(
    review: Review, evaluation: Evaluation, run: Run, log_ids: LogIds, max_tokens: MaxTokens = 4000
) -> str:
    """Add logs that exist already to a run: all of them, or none if one cannot be added. Logs that are in the run
    stay once."""
    subject = await review.find_evaluation(evaluation)
    found = subject.find_run(run)
    await review.client.runs.add_logs(subject.id, found.id, log_ids)
    after = await (await review.source()).get_overview(subject.id)
    return summarize_added_logs(
        after,
        next(row for row in after.runs if row.id == found.id),
        log_ids,
        found.logs_count,
        subject.run_labels,
        subject.evaluator_labels,
        max_tokens,
    )


TOOL = Tool(function=add_logs_to_run, title="Add logs to a run", read_only=False)
