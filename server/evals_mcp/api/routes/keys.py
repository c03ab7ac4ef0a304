"""Our routes for who administers a workspace: list, create and revoke its keys, and no others."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Request

from evals_mcp.api.grants import Grant
from evals_mcp.api.needs import KEYS_PATH, require_role
from evals_mcp.errors import NotFound
from evals_mcp.models.keys import CreateKeyRequest, KeyResponse, ListKeys, NewKeyResponse
from evals_mcp.models.roles import Role
from evals_mcp.store.teams.api_keys import ApiKey
from evals_mcp.store.teams.control import Control

router = APIRouter(prefix=KEYS_PATH, tags=["keys (extension)"])


async def _admin(request: Request) -> Grant:
    grant: Grant = request.state.grant
    require_role(grant, Role.ADMIN)
    if grant.workspace is None:
        raise NotFound("This key opens no workspace with keys.")
    return grant


async def _control(request: Request) -> Control:
    control: Control = request.app.state.keys
    return control


_Admin = Annotated[Grant, Depends(_admin)]
_Control = Annotated[Control, Depends(_control)]


@router.get("")
def list_keys(grant: _Admin, control: _Control) -> ListKeys:
    """List the keys of your workspace, oldest first, revoked ones too. Secrets are in no list."""
    return ListKeys(records=[_response(control, key) for key in control.keys(grant.workspace)])


@router.post("", status_code=201)
def create_key(grant: _Admin, control: _Control, request: CreateKeyRequest) -> NewKeyResponse:
    """Create a key of your workspace, with a role that is not above your own. The answer alone has the key itself."""
    role = Role.of(request.role)
    require_role(grant, role)
    made = control.create_key(grant.workspace, request.name, role=role, expires_at=request.expires_at)
    return NewKeyResponse(**_response(control, made.key).model_dump(), key=made.secret)


@router.post("/{id}/revoke")
def revoke_key(
    grant: _Admin,
    control: _Control,
    id: Annotated[str, Path(description="The id of a key, or the name of one that works.")],
) -> KeyResponse:
    """Revoke a key of your workspace, also your own. It stops within a second, and stays in the list."""
    return _response(control, control.revoke_key(id, grant.workspace))


def _response(control: Control, key: ApiKey) -> KeyResponse:
    state = key.state(control.database.now())
    return KeyResponse(**{**key._asdict(), "role": key.role.word, "state": state})
