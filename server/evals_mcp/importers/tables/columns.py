"""What the columns of a table hold: guessed (see `guesses`), or named by the caller."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from evals_mcp.importers.tables.numbers import Numbers
from evals_mcp.importers.tables.pass_counts import PassCounts
from evals_mcp.importers.tables.score_columns import ScoreColumn, has_only_marks

OF_DATAPOINT = "metadata.datapoint."
_LONGEST_SHOWN = 100


@dataclass(slots=True)
class RunColumns:
    """The columns of one run. `label` is None where a column names each row's run, or the file is one run."""

    label: str | None
    output: str | None
    scores: list[ScoreColumn] = field(default_factory=list)
    error: str | None = None
    latency: str | None = None
    cost: str | None = None


@dataclass(slots=True)
class Columns:
    """What each column of a table holds, and all columns that were seen. Others are metadata.

    Columns of a datapoint's metadata begin with `OF_DATAPOINT` in a table that `evals-mcp export` wrote, with those of
    its id and tags. A row's run has the names in the columns of `run`. `numbers` tells how columns of latency, cost and
    tokens write numbers. The input `messages` has chat messages. Cells of `structured` columns are texts of lists or
    objects.
    """

    datapoint: str | None = None
    run: list[str] = field(default_factory=list)
    inputs: list[str] = field(default_factory=list)
    messages: str | None = None
    targets: list[str] = field(default_factory=list)
    metadata: list[str] = field(default_factory=list)
    datapoint_metadata: list[str] = field(default_factory=list)
    runs: list[RunColumns] = field(default_factory=list)
    prompt_tokens: str | None = None
    output_tokens: str | None = None
    pass_counts: PassCounts | None = None
    numbers: dict[str, Numbers] = field(default_factory=dict)
    structured: frozenset[str] = frozenset()
    seen: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Chosen:
    """Columns that the caller names, and the sheet of a spreadsheet. Empty where it is to be guessed.

    A score is `name` or `name:type`, and marks may follow: `higher` or `lower` is better, and `human` for judgments of
    people, whom a column may name (`human:reviewer`). With marks and no type, such as `name:higher`, columns of scores
    are still guessed.
    """

    inputs: Sequence[str] = ()
    outputs: Sequence[str] = ()
    targets: Sequence[str] = ()
    run: str | None = None
    datapoint: str | None = None
    scores: Sequence[str] = ()
    metadata: Sequence[str] = ()
    latency: str | None = None
    cost: str | None = None
    sheet: str | None = None

    @property
    def score_columns(self) -> list[str]:
        """The columns of scores that the caller names, with their types."""
        return [text for text in self.scores if not has_only_marks(text)]


def describe(columns: Columns) -> str:
    """The columns by what they hold, in a line."""
    scores = [score for run in columns.runs for score in run.scores]
    parts: list[tuple[str, Sequence[str | None]]] = [
        ("datapoint id", [columns.datapoint]),
        ("inputs", columns.inputs),
        ("target", columns.targets),
        ("run", columns.run),
        *((f"output of {run.label}" if run.label else "output", [run.output]) for run in columns.runs),
        *(
            (f"scores of {run.label}" if run.label else "scores", [f"{s.column} ({s.type})" for s in run.scores])
            for run in columns.runs
        ),
        ("passes and samples", columns.pass_counts.columns if columns.pass_counts else []),
        ("explanations", [score.explanation for score in scores]),
        ("authors", list(dict.fromkeys(f"{s.author} (of {s.column})" for s in scores if s.author))),
        ("error", [run.error for run in columns.runs]),
        ("latency", [run.latency for run in columns.runs]),
        ("cost", [run.cost for run in columns.runs]),
        ("tokens", [columns.prompt_tokens, columns.output_tokens]),
        ("metadata of datapoints", columns.datapoint_metadata),
        ("metadata", columns.metadata),
    ]
    named = [(role, [name for name in names if name is not None]) for role, names in parts]
    return "; ".join(f"{role}: {', '.join(map(_cut, names))}" for role, names in named if names) + "."


def _cut(name: str) -> str:
    return name if len(name) <= _LONGEST_SHOWN else f"{name[:_LONGEST_SHOWN]}\N{HORIZONTAL ELLIPSIS}"
