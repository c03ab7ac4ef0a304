"""What an answer does with its budget, in budgets of all sizes; tests/tools has three."""

import pytest
from tests.tools.test_budget_use import (
    BUDGETS,
    anyio_backend,
    assistant,
    test_more_budget_never_shows_less,
    test_one_log_uses_its_budget,
)

pytestmark = pytest.mark.anyio

__all__ = ["anyio_backend", "assistant", "test_more_budget_never_shows_less", "test_one_log_uses_its_budget"]


@pytest.fixture(scope="module")
def budgets() -> list[int]:
    """All of them, from the smallest on."""
    return BUDGETS
