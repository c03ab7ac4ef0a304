"""How often a difference is said to sit in a group: hardly ever without one, and mostly where one is planted."""

import numpy as np
from numpy.typing import NDArray

from evals_mcp.statistics.located_differences import Located, locate

Array = NDArray[np.float64]


def _fields(chance: np.random.Generator, pairs: int) -> list[NDArray[np.int64]]:
    """Fields of 2 to 12 values, some of them rare."""
    return [
        chance.choice(values, pairs, p=chance.dirichlet(np.full(values, 2.0)))
        for values in chance.integers(2, 13, int(chance.integers(1, 6)))
    ]


def _evaluation(
    chance: np.random.Generator, effect: float, slice_effect: float
) -> tuple[list[Located], list[NDArray[np.int64]]]:
    """An evaluation with one to three candidates, and groups of unequal difficulty."""
    pairs = int(chance.integers(40, 600))
    fields = _fields(chance, pairs)
    spread = chance.uniform(0.02, 0.6, 12)[fields[0]]  # some groups change often, others hardly ever
    is_number = chance.random() < 0.4
    differences = {}
    for candidate in range(int(chance.integers(1, 4))):
        changed = chance.random(pairs) < spread
        sizes = chance.choice([0.25, 0.5, 1.0, 2.0], pairs) if is_number else np.ones(pairs)
        gain = 0.5 + effect / 2 + (slice_effect / 2) * (fields[0] == 0)
        signs = np.where(chance.random(pairs) < gain, 1.0, -1.0)
        differences[f"c{candidate}"] = changed * signs * sizes
    return locate(differences, dict.fromkeys(differences, fields)), fields


def test_few_evaluations_without_effect_have_a_group() -> None:
    """Of 400 evaluations in which nothing differs, at most 6 % are said to differ in some group."""
    chance = np.random.default_rng(11)
    assert sum(bool(_evaluation(chance, 0.0, 0.0)[0]) for _ in range(400)) <= 24


def test_an_effect_everywhere_is_in_no_group() -> None:
    """Of 200 evaluations with the same effect in all groups, at most 10 % are said to differ in one."""
    chance = np.random.default_rng(12)
    told = 0
    for _ in range(200):
        pairs = int(chance.integers(40, 600))
        fields = _fields(chance, pairs)
        gained, lost = (chance.random(pairs) < rate for rate in (0.25, 0.08))
        told += bool(locate({"c": gained.astype(float) - lost}, {"c": fields}))
    assert told <= 20


def test_a_planted_group_is_found() -> None:
    """A group of 100 of 400 datapoints that falls by 25 points is named in at least 80 % of evaluations."""
    chance = np.random.default_rng(13)
    found = 0
    for _ in range(200):
        category = chance.permutation(np.repeat(np.arange(4), 100))
        others = [chance.integers(0, values, 400) for values in (2, 5, 8)]
        gained, lost = (chance.random(400) < rate for rate in (0.05, np.where(category == 2, 0.3, 0.05)))
        located = locate({"c": gained.astype(float) - lost}, {"c": [category, *others]})
        found += [(item.field, item.code) for item in located[:1]] == [(0, 2)]
    assert found >= 160
