"""Reads the sample evaluation: a support bot of an invented maker of weather stations.

What a correct review of it finds (three runs of 40 logs; datapoints are counted from 0):

- `support/policy_correct`: v1-baseline 34 of 40 true, v2-concise 24 of 39, v3-policy-quotes 36 of 40.
  v1 to v2 is the regression: 39 pairs, 9 worse (1, 3, 4, 6, 8, 10, 14, 19, 23), none better, p = 0.0039
  (McNemar, exact). All nine are about returns, refunds or warranty, whose conditions v2's prompt omits.
  v1 to v3: 40 pairs, 1 worse (31), 3 better (16, 21, 29), p = 0.625.
- `support/helpfulness`: means 4.31, 4.28 and 4.38 over 39 judgments each; no significant difference.
- `support/tone` (friendly, neutral, curt): 29, 11, 0; 22, 14, 3; 26, 14, 0; no significant difference.
- `support/contains_greeting` is true for all 120 logs, even for the one without an output.
- The log of v2 for datapoint 25 ended in an error: three judgments missing. Helpfulness failed for v1 at
  datapoint 5 and abstained for v3 at datapoint 11.
- Mean output tokens 52, 28 and 72; v2 is the fastest and cheapest, v3 the slowest and most expensive.
"""

from importlib.resources import files
from typing import Literal

from pydantic import ConfigDict, TypeAdapter
from pydantic.dataclasses import dataclass

_KNOWN_KEYS_ONLY = ConfigDict(extra="forbid")


@dataclass(frozen=True, config=_KNOWN_KEYS_ONLY)
class SampleMessage:
    """One message of a prompt template. `content` may contain `{{input}}` variables."""

    role: Literal["system", "user"]
    content: str


@dataclass(frozen=True, config=_KNOWN_KEYS_ONLY)
class SampleVersion:
    """One version of the prompt."""

    name: str
    description: str
    model: str
    temperature: float
    template: tuple[SampleMessage, ...]


@dataclass(frozen=True, config=_KNOWN_KEYS_ONLY)
class SampleDatapoint:
    """A ticket: inputs `question`, `plan` and `locale`; target `facts`."""

    inputs: dict[str, str]
    target: dict[str, str]


@dataclass(frozen=True, config=_KNOWN_KEYS_ONLY)
class SampleDataset:
    """The tickets in order. Logs refer to them by index, from 0."""

    path: str
    datapoints: tuple[SampleDatapoint, ...]


@dataclass(frozen=True, config=_KNOWN_KEYS_ONLY)
class SampleOption:
    """One option of a select evaluator."""

    name: str
    valence: Literal["positive", "neutral", "negative"]


@dataclass(frozen=True, config=_KNOWN_KEYS_ONLY)
class SampleNumberLimits:
    """Bounds of a number evaluator, both inclusive."""

    min: float
    max: float
    step: float


@dataclass(frozen=True, config=_KNOWN_KEYS_ONLY)
class SampleEvaluator:
    """An evaluator. `options` belongs to select; `number_limits` and `number_valence` belong to number."""

    path: str
    description: str
    evaluator_type: Literal["external"]
    arguments_type: Literal["target_free", "target_required"]
    return_type: Literal["boolean", "number", "select"]
    options: tuple[SampleOption, ...] = ()
    number_limits: SampleNumberLimits | None = None
    number_valence: Literal["positive", "neutral", "negative"] | None = None


@dataclass(frozen=True, config=_KNOWN_KEYS_ONLY)
class SampleJudgment:
    """An evaluator's judgment of a log: failed if `error` is set, else abstained if `judgment` is None."""

    judgment: bool | int | str | None = None
    explanation: str | None = None
    error: str | None = None


@dataclass(frozen=True, config=_KNOWN_KEYS_ONLY)
class SampleLog:
    """One output or error. Latency is in seconds, costs are in US dollars.

    `judgments` is keyed by evaluator path. An absent evaluator never judged the log.
    """

    datapoint: int
    latency: float
    judgments: dict[str, SampleJudgment]
    output: str | None = None
    error: str | None = None
    prompt_tokens: int | None = None
    output_tokens: int | None = None
    prompt_cost: float | None = None
    output_cost: float | None = None


@dataclass(frozen=True, config=_KNOWN_KEYS_ONLY)
class SampleRun:
    """One version's pass over the dataset. `version` is the version's name."""

    version: str
    control: bool
    logs: tuple[SampleLog, ...]


@dataclass(frozen=True, config=_KNOWN_KEYS_ONLY)
class Sample:
    """The whole sample. `evaluation` is the evaluation's name, `file` the prompt's path."""

    evaluation: str
    file: str
    versions: tuple[SampleVersion, ...]
    dataset: SampleDataset
    evaluators: tuple[SampleEvaluator, ...]
    runs: tuple[SampleRun, ...]


def read_sample() -> Sample:
    """Read the sample that ships with the package."""
    text = files("evals_mcp.sample").joinpath("support_bot.json").read_text(encoding="utf-8")
    return TypeAdapter(Sample).validate_json(text)
