"""Environments, to which versions are deployed."""

from evals_mcp.models.enums import OpenEnvironmentTag
from evals_mcp.models.model import Model, UtcDatetime


class EnvironmentResponse(Model):
    """An environment to deploy versions to. Exactly one has the tag `default`."""

    id: str
    created_at: UtcDatetime
    name: str
    tag: OpenEnvironmentTag
