"""What an administrator does with keys and workspaces, each by the address of a database."""

from contextlib import closing
from datetime import datetime

from evals_mcp.models.roles import Role
from evals_mcp.store.teams.api_keys import ApiKey, NewKey
from evals_mcp.store.teams.control import open_control
from evals_mcp.store.teams.workspaces import Workspace


def create_key(
    address: str,
    workspace: str | None,
    name: str,
    *,
    read_only: bool = False,
    role: Role | None = None,
    expires_at: datetime | None = None,
) -> NewKey:
    """Make a key of a workspace."""
    with closing(open_control(address)) as control:
        chosen = role or (Role.READ if read_only else Role.WRITE)
        return control.create_key(workspace, name, role=chosen, expires_at=expires_at)


def list_keys(address: str) -> list[ApiKey]:
    """Every key, revoked ones included."""
    with closing(open_control(address)) as control:
        return control.keys()


def revoke_key(address: str, id_or_name: str) -> ApiKey:
    """Revoke a key."""
    with closing(open_control(address)) as control:
        return control.revoke_key(id_or_name)[0]


def create_workspace(address: str, name: str) -> Workspace:
    """Make a workspace on PostgreSQL."""
    with closing(open_control(address)) as control:
        return control.create_workspace(name)


def list_workspaces(address: str) -> list[Workspace]:
    """Every workspace, by name."""
    with closing(open_control(address)) as control:
        return control.workspaces()
