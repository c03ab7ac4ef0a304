"""Ask what a check of two runs needs to know: comparisons, and how many datapoints pass."""

from collections.abc import Sequence
from dataclasses import dataclass

from evals_mcp.answers.frame.quoting import Quoted
from evals_mcp.errors import Invalid, NotFound
from evals_mcp.lookup.filters import read_comparison_filter
from evals_mcp.lookup.lookup import Lookup
from evals_mcp.lookup.requirements import read_requirement
from evals_mcp.lookup.runs import find_run
from evals_mcp.lookup.scales import failing_scales
from evals_mcp.lookup.unmatched import why_none
from evals_mcp.models.comparisons import Comparisons
from evals_mcp.models.conditions import PassCondition, PassRule
from evals_mcp.models.questions import ComparisonQuestion, Filter
from evals_mcp.models.requirements import Requirement
from evals_mcp.models.resolved import ResolvedEvaluation
from evals_mcp.models.rows import RunRow
from evals_mcp.statistics.checks import CheckedRequirement, Facts, Passes, check
from evals_mcp.statistics.requirements import Met


@dataclass(frozen=True, slots=True)
class CheckedRuns:
    """A check: the runs, the requirements with their results, and what was asked to find them.

    `baseline` is None if no requirement compares. `notes` say why no datapoint meets the conditions.
    """

    evaluation: ResolvedEvaluation
    candidate: RunRow
    baseline: RunRow | None
    filter: Filter
    met: Met
    checked: Sequence[CheckedRequirement]
    facts: Facts
    notes: Sequence[Quoted] = ()


async def check_runs(
    lookup: Lookup,
    evaluation: str,
    require: Sequence[str],
    *,
    candidate: str = "",
    baseline: str = "",
    where: Sequence[str] = (),
) -> CheckedRuns:
    """Check the requirements of a candidate: by default the newest run, against the control or else the oldest run.

    Raises Invalid and NotFound with what to write instead.
    """
    resolved = await lookup.find_evaluation(evaluation)
    if not require:
        raise Invalid('require: nothing is required. Write, for example, "pass >= 0.9".')
    requirements = [read_requirement(resolved, text) for text in require]
    filter = await read_comparison_filter(lookup, resolved, where)
    needs_pair = any(item.is_paired for item in requirements) or _tests_baseline(filter)
    against = _baseline(resolved, baseline) if needs_pair or baseline else None
    run = _candidate(resolved, candidate, against)
    facts = await _find_facts(lookup, resolved, requirements, filter, run, against if needs_pair else None)
    met, checked = check(requirements, facts)
    against = against if needs_pair else None
    notes = await _why_none(lookup, resolved, where, run, against) if not facts.alone.candidates[0].datapoints else []
    return CheckedRuns(resolved, run, against, filter, met, checked, facts, notes)


async def _why_none(
    lookup: Lookup, evaluation: ResolvedEvaluation, where: Sequence[str], candidate: RunRow, baseline: RunRow | None
) -> list[Quoted]:
    """Which condition leaves no datapoint."""

    async def count_matches(some: list[str]) -> int:
        asking = _Asking(lookup, evaluation, await read_comparison_filter(lookup, evaluation, some))
        return (await asking.compare(baseline or candidate, candidate, [])).candidates[0].datapoints

    return await why_none(lookup, evaluation, where, count_matches)


def _baseline(evaluation: ResolvedEvaluation, word: str) -> RunRow:
    if not evaluation.runs:
        raise NotFound("evaluation: it has no runs yet, so there is nothing to check.")
    return find_run(evaluation, word) if word else evaluation.reference_run


def _candidate(evaluation: ResolvedEvaluation, word: str, baseline: RunRow | None) -> RunRow:
    if word:
        found = find_run(evaluation, word)
        if baseline is not None and found.id == baseline.id:
            raise Invalid("candidate: this is the baseline. Choose another candidate or another baseline.")
        return found
    others = [run for run in evaluation.runs if baseline is None or run.id != baseline.id]
    if not evaluation.runs:
        raise NotFound("evaluation: it has no runs yet, so there is nothing to check.")
    if not others:
        raise NotFound("evaluation: it has only one run, and a requirement compares with a baseline.")
    return others[-1]


def _tests_baseline(filter: Filter) -> bool:
    """Whether a condition tests the baseline, so that even the candidate's own figures need both runs."""
    return any(condition.side == "baseline" for condition in filter.conditions)


async def _find_facts(
    lookup: Lookup,
    evaluation: ResolvedEvaluation,
    requirements: Sequence[Requirement],
    filter: Filter,
    candidate: RunRow,
    baseline: RunRow | None,
) -> Facts:
    asking = _Asking(lookup, evaluation, filter)
    paired = None
    if baseline is not None:
        evaluators = [item for item in requirements if item.is_paired]
        paired = await asking.compare(baseline, candidate, evaluators)
    other = baseline if baseline is not None and _tests_baseline(filter) else candidate
    alone = await asking.compare(other, candidate, [item for item in requirements if not item.is_paired])
    passes = None
    required = [item for item in requirements if item.subject == "pass"]
    if required:
        compared_with = baseline if any(item.is_paired for item in required) else None
        passes = await asking.count_passes(other, candidate, compared_with)
    return Facts(alone, paired, passes)


@dataclass(frozen=True, slots=True)
class _Asking:
    """Questions about the same datapoints."""

    lookup: Lookup
    evaluation: ResolvedEvaluation
    filter: Filter

    async def compare(self, baseline: RunRow, candidate: RunRow, requirements: Sequence[Requirement]) -> Comparisons:
        """The comparison by the evaluators of these requirements, which are its family."""
        return await self._ask(baseline, candidate, self.filter, _version_ids(requirements))

    async def count_passes(self, other: RunRow, candidate: RunRow, baseline: RunRow | None) -> Passes:
        """The datapoints that pass in the candidate, and those that pass in only one of the runs."""
        rule = PassRule(scales=failing_scales(self.evaluation))
        if not rule.scales:
            raise Invalid("require: no evaluator here can fail a log, so nothing passes or fails. Require a bound.")
        passed, failed = (_passes(candidate, rule, passes=passes) for passes in (True, False))
        of_candidate = [await self._count(other, candidate, condition) for condition in (passed, failed)]
        if baseline is None:
            return Passes(of_candidate[0], sum(of_candidate))
        before = [_passes(baseline, rule, passes=passes) for passes in (True, False)]
        both, gained = [await self._count(baseline, candidate, passed, condition) for condition in before]
        lost, neither = [await self._count(baseline, candidate, failed, condition) for condition in before]
        return Passes(of_candidate[0], sum(of_candidate), both, gained, lost, neither)

    async def _count(self, baseline: RunRow, candidate: RunRow, *conditions: PassCondition) -> int:
        filter = self.filter.model_copy(update={"conditions": [*self.filter.conditions, *conditions]})
        return (await self._ask(baseline, candidate, filter, [])).candidates[0].datapoints

    async def _ask(
        self, baseline: RunRow, candidate: RunRow, filter: Filter, evaluator_version_ids: list[str]
    ) -> Comparisons:
        question = ComparisonQuestion(
            filter=filter,
            baseline_run_id=baseline.id,
            candidate_run_ids=[candidate.id],
            evaluator_version_ids=evaluator_version_ids,
            family="asked",
            limit=0,
            characters=0,
        )
        _, found = await (await self.lookup.rows()).compare_runs(self.evaluation, question)
        return found


def _passes(run: RunRow, rule: PassRule, *, passes: bool) -> PassCondition:
    return PassCondition(passes=passes, run_ids=[run.id], rule=rule)


def _version_ids(requirements: Sequence[Requirement]) -> list[str]:
    rows = [item.evaluator for item in requirements if item.evaluator is not None]
    return list(dict.fromkeys(row.version_id for row in rows))
