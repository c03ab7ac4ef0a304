"""Results of promptfoo, of versions 2 and 3."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from glob import escape
from pathlib import Path
from typing import Any

from evals_mcp.importers.formats import Format, Report
from evals_mcp.importers.promptfoo_files import holds_evaluations, open_evaluations
from evals_mcp.importers.results import Case, Location, Result, Run, Score, Version, as_object, as_text, fingerprint
from evals_mcp.importers.tables.columns import Chosen
from evals_mcp.models.messages import ChatMessage

_SHORT = 40


def _read(path: Path, chosen: Chosen, report: Report) -> Iterator[Result]:
    with open_evaluations(path, report) as evaluations:
        for evaluation in evaluations:
            reader = _Reader(item for _, item in evaluation.results())
            for at, item in evaluation.results():
                result = reader.result(item, Location(path.name, at))
                result.evaluation = evaluation.name
                result.run = Run(evaluation.id or path.name)
                result.test_set = reader.test_set
                yield result


class _Reader:
    """Reads the results of one file. Several prompts or providers become runs; assertions become evaluators.

    An assertion is judged by whether it passed, and by its score, too, where that is not always 0 or 1. Its metric
    names it, else its type and value. `namedScores` is left out: it sums scores by weight.
    """

    def __init__(self, items: Iterable[Mapping[str, Any]]) -> None:
        self._graded: set[str] = set()
        prompts: set[str] = set()
        cases: set[bytes] = set()
        for item in items:
            prompts.add(_prompt_label(item))
            cases.add(fingerprint(as_text(dict(sorted(as_object(item.get("vars")).items())))))
            graded = (component for component in _components(item) if component.get("score") not in (0, 1, None))
            self._graded.update(map(_assertion_name, graded))
        self._several_prompts = len(prompts) > 1
        self.test_set = fingerprint(sorted(case.hex() for case in cases)).hex()

    def result(self, item: Mapping[str, Any], location: Location) -> Result:
        response = as_object(item.get("response"))
        usage = as_object(response.get("tokenUsage"))
        latency = item.get("latencyMs")
        failed = _failed(item)
        description = as_object(item.get("testCase")).get("description")
        return Result(
            version=version_of(_provider(item), _prompt_label(item), several_prompts=self._several_prompts),
            case=Case(inputs=as_object(item.get("vars")), metadata={"description": description}),
            location=location,
            id=item.get("id"),
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


def version_of(provider: str, prompt: str, *, several_prompts: bool) -> Version:
    """The version of a provider and a prompt, called like the provider if there is one prompt."""
    label = f"{provider}, {_short(prompt)}" if several_prompts and provider else provider or _short(prompt)
    return Version(label, {"provider": provider, "prompt": prompt})


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


FORMAT = Format("promptfoo", holds_evaluations, _read, lambda path: (f"{escape(path.name)}-wal",))
