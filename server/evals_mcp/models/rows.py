"""Rows of answers: narrow facts of evaluations, runs, logs and datapoints. `questions` has the questions.

Our own routes under `/review` return them. Texts may be cut; `lengths` has their full lengths.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, LiteralString, Self

from pydantic import Field, model_validator

from evals_mcp.models.enums import Valence
from evals_mcp.models.evaluators import example_ids
from evals_mcp.models.figures import EvaluatorFigures, RunFigures
from evals_mcp.models.judgments import STATES, VALENCE_SCORES, JudgmentState, JudgmentValue
from evals_mcp.models.model import Defaulted, JsonObject, Model
from evals_mcp.models.reported_figures import ReportedFigure
from evals_mcp.truncation import CutText, mark_cuts


class Headline(Model):
    """The best and worst run by one evaluator (its path). No worst run if all are equal, or only one can be ranked.

    Without a direction, they are the highest and the lowest.
    """

    evaluator: str
    directed: Defaulted[bool] = True
    best: RunFigures
    worst: RunFigures | None = None


class CutRow(Model):
    """A row whose texts may be cut. `lengths` has their full lengths by path, and makes each a `CutText`."""

    lengths: Defaulted[dict[str, int]] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _mark_cuts(self) -> Self:
        for part in {path.partition(".")[0] for path in self.lengths}:
            setattr(self, part, mark_cuts(getattr(self, part), self.lengths, part))
        return self


class EvaluationRow(Model):
    """An evaluation in a list. `changed_at` is its last change, or that of its runs."""

    id: str
    name: str | None = None
    file_id: str | None = None
    file_path: str | None = None
    runs_count: int
    evaluators: list[str]
    status: str
    created_at: datetime
    changed_at: datetime
    headline: Headline | None = None


class EvaluationRows(Model):
    """A page of evaluations, most recently changed first. `offset` counts those before, `after` is as in LogRows."""

    rows: list[EvaluationRow]
    total: int
    offset: int | None = None
    after: Defaulted[list[list[int]]] = Field(default_factory=list)
    _notes: tuple[LiteralString, ...] = ()

    @property
    def notes(self) -> tuple[LiteralString, ...]:
        """How it was read, if that matters. No server sends them."""
        return self._notes

    def noted(self, *notes: LiteralString) -> Self:
        """The page with these notes."""
        self._notes = notes
        return self


class EvaluatorRow(Model):
    """An evaluator version attached to an evaluation.

    `has_valence` is false if its numbers have no declared direction: then there is no better, only higher. True is
    better than false unless the specification says otherwise, by `number_valence` or the valences of both options.
    `examples` are ids of the logs or datapoints that its prompt shows as examples. No run waits for one `for_review`.
    """

    id: str
    version_id: str
    path: str
    return_type: str
    evaluator_type: str | None = None
    options: Defaulted[list[str]] = Field(default_factory=list)
    valences: Defaulted[dict[str, str]] = Field(default_factory=dict)
    low: float | None = None
    high: float | None = None
    lower_is_better: Defaulted[bool] = False
    neutral: Defaulted[bool] = False
    has_valence: Defaulted[bool] = True
    examples: Defaulted[list[str]] = Field(default_factory=list)
    for_review: Defaulted[bool] = False

    @property
    def valence(self) -> Valence:
        """The meaning of a higher number or true: better, worse, or neither."""
        if self.neutral or (self.return_type == "number" and not self.has_valence):
            return "neutral"
        return "negative" if self.lower_is_better else "positive"

    @property
    def is_directed(self) -> bool:
        """Whether one judgment can be better than another. Without, none is worse, better or a failure."""
        if self.return_type in ("boolean", "number"):
            return self.valence != "neutral"
        return len({VALENCE_SCORES.get(valence or "", 0.0) for valence in self.option_valences.values()}) > 1

    @property
    def option_valences(self) -> dict[str, str | None]:
        """The valence of each option; None if it has none."""
        return {option: self.valences.get(option) for option in self.options}


def evaluator_row(
    id: str, version_id: str, path: str, spec: Mapping[str, Any], marked: Sequence[str] = ()
) -> EvaluatorRow:
    """Build the row of an evaluator version from its specification as JSON, and the examples marked beside it."""
    options = [option for option in spec.get("options") or [] if "name" in option]
    valences = {option["name"]: option["valence"] for option in options if option.get("valence")}
    limits = spec.get("number_limits") or {}
    valence = declared_valence(spec)
    return EvaluatorRow(
        id=id,
        version_id=version_id,
        path=path,
        return_type=spec["return_type"],
        evaluator_type=spec.get("evaluator_type"),
        options=[option["name"] for option in options],
        valences=valences,
        low=limits.get("min"),
        high=limits.get("max"),
        lower_is_better=valence == "negative",
        neutral=valence == "neutral",
        has_valence=valence is not None,
        examples=example_ids(spec, marked),
    )


def declared_valence(spec: Mapping[str, Any]) -> str | None:
    """The valence of a higher number or of true in a specification as JSON; None without any."""
    if spec.get("number_valence") or spec.get("return_type") != "boolean":
        return spec.get("number_valence")
    options = [option for option in spec.get("options") or [] if "name" in option]
    return _valence_of_true({option["name"]: option["valence"] for option in options if option.get("valence")})


def _valence_of_true(valences: Mapping[str, str]) -> str | None:
    """The valence of true, from the valences of a boolean evaluator's options; None without any."""
    by_name = {option.strip().casefold(): valence for option, valence in valences.items()}
    if "true" in by_name:
        return by_name["true"]
    opposite = {"positive": "negative", "negative": "positive", "neutral": "neutral"}
    return opposite.get(by_name.get("false", ""))


class RunRow(Model):
    """A run with its statistics. `stats` has one item per evaluator of the overview, in order.

    `differences` (as from `run_differences`) tells versions apart if one has no name; empty if all have one.
    `failed_logs` are those with an error, as far as the server tells. `reported` are figures of the tool that made it.
    """

    id: str
    version_id: str | None = None
    version_name: str | None = None
    differences: Defaulted[list[str]] = Field(default_factory=list)
    file_path: str | None = None
    dataset_version_id: str | None = None
    dataset_path: str | None = None
    datapoints_count: int | None = None
    logs_count: int
    missing_datapoints: int | None = None
    failed_logs: Defaulted[int] = 0
    status: str
    control: bool
    created_at: datetime
    stats: list[EvaluatorFigures]
    reported: Defaulted[list[ReportedFigure]] = Field(default_factory=list)


class Overview(Model):
    """An evaluation, its evaluators and runs, oldest first. Evaluator versions `not_run` should run here and do not."""

    evaluation: EvaluationRow
    evaluators: list[EvaluatorRow]
    runs: list[RunRow]
    not_run: Defaulted[list[str]] = Field(default_factory=list)


class KnownOverview(Model):
    """An overview with its token. The overview is null if the caller's token is current."""

    token: str
    overview: Overview | None


@dataclass(slots=True)  # not frozen, which makes it four times as slow to create, and a page has hundreds
class JudgmentRow:
    """One evaluator's judgment of a log, by one author. `length` is that of its cut explanation, or error if any.

    `score`, `passed` and `threshold` are what the evaluator says beside it. Rows are shared: do not change them.
    """

    evaluator_version_id: str
    state: JudgmentState
    judgment: JudgmentValue | None = None
    explanation: str | None = None
    error: str | None = None
    length: int | None = None
    author: str | None = None
    score: float | None = None
    passed: bool | None = None
    threshold: float | None = None

    @property
    def text(self) -> str:
        """The error or the explanation, as a `CutText` if it is cut; "" if there is neither."""
        text = self.error or self.explanation or ""
        return text if self.length is None else CutText(text, self.length)


class Excerpt(Model):
    """A part of a text that holds the searched one: from character `start`, of `length` in all.

    `where` has the paths of all places with a match, that of the excerpt first.
    """

    text: str
    start: int
    length: int
    where: list[str]


class LogRow(CutRow):
    """A log in a run. Latency is in seconds, cost in US dollars.

    A log without inputs and messages has those of its datapoint. `calls` are the tool calls of the output message, in
    the form of OpenAI, and `parts` its parts that are no text. Media are marks. `output_cost` instead of `cost` is that
    of the output only. `judgments` has at least one of each evaluator, in order: one for each author of it.
    """

    id: str
    run_id: str
    datapoint_id: str | None = None
    created_at: datetime
    inputs: Defaulted[JsonObject] = Field(default_factory=dict)
    messages: Defaulted[list[Any]] = Field(default_factory=list)
    target: JsonObject | None = None
    output: str | None = None
    calls: Defaulted[list[Any]] = Field(default_factory=list)
    parts: Defaulted[list[Any]] = Field(default_factory=list)
    error: str | None = None
    latency: float | None = None
    prompt_tokens: int | None = None
    reasoning_tokens: int | None = None
    output_tokens: int | None = None
    cached_tokens: int | None = None
    cost: float | None = None
    output_cost: float | None = None
    judgments: list[JudgmentRow]
    excerpt: Excerpt | None = None


class CurrentRows(Model):
    """Rows of an evaluation. `newest` is its overview at the same moment, if the caller has an older one."""

    newest: Defaulted[KnownOverview | None] = None


class LogRows(CurrentRows):
    """The requested logs. `total` counts all matches, up to `counted_to`.

    `after` has each row's value of `LogQuestion.following` to continue after it. `more` tells if there are more, and
    `changed` that a sample no longer begins with the logs that were shown before.
    """

    rows: list[LogRow]
    total: int
    counted_to: int | None = None
    after: list[list[float]]
    more: bool
    changed: Defaulted[bool] = False


@dataclass(slots=True)
class DatapointLog:
    """A datapoint's log in one run. `judgments` and `states` have an item per evaluator of the overview.

    `states` has one letter each: j judged, a abstained, f failed, m missing. `judgments` is null unless judged. Where
    several authors judged, these are the first one's, and `others` has index, letter and judgment of the others.
    """

    id: str
    run_id: str
    failed: bool
    states: str
    judgments: list[Any]
    others: list[tuple[int, str, Any]] | None = None

    def each(self, index: int) -> list[tuple[JudgmentState, Any]]:
        """The state and judgment of each author by the evaluator with this index, oldest first."""
        found = [(self.state(index), self.judgments[index])]
        return found + [(_STATES_BY_LETTER[state], value) for at, state, value in self.others or () if at == index]

    def state(self, index: int) -> JudgmentState:
        """The state of the judgment by the evaluator with this index."""
        return _STATES_BY_LETTER[self.states[index]]


_STATES_BY_LETTER = {state[0]: state for state in STATES}


class DatapointTexts(CutRow):
    """A datapoint. Its texts may be cut."""

    id: str
    inputs: Defaulted[JsonObject] = Field(default_factory=dict)
    messages: Defaulted[list[Any]] = Field(default_factory=list)
    target: JsonObject | None = None


class DatapointRow(DatapointTexts):
    """A datapoint and its logs in the requested runs."""

    excerpt: Excerpt | None = None
    logs: list[DatapointLog]


class DatapointContent(Model):
    """A datapoint by itself, whole, and its dataset."""

    id: str
    dataset_id: str | None = None
    inputs: Defaulted[JsonObject] = Field(default_factory=dict)
    messages: Defaulted[list[Any]] = Field(default_factory=list)
    target: JsonObject | None = None


class DatapointRows(CurrentRows):
    """Datapoints of a dataset version in order. `total` counts all matches, `offset` those before the rows."""

    rows: list[DatapointRow]
    total: int
    offset: int | None = None


class FoundIds(Model):
    """Ids with the requested prefix, at most the requested number."""

    ids: list[str]
