"""Short forms of ids, which tools resolve as they resolve whole ones."""

import re
from collections.abc import Iterable
from itertools import pairwise

from evals_mcp.truncation import common_beginning

_MIXED = r"(?=[0-9A-Za-z]*[A-Za-z])(?=.*(?:[0-9]|[a-z].*[A-Z]|[A-Z].*[a-z]))"
_GENERATED = re.compile(rf"[a-z]+_{_MIXED}[0-9A-Za-z]{{21}}")
_HEXADECIMAL = re.compile(r"[a-z]+_[0-9a-f]+")
_LEAST, _LEAST_HEXADECIMAL = 6, 9  # characters; among a million ids, 1 of 57,000 is not alone with its beginning


def short_ids(ids: Iterable[str]) -> dict[str, str]:
    """For each id a beginning that no other one here has; ids that somebody chose stay whole.

    Generated ids are random, so their beginning is unique among all. A tool that finds two asks for more characters.
    """
    ordered = sorted(set(ids))
    alike = [-1, *(len(common_beginning(pair)) for pair in pairwise(ordered)), -1]
    short = {}
    for id, before, after in zip(ordered, alike, alike[1:], strict=False):
        least = id.find("_") + 1 + (_LEAST_HEXADECIMAL if _HEXADECIMAL.fullmatch(id) else _LEAST)
        short[id] = id[: max(least, before + 1, after + 1)] if _GENERATED.fullmatch(id) else id
    return short
