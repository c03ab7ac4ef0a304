"""Check the requirements of a candidate by what was found about its runs. Pure; no words."""

from collections.abc import Sequence
from dataclasses import dataclass

from evals_mcp.models.comparisons import ComparedCandidate, ComparisonRow, Comparisons
from evals_mcp.models.requirements import Requirement
from evals_mcp.statistics.requirements import (
    Met,
    Result,
    better,
    error_gain,
    mean_within,
    not_worse,
    overall,
    paired_passes,
    rate_within,
    unpaired_not_worse,
)
from evals_mcp.statistics.results import MIN_PAIRS
from evals_mcp.statistics.verdicts import gain_of, pooled_deviation


@dataclass(frozen=True, slots=True)
class Passes:
    """How many datapoints pass: of those that the candidate judged, and of those that both runs judged.

    Of the latter, both runs pass some, only the candidate (gained) or the baseline (lost) others.
    """

    passed: int
    judged: int
    both: int = 0
    gained: int = 0
    lost: int = 0
    neither: int = 0


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of the runs: the candidate compared with the baseline, and alone (with itself).

    `paired` and `passes` are None if no requirement needs them.
    """

    alone: Comparisons
    paired: Comparisons | None = None
    passes: Passes | None = None


@dataclass(frozen=True, slots=True)
class CheckedRequirement:
    """A requirement and its result. `row` is the comparison behind it, if there is one."""

    requirement: Requirement
    result: Result
    row: ComparisonRow | None = None


def check(requirements: Sequence[Requirement], facts: Facts) -> tuple[Met, list[CheckedRequirement]]:
    """Whether all requirements are met, and each of them."""
    checked = [_check(requirement, facts, len(requirements)) for requirement in requirements]
    return overall([item.result.met for item in checked]), checked


def _check(requirement: Requirement, facts: Facts, tests: int) -> CheckedRequirement:
    if not requirement.is_paired:
        return _bound(requirement, facts, tests)
    if requirement.subject == "errors":
        return _errors(requirement, facts)
    if requirement.subject == "pass":
        assert facts.passes is not None
        counts = facts.passes
        row, gain = paired_passes(counts.both, counts.gained, counts.lost, counts.neither)
    else:
        assert facts.paired is not None
        found = _row(requirement, facts.paired.candidates[0])
        if found is None:
            return CheckedRequirement(requirement, Result(Met.CANNOT_TELL, 0, 0.0, needed=MIN_PAIRS))
        row = found
        gain = gain_of(row, "negative" if requirement.evaluator is None else requirement.evaluator.valence)
    if requirement.relation == "better":
        return CheckedRequirement(requirement, better(row, gain), row)
    return CheckedRequirement(requirement, not_worse(row, gain, _margin(requirement, row)), row)


def _margin(requirement: Requirement, row: ComparisonRow) -> float:
    """The margin in the unit of the difference."""
    if requirement.unit == "percent":
        return requirement.value * abs(row.baseline or 0.0)
    if requirement.unit == "deviations":
        return requirement.value * pooled_deviation(row)
    return requirement.value


def _errors(requirement: Requirement, facts: Facts) -> CheckedRequirement:
    assert facts.paired is not None
    gain = error_gain(facts.paired.baseline, facts.paired.candidates[0])
    if gain is None:
        return CheckedRequirement(requirement, Result(Met.CANNOT_TELL, 0, 0.0, needed=MIN_PAIRS))
    if requirement.relation == "not worse":
        return CheckedRequirement(requirement, unpaired_not_worse(gain, requirement.value))
    met = Met.PASSED if gain.low > 0 else Met.FAILED if gain.high < 0 else Met.CANNOT_TELL
    return CheckedRequirement(requirement, Result(met, gain.pairs, 0.0, gain.estimate, gain.low, gain.high))


def _bound(requirement: Requirement, facts: Facts, tests: int) -> CheckedRequirement:
    """A bound on the candidate's own rate or mean."""
    at_least, candidate = requirement.relation == ">=", facts.alone.candidates[0]
    if requirement.subject in ("pass", "errors"):
        passes, independent = facts.passes or Passes(0, 0), None
        part, whole = passes.passed, passes.judged
        if requirement.subject == "errors":
            part, whole, independent = candidate.failed_logs, candidate.logs, candidate.independent_logs
        rate = part / whole if whole else 0.0
        result = rate_within(rate, whole, requirement.value, at_least=at_least, tests=tests, independent=independent)
        return CheckedRequirement(requirement, result)
    row = _row(requirement, candidate)
    if row is None or row.candidate is None:
        return CheckedRequirement(requirement, Result(Met.CANNOT_TELL, 0, requirement.value, needed=MIN_PAIRS))
    if requirement.is_rate:
        result = rate_within(row.candidate, row.pairs, requirement.value, at_least=at_least, tests=tests)
    else:
        result = mean_within(
            row.candidate, row.candidate_deviation, row.pairs, requirement.value, at_least=at_least, tests=tests
        )
    return CheckedRequirement(requirement, result, row)


def _row(requirement: Requirement, candidate: ComparedCandidate) -> ComparisonRow | None:
    """The comparison by the evaluator or the measure of a requirement; None if nothing was measured."""
    if requirement.evaluator is not None:
        wanted = requirement.evaluator.version_id
        return next(row for row in candidate.comparisons if row.evaluator_version_id == wanted)
    return next((row for row in candidate.measures if row.measure == requirement.subject), None)
