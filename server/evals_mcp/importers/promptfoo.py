"""Results of promptfoo, of versions 2 and 3."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from glob import escape
from pathlib import Path
from typing import Any

from evals_mcp.importers.formats import Format, Report
from evals_mcp.importers.promptfoo_files import holds_evaluations, open_evaluations
from evals_mcp.importers.results import Case, Location, Result, Run, Score, Version, as_object, as_text, fingerprint
from evals_mcp.importers.tables.columns import Chosen
from evals_mcp.models.messages import ChatMessage
from evals_mcp.models.reported_figures import ReportedFigure, read_figures

_SHORT = 40
_OTHER_UNITS = ("cost", "latency", "levenshtein", "perplexity")
"""Assertions whose threshold is no score."""

_ERRORS, _FAILURES = "testErrorCount", "testFailCount"
_COUNTS = ("testPassCount", _FAILURES, _ERRORS, "assertPassCount", "assertFailCount")
"""The totals that count results and assertions."""

_PromptKey = tuple[str, str]


def _read(path: Path, chosen: Chosen, report: Report) -> Iterator[Result]:
    with open_evaluations(path, report) as evaluations:
        for evaluation in evaluations:
            reader = _Reader((item for _, item in evaluation.results()), evaluation.prompts)
            for note in reader.differences():
                report.note(f"{path.name}: {note}")
            for at, item in evaluation.results():
                result = reader.result(item, Location(path.name, at))
                result.evaluation = evaluation.name
                result.run = Run(evaluation.id or path.name, reported=reader.reported(item))
                result.test_set = reader.test_set
                yield result


class _Reader:
    """Reads the results of one file. Several prompts or providers become runs; assertions become evaluators.

    An assertion's judgment is its score, beside which stands whether it passed; or just that, if its scores are always
    0 or 1. Its metric names it, else its type and value. `namedScores` sums scores by weight, so it is only metadata.
    """

    def __init__(self, items: Iterable[Mapping[str, Any]], prompts: Iterable[Mapping[str, Any]]) -> None:
        self._reported = _figures_by_prompt(prompts)
        self._counts: defaultdict[_PromptKey, Counter[str]] = defaultdict(Counter)
        self._graded: set[str] = set()
        self._scores_differ = False
        labels: set[str] = set()
        cases: set[bytes] = set()
        for item in items:
            labels.add(_prompt_label(item))
            self._counts[_prompt_key(item)].update(_counted(item))
            cases.add(case_key(as_object(item.get("vars"))))
            graded = (component for component in _components(item) if component.get("score") not in (0, 1, None))
            self._graded.update(map(_assertion_name, graded))
            self._scores_differ |= not _failed(item) and item.get("score") != bool(item.get("success"))
        self._several_prompts = len(labels) > 1
        self.test_set = test_set_of(cases)

    def reported(self, item: Mapping[str, Any]) -> list[ReportedFigure]:
        """The totals of a result's provider and prompt."""
        return self._reported.get(_prompt_key(item), [])

    def differences(self) -> Iterator[str]:
        """The totals that the results contradict, of providers and prompts that have results."""
        for key, figures in self._reported.items():
            counts, reported = self._counts.get(key), {figure.name: figure.value for figure in figures}
            if counts is None:
                continue
            if _ERRORS not in reported:  # early releases counted errors among the failures
                counts = counts + Counter({_FAILURES: counts[_ERRORS]})
            label = version_of(*key, several_prompts=self._several_prompts).label
            for name in _COUNTS:
                if name in reported and reported[name] != counts[name]:
                    yield f"{name} of {label} is {reported[name]:,} as reported, {counts[name]:,} by the results."

    def result(self, item: Mapping[str, Any], location: Location) -> Result:
        response = as_object(item.get("response"))
        usage = as_object(response.get("tokenUsage"))
        latency = item.get("latencyMs")
        failed = _failed(item)
        test, cached = as_object(item.get("testCase")), usage.get("cached")
        return Result(
            version=version_of(_provider(item), _prompt_label(item), several_prompts=self._several_prompts),
            case=Case(
                inputs=as_object(item.get("vars")),
                metadata={"description": test.get("description"), **_named(as_object(test.get("metadata")))},
            ),
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
            # Without tokens of the prompt, all of an answer came from promptfoo's own cache.
            cached_tokens=cached if usage.get("prompt") else None,
            finish_reason=response.get("finishReason"),
            metadata={"cached": response.get("cached"), "named_scores": item.get("namedScores") or None},
        )

    def _scores(self, item: Mapping[str, Any]) -> Iterator[Score]:
        grading = as_object(item.get("gradingResult"))
        if grading or "success" in item:
            yield Score("passed", bool(item.get("success")), grading.get("reason"))
        if self._scores_differ and isinstance(item.get("score"), int | float):
            yield Score("score", float(item["score"]), higher_is_better=True)
        seen: Counter[str] = Counter()
        for component in _components(item):
            name = _assertion_name(component)
            seen[name] += 1
            numbered = name if seen[name] == 1 else f"{name} ({seen[name]})"
            yield self._score(numbered, component, is_graded=name in self._graded)

    def _score(self, name: str, component: Mapping[str, Any], *, is_graded: bool) -> Score:
        assertion, usage = as_object(component.get("assertion")), as_object(component.get("tokensUsed"))
        threshold = assertion.get("threshold")
        in_scores = str(assertion.get("type")).removeprefix("not-") not in _OTHER_UNITS
        passed, by_model = component.get("pass"), bool(usage.get("total"))
        return Score(
            name,
            component.get("score") if is_graded else passed,
            component.get("reason"),
            higher_is_better=True if is_graded else None,
            passed=passed if is_graded else None,
            threshold=threshold if in_scores and isinstance(threshold, int | float) else None,
            metadata=None if in_scores or threshold is None else {"threshold": threshold},
            prompt_tokens=usage.get("prompt") if by_model else None,
            output_tokens=usage.get("completion", usage["total"]) if by_model else None,
        )


def _figures(prompt: Mapping[str, Any]) -> Iterator[ReportedFigure]:
    """The totals of a provider and prompt."""
    for figure in read_figures(as_object(prompt.get("metrics")), "promptfoo"):
        if figure.value or not figure.name.startswith("tokenUsage"):
            yield figure


def _figures_by_prompt(prompts: Iterable[Mapping[str, Any]]) -> dict[_PromptKey, list[ReportedFigure]]:
    """The totals of each provider and prompt, summed up where several are called alike."""
    found: dict[_PromptKey, dict[str, float]] = {}
    for prompt in prompts:
        sums = found.setdefault(_prompt_key(prompt), {})
        for figure in _figures(prompt):
            if not isinstance(figure.value, str):
                sums[figure.name] = sums.get(figure.name, 0) + figure.value
    return {
        key: [ReportedFigure(name=name, value=value, source="promptfoo") for name, value in sums.items()]
        for key, sums in found.items()
    }


def _counted(item: Mapping[str, Any]) -> Iterator[str]:
    """The names of the totals that a result counts in, once for each of its assertions."""
    yield _ERRORS if _failed(item) else "testPassCount" if item.get("success") else _FAILURES
    for component in _components(item):
        yield "assertPassCount" if component.get("pass") else "assertFailCount"


def _prompt_key(item: Mapping[str, Any]) -> _PromptKey:
    """What tells the provider and prompt of a result, or of totals."""
    return _provider(item), _prompt_label(item)


def case_key(variables: Mapping[str, Any]) -> bytes:
    """What tells the variables of a test from those of others."""
    return fingerprint(as_text(dict(sorted(variables.items()))))


def test_set_of(cases: Collection[bytes]) -> str:
    """What tells the set of all tests, by the keys of their variables."""
    return fingerprint(sorted(case.hex() for case in cases)).hex()


def _named(metadata: Mapping[str, Any]) -> dict[str, Any]:
    """The metadata that a person gave a test."""
    return {name: value for name, value in metadata.items() if not name.startswith("_promptfoo")}


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
    """The label of a result's prompt, or of totals, which are of a prompt themselves."""
    prompt = item if "raw" in item or "label" in item else as_object(item.get("prompt"))
    return str(prompt.get("label") or prompt.get("raw") or "")


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _SHORT else line[: _SHORT - 1] + "\N{HORIZONTAL ELLIPSIS}"


FORMAT = Format(
    "promptfoo", holds_evaluations, _read, lambda path: (f"{escape(path.name)}-wal",), names_evaluations=True
)
