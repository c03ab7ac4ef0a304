"""The migrations themselves, for the tests of what they do."""

import pytest


@pytest.fixture(autouse=True)
def migrations_each_time(request: pytest.FixtureRequest) -> None:
    """No test of a migration or of an opened database uses tables that were made before."""
    if request.path.stem.endswith(("_migration", "_opening", "_whose_file")):
        request.getfixturevalue("real_migrations")
