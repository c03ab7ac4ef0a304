"""How long a wait before the next try is."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evals_mcp.client.retries import LONGEST_WAIT, MOST_TRIES, backoff, read_retry_after


def test_waits_grow_and_stay_within_the_bound() -> None:
    """Each wait is between half its length and all of it; all together they end in time."""
    longest = [0.5, 1.0, 2.0]
    for tries, bound in enumerate(longest, start=1):
        assert all(bound / 2 <= backoff(tries) <= bound for _ in range(50))
    assert len(longest) + 1 == MOST_TRIES
    assert sum(longest) < LONGEST_WAIT


@pytest.mark.parametrize("value", [None, "", "soon", "-1", "1.5", "٣", "Wed, 99 Oct 2015 07:28:00 GMT"])
def test_what_cannot_be_read_asks_for_nothing(value: str | None) -> None:
    """A header that is absent or makes no sense leaves the delay to the client."""
    assert read_retry_after(value) is None


def test_a_date_is_a_wait_from_now() -> None:
    """A date an hour ahead asks for an hour; one without a zone is taken as UTC."""
    later = datetime.now(UTC) + timedelta(hours=1)
    for value in (format_datetime(later, usegmt=True), format_datetime(later.replace(tzinfo=None))):
        wait = read_retry_after(value)
        assert wait is not None
        assert 3500 < wait <= 3600


@given(st.text() | st.integers().map(str) | st.text("0123456789", min_size=1, max_size=6000))
def test_any_header_gives_a_wait_or_nothing(value: str) -> None:
    """No header breaks the reading, and no wait is negative."""
    wait = read_retry_after(value)
    assert wait is None or wait >= 0
