"""Members of zip archives that are larger than they can sensibly be."""

from typing import Protocol

from evals_mcp.errors import Invalid

_LARGEST_MEMBER = 512_000_000
_LARGE = 50_000_000
_HIGHEST_RATIO = 500


class Member(Protocol):
    """What a reader of zip archives tells of a member."""

    filename: str
    file_size: int
    compress_size: int


def require_sane(file: str, member: Member) -> None:
    """Raise Invalid for a member that is too large, or so much larger than in the archive that it must be a trap.

    The zip reader stops at the size that the archive gives, so a wrong one does no harm.
    """
    size = member.file_size
    if size > _LARGEST_MEMBER:
        raise Invalid(f"{file}, {member.filename} has {size:,} bytes, more than {_LARGEST_MEMBER:,}.")
    if size > _LARGE and size > _HIGHEST_RATIO * member.compress_size:
        raise Invalid(f"{file}, {member.filename} would grow from {member.compress_size:,} bytes to {size:,}.")
