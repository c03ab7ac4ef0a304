"""What list_runs can show of an evaluation's runs. A new view is one entry in `RUN_VIEWS`, and its word in `Show`."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field

from evals_mcp.answers.filter_words import filter_words
from evals_mcp.answers.frame.calls import Call
from evals_mcp.answers.frame.quoting import Quoted
from evals_mcp.answers.runs import summarize_runs
from evals_mcp.errors import Invalid
from evals_mcp.lookup.filters import read_filter
from evals_mcp.lookup.lookup import Lookup
from evals_mcp.models.questions import AgreementQuestion
from evals_mcp.models.resolved import ResolvedEvaluation
from evals_mcp.tools.near_words import RUN_VIEW_WORDS, understood

Show = Annotated[
    Literal["runs", "agreement"],
    understood(RUN_VIEW_WORDS),
    Field(description="runs (default) or agreement (of evaluators and people: kappa, corrected rates)."),
]


@dataclass(frozen=True, slots=True)
class RunViewCall:
    """A call of list_runs."""

    lookup: Lookup
    evaluation: ResolvedEvaluation
    where: Sequence[str]
    offset: int
    call: Call
    max_tokens: int


async def _show_runs(asked: RunViewCall) -> Quoted:
    if asked.where:
        raise Invalid('where: needs show="agreement". To compare runs on chosen datapoints, use compare_runs.')
    return summarize_runs(asked.evaluation, asked.max_tokens, offset=asked.offset, call=asked.call)


async def _show_agreement(asked: RunViewCall) -> Quoted:
    from evals_mcp.answers.agreement import summarize_agreement  # other tools should not wait for it

    question = AgreementQuestion(filter=await read_filter(asked.lookup, asked.evaluation, asked.where))
    evaluation, rows = await (await asked.lookup.rows()).find_agreement(asked.evaluation, question)
    filtered = filter_words(question.filter, evaluation)
    return summarize_agreement(
        evaluation, rows, asked.max_tokens, filtered=filtered, offset=asked.offset, call=asked.call
    )


RUN_VIEWS: Mapping[str, Callable[[RunViewCall], Awaitable[Quoted]]] = {
    "runs": _show_runs,
    "agreement": _show_agreement,
}
"""The views by the word of `show`."""
