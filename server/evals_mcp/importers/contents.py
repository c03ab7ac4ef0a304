"""What logs and runs of an import hold, in a few bytes: their ids come from it, so a changed one is another one."""

import json
from collections import defaultdict
from collections.abc import Hashable
from typing import Generic, TypeVar

from pydantic import TypeAdapter

from evals_mcp.importers.results import Result, canonical_json, fingerprint_of_text
from evals_mcp.models.json_values import DEEPEST_JSON, storable

Key = TypeVar("Key", bound=Hashable)

_RESULT = TypeAdapter(Result)
_encode = json.JSONEncoder(ensure_ascii=False).encode
_REPLACED = "\N{REPLACEMENT CHARACTER}"  # also stands for half of a surrogate pair in a key
_NEVER_NEGATIVE = ("latency", "cost", "prompt_tokens", "output_tokens", "reasoning_tokens", "cached_tokens")
_ELSEWHERE = ("version", "case", "evaluation", "id", "test_set", "run")
_OF_EVALUATOR = "higher_is_better"


def content_of(result: Result) -> str:
    """What a result holds beside its version and datapoint, as JSON. Equal results have equal ones.

    Raises ValueError or TypeError if a value of the result, the version or the datapoint cannot be stored.
    """
    for part in (result, *result.scores, *result.steps):
        for name in _NEVER_NEGATIVE:
            if (getattr(part, name, None) or 0) < 0:
                raise ValueError(f"{name.replace('_', ' ')} is negative")
    try:
        held = _RESULT.dump_python(result, mode="json", exclude={"location"}, exclude_defaults=True, warnings=False)
        elsewhere = [held.pop(name, None) for name in _ELSEWHERE]
        for score in held.get("scores", ()):
            score.pop(_OF_EVALUATOR, None)
        content, rest = canonical_json(held), _encode(elsewhere)
        (content + rest).encode()
        if any(_is_suspect(text) for text in (content, rest)):
            whole = _RESULT.dump_python(result, exclude={"location"}, warnings=False)
            storable(json.loads(json.dumps(whole, default=str)))
    except (RecursionError, ValueError) as error:
        told = str(error).partition("\n")[0].removeprefix("Error serializing to JSON: ")
        if "surrogates" in told:
            told = "text has half of a surrogate pair"
        raise ValueError(told.replace("must not contain NUL characters", "has a NUL character")) from None
    return content


def _is_suspect(text: str) -> bool:
    """Whether JSON may have what no database stores."""
    return "\\u0000" in text or _REPLACED in text or text.count("{") + text.count("[") > DEEPEST_JSON


def log_key(result: Result, content: str, version_id: str, datapoint_id: str) -> str:
    """What tells a log from others: its run or file, version and datapoint, and what its result holds."""
    about = canonical_json([result.run.key or result.location.file, version_id, datapoint_id])
    return fingerprint_of_text(f"{about[:-1]}, {content}]").hex()


class Contents(Generic[Key]):
    """A digest of what each run or file holds, whatever the order, in the memory of a number."""

    def __init__(self) -> None:
        self._sums: defaultdict[Key, int] = defaultdict(int)

    def add(self, key: Key, content: str) -> None:
        """Add a part."""
        self._sums[key] += int.from_bytes(fingerprint_of_text(content))

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
