"""What the name of a condition means: a reserved word, an evaluator, or a field of datapoints."""

from collections.abc import Iterable, Sequence
from typing import Literal, NamedTuple, get_args

from evals_mcp.answers.frame.figures import listed
from evals_mcp.answers.frame.quoting import Quoted, name, quote
from evals_mcp.errors import EvalsError, Invalid, NotFound, Unauthorized
from evals_mcp.lookup.evaluators import find_evaluator
from evals_mcp.lookup.lookup import Lookup
from evals_mcp.lookup.names import nearest, quoted
from evals_mcp.lookup.written_conditions import WrittenCondition
from evals_mcp.models.conditions import FieldPart, Side
from evals_mcp.models.field_rows import FieldRow, are_alike
from evals_mcp.models.resolved import ResolvedEvaluation
from evals_mcp.models.rows import EvaluatorRow

Reserved = Literal[
    "run", "datapoint", "error", "latency", "tokens", "cost", "length", "output", "explanation", "trace", "text",
    "author", "passes", "fails", "passes_count", "judgment",
]  # fmt: skip
"""The names that mean the same in every evaluation. `judgment` is by one evaluator, or by any."""

RESERVED: tuple[Reserved, ...] = get_args(Reserved)

Kind = Reserved | Literal["field"]
"""What a condition is about."""

_PARTS: dict[str, FieldPart] = {
    "input": "input", "inputs": "input", "target": "target", "metadata": "metadata",
}  # fmt: skip
_SIDES: dict[str, Side] = {"baseline": "baseline", "candidate": "candidate"}
_EVALUATOR = ("judgment", "evaluator")
_LISTED = 12
_LIKE_FIELDS = ("latency", "tokens", "cost", "length", "output", "explanation", "trace", "author")
"""Reserved names that datapoints may have for something else."""


class Subject(NamedTuple):
    """What a condition is about. `part` and `key` are those of a field; `values` are its most frequent values."""

    kind: Kind
    side: Side | None = None
    evaluator: EvaluatorRow | None = None
    part: FieldPart | None = None
    key: str = ""
    values: Sequence[str] = ()
    has_other_values: bool = False


async def read_subject(lookup: Lookup, evaluation: ResolvedEvaluation, written: WrittenCondition) -> Subject:
    """What a condition's name means. Raises NotFound with the nearest names, and Invalid if it means several things."""
    parts = list(written.name)
    side = None
    if len(parts) > 1 and not parts[0].is_quoted and parts[0].text in _SIDES:
        side = _SIDES[parts.pop(0).text]
    first, rest = parts[0], ".".join(part.text for part in parts[1:])
    if not first.is_quoted:
        if not rest and first.text.lower() in RESERVED:
            return await _reserved(lookup, evaluation, written, first.text.lower(), side)
        if rest and first.text == "log":
            return _of_log(written, parts[1].text, ".".join(part.text for part in parts[2:]), side)
        if rest and first.text in _EVALUATOR:
            return Subject("judgment", side, find_evaluator(evaluation, rest))
        if first.text in _PARTS and (rest or first.text == "target"):
            return await _field(lookup, evaluation, written, _PARTS[first.text], rest)
    return await _bare(lookup, evaluation, written, ".".join(part.text for part in parts), side)


async def _reserved(
    lookup: Lookup, evaluation: ResolvedEvaluation, written: WrittenCondition, word: str, side: Side | None
) -> Subject:
    kind = next(kind for kind in RESERVED if kind == word)
    others = [f"judgment.{word}"] if kind != "judgment" and _exactly(evaluation, word) else []
    if kind in _LIKE_FIELDS and side is None:  # datapoints have no sides
        others += [f"{row.part}.{row.key}" for row in await _readable(lookup, evaluation) if row.key == word]
    if others:
        raise _ambiguous(written, [f"log.{word}", *others], side)
    return Subject(kind, side)


async def _readable(lookup: Lookup, evaluation: ResolvedEvaluation) -> Sequence[FieldRow]:
    """The fields of datapoints; none if these cannot be read, since the name has a meaning without them."""
    try:
        return (await lookup.find_fields(evaluation)).rows
    except Unauthorized:
        raise
    except EvalsError:
        return []


def _of_log(written: WrittenCondition, word: str, rest: str, side: Side | None) -> Subject:
    if word == "metadata" and rest:
        return Subject("field", side, part="log_metadata", key=rest)
    kind = next((kind for kind in RESERVED if kind == word and not rest), None)
    if kind is None:
        raise NotFound(
            f"{written.argument}: {quoted(written.text)}: a log has no {quoted(word)}. "
            f"Use log.metadata.KEY, or one of {listed([name(kind) for kind in RESERVED], 20)}."
        )
    return Subject(kind, side)


def is_evaluator(evaluation: ResolvedEvaluation, word: str) -> bool:
    """Whether an evaluator has exactly this name, so that a field of the same name needs its part before it."""
    return bool(_exactly(evaluation, word))


def starts_a_name(word: str) -> bool:
    """Whether a name that begins like this is of a part, a side, a judgment or a log."""
    first = word.partition(".")[0].strip()
    return first in (*_PARTS, *_SIDES, *_EVALUATOR, "log")


def _exactly(evaluation: ResolvedEvaluation, word: str) -> list[EvaluatorRow]:
    """The evaluators with exactly this label, path or last part of a path."""
    folded = word.casefold()
    return [
        row
        for row in evaluation.evaluators
        if folded
        in (evaluation.evaluator_labels[row.version_id].casefold(), row.path.casefold(),
            row.path.rpartition("/")[2].casefold(), row.version_id.casefold(), row.id.casefold())
    ]  # fmt: skip


async def _field(
    lookup: Lookup, evaluation: ResolvedEvaluation, written: WrittenCondition, part: FieldPart, key: str
) -> Subject:
    known = [row for row in (await lookup.find_fields(evaluation)).rows if row.part == part]
    found = _named(known, key)
    if len(found) > 1:
        raise _ambiguous(written, [f"{row.part}.{row.key}" for row in found])
    if not found and not key:
        return await _bare(lookup, evaluation, written, part, None)  # no text: a field that is called target
    if not found:
        labels = [name(row.key or part) for row in known]
        raise NotFound(
            f"{written.argument}: {quoted(written.text)}: no {part} has a field of this name. "
            f'{nearest(key, labels)} Search lists with "text~".{_in_logs(written, key) if part == "metadata" else ""}'
        )
    return _as_subject(found[0])


def _named(rows: Sequence[FieldRow], key: str) -> list[FieldRow]:
    """The fields with this key: else in any case, else at the end of a longer one."""
    folded = key.casefold()
    return (
        [row for row in rows if row.key == key]
        or [row for row in rows if row.key.casefold() == folded]
        or [row for row in rows if row.key.casefold().endswith(f".{folded}")]
    )


def _as_subject(row: FieldRow) -> Subject:
    values = [item.value for item in row.common]
    return Subject("field", part=row.part, key=row.key, values=values, has_other_values=row.values_count > len(values))


async def _bare(
    lookup: Lookup, evaluation: ResolvedEvaluation, written: WrittenCondition, word: str, side: Side | None
) -> Subject:
    judging = _exactly(evaluation, word)
    rows = await _readable(lookup, evaluation) if judging else (await lookup.find_fields(evaluation)).rows
    fields = [] if judging and (side or not any(row.key == word for row in rows)) else _named(rows, word)
    fields = fields[:1] if are_alike(fields) else fields
    if len(judging) + len(fields) > 1:
        forms = [*(f"judgment.{evaluation.evaluator_labels[row.version_id]}" for row in judging),
                 *(f"{row.part}.{row.key}" for row in fields)]  # fmt: skip
        raise _ambiguous(written, forms)
    if judging:
        return Subject("judgment", side, judging[0])
    if fields:
        return _as_subject(fields[0])
    try:
        return Subject("judgment", side, find_evaluator(evaluation, word))
    except NotFound:
        raise NotFound(
            f"{written.argument}: {quoted(written.text)}: {_unknown(evaluation, rows, word)}{_in_logs(written, word)}"
        ) from None


def _in_logs(written: WrittenCondition, key: str) -> Quoted:
    """How to ask for metadata of logs, which no list has."""
    if written.argument != "where":
        return ""
    return f" If logs have it in their metadata: {quote(f'log.metadata.{key}{_after_name(written)}')}."


def _ambiguous(written: WrittenCondition, forms: Sequence[str], side: Side | None = None) -> Invalid:
    """The forms of a name that tell apart what it fits."""
    before = f"{side}." if side else ""
    shown = listed([quote(before + form + _after_name(written)) for form in forms], _LISTED)
    return Invalid(f"{written.argument}: {name(written.whole_name)} is the name of several things. Use {shown}.")


def _after_name(written: WrittenCondition) -> str:
    """The operator and the values, as written; "" for a name alone."""
    if not written.values:
        return ""
    values = "|".join(f'"{value.text}"' if value.is_quoted else value.text for value in written.values)
    return f"{written.operator}{values}"


def _unknown(evaluation: ResolvedEvaluation, fields: Iterable[FieldRow], word: str) -> Quoted:
    forms = [row.key or row.part for row in fields]
    labels = [*(name(label) for label in evaluation.evaluator_labels.values()), *(name(form) for form in forms)]
    every = [*labels, *(name(kind) for kind in RESERVED)]
    return (
        f"no evaluator or field of the datapoints is named {quoted(word)}. {nearest(word, list(dict.fromkeys(every)))}"
    )
