"""What an administrator does with workspaces and keys, each by the address of a database; nothing is printed here."""

from collections.abc import Iterator
from contextlib import contextmanager

from evals_mcp.store.control import ApiKey, Control, NewKey, Workspace, open_control


def create_key(address: str, workspace: str | None, name: str, *, read_only: bool = False) -> NewKey:
    """Make a key of a workspace (None: the one of a SQLite file); its secret can be shown this once only.

    Raises Invalid, NotFound and Conflict with a sentence, and Unavailable if the database cannot be reached.
    """
    with _control(address) as control:
        return control.create_key(workspace, name, read_only=read_only)


def list_keys(address: str) -> list[ApiKey]:
    """Every key, revoked ones included, oldest first. Raises Unavailable."""
    with _control(address) as control:
        return control.keys()


def revoke_key(address: str, id_or_name: str) -> ApiKey:
    """Let a key open nothing any more; servers notice within seconds. Raises NotFound, Invalid and Unavailable."""
    with _control(address) as control:
        return control.revoke_key(id_or_name)


def create_workspace(address: str, name: str) -> Workspace:
    """Make a workspace on PostgreSQL, with its tables. Raises Invalid, Conflict and Unavailable."""
    with _control(address) as control:
        return control.create_workspace(name)


def list_workspaces(address: str) -> list[Workspace]:
    """Every workspace, by name. Raises Unavailable."""
    with _control(address) as control:
        return control.workspaces()


@contextmanager
def _control(address: str) -> Iterator[Control]:
    control = open_control(address)
    try:
        yield control
    finally:
        control.close()
