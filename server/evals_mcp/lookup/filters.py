"""What the conditions of `where` mean for an evaluation: names and values become a `Filter`."""

from collections.abc import Sequence

from evals_mcp.answers.frame.figures import listed
from evals_mcp.answers.frame.quoting import name, quote
from evals_mcp.errors import Invalid
from evals_mcp.lookup.condition_names import read_subject
from evals_mcp.lookup.condition_values import read_conditions_of
from evals_mcp.lookup.lookup import Lookup
from evals_mcp.lookup.names import quoted
from evals_mcp.lookup.runs import find_run
from evals_mcp.lookup.written_conditions import WrittenCondition, read_condition
from evals_mcp.models.conditions import Condition, ErrorCondition, JudgedCondition, TextCondition, is_on_datapoint
from evals_mcp.models.questions import Filter
from evals_mcp.models.resolved import ResolvedEvaluation

_LISTED = 8


async def read_filter(
    lookup: Lookup,
    evaluation: ResolvedEvaluation,
    where: Sequence[str],
    run_ids: Sequence[str] | None = None,
    datapoint_id: str | None = None,
) -> Filter:
    """The filter of the logs or datapoints that meet all conditions, in these runs (None: all), for this datapoint.

    Raises Invalid and NotFound with what to write instead.
    """
    chosen = [run.id for run in evaluation.runs] if run_ids is None else list(run_ids)
    found: list[Condition] = []
    for item in map(read_condition, where):
        subject = await read_subject(lookup, evaluation, item)
        if subject.side is not None:
            raise Invalid(f"where: {quoted(item.text)} names a side of a comparison. Only compare_runs has sides.")
        if subject.kind == "run":
            chosen = _in_runs(evaluation, item, chosen)
        elif subject.kind == "datapoint":
            datapoint_id = await _datapoint(lookup, evaluation, item, datapoint_id)
        else:
            found += read_conditions_of(subject, item, evaluation)
    is_every_run = run_ids is None and len(chosen) == len(evaluation.runs)
    return _with_leading(Filter(run_ids=None if is_every_run else chosen, datapoint_id=datapoint_id), found)


async def read_comparison_filter(lookup: Lookup, evaluation: ResolvedEvaluation, where: Sequence[str]) -> Filter:
    """The filter of a comparison: conditions on datapoints, and conditions on logs that name the run they test.

    Raises Invalid and NotFound with what to write instead.
    """
    found: list[Condition] = []
    datapoint_id = text = None
    for item in map(read_condition, where):
        subject = await read_subject(lookup, evaluation, item)
        if subject.kind == "run":
            raise Invalid("where: compare_runs takes its runs from baseline= and candidates=, not from run.")
        if subject.kind == "datapoint":
            datapoint_id = await _datapoint(lookup, evaluation, item, datapoint_id)
            continue
        conditions = read_conditions_of(subject, item, evaluation)
        condition = conditions[0]
        if is_on_datapoint(condition) or subject.side is not None:
            found += conditions
        elif text is None and isinstance(condition, TextCondition) and _is_search(condition):
            text = condition.values[0]
        else:
            raise Invalid(
                f"where: {quoted(item.text)} is about logs, and a comparison has two for each datapoint. "
                f"Name the side: {quote('baseline.' + item.text)} or {quote('candidate.' + item.text)}."
            )
    return Filter(datapoint_id=datapoint_id, text=text, conditions=found)


def _in_runs(evaluation: ResolvedEvaluation, item: WrittenCondition, chosen: Sequence[str]) -> list[str]:
    if item.operator not in ("=", "!="):
        raise Invalid(f"where: {quoted(item.text)}: a run is named with = or !=.")
    named = {find_run(evaluation, value.text).id for value in item.values}
    kept = [run_id for run_id in chosen if (run_id in named) == (item.operator == "=")]
    if not kept:
        labels = [name(evaluation.run_labels[run_id]) for run_id in chosen]
        raise Invalid(f"where: {quoted(item.text)} leaves no run. Chosen are {listed(labels, _LISTED)}.")
    return kept


async def _datapoint(lookup: Lookup, evaluation: ResolvedEvaluation, item: WrittenCondition, before: str | None) -> str:
    if item.operator != "=" or len(item.values) > 1 or before is not None:
        raise Invalid(f'where: {quoted(item.text)}: one datapoint is named, such as "datapoint=dp_Ab3".')
    return await lookup.find_datapoint(evaluation, item.values[0].text)


def _with_leading(filter: Filter, conditions: Sequence[Condition]) -> Filter:
    """The filter with its conditions, those that an index or a cache answers in fields of their own."""
    fields: dict[str, object] = {}
    others: list[Condition] = []
    for item in conditions:
        if "judgment" not in fields and isinstance(item, JudgedCondition) and _is_one(item):
            fields["judgment"] = item.alternatives[0]
        elif isinstance(item, ErrorCondition) and item.failed:
            fields["errors_only"] = True
        elif "text" not in fields and isinstance(item, TextCondition) and _is_search(item):
            fields["text"] = item.values[0]
        else:
            others.append(item)
    return filter.model_copy(update={**fields, "conditions": others})


def _is_one(item: JudgedCondition) -> bool:
    return not item.excluded and len(item.alternatives) == 1


def _is_search(item: TextCondition) -> bool:
    return item.part == "any" and item.operator == "~" and len(item.values) == 1 and item.side is None
