"""Our extension: label logs of an evaluation, all or none."""

from typing import Annotated, Literal

from pydantic import Field

from evals_mcp.models.judgments import Judgment, JudgmentValue
from evals_mcp.models.model import Defaulted, Model
from evals_mcp.models.set_ups import SetUpEvaluator, SetUpPart

MOST_LABELS = 100
"""The most labels of a request."""

LabelKind = Literal["human", "assistant"]
"""Who judged. Their labels are judgments of different evaluators, so no figure mixes them."""

LABELLING_TYPES: dict[LabelKind, Literal["human", "external"]] = {"human": "human", "assistant": "external"}
"""The type of the evaluator that has the labels of a kind."""

ASSISTANT = " (assistant)"
"""The end of the path of an evaluator with an assistant's labels."""

PEOPLE = " (human)"
"""The end of the path of an evaluator with people's labels, if a judge has the path without it."""


class Label(Model):
    """A judgment of a log, and why."""

    log_id: str
    judgment: Judgment
    note: Annotated[str, Field(max_length=1_000_000)] | None = None


class LabelsRequest(Model):
    """Labels of logs by one evaluator.

    `evaluator` is a version id, file id, path or the end of one, of the evaluation's evaluators or another one. Without
    one, it is created: as `spec` says, as the judge or the labels of the other kind with this path are, or as the
    judgments are. A new option is added; one that is much like an existing one only if `spec` has it. A name much like
    that of an attached evaluator needs a `spec`. The author is `author`, else the API key's name.
    """

    evaluator: SetUpEvaluator
    labels: Annotated[list[Label], Field(min_length=1, max_length=MOST_LABELS)]
    kind: LabelKind
    author: Annotated[str, Field(min_length=1, max_length=500)] | None = None
    dry_run: Defaulted[bool] = False


class ReplacedLabel(Model):
    """The author's earlier judgment of a log. None if it was deleted since, or its evaluator abstained or failed."""

    id: str
    judgment: JudgmentValue | None = None


class StoredLabel(Model):
    """A label: the id of the evaluator log, and what it replaced."""

    id: str
    log_id: str
    replaced: ReplacedLabel | None = None


class LabelsResponse(Model):
    """Stored labels, in the order of the request, and their evaluator. After a dry run, ids of new ones mean nothing.

    `new_options` were added to an evaluator that existed.
    """

    evaluator: SetUpPart
    return_type: str
    options: Defaulted[list[str]] = Field(default_factory=list)
    new_options: Defaulted[list[str]] = Field(default_factory=list)
    author: str | None = None
    labels: list[StoredLabel]
