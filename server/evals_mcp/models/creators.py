"""Who created something, as the API says it."""

from typing import Any

from evals_mcp.models.ids import derived_id


def creator(name: str | None) -> dict[str, Any] | None:
    """A person as the `created_by` of an answer; None if nobody is known. The same name has the same id everywhere."""
    return None if name is None else {"id": derived_id("usr", name), "email_address": None, "full_name": name}
