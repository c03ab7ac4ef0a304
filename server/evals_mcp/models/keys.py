"""Our extension: the API keys of a workspace, for its administrators."""

from datetime import timedelta
from typing import Annotated, Literal

from pydantic import Field

from evals_mcp.models.model import Defaulted, Model, UtcDatetime
from evals_mcp.models.roles import RoleWord

KeyState = Literal["active", "expires soon", "expired", "revoked"]
"""Whether a key works, and whether it soon will no more."""

LONGEST_OVERLAP = timedelta(days=30)
"""For so long at most, a key that was rotated goes on."""


class KeyResponse(Model):
    """A key without its secret. `name` is the person or program that has it. Times are null for what has not been, or
    will not be. `created_by` and `revoked_by` are names of keys or, at the server's machine, of people; `replaces` is
    the id of the key that was rotated."""

    id: str
    name: str
    workspace: str
    role: RoleWord
    state: KeyState
    created_at: UtcDatetime
    expires_at: UtcDatetime | None = None
    last_used_at: UtcDatetime | None = None
    revoked_at: UtcDatetime | None = None
    created_by: str | None = None
    revoked_by: str | None = None
    replaces: str | None = None


class NewKeyResponse(KeyResponse):
    """A new key. `key` is the key itself, which cannot be read again."""

    key: str


class RotatedKeyResponse(NewKeyResponse):
    """The new key, and when the one that it replaces ends, or has ended."""

    replaced_until: UtcDatetime


class RevokedKeyResponse(KeyResponse):
    """A revoked key. `also_revoked` are the ids of keys of the same name that were rotated and still went on."""

    also_revoked: list[str]


class ListKeys(Model):
    """The keys of a workspace, oldest first, revoked ones too."""

    records: list[KeyResponse]


class CreateKeyRequest(Model):
    """A new key: whose it is, what it may do, and when it ends; without a time, never."""

    name: Annotated[str, Field(min_length=1, max_length=100)]
    role: Defaulted[RoleWord] = "write"
    expires_at: UtcDatetime | None = None


class RotateKeyRequest(Model):
    """How long the old key goes on: by default, it ends at once."""

    overlap_seconds: Defaulted[Annotated[int, Field(ge=0, le=int(LONGEST_OVERLAP.total_seconds()))]] = 0
