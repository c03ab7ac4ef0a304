"""Failing logs in groups: the rows of the answer. `evals_mcp.statistics` makes the groups."""

from pydantic import Field

from evals_mcp.models.model import Defaulted, Model
from evals_mcp.models.rows import CurrentRows

FEW_FAILING = 10
"""Fewer failing logs make no groups."""


class FailingLog(Model):
    """A failing log. `evaluator_version_ids` fail it, beside an error.

    `explanation` is its error, or what an evaluator says of it; `input` has the texts of its inputs. Lengths are those
    of cut texts.
    """

    id: str
    run_id: str
    has_error: Defaulted[bool] = False
    evaluator_version_ids: Defaulted[list[str]] = Field(default_factory=list)
    explanation: str | None = None
    explanation_length: int | None = None
    input: str | None = None
    input_length: int | None = None


class FailureCause(Model):
    """How many logs fail by an evaluator, or by an error (None)."""

    evaluator_version_id: str | None = None
    logs: int


class RunFailures(Model):
    """The failing logs of a run, of all its `logs`; in a group, those in the group, of its failing ones that are read.

    `adjusted_p`, that it has no larger share of them than the other runs, is over all groups and runs.
    """

    run_id: str
    failing: int
    logs: int
    adjusted_p: float | None = None


class FailureGroup(Model):
    """Failing logs whose texts are alike. `terms` tell it from other groups, the most telling first."""

    terms: list[str]
    logs: int
    runs: list[RunFailures]
    examples: list[FailingLog]


class FailureRows(CurrentRows):
    """The failing logs of a question.

    `logs` are all that meet its filter. `read` of the `failing` are in `groups` or one of the `others`; `explained` of
    them have an error, explanation or note. `listed` has few, or different ones of those that make no groups.
    """

    logs: int
    failing: int
    read: int
    explained: int
    causes: list[FailureCause]
    runs: list[RunFailures]
    groups: Defaulted[list[FailureGroup]] = Field(default_factory=list)
    others: Defaulted[int] = 0
    listed: Defaulted[list[FailingLog]] = Field(default_factory=list)
