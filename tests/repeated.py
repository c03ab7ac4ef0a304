"""Tests of the default suite that tests/slow repeats with fixtures of its own, such as another database."""

from types import ModuleType
from typing import Any


def repeated_tests(*modules: ModuleType) -> dict[str, Any]:
    """The tests of modules by their names, which must differ."""
    found: dict[str, Any] = {}
    for module in modules:
        tests = {name: test for name, test in vars(module).items() if name.startswith("test_") and callable(test)}
        assert tests.keys().isdisjoint(found), f"{module.__name__} has tests with the names of others."
        found |= tests
    return found
