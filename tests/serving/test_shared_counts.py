"""Counts that several processes have in common: as those of one, whoever counts, and whoever ends."""

import random
from collections import Counter
from operator import attrgetter
from pathlib import Path
from typing import Any

import pytest

from evals_mcp.serving import shared_counts
from evals_mcp.serving.shared_counts import CountsPlace, OwnWaits, SharedCounts, SharedParts, make_counts
from evals_mcp.store.database.minutes import OwnMinutes


@pytest.fixture
def three(tmp_path: Path) -> list[SharedCounts]:
    """What three processes count."""
    path = tmp_path / "counts"
    make_counts(path, 3)
    return [SharedCounts(CountsPlace(path, slot, 3)) for slot in range(3)]


def test_several_count_as_one_does(three: list[SharedCounts]) -> None:
    """Many names, in any order, over several minutes, whoever is asked."""
    chosen, now = random.Random(1), 1000.0
    one, waits, waiting = OwnMinutes(), OwnWaits(), Counter[tuple[int, str]]()
    for _ in range(3000):
        name, process = f"203.0.113.{chosen.randrange(100)}", chosen.randrange(3)
        assert three[process].refusals.take(name, now) == one.take(name, now)
        if waiting[process, name] and chosen.random() < 0.5:
            waiting[process, name] -= 1
            waits.end(name, now, 1000)
            three[process].waits.end(name, now, 1000)
        elif waits.total(now) < 100:
            waiting[process, name] += 1
            waits.begin(name, now, 1000)
            three[process].waits.begin(name, now, 1000)
        asked = three[chosen.randrange(3)].waits
        assert (asked.count(name, now), asked.total(now)) == (waits.count(name, now), waits.total(now))
        now += chosen.random() / 10


def test_who_takes_a_place_goes_on_counting(tmp_path: Path, three: list[SharedCounts]) -> None:
    """Nothing is lost with a process that was killed, and what waited in it waits no more after its time."""
    assert [each.requests.take("red", 1.0).number for each in three] == [1, 2, 3]
    three[0].waits.begin("203.0.113.7", 1.0, 1.0)
    again = SharedCounts(CountsPlace(tmp_path / "counts", 0, 3))
    assert again.requests.take("red", 2.0) == (4, 61.0)
    assert three[1].requests.take("red", 60.9) == (5, 61.0)
    assert three[1].requests.take("red", 61.0) == (1, 121.0)
    assert three[1].waits.count("203.0.113.7", 2.9) == 1
    assert three[1].waits.count("203.0.113.7", 3.1) == 0


def test_two_minutes_that_begin_at_once_become_one(three: list[SharedCounts]) -> None:
    """The one that ends first: as if one had seen the other in time. What was counted in the other one still counts."""
    first, second = three[0].requests, three[1].requests
    assert [first.take("red", 1.0).number for _ in range(3)] == [1, 2, 3]
    assert second.take("red", 0.5) == (4, 60.5)  # its clock was read before
    assert first.take("red", 1.1) == (5, 60.5)
    assert second.take("red", 1.2) == (6, 60.5)
    assert second.take("red", 60.5) == (1, 120.5)


def test_who_counts_at_the_same_time_is_seen(three: list[SharedCounts], monkeypatch: pytest.MonkeyPatch) -> None:
    """What another process counts between a look at its count and one's own: else both had the last one of a limit."""
    first, second = three[0].requests, three[1].requests
    assert first.take("red", 1.0).number == 1
    of_rows = "_Rows.write"
    write = attrgetter(of_rows)(shared_counts)

    def write_after_another(*given: Any) -> None:
        monkeypatch.undo()
        assert second.take("red", 1.1).number == 2
        write(*given)

    monkeypatch.setattr(f"{shared_counts.__name__}.{of_rows}", write_after_another)
    assert first.take("red", 1.1).number == 3


def test_more_names_than_there_is_room_for_push_out_no_others(three: list[SharedCounts]) -> None:
    """Somebody with many addresses cannot make the requests of a workspace forgotten; memory is bounded."""
    three[0].requests.take("red", 1.0)
    for number in range(5000):
        assert three[0].refusals.take(f"198.51.{number // 250}.{number % 250}", 2.0).number == 1
    assert three[1].requests.take("red", 3.0).number == 2


def test_each_process_gets_the_part_of_its_number(tmp_path: Path) -> None:
    """Where there are more than there is room for, a larger file begins."""
    parts = SharedParts(tmp_path, 4)
    assert [parts.part(number) for number in (0, 3, 0)] == [CountsPlace(tmp_path / "counts-1", n, 4) for n in (0, 3, 0)]
    assert [parts.part(number) for number in (4, 1)] == [CountsPlace(tmp_path / "counts-2", n, 8) for n in (4, 1)]


def test_without_room_each_counts_by_itself(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """The server serves, and says so."""
    assert SharedParts(tmp_path / "none", 2).part(0) is None
    assert "counts requests and refusals by itself" in caplog.text
