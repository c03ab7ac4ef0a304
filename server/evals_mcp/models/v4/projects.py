"""v4 projects, which are files, and the configs registered in them, which are versions."""

from typing import Any

from pydantic import Field

from evals_mcp.models.model import Defaulted, JsonObject, Model, UtcDatetime
from evals_mcp.models.v4.configs import V4ConfigResponse, V4ModelConfigRequest, V4ToolConfigFields


class V4CreateProjectRequest(Model):
    """A project to create: a prompt at the path `name`, in a directory if one is given."""

    name: str
    directory_id: str | None = None


class V4LinkedTool(V4ToolConfigFields):
    """A tool of a prompt: a function, or a version of a tool by its id."""

    id: str | None = None
    name: Defaulted[str] = ""
    strict: bool | None = None


class V4ProjectConfigRequest(V4ModelConfigRequest):
    """A config to register in a project: by id, or by name, and then the project may be new."""

    project: str | None = None
    project_id: str | None = None
    tools: list[V4LinkedTool] | None = None  # type: ignore[assignment]


class V4ProjectConfigResponse(Model):
    """A config in its project."""

    project_id: str
    project_name: str
    created_at: UtcDatetime
    updated_at: UtcDatetime
    last_used: UtcDatetime
    config: V4ConfigResponse
    num_datapoints: int | None = None


class V4ProjectResponse(Model):
    """A project. `name` is its path. There are no users, teams or types of feedback to define."""

    id: str
    name: str
    users: Defaulted[list[Any]] = Field(default_factory=list)
    data_count: int
    feedback_types: Defaulted[list[JsonObject]] = Field(default_factory=list)
    team_id: Defaulted[str] = "tm_none"
    created_at: UtcDatetime
    updated_at: UtcDatetime
    active_config: V4ProjectConfigResponse | None = None
    config_type: str | None = None
    directory_id: str | None = None
