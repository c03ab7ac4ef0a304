"""What the person who runs the server has set up, for answers that say what to do next."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from evals_mcp.models.roles import Role


@dataclass(frozen=True, slots=True)
class DatabaseState:
    """Where the data is: a file, or an address without user and password.

    `missing` is what does not exist of a file's path. `others` are the databases beside it that have evaluations.
    `workspaces` are those of a PostgreSQL database, whose evaluations only a served API has.
    """

    address: str
    is_default: bool = False
    missing: Literal["", "file", "folder"] = ""
    others: Sequence[str] = ()
    workspaces: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Setup:
    """The folders that the chat may import from, whether it may at all, and how a person starts this program
    and names the folders.

    `database` looks at where the data is. None for a server of others. `actor` is the person's name.
    A server that `is_served` over HTTP is on another machine than the person, and imports none of their files. `role`
    is that of their key or sign-in, where it decides what they may.
    """

    import_folders: tuple[Path, ...] = ()
    may_import: bool = True
    has_folder_option: bool = False
    in_bundle: bool = False
    database: Callable[[], DatabaseState] | None = None
    actor: str | None = None
    is_served: bool = False
    role: Role | None = None
