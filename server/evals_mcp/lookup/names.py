"""Find the one thing with a name, or say which names exist. Pure."""

import re
from collections.abc import Callable, Sequence
from difflib import get_close_matches
from typing import TypeVar

from evals_mcp.answers.frame.figures import count, listed
from evals_mcp.answers.frame.quoting import Quoted, name, quote
from evals_mcp.errors import Invalid, NotFound

_CANDIDATES = 8
_LONGEST = 60  # characters of a word that are repeated
_RANDOM_ID = re.compile(r"[a-z]+_[0-9A-Za-z]{16,}")  # a part of an id means nothing
Thing = TypeVar("Thing")


def pick(
    things: Sequence[Thing],
    word: str,
    argument: Quoted,
    names: Callable[[Thing], list[str]],
    label: Callable[[Thing], Quoted],
) -> Thing:
    """Find the one thing with the name `word`, else (in any case) with `word` as name, prefix or part of a name.

    A word in the quotes that answers put around some names is that name, unless quotes belong to a name.
    `label` gives a name as an answer shows it. Raises Invalid with the matches if there are several, and NotFound with
    the nearest names if there is none.
    """
    wanted = word.strip()
    if len(wanted) > 2 and wanted[0] == wanted[-1] == '"' and not any(wanted in names(thing) for thing in things):
        wanted = wanted[1:-1]
    folded = wanted.casefold()
    for fits in (
        lambda known: known == wanted,
        lambda known: known.casefold() == folded,
        lambda known: bool(folded) and known.casefold().startswith(folded),
        lambda known: bool(folded) and folded in known.casefold() and not _RANDOM_ID.fullmatch(known),
    ):
        found = [thing for thing in things if any(fits(known) for known in names(thing))]
        if len(found) == 1:
            return found[0]
        if found:
            listed_here = _listed([label(thing) for thing in found])
            matches = f"{argument}: {quoted(word)} matches {count(len(found))}"
            raise Invalid(f"{matches}: {listed_here} (newest first). Use a full name.")
    known = nearest(word, [label(thing) for thing in things])
    raise NotFound(f"{argument}: no {argument} is named {quoted(word)}. {known}")


def only(ids: Sequence[str], word: str, argument: Quoted) -> str:
    """The only id with this prefix. Raises Invalid with the ids if there are several."""
    if len(ids) > 1:
        shown = ", ".join(map(name, ids[:_CANDIDATES]))
        more = ", …" if len(ids) > _CANDIDATES else ""
        raise Invalid(f"{argument}: {quoted(word)} is a prefix of several ids: {shown}{more}. Give more characters.")
    return ids[0]


def nearest(word: str, labels: Sequence[Quoted]) -> Quoted:
    """A sentence with the nearest names, else with existing names. They are as an answer shows them."""
    if not labels:
        return "None exist."
    folded: dict[str, Quoted] = {label.casefold(): label for label in labels}
    close = [
        folded[found] for found in get_close_matches(word.casefold()[:200], list(folded), n=_CANDIDATES, cutoff=0.4)
    ]
    inside = [label for label in labels if word.strip() and word.casefold()[:200] in label.casefold()]
    ordered = list(dict.fromkeys([*inside, *close]))
    if ordered:
        return f"Nearest: {_listed(ordered)}."
    return f"Existing: {_listed(labels)}."


def quoted(word: str) -> Quoted:
    """A caller's word, shortened and quoted for a message."""
    return quote(word, _LONGEST)


def _listed(labels: Sequence[Quoted]) -> Quoted:
    return listed(labels, _CANDIDATES)
