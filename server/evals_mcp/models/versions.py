"""Shared by all file types: the fields of a version, and of requests to write or move one."""

from typing import Any

from pydantic import Field

from evals_mcp.errors import Invalid
from evals_mcp.models.enums import OpenVersionStatus
from evals_mcp.models.environments import EnvironmentResponse
from evals_mcp.models.model import Defaulted, JsonObject, Model, UtcDatetime
from evals_mcp.models.references import Target


class InputResponse(Model):
    """A variable that a version takes."""

    name: str


class EvaluatorAggregate(Model):
    """The mean of one evaluator's judgments over a version's logs."""

    value: float
    evaluator_id: str
    evaluator_version_id: str
    created_at: UtcDatetime
    updated_at: UtcDatetime


class FileVersionResponse(Model):
    """A file with one of its versions. Counts and times are the file's unless named after the version.

    SDKs up to 0.8.29 find the file's type only in responses with a `status`. All versions are committed.
    """

    path: str
    id: str
    name: str
    version_id: str
    created_at: UtcDatetime
    updated_at: UtcDatetime
    last_used_at: UtcDatetime
    directory_id: str | None = None
    version_name: str | None = None
    version_description: str | None = None
    status: Defaulted[OpenVersionStatus] = "committed"
    description: str | None = None
    file_schema: JsonObject | None = Field(default=None, alias="schema")
    readme: str | None = None
    tags: Defaulted[list[str]] = Field(default_factory=list)
    environments: Defaulted[list[EnvironmentResponse]] = Field(default_factory=list)
    created_by: Any = None


class UpsertRequest(Model):
    """A file's name (`id` overrides `path`) and description. None of these fields identifies a version.

    `commit_message` is the name of `version_description` in SDKs up to 0.8.29.
    """

    path: str | None = None
    id: str | None = None
    version_name: str | None = None
    version_description: str | None = None
    commit_message: str | None = None
    description: str | None = None
    tags: list[str] | None = None
    readme: str | None = None

    def target(self) -> Target:
        """The file to write, by id or path. Raises Invalid (422) if neither is given."""
        if self.id:
            return Target("id", self.id)
        if self.path:
            return Target("path", self.path)
        raise Invalid("Give `id` or `path` to name the file.", ("body", "path"))


class UpdateVersionRequest(Model):
    """A new name or description for a version."""

    name: str | None = None
    description: str | None = None


class CommitRequest(Model):
    """The message of a commit. Versions are committed when they are created, so it changes nothing."""

    commit_message: str | None = None


class MoveFileRequest(Model):
    """A new location or name for a file."""

    path: str | None = None
    name: str | None = None
    directory_id: str | None = None
