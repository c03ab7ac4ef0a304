"""Simulated reviews with the real queue: chosen logs are labelled first, then an even sample."""

import random
from typing import NamedTuple

from tests.review_world import Clock, ReviewWorld

from evals_mcp.lookup.scales import scale_of
from evals_mcp.models.questions import AgreementQuestion
from evals_mcp.models.resolved import resolve
from evals_mcp.models.review_queue import ReviewRequest
from evals_mcp.store.logs.logs import LogTarget
from evals_mcp.store.store import Store

_DATAPOINTS = 40
_EVEN = 24
_OF_CHOSEN, _OF_OTHERS = 0.5, 0.9
"""How often people say what the judge says, of regressions and disagreements, and of other logs."""


class SimulatedReview(NamedTuple):
    """The true agreement of judge and people, the rate over all labels, and the estimate with its interval."""

    truth: float
    of_all_labels: float
    estimate: float
    low: float
    high: float

    @property
    def is_covered(self) -> bool:
        """Whether the interval holds the truth."""
        return self.low <= self.truth <= self.high


def simulate_review(store: Store, number: int) -> SimulatedReview:
    """One review of an evaluation of its own, whose ids make an even order of their own.

    A fifth of the second run's logs are regressions, and on a fifth of the first run's logs the evaluators disagree.
    People agree with the judge less there. The true agreement is the mean over all logs, chosen or not.
    """
    chance = random.Random(number)
    kinds = [chance.random() for _ in range(_DATAPOINTS)]
    world = ReviewWorld(store, Clock(), ([True] * _DATAPOINTS, [kind > 0.2 for kind in kinds]), f"review {number}")
    contradicted = [log_id for log_id, kind in zip(world.logs[0], kinds, strict=True) if kind > 0.8]
    for log_id in contradicted:
        store.logs.create_judgment(LogTarget(version_id=world.other), log_id, {"judgment": False})
    regressed = [log_id for log_id in world.every_log if not world.judgments[log_id]]
    rates = dict.fromkeys(world.every_log, _OF_OTHERS) | dict.fromkeys([*regressed, *contradicted], _OF_CHOSEN)
    equal = _review(world, rates, chance)
    found = store.agreement_questions.answer(world.id, AgreementQuestion())
    versions = [found.raters[index].evaluator_version_id for index in range(len(found.raters))]
    (estimate,) = (
        pair.agreement
        for pair in found.pairs
        if {versions[pair.first], versions[pair.second]} == {world.judge, world.human}
        and found.raters[pair.first].author is found.raters[pair.second].author is None
    )
    assert estimate.low is not None
    assert estimate.high is not None
    truth = sum(rates.values()) / len(rates)
    return SimulatedReview(truth, sum(equal) / len(equal), estimate.value, estimate.low, estimate.high)


def _review(world: ReviewWorld, rates: dict[str, float], chance: random.Random) -> list[bool]:
    """Label in the order of the queue until enough logs came from the even order; whether each label is the judge's."""
    overview = world.store.overviews.get(world.id).overview
    assert overview is not None
    resolved = resolve(overview)
    scales = [scale_of(resolved, row, named=False) for row in resolved.evaluators]
    request = ReviewRequest(reviewer="ann", scales=scales, characters=0)
    equal: list[bool] = []
    even = 0
    while even < _EVEN:
        item = world.store.review_queue.next(world.id, request).item
        assert item is not None
        even += item.reason == "even"
        equal.append(chance.random() < rates[item.log.id])
        world.label(item.log.id, world.judgments[item.log.id] == equal[-1])
    return equal
