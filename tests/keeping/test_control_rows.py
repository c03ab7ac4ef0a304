"""Rows of keys and workspaces in a manifest: what their columns cannot hold is told before anything is restored."""

from typing import Any

import pytest

from evals_mcp.errors import Unavailable
from evals_mcp.keeping.control_rows import require_rows

_KEY: dict[str, Any] = {
    "id": "8KJ2mP4xQw7e",
    "workspace": "search",
    "name": "ann",
    "read_only": True,
    "digest": "0" * 64,
    "created_at": 1_767_323_045_000_000,
    "role": "admin",
    "expires_at": None,
}
_WORKSPACE: dict[str, Any] = {"name": "search", "schema": "evals_mcp_search", "created_at": 0, "most_logs": 10}


def test_rows_of_a_backup_fit() -> None:
    """As do those of a backup from before keys had roles."""
    require_rows({"workspaces": [_WORKSPACE], "api_keys": [_KEY]}, "search")
    require_rows(
        {"workspaces": [_WORKSPACE], "api_keys": [{name: _KEY[name] for name in _KEY if name != "role"}]}, "search"
    )


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("created_at", 10**18),
        ("expires_at", -(10**18)),
        ("revoked_at", 10**30),
        ("last_used_at", 2**63),
        ("name", "a\0b"),
        ("created_by", "\ud800"),
        ("role", "owner"),
        ("role", ""),
    ],
)
def test_a_value_that_no_row_can_have_is_damage(field: str, value: object) -> None:
    """Times beyond all years, characters that are none, roles that nobody knows."""
    with pytest.raises(Unavailable, match="manifest is damaged"):
        require_rows({"workspaces": [_WORKSPACE], "api_keys": [{**_KEY, field: value}]}, "search")


@pytest.mark.parametrize(("field", "value"), [("most_requests", 2**31), ("most_logs", 2**63), ("most_bytes", -(2**64))])
def test_a_number_beyond_its_column_is_damage(field: str, value: int) -> None:
    """Limits of a workspace are numbers of 32 or 64 bits."""
    with pytest.raises(Unavailable, match="manifest is damaged"):
        require_rows({"workspaces": [{**_WORKSPACE, field: value}], "api_keys": []}, "search")


def test_a_row_that_is_there_twice_is_damage() -> None:
    """And no race with somebody else, who would be told to repeat the command."""
    with pytest.raises(Unavailable, match="manifest is damaged"):
        require_rows({"workspaces": [_WORKSPACE], "api_keys": [_KEY, {**_KEY, "name": "ben"}]}, "search")
