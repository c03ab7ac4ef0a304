"""What logs and runs of an import hold, in a few bytes: their ids come from it, so a changed one is another one."""

import json
from collections import defaultdict
from collections.abc import Hashable
from typing import Any, Generic, TypeVar

from pydantic import TypeAdapter

from evals_mcp.importers.results import Result, fingerprint
from evals_mcp.models.json_values import DEEPEST_JSON, storable

Key = TypeVar("Key", bound=Hashable)

_RESULT = TypeAdapter(Result)
_REPLACED = "\N{REPLACEMENT CHARACTER}".encode()  # also stands for half of a surrogate pair in a key
_NEVER_NEGATIVE = ("latency", "cost", "prompt_tokens", "output_tokens", "reasoning_tokens", "cached_tokens")
_ELSEWHERE: dict[str, Any] = {
    **dict.fromkeys(("version", "case", "location", "evaluation", "id", "test_set", "run"), True),
    "scores": {"__all__": {"higher_is_better"}},  # the evaluator's
}


def check_result(result: Result) -> None:
    """Raise ValueError if a result has a value that no database stores. NaN is left to what reads it."""
    for part in (result, *result.scores, *result.steps):
        for name in _NEVER_NEGATIVE:
            if (getattr(part, name, None) or 0) < 0:
                raise ValueError(f"{name.replace('_', ' ')} is negative")
    try:
        text = _RESULT.dump_json(result, exclude={"location"}, warnings=False)
        brackets = text.count(b"{") + text.count(b"[")
        if b"\\u0000" in text or _REPLACED in text or brackets > DEEPEST_JSON:
            held = _RESULT.dump_python(result, exclude={"location"}, warnings=False)
            storable(json.loads(json.dumps(held, default=str)))
    except (RecursionError, ValueError) as error:
        told = str(error).partition("\n")[0].removeprefix("Error serializing to JSON: ")
        if "surrogates" in told:
            told = "text has half of a surrogate pair"
        raise ValueError(told.replace("must not contain NUL characters", "has a NUL character")) from None


def content_of(result: Result, version_id: str, datapoint_id: str) -> str:
    """What tells a result from others: all that its log, judgments and steps hold.

    Raises ValueError or TypeError if a value cannot be stored.
    """
    held = _RESULT.dump_python(result, mode="json", exclude=_ELSEWHERE, exclude_defaults=True, warnings=False)
    of_run = result.run.key or result.location.file
    return fingerprint([of_run, version_id, datapoint_id, held]).hex()


def output_of(result: Result, datapoint_id: str) -> str:
    """What tells an output from others, whatever the file says beside it."""
    return fingerprint([datapoint_id, result.output, result.error]).hex()


class Contents(Generic[Key]):
    """A digest of what each run or file holds, whatever the order, in the memory of a number."""

    def __init__(self) -> None:
        self._sums: defaultdict[Key, int] = defaultdict(int)

    def add(self, key: Key, content: str) -> None:
        """Add a part."""
        self._sums[key] += int.from_bytes(fingerprint(content))

    def digest(self, key: Key) -> str:
        """The digest of the parts that were added."""
        return format(self._sums[key], "x")

    def equal(self) -> list[list[Key]]:
        """The keys that hold the same, in groups of two or more."""
        groups: defaultdict[int, list[Key]] = defaultdict(list)
        for key, digest in self._sums.items():
            groups[digest].append(key)
        return [keys for keys in groups.values() if len(keys) > 1]


def equal_files(outputs: Contents[tuple[str, str]]) -> dict[tuple[str, ...], list[str]]:
    """Files with the same outputs for the same datapoints, and the labels of their runs, by label and file."""
    found: defaultdict[tuple[str, ...], list[str]] = defaultdict(list)
    for keys in outputs.equal():
        by_label: defaultdict[str, list[str]] = defaultdict(list)
        for label, file in keys:
            by_label[label].append(file)
        for label, files in by_label.items():
            if len(files) > 1:
                found[tuple(files)].append(label)
    return found
