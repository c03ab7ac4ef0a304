"""Our extension: the API keys of a workspace, for its administrators."""

from typing import Annotated, Literal

from pydantic import Field

from evals_mcp.models.model import Defaulted, Model, UtcDatetime
from evals_mcp.models.roles import RoleWord

KeyState = Literal["active", "expires soon", "expired", "revoked"]
"""Whether a key works, and whether it soon will no more."""


class KeyResponse(Model):
    """A key without its secret. `name` is the person or program that has it. Times are null for what has not been, or
    will not be."""

    id: str
    name: str
    workspace: str
    role: RoleWord
    state: KeyState
    created_at: UtcDatetime
    expires_at: UtcDatetime | None = None
    last_used_at: UtcDatetime | None = None
    revoked_at: UtcDatetime | None = None


class NewKeyResponse(KeyResponse):
    """A new key. `key` is the key itself, which cannot be read again."""

    key: str


class ListKeys(Model):
    """The keys of a workspace, oldest first, revoked ones too."""

    records: list[KeyResponse]


class CreateKeyRequest(Model):
    """A new key: whose it is, what it may do, and when it ends; without a time, never."""

    name: Annotated[str, Field(min_length=1, max_length=100)]
    role: Defaulted[RoleWord] = "write"
    expires_at: UtcDatetime | None = None
