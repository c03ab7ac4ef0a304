"""The loader on PostgreSQL."""

import pytest
from tests.importers import test_loader
from tests.loaded_stores import empty_file, new_store, served
from tests.repeated import repeated_tests

__all__ = ["empty_file", "new_store", "served"]

pytestmark = pytest.mark.parametrize("new_store", ["postgresql"], indirect=True)
globals().update(repeated_tests(test_loader))
