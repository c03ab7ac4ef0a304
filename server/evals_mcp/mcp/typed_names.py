"""The names that a person typed for a prompt. Some hosts split them at blanks, ignore quotes and drop what is left.

`/compare_two_runs "Which prompt" a b` then arrives as evaluation `"Which`, baseline `prompt"` and candidate `a`.
"""

import contextlib
import re
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import anyio

from evals_mcp.answers.frame.quoting import quote
from evals_mcp.errors import EvalsError, Invalid, NotFound
from evals_mcp.lookup.evaluators import find_evaluator
from evals_mcp.lookup.lookup import Lookup
from evals_mcp.lookup.runs import find_run
from evals_mcp.models.resolved import ResolvedEvaluation

_SECONDS = 2.0
_LONGEST = 200
_QUOTED = re.compile(r'["“”]([^"“”]+)["“”]?|([^\s"“”]+)')
_FINDERS: dict[str, Callable[[ResolvedEvaluation, str], object]] = {
    "run": find_run,
    "baseline": find_run,
    "candidate": find_run,
    "evaluator": find_evaluator,
}


class TypedNames(NamedTuple):
    """The names by argument, and sentences about what was repaired or not found."""

    names: dict[str, str]
    notes: list[str]


async def read_typed_names(lookup: Lookup, arguments: Sequence[str], given: Mapping[str, str]) -> TypedNames:
    """Join names that a host split, as far as the data or quotes tell, and say which names nothing has.

    Names stay as they are where the data cannot be read within two seconds.
    """
    words = [given[key].strip() for key in arguments if given.get(key, "").strip()]
    if not words:
        return TypedNames(dict(given), [])
    is_positional = list(given)[: len(words)] == list(arguments)[: len(words)]
    may_be_split = is_positional and not any(re.search(r"\s", word) for word in words)
    unquoted = [quoted or bare for quoted, bare in _QUOTED.findall(" ".join(words))]
    by_quotes = _by_position(arguments, unquoted) if may_be_split and len(unquoted) < len(words) else dict(given)
    names, unknown = by_quotes, list[str]()
    with anyio.move_on_after(_SECONDS), contextlib.suppress(EvalsError):  # the tools report what is wrong
        names, unknown = await _resolved(lookup, arguments, given, unquoted if may_be_split else [])
    return TypedNames(names, _notes(names, unknown, is_cut=names != dict(given) and len(words) == len(arguments)))


async def _resolved(
    lookup: Lookup, arguments: Sequence[str], given: Mapping[str, str], pieces: Sequence[str]
) -> tuple[dict[str, str], list[str]]:
    """The names as given if each names something, else joined from `pieces`; and the arguments that name nothing."""
    evaluations = _Evaluations(lookup)
    unknown = await evaluations.unknown(given)
    if not unknown or not pieces:
        return dict(given), unknown
    names: dict[str, str] = {}
    left = list(pieces)
    for argument in arguments:
        for length in range(len(left), 0, -1):
            tried = {**names, argument: " ".join(left[:length])}
            if length == 1 or argument not in await evaluations.unknown(tried):
                names, left = tried, left[length:]
                break
    return names, await evaluations.unknown(names)


class _Evaluations:
    """Tells which names nothing has. Looks each evaluation up once."""

    def __init__(self, lookup: Lookup) -> None:
        self._lookup = lookup
        self._found: dict[str, ResolvedEvaluation | None] = {}

    async def unknown(self, names: Mapping[str, str]) -> list[str]:
        """The arguments whose names nothing has, or several things. Without an evaluation, only that it is missing."""
        word = names.get("evaluation", "").strip()
        if not word:
            return []
        if word not in self._found:
            self._found[word] = await self._find(word)
        evaluation = self._found[word]
        if evaluation is None:
            return ["evaluation"]
        return [key for key, name in names.items() if key in _FINDERS and not _names_one(evaluation, key, name)]

    async def _find(self, word: str) -> ResolvedEvaluation | None:
        try:
            return await self._lookup.find_evaluation(word)
        except (Invalid, NotFound):
            return None


def _names_one(evaluation: ResolvedEvaluation, argument: str, name: str) -> bool:
    try:
        return not name.strip() or bool(_FINDERS[argument](evaluation, name))
    except (Invalid, NotFound):
        return False


def _by_position(arguments: Sequence[str], words: Sequence[str]) -> dict[str, str]:
    return dict(zip(arguments, words, strict=False))


def _notes(names: Mapping[str, str], unknown: Sequence[str], *, is_cut: bool) -> list[str]:
    notes = []
    if is_cut:
        last = quote(list(names.values())[-1], _LONGEST)
        notes.append(
            f"The host split what was typed at blanks, and may have dropped what followed {last}. If the person typed "
            "more, take the names from their words."
        )
    for argument in unknown:
        tool = "list_evaluations" if argument == "evaluation" else "list_runs"
        notes.append(
            f"Nothing, or more than one thing, is the {argument} {quote(names[argument], _LONGEST)}. Hosts may split "
            f"names at blanks: find the name that was meant with {tool} and use it in the calls."
        )
    return notes
