"""Names that a host suggests while a person types an argument: evaluations, runs and evaluators that there are."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import NamedTuple

from evals_mcp.errors import NotFound
from evals_mcp.review.review import Review, Subject

MOST_VALUES = 100
"""Suggestions at most; the protocol allows no more."""

_LONGEST = 200
_SLOWLY_READ = 20


class Suggestions(NamedTuple):
    """Names, the most recent first, and how many of those that were read are left out."""

    values: list[str]
    left_out: int = 0


NO_SUGGESTIONS = Suggestions([])


async def suggest(review: Review, argument: str, typed: str, given: Mapping[str, str]) -> Suggestions:
    """Names for what was typed of an argument, those that begin so before those that contain it; any case.

    Runs and evaluators are those of the evaluation that is `given` already, else of the one that changed last. Raises
    EvalsError.
    """
    names = _NAMES.get(argument)
    if names is None:
        return NO_SUGGESTIONS
    wanted = typed.strip()
    return _matching(await names(review, wanted, given.get("evaluation", "").strip()), wanted.casefold())


async def _evaluations(review: Review, wanted: str, _: str) -> list[Sequence[str]]:
    """For each evaluation its name if no other has it, its id, and its file, if that has no other evaluation."""
    source = await review.source()
    # Without the extension each evaluation in a list costs a request.
    limit = MOST_VALUES if review.client.extended else _SLOWLY_READ
    rows = (await source.list_evaluations(wanted or None, limit, 0)).rows
    names = [row.name for row in rows]
    paths = [row.file_path for row in rows]
    return [
        [
            *([row.name] if row.name and names.count(row.name) == 1 else []),
            row.id,
            *([row.file_path] if row.file_path and paths.count(row.file_path) == 1 else []),
        ]
        for row in rows
    ]


async def _runs(review: Review, _: str, evaluation: str) -> list[Sequence[str]]:
    subject = await _subject(review, evaluation)
    return [[subject.run_labels[run.id], run.id, run.version_id or ""] for run in reversed(subject.runs)]


async def _evaluators(review: Review, _: str, evaluation: str) -> list[Sequence[str]]:
    subject = await _subject(review, evaluation)
    return [[subject.evaluator_labels[row.version_id], row.path, row.id] for row in subject.evaluators]


async def _subject(review: Review, evaluation: str) -> Subject:
    if evaluation:
        return await review.find_evaluation(evaluation)
    latest = (await (await review.source()).list_evaluations(None, 1, 0)).rows
    if not latest:
        raise NotFound("There are no evaluations.")
    return await review.find_evaluation(latest[0].id)


_NAMES: dict[str, Callable[[Review, str, str], Awaitable[list[Sequence[str]]]]] = {
    "evaluation": _evaluations,
    "run": _runs,
    "baseline": _runs,
    "candidate": _runs,
    "evaluator": _evaluators,
}
"""By argument: for each thing that there is, the words for it, the best first."""


def _matching(things: Sequence[Sequence[str]], wanted: str) -> Suggestions:
    """The first word of each thing that begins as wanted, then that of each that contains it."""
    beginning: list[str] = []
    containing: list[str] = []
    for words in things:
        usable = [word for word in words if word and len(word) <= _LONGEST and word.isprintable()]
        first = next((word for word in usable if word.casefold().startswith(wanted)), None)
        if first is not None:
            beginning.append(first)
        elif (inside := next((word for word in usable if wanted in word.casefold()), None)) is not None:
            containing.append(inside)
    values = list(dict.fromkeys([*beginning, *containing]))
    return Suggestions(values[:MOST_VALUES], max(len(values) - MOST_VALUES, 0))
