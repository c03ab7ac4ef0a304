"""What stands in the place of a name that was forgotten."""

import re
import secrets
from typing import Any

from evals_mcp.errors import Conflict

_PSEUDONYM = re.compile(r"former-[0-9a-f]{8}")


def new_pseudonym() -> str:
    """A random one, which tells nothing of the name."""
    return f"former-{secrets.token_hex(4)}"


def require_forgotten(what: str, here: Any, said: Any) -> None:
    """Raise Conflict if a pseudonym stands here where somebody says a name: it would bring the name back."""
    if _is_pseudonym(here) and isinstance(said, str) and not _is_pseudonym(said):
        raise Conflict(
            f"{what} names a person who was forgotten here: `{here}` stands in the place of the name, which was not "
            f"brought back. Write `{here}` for it in the file, or forget the person in the database that you copy, and "
            "repeat."
        )


def _is_pseudonym(name: Any) -> bool:
    return isinstance(name, str) and _PSEUDONYM.fullmatch(name) is not None
