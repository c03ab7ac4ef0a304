"""Results of promptfoo: its JSON with results of version 2 or 3."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from evals_mcp.errors import Invalid
from evals_mcp.importers.formats import Format, Report
from evals_mcp.importers.results import Case, Location, Result, Score, Version, as_object, as_text
from evals_mcp.importers.tables.columns import Chosen
from evals_mcp.importers.text_files import read_head, read_json
from evals_mcp.models.messages import ChatMessage

_VERSIONS = (2, 3)
_BEGINS = re.compile(rb'(\xef\xbb\xbf)?\s*\{\s*("evalId"|"results"\s*:\s*\{\s*"version"\s*:)')
_SHORT = 40


def _recognises(path: Path) -> bool:
    return path.suffix.lower() == ".json" and _BEGINS.match(read_head(path)) is not None


def _read(path: Path, chosen: Chosen, report: Report) -> Iterator[Result]:
    content = read_json(path)
    results = content.get("results") if isinstance(content, dict) else None
    outputs = results.get("results") if isinstance(results, dict) else None
    if not isinstance(results, dict) or not isinstance(outputs, list):
        raise Invalid(f"{path.name} holds no results of promptfoo.")
    if results.get("version") not in _VERSIONS:
        report.note(f"{path.name} has results of version {results.get('version')}; versions 2 and 3 are known.")
    items = [item for item in outputs if isinstance(item, dict)]
    if len(items) < len(outputs):
        report.skip(Location(path.name, "results"), f"{len(outputs) - len(items)} results are no objects")
    reader = _Reader(items)
    for number, item in enumerate(items, 1):
        yield reader.result(item, Location(path.name, f"result {number}"))


class _Reader:
    """Reads the results of one file. Several prompts or providers become runs; assertions become evaluators.

    An assertion is judged by whether it passed, and by its score, too, where that is not always 0 or 1. Its metric
    names it, else its type and value. `namedScores` is left out: it sums scores by weight.
    """

    def __init__(self, items: Sequence[Mapping[str, Any]]) -> None:
        self._several_prompts = len({_prompt_label(item) for item in items}) > 1
        components = [component for item in items for component in _components(item)]
        self._graded = {
            _assertion_name(component) for component in components if component.get("score") not in (0, 1, None)
        }

    def result(self, item: Mapping[str, Any], location: Location) -> Result:
        response = as_object(item.get("response"))
        usage = as_object(response.get("tokenUsage"))
        latency = item.get("latencyMs")
        failed = _failed(item)
        description = as_object(item.get("testCase")).get("description")
        return Result(
            version=self._version(item),
            case=Case(inputs=as_object(item.get("vars")), metadata={"description": description}),
            location=location,
            scores=[] if failed else list(self._scores(item)),
            output=None if response.get("output") is None else as_text(response["output"]),
            messages=[ChatMessage(role="user", content=as_text(as_object(item.get("prompt")).get("raw", "")))],
            error=as_text(item.get("error") or "The provider failed.") if failed else None,
            latency=None if latency is None else latency / 1000,
            cost=item.get("cost", response.get("cost")),
            prompt_tokens=usage.get("prompt"),
            output_tokens=usage.get("completion"),
            finish_reason=response.get("finishReason"),
            metadata={"cached": response.get("cached")},
        )

    def _version(self, item: Mapping[str, Any]) -> Version:
        provider = _provider(item)
        prompt = _prompt_label(item)
        label = f"{provider}, {_short(prompt)}" if self._several_prompts else provider
        return Version(label, {"provider": provider, "prompt": prompt})

    def _scores(self, item: Mapping[str, Any]) -> Iterator[Score]:
        grading = as_object(item.get("gradingResult"))
        if grading or "success" in item:
            yield Score("passed", bool(item.get("success")), grading.get("reason"))
        if isinstance(item.get("score"), int | float):
            yield Score("score", float(item["score"]), higher_is_better=True)
        seen: Counter[str] = Counter()
        for component in _components(item):
            name = _assertion_name(component)
            seen[name] += 1
            numbered = name if seen[name] == 1 else f"{name} ({seen[name]})"
            yield Score(numbered, component.get("pass"), component.get("reason"))
            if name in self._graded:
                yield Score(f"{numbered} score", component.get("score"), higher_is_better=True)


def _failed(item: Mapping[str, Any]) -> bool:
    """Whether the provider failed. `error` alone does not tell: it also holds the reason of a failed assertion."""
    if "failureReason" in item:
        return bool(item["failureReason"] == 2)
    return bool(item.get("error")) and as_object(item.get("response")).get("output") is None


def _components(item: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    components = as_object(item.get("gradingResult")).get("componentResults")
    return [component for component in components or [] if isinstance(component, dict)]


def _assertion_name(component: Mapping[str, Any]) -> str:
    assertion = as_object(component.get("assertion"))
    named = as_object(component.get("named_scores") or component.get("namedScores"))
    if len(named) == 1 and not assertion.get("metric"):
        return str(next(iter(named)))
    if not assertion:
        return "assertion"
    value = assertion.get("value")
    by_type = f"{assertion.get('type')}: {_short(as_text(value))}" if value is not None else str(assertion.get("type"))
    return str(assertion.get("metric") or by_type)


def _provider(item: Mapping[str, Any]) -> str:
    provider = item.get("provider")
    if isinstance(provider, dict):
        return str(provider.get("label") or provider.get("id") or "provider")
    return str(provider or "provider")


def _prompt_label(item: Mapping[str, Any]) -> str:
    prompt = as_object(item.get("prompt"))
    return str(prompt.get("label") or prompt.get("raw") or "")


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _SHORT else line[: _SHORT - 1] + "\N{HORIZONTAL ELLIPSIS}"


FORMAT = Format("promptfoo", _recognises, _read)
