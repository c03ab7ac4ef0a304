"""Numbers of logs follow the server's list within a run, and time between runs; no two logs have the same."""

import random
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from evals_mcp.mirror.log_order import LogOrder

START = datetime(2025, 5, 1, tzinfo=UTC)
SIZE = 3
moments = st.integers(0, 8).map(lambda seconds: START + timedelta(seconds=seconds))


def numbered(times: list[datetime], pages: list[int], taken: set[int]) -> list[int]:
    """The numbers of a run's logs in the order of its list, where the pages were read in this order."""
    order = LogOrder(taken)
    numbers = {page: order.number(page, times[(page - 1) * SIZE : page * SIZE], SIZE) for page in pages}
    return [number for page in sorted(numbers) for number in numbers[page]]


@given(times=st.lists(moments, max_size=20), source=st.randoms(use_true_random=False))
def test_the_list_decides_within_a_run(times: list[datetime], source: random.Random) -> None:
    """Whatever the times, and in whatever order pages come behind the first, which begins with the newest log."""
    times = [START + timedelta(seconds=9), *times]
    later = list(range(2, -(-len(times) // SIZE) + 1))
    source.shuffle(later)
    numbers = numbered(times, [1, *later], set())
    assert numbers == sorted(set(numbers), reverse=True)
    assert len(numbers) == len(times)
    assert all(0 < number < 2**53 for number in numbers)


@given(runs=st.lists(st.lists(moments, max_size=20), min_size=2, max_size=4))
def test_no_two_logs_have_the_same_number(runs: list[list[datetime]]) -> None:
    """Also where runs have logs of the same moment."""
    taken: set[int] = set()
    for times in runs:
        times = [START + timedelta(seconds=9), *times]
        numbers = numbered(times, list(range(1, -(-len(times) // SIZE) + 1)), taken)
        assert numbers == sorted(set(numbers), reverse=True)
    assert len(taken) == sum(len(times) + 1 for times in runs)


def test_runs_are_ordered_by_time() -> None:
    """A log of one run is newer than one of another if its time is later, whichever run was read first."""
    taken: set[int] = set()
    later = LogOrder(taken).number(1, [START + timedelta(seconds=second) for second in (5, 3)], SIZE)
    earlier = LogOrder(taken).number(1, [START + timedelta(seconds=second) for second in (4, 2)], SIZE)
    assert sorted([*later, *earlier], reverse=True) == [later[0], earlier[0], later[1], earlier[1]]


def test_of_the_same_moment_a_newer_run_comes_first() -> None:
    """As it is listed first, whichever run was read first."""
    taken: set[int] = set()
    older = LogOrder(taken, 3).number(1, [START] * SIZE, SIZE)
    newer = LogOrder(taken, 4).number(1, [START] * SIZE, SIZE)
    assert min(newer) > max(older)


def test_a_list_from_the_oldest_is_seen_by_its_times() -> None:
    """Then the newest log is the last one."""
    order = LogOrder(set())
    numbers = order.number(1, [START, START, START + timedelta(seconds=1)], SIZE)
    assert numbers == sorted(numbers)
    assert order.number(2, [START + timedelta(seconds=1)], SIZE)[0] > numbers[-1]


def test_numbers_are_free_again_once_a_run_is_read_anew() -> None:
    """The same logs get the same numbers then."""
    taken: set[int] = set()
    order = LogOrder(taken)
    first = order.number(1, [START, START], SIZE)
    order.give_back()
    assert LogOrder(taken).number(1, [START, START], SIZE) == first
