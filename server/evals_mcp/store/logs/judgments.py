"""The columns of a judgment in a run, so that reviews need no evaluator logs. No queries."""

import json
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from evals_mcp.errors import Invalid
from evals_mcp.models.judgments import ABSTAINED, FAILED, JUDGED, KEPT_TEXT, VALENCE_SCORES
from evals_mcp.models.rows import declared_valence
from evals_mcp.store.database.identity import digest


class JudgmentColumns(NamedTuple):
    """A judgment in columns: `number` (booleans, numbers), `label` (options, texts), and `score` (lower is worse).

    `label` has several options as a JSON list, and only the beginning of a text. `passed` is as the evaluator says.
    """

    state: int
    number: float | None
    label: str | None
    score: float | None
    passed: bool | None = None


class JudgedBy(NamedTuple):
    """Who judged: an evaluator, in a version, and the author (empty if unknown)."""

    evaluator_id: str
    evaluator_version_id: str
    author: str


def judgment_columns(
    judgment: Any, error: str | None, spec: Mapping[str, Any], passed: bool | None = None
) -> JudgmentColumns:
    """The columns of a judgment (JSON value or None) by an evaluator with this specification."""
    if error is not None:
        return JudgmentColumns(FAILED, None, None, None)
    if judgment is None:
        return JudgmentColumns(ABSTAINED, None, None, None)
    if isinstance(judgment, bool | int | float):
        number = float(judgment)
        return JudgmentColumns(JUDGED, number, None, _score(number, spec), passed)
    if isinstance(judgment, list):
        label, score = json.dumps(judgment, ensure_ascii=False), _sum_of_options(judgment, spec)
        return JudgmentColumns(JUDGED, None, label, score, passed)
    if spec.get("return_type") == "text":
        return JudgmentColumns(JUDGED, None, judgment[:KEPT_TEXT], None, passed)
    return JudgmentColumns(JUDGED, None, judgment, _option_score(judgment, spec), passed)


def author_key(user: str | None) -> str:
    """The author of an evaluator log by its `user`: as it is, but short enough for an index; empty for nobody."""
    if user is None or len(user) <= _LONGEST_AUTHOR:
        return user or ""
    return f"{user[: _LONGEST_AUTHOR - 17]}…{digest(user)[:16]}"


def is_by_person(spec: Mapping[str, Any]) -> bool:
    """Whether a judgment is that of whoever sends it: code and models judge alike, whoever runs them."""
    return spec.get("evaluator_type") in ("human", "external")


def judgment_value(number: float | None, label: str | None, return_type: str) -> Any:
    """The judgment in these columns, for this return type; of a text, only its beginning."""
    match return_type:
        case "boolean":
            return number == 1
        case "number":
            return number
        case "multi_select":
            return json.loads(label or "[]")
    return label


def options_key(label: str | None) -> str | None:
    """A label, the same for several options in any order."""
    if label is None or not label.startswith("["):
        return label
    try:
        return json.dumps(sorted(json.loads(label)), ensure_ascii=False)
    except (ValueError, TypeError):
        return label


def check_judgment(judgment: Any, spec: Mapping[str, Any], location: tuple[str | int, ...]) -> None:
    """Raise Invalid (422) unless a judgment (not None) fits the type, options and number limits of an evaluator."""
    return_type = spec.get("return_type")
    expected = _EXPECTED.get(str(return_type))
    if expected is None:
        return
    words, types = expected
    wrong_boolean = isinstance(judgment, bool) != (return_type == "boolean")
    if not isinstance(judgment, types) or wrong_boolean:
        raise Invalid(f"The evaluator returns {return_type}, so the judgment must be {words}.", location)
    if return_type == "number":
        _check_number(judgment, spec, location)
    options = [option["name"] for option in spec.get("options") or []]
    if return_type in ("select", "multi_select") and options:
        chosen = judgment if isinstance(judgment, list) else [judgment]
        unknown = [option for option in chosen if option not in options]
        repeated = [option for at, option in enumerate(chosen) if option in chosen[:at]]
        if unknown:
            raise Invalid(
                f"`{unknown[0]}` is not an option of the evaluator. Its options: {', '.join(options)}.",
                location,
            )
        if repeated:
            raise Invalid(f"`{repeated[0]}` is given twice. Give each option once.", location)


def _check_number(judgment: Any, spec: Mapping[str, Any], location: tuple[str | int, ...]) -> None:
    """Raise Invalid (422) unless a number is within an evaluator's limits, on a step, and one of its options if any."""
    limits = spec.get("number_limits") or {}
    low, high, step = limits.get("min"), limits.get("max"), limits.get("step")
    if (low is not None and judgment < low) or (high is not None and judgment > high):
        ends = [f"{word} {end:g}" for word, end in (("at least", low), ("at most", high)) if end is not None]
        raise Invalid(f"The evaluator's numbers are {' and '.join(ends)}.", location)
    if step and step > 0:
        steps = (judgment - (low or 0)) / step
        if abs(steps - round(steps)) > _ROUNDING * max(1.0, abs(steps)):
            raise Invalid(f"The evaluator's numbers go from {low or 0:g} in steps of {step:g}.", location)
    options = [number for option in spec.get("options") or [] if (number := _number_of(option["name"])) is not None]
    if options and judgment not in options:
        raise Invalid(f"The evaluator's numbers are {', '.join(f'{option:g}' for option in options)}.", location)


def _number_of(option: str) -> float | None:
    try:
        return float(option)
    except ValueError:
        return None


_ROUNDING = 1e-9  # of a number of steps
_LONGEST_AUTHOR = 200
_EXPECTED: dict[str, tuple[str, tuple[type, ...]]] = {
    "boolean": ("true or false", (bool,)),
    "number": ("a number", (int, float)),
    "select": ("one option", (str,)),
    "multi_select": ("a list of options", (list,)),
    "text": ("text", (str,)),
}


def _score(number: float, spec: Mapping[str, Any]) -> float | None:
    """The score of a number or boolean; None if neither end is better."""
    valence = declared_valence(spec)
    return None if valence == "neutral" else -number if valence == "negative" else number


def _option_score(option: str, spec: Mapping[str, Any]) -> float | None:
    """The score of an option; None without a valence."""
    return VALENCE_SCORES.get(_valences(spec).get(option) or "")


def _sum_of_options(chosen: Iterable[str], spec: Mapping[str, Any]) -> float | None:
    """The sum of the scores of several options, as a comparison counts it; None if no option is better than another."""
    scores = {option: VALENCE_SCORES.get(valence or "", 0.0) for option, valence in _valences(spec).items()}
    if len(set(scores.values())) < 2:
        return None
    return sum(scores.get(option, 0.0) for option in set(chosen))


def _valences(spec: Mapping[str, Any]) -> dict[str, str | None]:
    return {known["name"]: known.get("valence") for known in spec.get("options") or []}
