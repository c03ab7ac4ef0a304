"""How a field of datapoints is written in a condition or a grouping, so that it means this field and nothing else."""

import re
from collections.abc import Sequence

from evals_mcp.lookup.condition_names import RESERVED, is_evaluator, starts_a_name
from evals_mcp.lookup.lookup import Lookup
from evals_mcp.models.field_rows import FieldRow, field_labels
from evals_mcp.models.resolved import ResolvedEvaluation

_SIGNS = re.compile(r'["\\=<>~≤≥≠()|]|^\s|\s$|[^\S ]')
"""What a grammar has a use for, and what is cut off at the ends."""


async def write_fields(lookup: Lookup, evaluation: ResolvedEvaluation, labels: Sequence[str]) -> list[str]:
    """Fields by their labels (`field_labels`) as they are written. Reads the fields only if a label does not do."""
    if all(_means_itself(evaluation, label) for label in labels):
        return list(labels)
    rows = (await lookup.find_fields(evaluation)).rows
    labelled = dict(zip(field_labels(rows), rows, strict=True))
    return [write_field(evaluation, labelled[label], label) if label in labelled else label for label in labels]


def write_field(evaluation: ResolvedEvaluation, row: FieldRow, label: str) -> str:
    """A field as it is written: its label, or its part and key where the label means something else or nothing."""
    if not row.key or _means_itself(evaluation, label):
        return label
    key = row.key
    if _SIGNS.search(key):
        escaped = re.sub(r'(["\\])', r"\\\1", key)
        key = f'"{escaped}"'
    return f"{row.part}.{key}"


def _means_itself(evaluation: ResolvedEvaluation, label: str) -> bool:
    if label.casefold() in RESERVED or starts_a_name(label) or _SIGNS.search(label):
        return False
    return not is_evaluator(evaluation, label)
