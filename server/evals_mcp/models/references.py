"""References to a file or a version in requests. The store resolves them."""

from typing import Literal, NamedTuple

from evals_mcp.errors import Invalid
from evals_mcp.models.model import Defaulted, Model


class Target(NamedTuple):
    """The one key of a reference, its value, and the environment to look in (None: the default one)."""

    by: Literal["version_id", "id", "path"]
    value: str
    environment: str | None = None


class FileReference(Model):
    """A file by its id or its path."""

    id: str | None = None
    path: str | None = None

    def target(self) -> Target:
        """The target. Raises Invalid (400) unless exactly one of `id` and `path` is given."""
        if self.id is not None and self.path is None:
            return Target("id", self.id)
        if self.path is not None and self.id is None:
            return Target("path", self.path)
        raise Invalid("Give exactly one of `id` and `path`.")


class VersionReference(Model):
    """A version by its id, or a file's (`id`, `path`) version deployed to an environment."""

    version_id: str | None = None
    id: str | None = None
    path: str | None = None
    environment: str | None = None

    def target(self) -> Target:
        """The target. Raises Invalid (400) unless exactly one of `version_id`, `id` and `path` is given."""
        given = [value is not None for value in (self.version_id, self.id, self.path)]
        if sum(given) != 1:
            raise Invalid("Give exactly one of `version_id`, `id` and `path`.")
        if self.version_id is not None:
            return Target("version_id", self.version_id)
        if self.id is not None:
            return Target("id", self.id, self.environment)
        assert self.path is not None
        return Target("path", self.path, self.environment)


class EvaluatorReference(VersionReference):
    """An evaluator version to attach. With `orchestrated` false, the caller posts its judgments."""

    orchestrated: Defaulted[bool] = True
