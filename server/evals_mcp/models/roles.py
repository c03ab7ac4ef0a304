"""What a key may do: roles, each with all that the ones before it may."""

from collections.abc import Mapping
from enum import IntEnum
from typing import Literal, LiteralString

RoleWord = Literal["read", "label", "write", "admin"]


class Role(IntEnum):
    """What somebody may do. A role may all that smaller ones may, so roles compare as numbers."""

    READ = 1
    LABEL = 2
    WRITE = 3
    ADMIN = 4

    @property
    def word(self) -> RoleWord:
        """The role as people write it, and as it is stored."""
        return _WORDS[self]

    @classmethod
    def of(cls, word: str) -> "Role":
        """The role that people write so. Raises KeyError."""
        return {role.word: role for role in cls}[word]  # type: ignore[index]


_WORDS: Mapping[int, RoleWord] = {1: "read", 2: "label", 3: "write", 4: "admin"}
_ACTS: Mapping[int, LiteralString] = {1: "read", 2: "label", 3: "write", 4: "manage keys"}

SIGNED_IN = "oauth_"
"""What ids of those begin with who have signed in; others have the id of their key."""


def beyond_role(role: Role, need: Role, holder: LiteralString, act: LiteralString = "") -> LiteralString:
    """The sentence for who may not do something, for want of a role: `Your key may read, not label: …`.

    `holder` is what gives the role, such as `key`; `act` is what they ask, if it is less than all that the role may.
    """
    return f"Your {holder} may {_ACTS[role]}, not {act or _ACTS[need]}: this needs the role `{need.word}`."


def holder_of(key_id: str) -> LiteralString:
    """What somebody with this id has their role from."""
    return "sign-in" if key_id.startswith(SIGNED_IN) else "key"


ROLES: Mapping[Role, str] = {
    Role.READ: "reads everything in its workspace",
    Role.LABEL: "also judges logs in its own name, corrects and removes its own judgments, uses the review queue, and "
    "undoes what it wrote itself",
    Role.WRITE: "also writes and deletes everything in its workspace, and undoes what others wrote",
    Role.ADMIN: "also lists, creates, rotates and revokes the keys of its workspace over HTTP",
}
"""What each role may do, in the docs and in the help."""
