"""Names that a host suggests while a person types an argument: evaluations, runs and evaluators that there are."""

from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import NamedTuple

from evals_mcp.errors import NotFound
from evals_mcp.lookup.lookup import Lookup
from evals_mcp.models.resolved import ResolvedEvaluation

MOST_VALUES = 100
"""Suggestions at most; the protocol allows no more."""

_LONGEST = 200
_SLOWLY_READ = 20


class Suggestions(NamedTuple):
    """Names, the most recent first, and how many of those that were read are left out."""

    values: list[str]
    left_out: int = 0


NO_SUGGESTIONS = Suggestions([])


class _Thing(NamedTuple):
    """What can be meant: names, the best first, of which any part may be typed, and ids, of which the beginning.

    The first id is suggested for a name that means others too, or that cannot be typed.
    """

    names: list[str]
    ids: list[str]


async def suggest(lookup: Lookup, argument: str, typed: str, given: Mapping[str, str]) -> Suggestions:
    """Names for what was typed of an argument, those that begin so before those that contain it; any case.

    Runs and evaluators are those of the evaluation that is `given` already, else of the one that changed last. Raises
    EvalsError.
    """
    find = _THINGS.get(argument)
    if find is None:
        return NO_SUGGESTIONS
    wanted = typed.strip()
    return _matching(await find(lookup, wanted, given.get("evaluation", "").strip()), wanted.casefold())


async def _evaluations(lookup: Lookup, wanted: str, _: str) -> list[_Thing]:
    rows = await lookup.rows()
    # Without the extension each evaluation in a list costs a request.
    limit = MOST_VALUES if lookup.client.extended else _SLOWLY_READ
    found = (await rows.list_evaluations(wanted or None, limit=limit)).rows
    return [_Thing([name for name in (row.name, row.file_path) if name], [row.id]) for row in found]


async def _runs(lookup: Lookup, _: str, evaluation: str) -> list[_Thing]:
    resolved = await _evaluation(lookup, evaluation)
    return [_Thing([resolved.run_labels[run.id]], [run.id]) for run in reversed(resolved.runs)]


async def _evaluators(lookup: Lookup, _: str, evaluation: str) -> list[_Thing]:
    resolved = await _evaluation(lookup, evaluation)
    return [
        _Thing([resolved.evaluator_labels[row.version_id], row.path], [row.version_id, row.id])
        for row in resolved.evaluators
    ]


async def _evaluation(lookup: Lookup, evaluation: str) -> ResolvedEvaluation:
    if evaluation:
        return await lookup.find_evaluation(evaluation)
    latest = (await (await lookup.rows()).list_evaluations(limit=1)).rows
    if not latest:
        raise NotFound("There are no evaluations.")
    return await lookup.find_evaluation(latest[0].id)


_THINGS: dict[str, Callable[[Lookup, str, str], Awaitable[list[_Thing]]]] = {
    "evaluation": _evaluations,
    "run": _runs,
    "baseline": _runs,
    "candidate": _runs,
    "evaluator": _evaluators,
}
"""By argument: what there is, for what was typed of it and the evaluation that is given."""


def _matching(things: Sequence[_Thing], wanted: str) -> Suggestions:
    """A word for each thing of which one begins as wanted, then for each of which a name contains it."""
    times = Counter(name for thing in things for name in set(thing.names))
    beginning: list[str] = []
    containing: list[str] = []
    for thing in things:
        names = {name: name if times[name] == 1 and _is_handy(name) else thing.ids[0] for name in thing.names}
        words = names | dict(zip(thing.ids, thing.ids, strict=True))
        first = next((words[word] for word in words if word.casefold().startswith(wanted)), None)
        if first is not None:
            beginning.append(first)
        elif (inside := next((names[name] for name in names if wanted in name.casefold()), None)) is not None:
            containing.append(inside)
    values = list(dict.fromkeys([*beginning, *containing]))
    return Suggestions(values[:MOST_VALUES], max(len(values) - MOST_VALUES, 0))


def _is_handy(name: str) -> bool:
    return len(name) <= _LONGEST and name.isprintable()
