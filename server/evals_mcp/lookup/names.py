"""Find the one thing with a name, or say which names exist. Pure."""

import re
from collections.abc import Callable, Sequence
from difflib import get_close_matches
from typing import TypeVar

from evals_mcp.answers.frame.figures import listed
from evals_mcp.errors import Invalid, NotFound

_CANDIDATES = 8
_RANDOM_ID = re.compile(r"[a-z]+_[0-9A-Za-z]{16,}")  # a part of an id means nothing
Thing = TypeVar("Thing")


def pick(
    things: Sequence[Thing],
    word: str,
    argument: str,
    names: Callable[[Thing], list[str]],
    label: Callable[[Thing], str],
) -> Thing:
    """Find the one thing with the name `word`, else (in any case) with `word` as name, prefix or part of a name.

    Raises Invalid with the matches if there are several, and NotFound with the nearest names if there is none.
    """
    wanted = word.strip()
    folded = wanted.casefold()
    for fits in (
        lambda name: name == wanted,
        lambda name: name.casefold() == folded,
        lambda name: bool(folded) and name.casefold().startswith(folded),
        lambda name: bool(folded) and folded in name.casefold() and not _RANDOM_ID.fullmatch(name),
    ):
        found = [thing for thing in things if any(fits(name) for name in names(thing))]
        if len(found) == 1:
            return found[0]
        if found:
            known = _listed([label(thing) for thing in found])
            raise Invalid(f"{argument}: {quoted(word)} matches {len(found)}: {known} (newest first). Use a full name.")
    known = nearest(word, [label(thing) for thing in things])
    raise NotFound(f"{argument}: no {argument} is named {quoted(word)}. {known}")


def only(ids: Sequence[str], word: str, argument: str) -> str:
    """The only id with this prefix. Raises Invalid with the ids if there are several."""
    if len(ids) > 1:
        shown = ", ".join(id if id.isprintable() else quoted(id) for id in ids[:_CANDIDATES])
        more = ", …" if len(ids) > _CANDIDATES else ""
        raise Invalid(f"{argument}: {quoted(word)} is a prefix of several ids: {shown}{more}. Give more characters.")
    return ids[0]


def nearest(word: str, labels: Sequence[str]) -> str:
    """A sentence with the nearest names, else with existing names."""
    if not labels:
        return "None exist."
    folded = {label.casefold(): label for label in labels}
    close = [folded[name] for name in get_close_matches(word.casefold()[:200], list(folded), n=_CANDIDATES, cutoff=0.4)]
    inside = [label for label in labels if word.strip() and word.casefold()[:200] in label.casefold()]
    ordered = list(dict.fromkeys([*inside, *close]))
    if ordered:
        return f"Nearest: {_listed(ordered)}."
    return f"Existing: {_listed(labels)}."


def quoted(word: str) -> str:
    """A caller's word, shortened and quoted for a message."""
    text = word if len(word) <= 60 else word[:60] + "…"
    return '"' + "".join(c if c.isprintable() and c != '"' else "?" for c in text) + '"'


def _listed(labels: Sequence[str]) -> str:
    shown = [label if label.isprintable() and len(label) <= 80 else quoted(label) for label in labels]
    return listed(shown, _CANDIDATES)
