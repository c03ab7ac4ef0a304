"""The migrations themselves, for the tests of databases."""

import pytest


@pytest.fixture(autouse=True)
def migrations_each_time(real_migrations: None) -> None:
    """No test here uses tables that were made before."""
