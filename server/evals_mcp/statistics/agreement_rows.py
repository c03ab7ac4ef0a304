"""The rows on how an evaluation's evaluators agree: which raters to compare, and their figures."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import TYPE_CHECKING, Any

from evals_mcp.models.agreement import (
    LISTED_OPTIONS,
    AgreementRows,
    Estimate,
    EvenLabels,
    JudgeErrors,
    Rater,
    RaterGroup,
    RaterPair,
)
from evals_mcp.models.judgments import VALENCE_SCORES
from evals_mcp.models.rows import EvaluatorRow
from evals_mcp.statistics.clustered import distinct, mean_estimate
from evals_mcp.statistics.judge_errors import judge_errors
from evals_mcp.statistics.rater_agreement import (
    JudgedTwice,
    Ratings,
    cohens_kappa,
    judged_twice,
    krippendorffs_alpha,
    raw_agreement,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

_MOST_AUTHORS = 12  # of one evaluator, those with most judgments


@dataclass(frozen=True, slots=True, eq=False)
class RatedEvaluator:
    """What one version of an evaluator judged. `row` is the attached evaluator with this version's type and options.

    `examples` counts the logs that are left out, because its prompt shows them.
    """

    row: EvaluatorRow
    attached_version_id: str
    ratings: Ratings
    examples: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class _Rater:
    of: RatedEvaluator
    ratings: Ratings
    row: Rater


def agreement_rows(
    rated: Sequence[RatedEvaluator],
    authors: Sequence[str],
    options: Sequence[str],
    run_ids: Sequence[str],
    even: Sequence[EvenLabels] = (),
) -> AgreementRows:
    """Compare all raters. Ratings have indexes of these authors, options (for select evaluators) and runs.

    `even` has the evaluator versions of people whose labels are an even sample.
    """
    whole = [_rater(item, item.ratings, None) for item in rated if len(item.ratings.logs)]
    raters, pairs, apart, groups = list(whole), [], [], []
    compared = [(i, j) for i, j in combinations(range(len(whole)), 2) if _are_comparable(whole[i].of, whole[j].of)]
    for rater in whole:
        members = list(_by_author(rater, authors))
        if len(members) > 1:
            at = range(len(raters), len(raters) + len(members))
            raters += members
            compared += combinations(at, 2)
            groups += _group(raters, at)
    for i, j in compared:
        pair = judged_twice(raters[i].ratings, raters[j].ratings)
        if pair.logs:
            pairs.append(_pair(i, j, pair, raters[i].of.row.return_type, options))
        else:
            apart.append((i, j))
    for kind in _kinds(whole):
        groups += _group(raters, kind)
    is_even = {item.judged_version_id for item in even}
    found = [
        _errors(whole, judge, human, options, run_ids, is_even=whole[human].of.row.version_id in is_even)
        for judge, human in _judges(whole)
    ]
    errors = [item for item in found if item is not None]
    return AgreementRows(
        raters=[rater.row for rater in raters],
        pairs=pairs,
        groups=groups,
        judges=errors,
        apart=apart,
        logs=_amount(rater.ratings.logs for rater in whole),
        even=list(even),
    )


def _amount(logs: Iterable[NDArray[Any]]) -> int:
    import numpy as np

    every = list(logs)
    return distinct(np.concatenate(every)) if every else 0


def _rater(of: RatedEvaluator, ratings: Ratings, author: str | None) -> _Rater:

    logs = distinct(ratings.logs)
    row = Rater(
        evaluator_version_id=of.attached_version_id,
        judged_version_id=of.row.version_id,
        author=author,
        logs=logs,
        examples=of.examples if author is None else 0,
    )
    return _Rater(of, ratings, row)


def _by_author(rater: _Rater, authors: Sequence[str]) -> Iterable[_Rater]:
    import numpy as np

    found, counts = np.unique(rater.ratings.authors, return_counts=True)
    for author in sorted(found[np.argsort(-counts, kind="stable")][:_MOST_AUTHORS].tolist()):
        yield _rater(rater.of, rater.ratings.only(rater.ratings.authors == author), authors[author])


def _are_comparable(first: RatedEvaluator, second: RatedEvaluator) -> bool:
    """Whether equal judgments of two evaluators mean the same: booleans, shared options, numbers on one scale."""
    one, other = first.row, second.row
    if one.return_type != other.return_type or one.return_type == "text":
        return False
    if one.return_type in ("select", "multi_select"):
        return not one.options or not other.options or bool(set(one.options) & set(other.options))
    if one.return_type == "number" and one.id != other.id:
        return one.low is not None and one.high is not None and (one.low, one.high) == (other.low, other.high)
    return True


def _kinds(raters: Sequence[_Rater]) -> Iterable[list[int]]:
    """The groups of raters whose judgments are all comparable."""
    groups: list[list[int]] = []
    for index, rater in enumerate(raters):
        for group in groups:
            if all(_are_comparable(rater.of, raters[member].of) for member in group):
                group.append(index)
                break
        else:
            groups.append([index])
    return groups


def _judges(raters: Sequence[_Rater]) -> list[tuple[int, int]]:
    """Pairs of a judge and people, who both give one option."""
    kinds = ("boolean", "select")
    rows = [(index, rater.of.row) for index, rater in enumerate(raters) if rater.of.row.return_type in kinds]
    people = [index for index, row in rows if row.evaluator_type == "human"]
    judges = [index for index, row in rows if row.evaluator_type != "human"]
    every = ((judge, human) for human in people for judge in judges)
    return [(judge, human) for judge, human in every if _are_comparable(raters[judge].of, raters[human].of)]


def _errors(
    raters: Sequence[_Rater], judge: int, human: int, options: Sequence[str], run_ids: Sequence[str], *, is_even: bool
) -> JudgeErrors | None:
    """A judge's errors against people; None without a log that both judged, or of more than two options."""
    import numpy as np

    sides = [raters[index].ratings for index in (judge, human)]
    if not np.isin(sides[0].logs, sides[1].logs).any():
        return None
    row = raters[human].of.row
    names = ["true", "false"]
    if row.return_type == "select":
        codes = np.unique(np.concatenate([item.values for item in sides])).astype(int).tolist()
        if len(codes) != 2:
            return None
        names = sorted((options[code] for code in codes), key=lambda option: _order(row, option))
        sides = [replace(item, values=(item.values == options.index(names[0])).astype(float)) for item in sides]
    found = judge_errors(sides[0], sides[1], run_ids, is_even=is_even)
    return found.model_copy(update={"judge": judge, "human": human, "options": names})


def _order(row: EvaluatorRow, option: str) -> tuple[float, int]:
    """The best option first, else the first declared one."""
    declared = row.options.index(option) if option in row.options else len(row.options)
    return -VALENCE_SCORES.get(row.valences.get(option, ""), 0.0), declared


def _pair(first: int, second: int, pair: JudgedTwice, kind: str, options: Sequence[str]) -> RaterPair:
    import numpy as np

    row = RaterPair(
        first=first,
        second=second,
        logs=pair.logs,
        datapoints=distinct(pair.datapoints),
        agreement=raw_agreement(pair),
        constant=[
            index
            for index, values in ((first, pair.first), (second, pair.second))
            if len(values) > 1 and distinct(values) == 1
        ],
    )
    if kind == "number":
        difference = mean_estimate(pair.second - pair.first, pair.weights, pair.datapoints)
        return row.model_copy(update={"alpha": _alpha_of(pair), "difference": difference})
    found = cohens_kappa(pair)
    row = row.model_copy(update={"kappa": None if found is None else found[0]})
    names = ("false", "true") if kind == "boolean" else options
    used = np.unique(np.concatenate((pair.first, pair.second))).astype(int) if kind != "boolean" else np.arange(2)
    if len(used) > LISTED_OPTIONS:
        return row
    table = [
        [float(pair.weights[(pair.first == one) & (pair.second == other)].sum()) for other in used] for one in used
    ]
    return row.model_copy(update={"options": [names[code] for code in used], "table": table})


def _alpha_of(pair: JudgedTwice) -> Estimate | None:
    import numpy as np

    unit = np.arange(len(pair.first))
    found = krippendorffs_alpha(
        np.tile(unit, 2), np.concatenate((pair.first, pair.second)), np.tile(pair.datapoints, 2), interval=True
    )
    return None if found is None else found[0]


def _group(raters: Sequence[_Rater], members: Iterable[int]) -> list[RaterGroup]:
    """Krippendorff's alpha of three or more raters, if two of them judged the same log."""
    import numpy as np

    members = list(members)
    if len(members) < 3:
        return []
    ratings = [raters[index].ratings for index in members]
    logs, values, datapoints = (
        np.concatenate([getattr(item, name) for item in ratings]) for name in ("logs", "values", "datapoints")
    )
    _, counts = np.unique(logs, return_counts=True)
    amount = int((counts > 1).sum())
    if not amount:
        return []
    is_interval = raters[members[0]].of.row.return_type == "number"
    found = krippendorffs_alpha(logs, values, datapoints, interval=is_interval)
    alpha = None if found is None else found[0]
    return [RaterGroup(raters=members, logs=amount, is_interval=is_interval, alpha=alpha)]
