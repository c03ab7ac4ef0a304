"""The condition that an operator and values make of a subject. Each kind of subject has a function. Pure."""

import math
from collections.abc import Sequence
from typing import Any, cast

from evals_mcp.answers.frame.figures import count, listed
from evals_mcp.answers.frame.quoting import Quoted, name, quote
from evals_mcp.errors import Invalid
from evals_mcp.lookup.condition_names import Subject
from evals_mcp.lookup.evaluators import find_evaluator
from evals_mcp.lookup.judgment_values import VERDICTS, read_match, read_range
from evals_mcp.lookup.names import quoted
from evals_mcp.lookup.runs import find_run
from evals_mcp.lookup.scales import failing_scales, scale_of
from evals_mcp.lookup.written_conditions import Word, WrittenCondition, read_condition
from evals_mcp.models.conditions import (
    ORDERED,
    AuthorCondition,
    Condition,
    ErrorCondition,
    FieldCondition,
    JudgedCondition,
    JudgmentCondition,
    Measure,
    MeasureCondition,
    Operator,
    PassCondition,
    PassCountCondition,
    PassRule,
    Side,
    TextCondition,
    TextPart,
)
from evals_mcp.models.datapoint_fields import number_in_text
from evals_mcp.models.moments import read_bound
from evals_mcp.models.resolved import ResolvedEvaluation
from evals_mcp.models.rows import EvaluatorRow
from evals_mcp.statistics.agreement import JudgmentReading

_MISSING = "missing"
_TRUTHS = {"true": True, "false": False, "yes": True, "no": False}


def read_conditions_of(subject: Subject, written: WrittenCondition, evaluation: ResolvedEvaluation) -> list[Condition]:
    """The condition on a subject, or both bounds of a range of numbers. Raises Invalid and NotFound."""
    return [_read(subject, item, evaluation) for item in _bounds(subject, written) or [written]]


def _bounds(subject: Subject, written: WrittenCondition) -> list[WrittenCondition]:
    """A range of a measure, of a count, or of a field of numbers or dates as two conditions."""
    ranges = [found for value in written.values if not value.is_quoted and (found := _range(subject, value.text))]
    if subject.part == "log_metadata" and not any(".." in value.text for value in written.values):
        return []  # "2 to 4" may be a text
    if not ranges or written.operator not in ("=", "!="):
        return []
    bounds = ranges[0]
    if written.operator != "=" or len(written.values) > 1:
        low, high = (quote(f"{written.whole_name}{sign}{at}") for sign, at in zip("<>", bounds, strict=True))
        raise Invalid(
            f'where: {quoted(written.text)}: a range stands alone, after "=". Outside of it are {low} and {high}.'
        )
    operators: tuple[Operator, ...] = (">=", "<=")
    return [
        written._replace(operator=operator, values=(Word(bound),))
        for operator, bound in zip(operators, bounds, strict=True)
    ]


def _range(subject: Subject, text: str) -> tuple[str, str] | None:
    """The ends of a range that a value is, if the subject has such values."""
    low, _, high = text.partition("..")
    if subject.kind == "field" and read_bound(low) and read_bound(high):
        return low, high
    bounds = read_range(text) if _has_numbers(subject) else None
    return None if bounds is None else (_plain(bounds[0]), _plain(bounds[1]))


def _plain(number: float) -> str:
    return repr(number).removesuffix(".0")


def _has_numbers(subject: Subject) -> bool:
    if subject.part == "log_metadata":  # whose values are unknown
        return True
    if subject.kind == "field":
        return bool(subject.values) and all(_finite(value) is not None for value in subject.values)
    return subject.kind in ("latency", "tokens", "cost", "length", "passes_count")


def _read(subject: Subject, written: WrittenCondition, evaluation: ResolvedEvaluation) -> Condition:
    """The condition on a subject. `passes_count` counts all runs of the evaluation."""
    match subject.kind:
        case "latency" | "tokens" | "cost" | "length":
            return _on_measure(subject, written)
        case "output" | "explanation" | "trace" | "text":
            return _on_text(subject, written)
        case "error":
            return _on_error(subject, written)
        case "author":
            _require(written, ("=", "!="), "author=alice")
            names = [value.text for value in written.values]
            return AuthorCondition(side=subject.side, authors=names, excluded=written.operator == "!=")
        case "passes" | "fails":
            _require(written, ("=",), f"{subject.kind}=RUN")
            runs = [find_run(evaluation, value.text).id for value in written.values]
            rule = _pass_rule(evaluation, written)
            return PassCondition(passes=subject.kind == "passes", run_ids=list(dict.fromkeys(runs)), rule=rule)
        case "passes_count":
            return _on_pass_count(written, evaluation)
        case "field":
            return _on_field(subject, written)
    return _on_judgment(subject, written, evaluation)


def _on_measure(subject: Subject, written: WrittenCondition) -> MeasureCondition:
    example = f"{subject.kind}>5"
    _require(written, ("=", "!=", *ORDERED), example)
    values = [] if _is_missing(written) else [_number(value, written, example) for value in written.values]
    measure = cast(Measure, subject.kind)
    return MeasureCondition(side=subject.side, measure=measure, operator=cast(Any, written.operator), values=values)


def _on_text(subject: Subject, written: WrittenCondition) -> TextCondition:
    # `text` is many texts, so that equality would be that of none.
    allowed: tuple[str, ...] = ("~", "!~") if subject.kind in ("text", "trace") else ("~", "!~", "=", "!=")
    _require(written, allowed, f"{subject.kind}~refund")
    part = cast(TextPart, "any" if subject.kind == "text" else subject.kind)
    return _texts(subject, part, written)


def _texts(subject: Subject, part: TextPart, written: WrittenCondition) -> TextCondition:
    can_be_missing = part in ("output", "explanation") and written.operator in ("=", "!=")
    values = [] if can_be_missing and _is_missing(written) else [value.text for value in written.values]
    if not all(values) and written.operator in ("~", "!~"):
        raise Invalid(f"where: {quoted(written.text)} searches for nothing. Give a text.")
    by = None if subject.evaluator is None else subject.evaluator.version_id
    operator = cast(Any, written.operator)
    return TextCondition(side=subject.side, part=part, operator=operator, values=values, evaluator_version_id=by)


def _on_error(subject: Subject, written: WrittenCondition) -> Condition:
    if written.operator in ("~", "!~"):
        return _texts(subject, "error", written)
    _require(written, ("=", "!="), "error=true")
    word = written.values[0].text.lower()
    if len(written.values) > 1 or word not in (*_TRUTHS, _MISSING):
        raise Invalid(f'where: {quoted(written.text)}: use "error=true", "error=false", or "error~timeout".')
    failed = _TRUTHS.get(word, False)
    return ErrorCondition(side=subject.side, failed=failed == (written.operator == "="))


def _on_field(subject: Subject, written: WrittenCondition) -> FieldCondition:
    assert subject.part is not None
    if written.operator in ORDERED:
        _check_bound(subject, written)
    values = [] if _is_missing(written) else [text for value in written.values for text in _as_known(value, subject)]
    return FieldCondition(
        side=subject.side, part=subject.part, key=subject.key, operator=written.operator, values=values
    )


def _check_bound(subject: Subject, written: WrittenCondition) -> None:
    """Raise Invalid for a bound that is neither a number nor a date, or a date where no value is one."""
    value, field = written.values[0], written.whole_name
    if read_bound(value.text) is None:
        if _finite(value.text) is None:
            raise Invalid(
                f"where: {quoted(value.text)} is no number and no ISO date. Write, for example, "
                f"{quote(f'{field}>=3')} or {quote(f'{field}>=2026-01-31')}."
            )
    elif subject.values and not subject.has_other_values and not any(map(read_bound, subject.values)):
        values = listed([quote(known, 40) for known in subject.values], 4)
        raise Invalid(f"where: {quoted(written.text)}: no value of {name(field)} is an ISO date. Values: {values}.")


def _as_known(value: Word, subject: Subject) -> list[str]:
    """A value with those that are the same number, or the only value of the field that differs in case alone."""
    if value.is_quoted or value.text in subject.values:
        return [value.text]
    if (number := number_in_text(value.text)) is not None:
        return [value.text, *(known for known in subject.values if number_in_text(known) == number)]
    same = [known for known in subject.values if known.casefold() == value.text.casefold()]
    return same if len(same) == 1 and not subject.has_other_values else [value.text]


def _on_pass_count(written: WrittenCondition, evaluation: ResolvedEvaluation) -> PassCountCondition:
    run_ids = [run.id for run in evaluation.runs]
    example = "passes_count>=2"
    _require(written, ("=", "!=", *ORDERED), example)
    values = [_number(value, written, example) for value in written.values]
    if any(value != int(value) or not 0 <= value <= len(run_ids) for value in values):
        raise Invalid(f"where: {quoted(written.text)}: a number of runs is whole, from 0 to {count(len(run_ids))}.")
    rule = _pass_rule(evaluation, written)
    return PassCountCondition(operator=cast(Any, written.operator), values=values, run_ids=run_ids, rule=rule)


def _pass_rule(evaluation: ResolvedEvaluation, written: WrittenCondition) -> PassRule:
    """When a log passes: as stated in brackets, else by all evaluators that can fail one."""
    word = name(written.whole_name)
    if written.stated:
        try:
            stated = read_condition(written.stated)
        except Invalid:
            row = find_evaluator(evaluation, written.stated.strip('"'))
            scale = scale_of(evaluation, row, named=True)
            if JudgmentReading(scale, row).failing is None:
                raise Invalid(f"where: {_no_direction(evaluation, row)}") from None
            return PassRule(scales=[scale])
        row = find_evaluator(evaluation, stated.whole_name)
        condition = _on_judgment(Subject("judgment", evaluator=row), stated, evaluation)
        if not isinstance(condition, JudgedCondition) or condition.excluded or len(condition.alternatives) > 1:
            raise Invalid(f'where: {quoted(written.text)}: state one judgment, such as "{word}(groundedness>=4)=RUN".')
        return PassRule(stated=condition.alternatives[0])
    able = failing_scales(evaluation)
    if not able:
        raise Invalid(
            f'where: no evaluator here tells which judgments pass. State it, such as "{word}(groundedness>=4)=RUN".'
        )
    return PassRule(scales=able)


def _no_direction(evaluation: ResolvedEvaluation, row: EvaluatorRow) -> Quoted:
    label = evaluation.evaluator_labels[row.version_id]
    return f"{name(label)} does not tell which judgments pass. State it, such as {quote(f'passes({label}>=4)=RUN')}."


def _on_judgment(subject: Subject, written: WrittenCondition, evaluation: ResolvedEvaluation) -> Condition:
    row = subject.evaluator
    if written.operator in ("~", "!~"):
        return _texts(subject, "explanation", written)
    if row is not None and _asks_direction(row, written, evaluation):
        return _by_direction(subject.side, row, written, evaluation)
    if (
        row is None
        and _verdict_words(written)
        and not any(_says_passed(item, evaluation) for item in evaluation.evaluators)
    ):
        raise Invalid(
            f"where: {quoted(written.text)}: name the evaluator instead of judgment, or use {name('fails=RUN')}."
        )
    rows = evaluation.evaluators if row is None else [row]
    excluded = written.operator == "!="
    if excluded and row is None:
        raise Invalid(f"where: {quoted(written.text)}: name the evaluator instead of judgment, for !=.")
    alternatives: list[JudgmentCondition] = []
    prefix = f"where: {quoted(written.text)}: "
    for value in written.values:
        text = f"{written.operator}{value.text}" if written.operator in ORDERED else value.text
        alternatives.append(read_match(text, rows, row, literally=value.is_quoted, prefix=prefix))
    if excluded and len(alternatives) == 1 and (judged := alternatives[0].boolean) is not None:
        # An index finds the other value.
        alternatives, excluded = [alternatives[0].model_copy(update={"boolean": not judged})], False
    return JudgedCondition(side=subject.side, alternatives=alternatives, excluded=excluded)


def _asks_direction(row: EvaluatorRow, written: WrittenCondition, evaluation: ResolvedEvaluation) -> bool:
    """Whether a condition is on what passes, by an evaluator that gives no verdicts beside its judgments."""
    words = _verdict_words(written) - {option.casefold() for option in row.options}
    if (
        not words
        or row.return_type == "boolean"
        or _says_passed(row, evaluation)
        or written.operator not in ("=", "!=")
    ):
        return False
    if len(written.values) > 1:
        raise Invalid(f'where: {quoted(written.text)}: "passed" and "not passed" stand alone.')
    return True


def _verdict_words(written: WrittenCondition) -> set[str]:
    return {value.text.lower() for value in written.values if not value.is_quoted} & VERDICTS.keys()


def _says_passed(row: EvaluatorRow, evaluation: ResolvedEvaluation) -> bool:
    """Whether an evaluator gives verdicts beside its judgments."""
    index = evaluation.index_of(row.version_id)
    return any(run.stats[index].num_passed is not None for run in evaluation.runs)


def _by_direction(
    side: Side | None, row: EvaluatorRow, written: WrittenCondition, evaluation: ResolvedEvaluation
) -> JudgedCondition:
    """The judgments that fail by an evaluator's direction, or all others."""
    failing = JudgmentReading(scale_of(evaluation, row, named=True), row).failing
    if failing is None:
        label = evaluation.evaluator_labels[row.version_id]
        raise Invalid(f"where: {name(label)} does not tell which judgments pass. Name them: {quote(f'{label}=VALUE')}.")
    if failing.numbers is None:
        facts: list[dict[str, object]] = [{"label": option} for option in sorted(failing.options)]
    else:
        low, high = failing.numbers
        facts = [{"at_most": high} if high < math.inf else {"at_least": low}]
    found = [JudgmentCondition.model_validate({"evaluator_version_id": row.version_id, **item}) for item in facts]
    passes = VERDICTS[written.values[0].text.lower()] == (written.operator == "=")
    return JudgedCondition(side=side, alternatives=found, excluded=passes)


def _is_missing(written: WrittenCondition) -> bool:
    """Whether a condition is that there is no value, or that there is one."""
    is_missing = any(value.text.lower() == _MISSING and not value.is_quoted for value in written.values)
    if is_missing and (len(written.values) > 1 or written.operator not in ("=", "!=")):
        raise Invalid(f'where: {quoted(written.text)}: "missing" stands alone, with = or !=.')
    return is_missing


def _number(value: Word, written: WrittenCondition, example: str) -> float:
    if (number := _finite(value.text)) is None:
        raise Invalid(f"where: {quoted(value.text)} is no number. Write, for example, {quote(example)}.")
    return number


def _finite(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _require(written: WrittenCondition, operators: Sequence[str], example: str) -> None:
    if written.operator not in operators:
        allowed = ", ".join(name(operator) for operator in operators)
        raise Invalid(f"where: {quoted(written.text)}: here use {allowed}. For example, {quote(example)}.")
