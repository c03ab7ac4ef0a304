"""Test runs of DeepEval: the JSON of `deepeval test run`, and `.latest_test_run.json`."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from evals_mcp.errors import Invalid
from evals_mcp.importers.formats import Format, Report
from evals_mcp.importers.results import Case, Location, Result, Score, Version, as_text
from evals_mcp.importers.tables.columns import Chosen
from evals_mcp.importers.text_files import read_head, read_json

_ABOUT = ("threshold", "evaluationModel", "evaluationCost")


def _recognises(path: Path) -> bool:
    return path.suffix.lower() == ".json" and b'"testCases"' in read_head(path)


def _read(path: Path, chosen: Chosen, report: Report) -> Iterator[Result]:
    content = read_json(path)
    run = content.get("testRunData", content) if isinstance(content, dict) else {}
    cases = run.get("testCases") if isinstance(run, dict) else None
    if not isinstance(cases, list):
        raise Invalid(f"{path.name} holds no test cases of DeepEval.")
    if run.get("conversationalTestCases"):
        report.skip(Location(path.name, "conversationalTestCases"), "conversations are not read")
    label = str(run.get("identifier") or path.stem)
    hyperparameters = run.get("hyperparameters") or {}
    for number, case in enumerate(cases, 1):
        yield _result(case, Version(label, hyperparameters), Location(path.name, f"test case {number}"))


def _result(case: Mapping[str, Any], version: Version, location: Location) -> Result:
    inputs = {"input": case.get("input")}
    inputs |= {name: case[name] for name in ("context", "retrievalContext") if case.get(name)}
    expected = case.get("expectedOutput")
    return Result(
        version=version,
        case=Case(
            inputs=inputs,
            target=None if expected is None else {"expected_output": expected},
            id=case.get("name"),
            tags=case.get("tags") or (),
            metadata=case.get("additionalMetadata"),
        ),
        location=location,
        scores=[score for metric in case.get("metricsData") or [] for score in _scores(metric)],
        output=None if case.get("actualOutput") is None else as_text(case["actualOutput"]),
        latency=case.get("completionTime"),
        cost=case.get("tokenCost"),
    )


def _scores(metric: Mapping[str, Any]) -> Iterator[Score]:
    """Whether a metric passed its threshold, and its score. The judge's reason explains both."""
    name = str(metric.get("name"))
    error = metric.get("error")
    about = {
        key: metric[key] for key in ("threshold", "evaluationModel", "evaluationCost") if metric.get(key) is not None
    }
    judged: dict[str, Any] = {"kind": "llm" if metric.get("evaluationModel") else "external", "metadata": about or None}
    words = None if metric.get("reason") is None else as_text(metric["reason"])
    failed = None if error is None else as_text(error)
    yield Score(f"{name} passed", None if failed else metric.get("success"), words, failed, **judged)
    score = metric.get("score")
    yield Score(name, None if failed else score, words, failed, higher_is_better=True, **judged)


FORMAT = Format("deepeval", _recognises, _read)
