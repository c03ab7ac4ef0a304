"""What a key may do: roles, each with all that the ones before it may."""

from collections.abc import Mapping
from enum import IntEnum
from typing import Literal

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


ROLES: Mapping[Role, str] = {
    Role.READ: "reads everything in its workspace",
    Role.LABEL: "also judges logs in its own name, corrects and removes its own judgments, uses the review queue, and "
    "undoes what it wrote itself",
    Role.WRITE: "also writes and deletes everything in its workspace, and undoes what others wrote",
    Role.ADMIN: "also lists, creates and revokes the keys of its workspace over HTTP",
}
"""What each role may do, in the docs and in the help."""
