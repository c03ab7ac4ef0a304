"""What an import brought in, for a person to read."""

from collections import Counter
from dataclasses import dataclass, field


@dataclass(slots=True)
class ImportedEvaluation:
    """What the files hold of one evaluation."""

    name: str
    runs: list[str]
    datapoints: int
    logs: int
    errors: int
    judgments: Counter[str]


@dataclass(slots=True)
class ImportSummary:
    """What the files hold by evaluation, and the records by kind: all, and the new ones.

    `notes` are sentences about the files, such as what their columns were taken for. `skipped` has the positions and
    reasons of up to 1,000 of the `skipped_count` things that were left out.
    """

    evaluations: list[ImportedEvaluation] = field(default_factory=list)
    records: Counter[str] = field(default_factory=Counter)
    added: Counter[str] = field(default_factory=Counter)
    notes: list[str] = field(default_factory=list)
    skipped: list[tuple[str, str]] = field(default_factory=list)
    skipped_count: int = 0
