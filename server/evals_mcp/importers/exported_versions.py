"""Versions in an export of Humanloop: what they are called, and where they are deployed. No I/O."""

from collections.abc import Iterator, Sequence
from typing import Any

from evals_mcp.models.model import JsonObject

_LONGEST_NAME = 80


def named(versions: Sequence[JsonObject]) -> Iterator[JsonObject]:
    """The versions of a file. One without a name is called by its commit message, as before versions had names."""
    names = {version.get("version_name") for version in versions}
    for version in versions:
        message = version.get("commit_message")
        if version.get("version_name") is None and _is_name(message) and message not in names:
            names.add(message)
            version = {**version, "version_name": message}
        yield version


def deployments_of(versions: Sequence[JsonObject]) -> Iterator[JsonObject]:
    """The deployments of versions as in `deployments.json`, which an export lacks where something failed."""
    for version in versions:
        for environment in version.get("environments") or []:
            about = environment if isinstance(environment, dict) else {}
            named = {f"environment_{name}": about.get(name) for name in ("id", "name", "tag", "created_at")}
            yield {"version_id": version.get("version_id"), **named}


def _is_name(message: Any) -> bool:
    return isinstance(message, str) and 0 < len(message) <= _LONGEST_NAME and message.isprintable()
