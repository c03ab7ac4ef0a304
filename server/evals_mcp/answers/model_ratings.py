"""Ratings of models by pairwise judges, as rows and lines of an answer."""

import math

from evals_mcp.answers import intervals
from evals_mcp.answers.frame import figures
from evals_mcp.answers.frame.quoting import Quoted, cell, name
from evals_mcp.models.agreement import Estimate
from evals_mcp.models.model_ratings import ModelRatings, RatedModel, RatedPair
from evals_mcp.models.resolved import ResolvedEvaluation

MODEL_HEADERS: list[Quoted] = ["judge", "rank", "model", "rating (95%)", "won", "judgments"]
MODEL_PAIR_HEADERS: list[Quoted] = ["judge", "models", "judgments", "first won", "p"]
RATING_MEANING: Quoted = (
    "Ratings are Bradley–Terry strengths on the Elo scale with mean 1,000: 100 points more mean winning 64%, 200 mean "
    "76%. Won counts ties as halves. Ranks are ranges where Wald tests, Holm over all pairs by one judge, find no "
    "significant difference."
)
_MIDDLE, _POINTS = 1_000, 400 / math.log(10)
_NAME = 60


def judge_name(evaluation: ResolvedEvaluation, ratings: ModelRatings) -> Quoted:
    """The label of the evaluator."""
    return name(evaluation.evaluator_labels[ratings.evaluator_version_id])


def model_cells(evaluation: ResolvedEvaluation, ratings: ModelRatings, model: RatedModel) -> list[Quoted]:
    """The cells under `MODEL_HEADERS`."""
    ranks = rank_range(model.best, model.worst)
    return [
        judge_name(evaluation, ratings),
        ranks if ratings.groups == 1 else f"{ranks} of group {figures.count(model.group + 1)}",
        cell(model.name, _NAME),
        _rating(model.strength),
        figures.rate(model.won / model.judgments),
        figures.count(model.judgments),
    ]


def model_pair_cells(evaluation: ResolvedEvaluation, ratings: ModelRatings, pair: RatedPair) -> list[Quoted]:
    """The cells under `MODEL_PAIR_HEADERS`."""
    sides = ", ".join([cell(ratings.models[index].name, _NAME) for index in (pair.first, pair.second)])
    return [
        judge_name(evaluation, ratings),
        sides,
        figures.count(pair.judgments),
        figures.rate(pair.won / pair.judgments) if pair.judgments else "",
        figures.p_value(pair.p_value).removeprefix("p=").removeprefix("p"),
    ]


def rating_line(evaluation: ResolvedEvaluation, ratings: ModelRatings) -> Quoted:
    """What was rated, and what makes the ratings doubtful."""
    fields = [name(f"{ratings.part}.{key}") for key in (ratings.first_key, ratings.second_key)]
    words: list[Quoted] = [
        f"{judge_name(evaluation, ratings)} compares models that {' and '.join(fields)} name: "
        f"{figures.count(len(ratings.models), 'model')}, {figures.count(ratings.judgments, 'judgment')}"
    ]
    if ratings.ties:
        words.append(f", {figures.number(round(ratings.ties, 2))} ties")
    if ratings.skipped:
        words.append(f", {figures.count(ratings.skipped)} excluded that name no side or no two models")
    words.append(".")
    if ratings.groups > 1:
        words.append(
            f" {figures.count(ratings.groups)} groups were never compared with each other, not even through others: "
            "ratings and ranks are within a group."
        )
    if ratings.separated:
        words.append(
            " Some models won or lost everything against the rest, which no finite rating fits, so a tie was added for "
            "each compared pair."
        )
    side = ratings.first_side
    if side is not None and side.low is not None and side.high is not None and not side.low <= 0.5 <= side.high:
        words.append(
            f" The first side won {intervals.rate(side)} of those without a tie: the judge may prefer a position."
        )
    return "".join(words)


def rank_range(best: int, worst: int) -> Quoted:
    """`2`, or `2–4`."""
    return figures.count(best) if best == worst else f"{figures.count(best)}–{figures.count(worst)}"


def _rating(strength: Estimate) -> Quoted:
    low, high = (figures.fixed(_MIDDLE + _POINTS * (value or 0.0), 0) for value in (strength.low, strength.high))
    return f"{figures.fixed(_MIDDLE + _POINTS * strength.value, 0)} ({low} to {high})"
