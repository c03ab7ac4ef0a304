"""Our extension: set up a run in one request, with what it needs."""

from typing import Annotated

from pydantic import Field

from evals_mcp.models.datapoints import CreateDatapointRequest
from evals_mcp.models.evaluators import EvaluatorSpec
from evals_mcp.models.kernels import FlowKernelRequest, PromptKernelRequest
from evals_mcp.models.model import Defaulted, Model

MOST_DATAPOINTS = 100
"""The most datapoints of a request."""

_Name = Annotated[str, Field(min_length=1, max_length=500)]


class SetUpEvaluator(Model):
    """An evaluator to attach: an existing one by version id, file id or path, or a new one's path and `spec`."""

    name: _Name
    spec: EvaluatorSpec | None = None


class SetUpRequest(Model):
    """What a run needs. Whatever does not exist yet is created: all of it, or nothing.

    `evaluation` is an id or a name. `dataset` and `version` are version ids, file ids or paths. The datapoints are
    added to the newest version of the dataset. `prompt` or `flow` is the content of a version of the file `version`.
    """

    evaluation: _Name
    dataset: _Name | None = None
    datapoints: Defaulted[list[CreateDatapointRequest]] = Field(default_factory=list, max_length=MOST_DATAPOINTS)
    version: _Name | None = None
    prompt: PromptKernelRequest | None = None
    flow: FlowKernelRequest | None = None
    evaluators: Defaulted[list[SetUpEvaluator]] = Field(default_factory=list, max_length=100)
    dry_run: Defaulted[bool] = False


class SetUpPart(Model):
    """A thing that the run has. `name` is a path for files. With `is_new`, it (or this version of it) was created."""

    id: str
    name: str
    version_id: str | None = None
    is_new: bool


class SetUpResponse(Model):
    """The parts of a run. The ids of new parts mean nothing after a dry run.

    Without a dataset or a version there is no run. The run has logs for `logged_datapoints_count` of
    `datapoints_count` datapoints. A new run lacks the logs of `older_run_id`, a run of the version over another version
    of the dataset.
    """

    evaluation: SetUpPart
    dataset: SetUpPart | None = None
    version: SetUpPart | None = None
    evaluators: list[SetUpPart]
    run: SetUpPart | None = None
    older_run_id: str | None = None
    datapoints_count: Defaulted[int] = 0
    added_datapoints_count: Defaulted[int] = 0
    logged_datapoints_count: Defaulted[int] = 0
