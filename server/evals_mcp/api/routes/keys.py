"""Our routes for who administers a workspace: list, create, rotate and revoke its keys, and no others."""

import logging
from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Body, Depends, Path, Request

from evals_mcp.api.grants import Grant
from evals_mcp.api.needs import KEYS_PATH, require_role
from evals_mcp.api.prefixed import BoundedRoute
from evals_mcp.errors import NotFound
from evals_mcp.models.keys import (
    CreateKeyRequest,
    KeyResponse,
    ListKeys,
    NewKeyResponse,
    RevokedKeyResponse,
    RotatedKeyResponse,
    RotateKeyRequest,
)
from evals_mcp.models.roles import Role
from evals_mcp.store.teams.api_keys import ApiKey
from evals_mcp.store.teams.control import Control

_log = logging.getLogger(__name__)
_log.setLevel(logging.INFO)  # who did what with a key is no warning, and is always logged
_ALWAYS = {"is_asked_for": True}

router = APIRouter(prefix=KEYS_PATH, tags=["keys (extension)"], route_class=BoundedRoute)


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
_Key = Annotated[str, Path(description="The id of a key, or the name of one that works.")]


@router.get("")
def list_keys(grant: _Admin, control: _Control) -> ListKeys:
    """List the keys of your workspace, oldest first, revoked ones too. Secrets are in no list."""
    return ListKeys(records=[_response(control, key) for key in control.keys(grant.workspace)])


@router.post("", status_code=201)
def create_key(grant: _Admin, control: _Control, request: CreateKeyRequest) -> NewKeyResponse:
    """Create a key of your workspace, with a role that is not above your own. The answer alone has the key itself."""
    role = Role.of(request.role)
    require_role(grant, role)
    made = control.create_key(grant.workspace, request.name, role=role, expires_at=request.expires_at, by=grant.person)
    _log_act("created", made.key, grant)
    return NewKeyResponse(**_response(control, made.key).model_dump(), key=made.secret)


@router.post("/{id}/rotate", status_code=201)
def rotate_key(
    grant: _Admin, control: _Control, id: _Key, request: Annotated[RotateKeyRequest | None, Body()] = None
) -> RotatedKeyResponse:
    """Replace a key of your workspace, also your own, by a new one with the same name, role and end.

    The old one stops within a second, or after the overlap. The answer alone has the new key itself.
    """
    overlap = timedelta(seconds=0 if request is None else request.overlap_seconds)
    new, old = control.rotate_key(id, grant.workspace, overlap=overlap, by=grant.person)
    until = old.revoked_at or old.expires_at
    assert until is not None
    _log_act("created", new.key, grant, f", in place of {old.id}, which ends at {until:%Y-%m-%dT%H:%M:%SZ}")
    made = _response(control, new.key).model_dump()
    return RotatedKeyResponse(**made, key=new.secret, replaced_until=until)


@router.post("/{id}/revoke")
def revoke_key(grant: _Admin, control: _Control, id: _Key) -> RevokedKeyResponse:
    """Revoke a key of your workspace, also your own, but not the last one of role admin.

    It stops within a second, and stays in the list. By its name, a key that was rotated and still goes on ends, too.
    """
    revoked = control.revoke_key(id, grant.workspace, by=grant.person, keeps_admin=True)
    for key in revoked:
        _log_act("revoked", key, grant)
    key, *others = revoked
    return RevokedKeyResponse(**_response(control, key).model_dump(), also_revoked=[other.id for other in others])


def _log_act(done: str, key: ApiKey, grant: Grant, more: str = "") -> None:
    _log.info(
        "Key %s of %s (role %s, workspace %s) was %s by %s, with key %s%s.",
        *(key.id, key.name, key.role.word, key.workspace, done, grant.person, grant.key_id, more),
        extra=_ALWAYS,
    )


def _response(control: Control, key: ApiKey) -> KeyResponse:
    state = key.state(control.database.now())
    return KeyResponse(**{**key._asdict(), "role": key.role.word, "state": state})
