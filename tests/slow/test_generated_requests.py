"""Requests that schemathesis makes from the OpenAPI document: none ends in a 5xx, and no answer is invalid JSON."""

import os
from collections.abc import Callable

from tests.generated_requests import send_generated

from evals_mcp.store.store import Store


def test_no_generated_request_ends_in_a_5xx(server: str, store: Store, examples: Callable[[int], int]) -> None:
    """Over every operation, with valid and nearly valid content, on data of every kind that is put back each time."""
    assert send_generated(server, store, examples(4), repeated="EVALS_MCP_EXAMPLES" not in os.environ)
