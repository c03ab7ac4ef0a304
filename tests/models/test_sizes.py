"""Sizes of data in words."""

import pytest

from evals_mcp.models.sizes import size_words


@pytest.mark.parametrize(
    ("size", "words"),
    [
        (0, "0 bytes"),
        (1, "1 byte"),
        (999, "999 bytes"),
        (1000, "1.0 kB"),
        (1_490_944, "1.5 MB"),
        (999_949, "999.9 kB"),
        (999_950, "1.0 MB"),
        (999_999_999, "1.0 GB"),
        (5_000_000_000, "5.0 GB"),
        (999_949_999_999, "999.9 GB"),
        (10**15, "1,000.0 TB"),
    ],
)
def test_a_size_has_the_unit_that_fits(size: int, words: str) -> None:
    """At least one of it, and fewer than a thousand, up to the largest unit."""
    assert size_words(size) == words
