"""What groups are by: a name becomes a field of datapoints, a judgment or a measure."""

from collections.abc import Sequence

from evals_mcp.answers.frame.figures import count, listed
from evals_mcp.answers.frame.quoting import Quoted, name
from evals_mcp.errors import Invalid
from evals_mcp.lookup.condition_names import read_subject
from evals_mcp.lookup.field_names import write_field
from evals_mcp.lookup.lookup import Lookup
from evals_mcp.lookup.names import quoted
from evals_mcp.lookup.written_conditions import read_name
from evals_mcp.models.field_rows import MOST_VALUES, FieldRow, field_labels, groupable_labels
from evals_mcp.models.groups import GroupBy
from evals_mcp.models.questions import ClusterField
from evals_mcp.models.resolved import ResolvedEvaluation

_LISTED = 12


async def read_group_by(lookup: Lookup, evaluation: ResolvedEvaluation, word: str) -> GroupBy:
    """What to group by. Raises Invalid and NotFound with the names to write instead."""
    rows = (await lookup.find_fields(evaluation)).rows
    subject = await read_subject(lookup, evaluation, read_name(word, "group_by"))
    if subject.side == "candidate":
        raise Invalid("group_by: groups are by the baseline's logs. Omit the side.")
    match subject.kind:
        case "field":
            if subject.part is None or subject.part == "log_metadata":
                raise Invalid(f"group_by: logs cannot be grouped by their metadata. {_instead(evaluation, rows)}")
            found = next(row for row in rows if (row.part, row.key) == (subject.part, subject.key))
            return _field(evaluation, found, rows)
        case "judgment" if subject.evaluator is not None:
            if subject.evaluator.return_type == "text":
                raise Invalid(f"group_by: {quoted(word)} judges with text. {_instead(evaluation, rows)}")
            return GroupBy(kind="judgment", evaluator_version_id=subject.evaluator.version_id)
        case "length" | "latency" | "tokens" | "cost" | "error":
            return GroupBy(kind=subject.kind)
    raise Invalid(f"group_by: {quoted(word)} gives no groups. {_instead(evaluation, rows)}")


async def read_cluster(lookup: Lookup, evaluation: ResolvedEvaluation, word: str) -> ClusterField:
    """The field of datapoints that errors are by, of however many values. Raises Invalid and NotFound."""
    subject = await read_subject(lookup, evaluation, read_name(word, "cluster"))
    if subject.kind != "field" or subject.part is None or subject.part == "log_metadata" or subject.side is not None:
        rows = (await lookup.find_fields(evaluation)).rows
        fields = listed([name(label) for label in field_labels(rows) if label], _LISTED)
        raise Invalid(
            f"cluster: {quoted(word)} is no field of the datapoints. {f'Fields: {fields}.' if fields else ''}"
        )
    return ClusterField(part=subject.part, key=subject.key)


def _field(evaluation: ResolvedEvaluation, row: FieldRow, rows: Sequence[FieldRow]) -> GroupBy:
    if not row.is_number and row.values_count > MOST_VALUES:
        fields = groupable_fields(evaluation, rows)
        others = f"Group by {listed(fields, _LISTED)}." if fields else "No other field can be grouped by, either."
        raise Invalid(
            f"group_by: {name(row.key or row.part)} has {count(row.values_count)} different values; "
            f"at most {MOST_VALUES} can be groups. {others}"
        )
    return GroupBy(kind="field", part=row.part, key=row.key)


def groupable_fields(evaluation: ResolvedEvaluation, rows: Sequence[FieldRow]) -> list[Quoted]:
    """The fields with few values or with numbers, as they are written in `group_by`."""
    return [name(write_field(evaluation, row, label)) for row, label in groupable_labels(rows)]


def _instead(evaluation: ResolvedEvaluation, rows: Sequence[FieldRow]) -> Quoted:
    evaluators = [name(label) for label in evaluation.evaluator_labels.values()]
    return f"Group by {listed([*groupable_fields(evaluation, rows), *evaluators, 'length', 'latency'], _LISTED)}."
