"""What an assistant leaves out after a moment is waited for in tests: lists, suggestions and names that were split.

Tests of that moment set their own. Processes that tests start keep the program's.
"""

from collections.abc import Iterator

import pytest

from evals_mcp.mcp import listed_tools, server, typed_names

_PATIENCE = 240.0


@pytest.fixture(scope="session", autouse=True)
def patient() -> Iterator[None]:
    """Leave nothing out in this process, however slow the machine is."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(listed_tools, "_MOMENT", _PATIENCE)
        patch.setattr(server, "_MOMENT", _PATIENCE)
        patch.setattr(typed_names, "_SECONDS", _PATIENCE)
        yield
