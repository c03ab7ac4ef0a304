"""The evaluators that labels are given by: their paths and specifications. Pure."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from evals_mcp.errors import Conflict, Invalid
from evals_mcp.models.label_options import guessed_type, nearest_word, new_options
from evals_mcp.models.labels import ASSISTANT, LABELLING_TYPES, PEOPLE, LabelKind
from evals_mcp.models.set_ups import SetUpEvaluator

_COMPARED = ("return_type", "number_limits", "number_valence")
_SHARED = (*_COMPARED, "arguments_type", "options")


def stem(path: str) -> str:
    """A path without the ending of a kind of labels."""
    return path.removesuffix(ASSISTANT).removesuffix(PEOPLE)


def named_path(word: str, known: Sequence[tuple[str, str, str]]) -> str | None:
    """The path, without the ending of a kind, of the evaluator with this name; None if none has it.

    `known` has version id, file id and path of each. Raises Invalid if several have it.
    """
    paths = [path for *ids, path in known if word in (*ids, path)]
    paths = paths or [path for *_, path in known if word in _ends(path)]
    if len(found := sorted({stem(path) for path in paths})) > 1:
        listed = ", ".join(f"`{path}`" for path in found)
        raise Invalid(f"Several evaluators are named `{word}`: {listed}. Use a whole path.", ("body", "evaluator"))
    return found[0] if found else None


def _ends(path: str) -> tuple[str, str]:
    """The end of a path, with and without the ending of a kind of labels."""
    last = path.rpartition("/")[2]
    return last, stem(last)


def new_path(word: str, folder: str) -> str:
    """The path of a new evaluator, without the ending of a kind."""
    own = stem(word) or word
    return own if "/" in own else f"{folder}/{own}"


def refuse_misspelling(word: str, paths: Iterable[str]) -> None:
    """Raise Invalid if the name of a new evaluator is much like one at these paths. Numbers tell names apart."""
    own = stem(word.rpartition("/")[2]) or word
    ends = {stem(path.rpartition("/")[2]): stem(path) for path in paths}
    alike = [end for end in ends if _numbers(end) == _numbers(own)]
    near = next((end for end in alike if _joined(end) == _joined(own)), None) or nearest_word(own, alike)
    if near is not None:
        raise Invalid(
            f"Evaluator `{word}` does not exist, but `{ends[near]}` does. If another one is meant, define it: "
            "NAME:select:a|b, NAME:boolean, NAME:number or NAME:text. No label was stored.",
            ("body", "evaluator"),
        )


def _numbers(name: str) -> list[str]:
    return re.findall(r"\d+", name)


def _joined(name: str) -> str:
    return re.sub(r"[\W_]+", "", name).casefold()


def label_path(base: str, kind: LabelKind, spec: Mapping[str, Any] | None) -> str:
    """The path of the evaluator with the labels of a kind. `spec` is that of the evaluator at `base`, if any."""
    if kind == "assistant":
        return base + ASSISTANT
    return base if spec is None or spec.get("evaluator_type") == "human" else base + PEOPLE


def shared_spec(spec: Mapping[str, Any]) -> dict[str, Any]:
    """What the labels of people and of assistants, and a judge's judgments, have in common."""
    return {key: value for key, value in spec.items() if key in _SHARED}


def model_paths(base: str) -> tuple[str, str, str]:
    """The evaluators that a new one is modelled on: the first of these that exists."""
    return base, base + PEOPLE, base + ASSISTANT


def option_names(spec: Mapping[str, Any]) -> list[str]:
    """The names of the options in a specification."""
    return [option["name"] for option in spec.get("options") or []]


def label_spec(
    path: str, kind: LabelKind, given: SetUpEvaluator, old: dict[str, Any], judgments: Sequence[Any], *, is_new: bool
) -> dict[str, Any]:
    """The specification of the evaluator of these labels, with the options that they need.

    `old` is its specification, or (if `is_new`) that of an evaluator it is modelled on, or empty. Raises Conflict if it
    differs from the given one, and Invalid.
    """
    type = LABELLING_TYPES[kind]
    stated = {} if given.spec is None else given.spec.kernel()
    if not is_new and old.get("evaluator_type") != type:
        raise Conflict(
            f"Evaluator `{path}` is of type {old.get('evaluator_type')}, so it has no labels. Use another name."
        )
    if stated and stated["evaluator_type"] not in LABELLING_TYPES.values():
        raise Invalid("People and assistants give labels: leave `evaluator_type` out.", ("body", "evaluator", "spec"))
    stated = shared_spec(stated)
    if old and any(old.get(key) != stated[key] for key in _COMPARED if key in stated):
        raise Conflict(
            f"Evaluator `{path}` would have the definition of one that exists ({old['return_type']}), which differs. "
            "Give its name alone to use it, or another name."
            if is_new
            else f"Evaluator `{path}` exists with another definition ({old['return_type']}). Give its name alone to "
            "use it, or another name to create one."
        )
    spec = {**stated, **old, "evaluator_type": type}
    if not old and not stated:
        spec |= {"arguments_type": "target_free", "return_type": guessed_type(path, judgments)}
    if spec["return_type"] in ("select", "multi_select") and (is_new or option_names(old)):
        added = new_options(option_names(old), option_names(stated), judgments)
        if added:
            spec["options"] = [*(old.get("options") or []), *({"name": name} for name in added)]
    return spec
