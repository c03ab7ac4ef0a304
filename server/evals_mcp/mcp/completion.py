"""Completion: the names of evaluations, runs, evaluators and reviewers that a host suggests while a person types."""

from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from typing import NamedTuple

from evals_mcp.errors import NotFound
from evals_mcp.lookup.lookup import Lookup
from evals_mcp.models.resolved import ResolvedEvaluation

MOST_VALUES = 100
"""The most suggestions that the protocol allows."""

_LONGEST = 200
_SLOWLY_READ = 20


class Suggestions(NamedTuple):
    """Names, most recent first, and how many more matched."""

    values: list[str]
    left_out: int = 0


NO_SUGGESTIONS = Suggestions([])


class _Candidate(NamedTuple):
    """One thing to suggest: its names, best first (any part of one matches), and its ids (a prefix matches).

    We suggest the first id instead of a name that is ambiguous or cannot be typed.
    """

    names: list[str]
    ids: list[str]


async def suggest(
    lookup: Lookup, argument: str, typed: str, given: Mapping[str, str], *, may_split: bool = False
) -> Suggestions:
    """Suggest values for an argument: first those that start with `typed`, then those that contain it, in any case.

    Runs and evaluators come from the evaluation in `given`, else from the most recently changed one. If the host may
    split a value at blanks, a value without blanks follows for each that has some. Raises EvalsError.
    """
    find = _CANDIDATES.get(argument)
    if find is None:
        return NO_SUGGESTIONS
    wanted = typed.strip()
    return _matching(
        await find(lookup, wanted, given.get("evaluation", "").strip()), wanted.casefold(), may_split=may_split
    )


async def _evaluations(lookup: Lookup, wanted: str, _: str) -> list[_Candidate]:
    rows = await lookup.rows()
    # Without our extension each listed evaluation costs a request.
    limit = _SLOWLY_READ if lookup.client.extended is False else MOST_VALUES
    found = (await rows.list_evaluations(wanted or None, limit=limit)).rows
    return [_Candidate([name for name in (row.name, row.file_path) if name], [row.id]) for row in found]


async def _runs(lookup: Lookup, _: str, evaluation: str) -> list[_Candidate]:
    resolved = await _evaluation(lookup, evaluation)
    return [_Candidate([resolved.run_labels[run.id]], [run.id]) for run in reversed(resolved.runs)]


async def _evaluators(lookup: Lookup, _: str, evaluation: str) -> list[_Candidate]:
    resolved = await _evaluation(lookup, evaluation)
    return [
        _Candidate([resolved.evaluator_labels[row.version_id], row.path], [row.version_id, row.id])
        for row in resolved.evaluators
    ]


async def _reviewers(lookup: Lookup, _: str, __: str) -> list[_Candidate]:
    """The person at this host, then those who wrote lately."""
    from getpass import getuser

    names = [lookup.setup.actor] if lookup.setup.actor else []
    with suppress(ImportError, KeyError, OSError):  # a container may have no name for its user
        names = names or ([] if lookup.setup.is_served else [getuser()])
    await lookup.rows()
    if lookup.client.extended:
        names += [entry.actor for entry in (await lookup.client.journal.page(1, MOST_VALUES)).records if entry.actor]
    return [_Candidate([name], [name]) for name in dict.fromkeys(names)]


async def _evaluation(lookup: Lookup, evaluation: str) -> ResolvedEvaluation:
    if evaluation:
        return await lookup.find_evaluation(evaluation)
    latest = (await (await lookup.rows()).list_evaluations(limit=1)).rows
    if not latest:
        raise NotFound("There are no evaluations.")
    return await lookup.find_evaluation(latest[0].id)


_CANDIDATES: dict[str, Callable[[Lookup, str, str], Awaitable[list[_Candidate]]]] = {
    "evaluation": _evaluations,
    "run": _runs,
    "baseline": _runs,
    "candidate": _runs,
    "evaluator": _evaluators,
    "reviewer": _reviewers,
}
"""Finds the candidates of each argument, for the typed text and the evaluation given."""


def _matching(candidates: Sequence[_Candidate], wanted: str, *, may_split: bool) -> Suggestions:
    """One name or id for each candidate: first those that start with `wanted`, then those whose names contain it.

    With `may_split`, another without blanks comes after all of them.
    """
    times = Counter(name for candidate in candidates for name in set(candidate.names))
    beginning: list[str] = []
    containing: list[str] = []
    unsplit: list[str] = []
    for candidate in candidates:
        first_id = candidate.ids[0]
        names = {name: name if times[name] == 1 and _is_typeable(name) else first_id for name in candidate.names}
        words = names | dict(zip(candidate.ids, candidate.ids, strict=True))
        first = next((words[word] for word in words if word.casefold().startswith(wanted)), None)
        inside = next((names[name] for name in names if wanted in name.casefold()), None)
        if first is not None:
            beginning.append(first)
        elif inside is not None:
            containing.append(inside)
        if may_split and " " in (first or inside or ""):
            unsplit.append(next((name for name in names.values() if " " not in name), first_id))
    values = list(dict.fromkeys([*beginning, *containing, *unsplit]))
    return Suggestions(values[:MOST_VALUES], max(len(values) - MOST_VALUES, 0))


def _is_typeable(name: str) -> bool:
    return len(name) <= _LONGEST and name.isprintable()
