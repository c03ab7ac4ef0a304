"""What is kept in memory is bounded, and true of the present revisions only."""

from array import array
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pytest
from pydantic import BaseModel

from evals_mcp.store.revision_cache import RevisionCache, size_of


class Part(BaseModel):
    """Something that is asked for."""

    id: str
    limit: int = 10


@dataclass
class Pair:
    """Something else."""

    left: Part
    right: Part


class Counted:
    """Computes a value, and counts how often."""

    def __init__(self) -> None:
        self.times = 0

    def __call__(self, value: str = "") -> Callable[[], str]:
        """A computation of a value."""

        def compute() -> str:
            self.times += 1
            return value

        return compute


def test_a_value_is_computed_once_for_its_revisions() -> None:
    """After a change it is computed again, and the former one is not given any more."""
    cache, counted = RevisionCache(), Counted()
    assert [cache.get("kind", Part(id="a"), 1, counted("old")) for _ in range(3)] == ["old"] * 3
    assert cache.get("kind", Part(id="a"), 2, counted("new")) == "new"
    assert cache.get("kind", Part(id="a"), 1, counted("old")) == "old"
    assert counted.times == 3


@pytest.mark.parametrize(
    "other",
    [
        Part(id="b"),
        Part(id="a", limit=11),
        Pair(Part(id="a"), Part(id="a", limit=11)),
        [Part(id="a"), None],
        ("a", 10),
        {"id": "a"},
        None,
        "a",
    ],
    ids=repr,
)
def test_every_field_of_what_is_asked_counts(other: object) -> None:
    """Whatever differs anywhere in it is another question, and the same fields are the same question."""
    cache, counted = RevisionCache(), Counted()
    for _ in range(2):
        for asked in (Part(id="a"), Pair(Part(id="a"), Part(id="a"))):
            cache.get("kind", asked, 1, counted())
        cache.get("other kind", Part(id="a"), 1, counted())
        cache.get("kind", other, 1, counted("other"))
    assert counted.times == 4


def test_what_cannot_be_told_apart_cannot_be_asked() -> None:
    """Nothing is kept under a name that two things could share."""
    with pytest.raises(ValueError, match="Unable to serialize"):
        RevisionCache().get("kind", object(), 1, str)


def test_the_least_recently_used_go() -> None:
    """All together never take more bytes than was said, and what alone takes more is not kept."""
    cache, counted = RevisionCache(10_000), Counted()
    for name in ("a", "b", "a", "c", "b", "a"):
        cache.get("kind", name, 1, counted(4_000 * name))
    assert counted.times == 5
    for _ in range(2):
        cache.get("kind", "d", 1, counted(10_000 * "d"))
    assert counted.times == 7
    cache.get("kind", "a", 1, counted("a"))
    assert counted.times == 7


def test_a_failed_computation_is_not_kept() -> None:
    """The next one who asks computes again."""
    cache, counted = RevisionCache(), Counted()
    with pytest.raises(ZeroDivisionError):
        cache.get("kind", "a", 1, lambda: 1 // 0)
    assert cache.get("kind", "a", 1, counted("a")) == "a"


def test_threads_get_their_own_answers() -> None:
    """Many threads ask for few values of changing revisions, in a cache that cannot hold them all."""
    cache = RevisionCache(2_000)

    def ask(number: int) -> bool:
        asked, revision = number % 7, number % 3
        return cache.get("kind", asked, revision, lambda: f"{asked}/{revision}" * 50) == f"{asked}/{revision}" * 50

    with ThreadPoolExecutor(8) as threads:
        assert all(threads.map(ask, range(5_000)))


class Named(NamedTuple):
    """A tuple with names."""

    text: str


@pytest.mark.parametrize(
    "value",
    [
        "x" * 1_000_000,
        ["x" * 500_000, Named("y" * 500_000)],
        {"key": Part(id="x" * 1_000_000)},
        Pair(Part(id="x" * 500_000), Part(id="y" * 500_000)),
        np.zeros(125_000),
        np.zeros(250_000)[::2],
        array("i", range(250_000)),
        {"x" * 1_000_000: None},
    ],
    ids=lambda value: type(value).__name__,
)
def test_the_bytes_of_a_value_are_those_of_all_it_holds(value: object) -> None:
    """As far as they matter."""
    assert 1_000_000 <= size_of(value) < 1_100_000
