"""What the files of evaluation tools hold, whatever the tool: results, one for each output of a run.

A reader of a format yields results; `assembly` makes an evaluation document of them.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import blake2b
from typing import Any, Literal

from evals_mcp.errors import Invalid
from evals_mcp.models.messages import ChatMessage
from evals_mcp.models.reported_figures import ReportedFigure

_FINGERPRINT = 15
EvaluatorKind = Literal["external", "human", "llm", "python"]


class NoResults(Invalid):
    """A file that is whole, but holds no results. In a folder it is skipped."""


@dataclass(frozen=True, slots=True)
class Location:
    """Where something stands in a file: `line 12`, `sample 3, epoch 2`. `folder` is that of the file, if need be."""

    file: str
    at: str
    folder: str = ""

    @property
    def path(self) -> str:
        """The file with its folder."""
        return f"{self.folder}/{self.file}" if self.folder else self.file

    def __str__(self) -> str:
        """Such as `nightly/results.csv, line 12`."""
        return f"{self.path}, {self.at}" if self.at else self.path


@dataclass(slots=True)
class Case:
    """A datapoint. Cases with the same content are the same datapoint, unless their own ids differ."""

    inputs: Mapping[str, Any] = field(default_factory=dict)
    messages: Sequence[ChatMessage] = ()
    target: Mapping[str, Any] | None = None
    id: str | None = None
    metadata: Mapping[str, Any] | None = None
    tags: Sequence[str] = ()


@dataclass(slots=True)
class Version:
    """What was run: its label, and what identifies it (a prompt's content if `model` is given, else attributes)."""

    label: str
    content: Mapping[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class Score:
    """One evaluator's judgment of an output.

    `judgment` is a boolean, a number, an option, options, or a text; None is an abstention unless `error` tells that
    the evaluator failed. `passed` and `threshold` belong to a number, `score` to another judgment. `samples` are the
    judgments that this one sums up. Latency (seconds), tokens and cost (US dollars) are those of the judge.
    """

    evaluator: str
    judgment: Any = None
    explanation: str | None = None
    error: str | None = None
    kind: EvaluatorKind = "external"
    author: str | None = None
    higher_is_better: bool | None = None
    metadata: Mapping[str, Any] | None = None
    score: float | None = None
    passed: bool | None = None
    threshold: float | None = None
    samples: Sequence[Any] = ()
    latency: float | None = None
    prompt_tokens: int | None = None
    output_tokens: int | None = None
    cost: float | None = None


@dataclass(slots=True)
class Run:
    """A run of a version, where a label alone does not tell runs apart: its key in the file, and its status.

    `reported` are the tool's own figures of the run. Their `evaluator` is the name that its scores have.
    """

    key: str = ""
    status: Literal["completed", "cancelled"] = "completed"
    reported: Sequence[ReportedFigure] = ()


@dataclass(slots=True)
class Step:
    """A call of a model or tool on the way to an output: one child of the log's trace."""

    kind: Literal["model", "tool"]
    name: str
    inputs: Mapping[str, Any] | None = None
    messages: Sequence[ChatMessage] = ()
    output: str | None = None
    error: str | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None
    prompt_tokens: int | None = None
    output_tokens: int | None = None
    cached_tokens: int | None = None
    finish_reason: str | None = None


@dataclass(slots=True)
class Result:
    """One output of a version for a case, with its scores. Latency in seconds; the whole cost in US dollars.

    A result with the `id` of an earlier one of its run is the same result. `test_set` tells the set of all cases that
    the file's run was for: files with the same one join an evaluation. One that was `not_run` is a datapoint alone.
    """

    version: Version
    case: Case
    location: Location
    scores: Sequence[Score] = ()
    output: str | None = None
    message: ChatMessage | None = None
    messages: Sequence[ChatMessage] = ()
    error: str | None = None
    latency: float | None = None
    started_at: datetime | None = None
    prompt_tokens: int | None = None
    output_tokens: int | None = None
    reasoning_tokens: int | None = None
    cached_tokens: int | None = None
    cost: float | None = None
    finish_reason: str | None = None
    metadata: Mapping[str, Any] | None = None
    evaluation: str | None = None
    id: str | None = None
    test_set: str | None = None
    run: Run = field(default_factory=Run)
    steps: Sequence[Step] = ()
    not_run: bool = False


def as_text(value: Any) -> str:
    """A value as text; JSON for what is no text."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


canonical_json = json.JSONEncoder(ensure_ascii=False, sort_keys=True, allow_nan=False).encode
"""JSON that equal values share. Raises ValueError for NaN, and TypeError."""


def fingerprint(value: Any) -> bytes:
    """15 bytes that values of JSON share if they are equal. Raises ValueError for NaN."""
    return fingerprint_of_text(canonical_json(value))


def fingerprint_of_text(text: str) -> bytes:
    """15 bytes of a text."""
    return blake2b(text.encode(), digest_size=_FINGERPRINT).digest()


def as_object(value: Any) -> Mapping[str, Any]:
    """A value if it is an object of JSON, else an empty one."""
    return value if isinstance(value, dict) else {}


def time_of(value: Any) -> datetime | None:
    """A time in ISO 8601; None if it is none."""
    try:
        return datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
