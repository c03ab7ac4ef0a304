"""What list_runs can show of an evaluation's runs. A new view is one entry in `RUN_VIEWS`, and its word in `Show`."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Any, Literal, TypeVar

from pydantic import Field

from evals_mcp.answers.filter_words import filter_words
from evals_mcp.answers.frame.calls import Call
from evals_mcp.answers.frame.quoting import Quoted
from evals_mcp.answers.run_groups import BIASED
from evals_mcp.answers.runs import summarize_runs
from evals_mcp.lookup.filters import read_filter
from evals_mcp.lookup.groups import read_cluster
from evals_mcp.lookup.lookup import Lookup
from evals_mcp.lookup.unmatched import why_none
from evals_mcp.models.agreement import AgreementRows
from evals_mcp.models.failures import FailureRows
from evals_mcp.models.questions import (
    AgreementQuestion,
    FailureQuestion,
    Filter,
    RankingQuestion,
    RelationQuestion,
    RepeatQuestion,
)
from evals_mcp.models.rankings import RankingRows
from evals_mcp.models.relations import RelationRows
from evals_mcp.models.repeats import RepeatRows
from evals_mcp.models.resolved import ResolvedEvaluation
from evals_mcp.models.rows import EvaluatorRow
from evals_mcp.tools.judges import read_failing
from evals_mcp.tools.near_words import RUN_VIEW_WORDS, understood

Show = Annotated[
    Literal["runs", "failures", "agreement", "relations", "repeats", "ranking"],
    understood(RUN_VIEW_WORDS),
    Field(
        description="runs (default); failures in groups; agreement of judges and people, corrected rates; relations: "
        "correlations; repeats: pass@k; ranking."
    ),
]


Rows = TypeVar("Rows", AgreementRows, FailureRows, RankingRows, RelationRows, RepeatRows)


@dataclass(frozen=True, slots=True)
class RunViewCall:
    """A call of list_runs. `evaluator` is only for `ONE_EVALUATOR_VIEWS`, `cluster` for agreement."""

    lookup: Lookup
    evaluation: ResolvedEvaluation
    where: Sequence[str]
    evaluator: EvaluatorRow | None
    cluster: str
    offset: int
    call: Call
    max_tokens: int


async def _show_runs(asked: RunViewCall) -> Quoted:
    asked.lookup.show(lambda: _document(asked))
    return summarize_runs(asked.evaluation, asked.max_tokens, offset=asked.offset, call=asked.call)


def _document(asked: RunViewCall) -> Any:
    from evals_mcp.views.runs_document import runs_document  # only where there is a view

    return runs_document(asked.evaluation, filtered="", call=asked.call)


async def _show_agreement(asked: RunViewCall) -> Quoted:
    from evals_mcp.answers.agreement import summarize_agreement  # other tools should not wait for it

    cluster = await read_cluster(asked.lookup, asked.evaluation, asked.cluster) if asked.cluster else None

    async def ask(filter: Filter) -> tuple[ResolvedEvaluation, AgreementRows]:
        question = AgreementQuestion(filter=filter, cluster=cluster)
        evaluation, rows = await (await asked.lookup.rows()).find_agreement(asked.evaluation, question)
        return evaluation, rows if asked.evaluator is None else rows.of_evaluator(asked.evaluator.version_id)

    return await _answer(asked, ask, summarize_agreement)


async def _show_relations(asked: RunViewCall) -> Quoted:
    from evals_mcp.answers.relations import summarize_relations

    async def ask(filter: Filter) -> tuple[ResolvedEvaluation, RelationRows]:
        return await (await asked.lookup.rows()).find_relations(asked.evaluation, RelationQuestion(filter=filter))

    return await _answer(asked, ask, summarize_relations)


async def _show_repeats(asked: RunViewCall) -> Quoted:
    from evals_mcp.answers.repeats import summarize_repeats

    async def ask(filter: Filter) -> tuple[ResolvedEvaluation, RepeatRows]:
        question = RepeatQuestion(filter=filter, evaluator_version_id=_version_id(asked))
        return await (await asked.lookup.rows()).find_repeats(asked.evaluation, question)

    return await _answer(asked, ask, summarize_repeats, biased=True)


async def _show_ranking(asked: RunViewCall) -> Quoted:
    from evals_mcp.answers.rankings import summarize_rankings

    async def ask(filter: Filter) -> tuple[ResolvedEvaluation, RankingRows]:
        question = RankingQuestion(filter=filter, evaluator_version_id=_version_id(asked))
        return await (await asked.lookup.rows()).rank_runs(asked.evaluation, question)

    return await _answer(asked, ask, summarize_rankings, biased=True)


def _version_id(asked: RunViewCall) -> str | None:
    return None if asked.evaluator is None else asked.evaluator.version_id


async def _show_failures(asked: RunViewCall) -> Quoted:
    from evals_mcp.answers.failures import summarize_failures

    rule, words = read_failing(asked.evaluation)

    async def ask(filter: Filter) -> tuple[ResolvedEvaluation, FailureRows]:
        question = FailureQuestion(filter=filter, rule=rule)
        return await (await asked.lookup.rows()).find_failures(asked.evaluation, question)

    return await _answer(asked, ask, partial(summarize_failures, rule=words))


async def _answer(
    asked: RunViewCall,
    ask: Callable[[Filter], Awaitable[tuple[ResolvedEvaluation, Rows]]],
    summarize: Callable[..., Quoted],
    *,
    biased: bool = False,
) -> Quoted:
    """The answer from the rows on the logs that meet the conditions, and why there are none.

    `biased`: conditions on logs bias its figures.
    """

    async def count(where: list[str]) -> int:
        return (await ask(await read_filter(asked.lookup, asked.evaluation, where)))[1].logs

    filter = await read_filter(asked.lookup, asked.evaluation, asked.where)
    evaluation, rows = await ask(filter)
    notes = [] if rows.logs else await why_none(asked.lookup, evaluation, asked.where, count)
    if biased and rows.logs and not (filter.is_on_datapoints and filter.text is None):
        notes.append(BIASED)
    filtered = filter_words(filter, evaluation)
    return summarize(
        evaluation, rows, asked.max_tokens, filtered=filtered, notes=notes, offset=asked.offset, call=asked.call
    )


RUN_VIEWS: Mapping[str, Callable[[RunViewCall], Awaitable[Quoted]]] = {
    "runs": _show_runs,
    "failures": _show_failures,
    "agreement": _show_agreement,
    "relations": _show_relations,
    "repeats": _show_repeats,
    "ranking": _show_ranking,
}
"""The views by the word of `show`."""

ONE_EVALUATOR_VIEWS = ("agreement", "repeats", "ranking")
"""The views that can be of one evaluator."""
