"""A change of a host's configuration as a diff for a person, without secrets and what is far from the change."""

import os
import re
from collections.abc import Iterator
from difflib import unified_diff
from functools import partial
from itertools import zip_longest
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from evals_mcp.hosts.changes import Change

_SECRET = r"(?:key|token|secret|passw|passphrase|pwd|credential|cookie|auth(?!ors?(?![a-z]))|(?<![a-z])pat(?![a-z]))"
_QUOTED = r"""(?:\"{3}[\s\S]*?\"{3}|'{3}[\s\S]*?'{3}|"(?:[^"\\\n]|\\.)*"|'[^'\n]*')"""
_HIDDEN = (
    # "API_KEY": "…", the first of a list, and "--api-key", "…" in a list of arguments
    (re.compile(rf"""({_SECRET}\w*(?:["']\s*,|["']?\s*[:=]\s*\[?)\s*){_QUOTED}""", re.IGNORECASE), r"\1…"),
    # Within a text: "--api-key=…", "X-API-Key: …", "Authorization: Bearer …", "https://host/?token=…"
    (
        re.compile(rf"""({_SECRET}\w*\s*[:=]\s*(?:(?:bearer|basic|token)\s+)?)[^\s"'&,{{}}\[\]…]+""", re.IGNORECASE),
        r"\1…",
    ),
    (re.compile(r"\b(bearer|basic)\s+[\w.~+/=-]{6,}", re.IGNORECASE), r"\1 …"),
    (re.compile(r"\b(sk-|gh[a-z]_|github_pat_|glpat-|xox[a-z]-|evalsmcp_|eyJ)[\w.-]{8,}"), r"\1…"),
    (re.compile(r"""(://[^:/@\s]*:)(?:[^\s"']+|[^@\s]+)@"""), r"\1…@"),
)
_BESIDE = "\0"
_LONGEST = 240
_AROUND = 60
"""Characters that stay on both sides of a change in a longer line."""


def shown_change(change: "Change") -> Iterator[str]:
    """The lines of a unified diff. Of long lines, such as a file in one line, only what is around the change."""
    path = str(change.file.path)
    before, after = _lines(change.file.text), _lines(change.after)
    name = path if change.file.content is not None else os.devnull
    removed: list[str] = []
    added: list[str] = []
    for line in unified_diff(before, after, name, path, lineterm="", n=2):
        sign, text = line[:1], line[1:].rpartition(_BESIDE)[2].expandtabs(4)
        if line.startswith(("--- ", "+++ ", "@@")) or sign not in "+-":
            yield from _around(removed, added)
            removed, added = [], []
            yield sign + (text if len(text) <= _LONGEST or sign != " " else f"{text[:_AROUND]}…")
        else:
            (added if sign == "+" else removed).append(text)
    yield from _around(removed, added)


def _lines(text: str) -> list[str]:
    """The lines of a file, each with what a person sees of it: a changed secret is a changed line, too."""
    lines, shown = text.splitlines(), _hidden(text).splitlines()
    if len(lines) != len(shown):
        shown = [_hidden(line) for line in lines]
    return [f"{line}{_BESIDE}{what}" for line, what in zip(lines, shown, strict=True)]


def _hidden(text: str) -> str:
    """The text without secrets, in as many lines."""
    for pattern, shown in _HIDDEN:
        text = pattern.sub(partial(_replaced, shown), text)
    return text


def _replaced(shown: str, found: re.Match[str]) -> str:
    text = found.expand(shown)
    return text + "\n" * (found[0].count("\n") - text.count("\n"))


def _around(removed: list[str], added: list[str]) -> Iterator[str]:
    """Lines that replace others. A long one is cut to what differs from its counterpart."""
    cut = [_cut(*pair) for pair in zip_longest(removed, added)]
    yield from (f"-{old}" for old, _ in cut if old is not None)
    yield from (f"+{new}" for _, new in cut if new is not None)


def _cut(old: str | None, new: str | None) -> tuple[str | None, str | None]:
    if old is None or new is None or old == new or max(len(old), len(new)) <= _LONGEST:
        return old, new
    start = _alike(old, new)
    same = _alike(old[start:][::-1], new[start:][::-1])
    first = max(0, start - _AROUND)
    return _part(old, first, len(old) - same + _AROUND), _part(new, first, len(new) - same + _AROUND)


def _alike(one: str, other: str) -> int:
    """How many characters two texts begin with alike."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((index for index, (a, b) in pairs if a != b), min(len(one), len(other)))


def _part(text: str, start: int, end: int) -> str:
    return ("…" if start else "") + text[start:end] + ("…" if end < len(text) else "")
