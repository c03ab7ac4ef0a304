"""Test runs of DeepEval: the JSON of `deepeval test run`, and `.latest_test_run.json`."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from evals_mcp.errors import Invalid
from evals_mcp.importers.formats import Format, Report
from evals_mcp.importers.results import Case, Location, Result, Run, Score, Version, as_text
from evals_mcp.importers.tables.columns import Chosen
from evals_mcp.importers.text_files import read_head, read_json
from evals_mcp.models.reported_figures import ReportedFigure, read_figures

_TOTALS = ("testPassed", "testFailed", "runDuration", "evaluationCost")
_COUNTS = ("passes", "fails", "errors")


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
    version = Version(label, run.get("hyperparameters") or {})
    totals = Run(reported=list(_reported(run)))
    for number, case in enumerate(cases, 1):
        yield _result(case, version, totals, Location(path.name, f"test case {number}"))


def _reported(run: Mapping[str, Any]) -> Iterator[ReportedFigure]:
    yield from read_figures({name: run.get(name) for name in _TOTALS}, "deepeval")
    for metric in run.get("metricsScores") or []:
        yield from read_figures({name: metric.get(name) for name in _COUNTS}, "deepeval", str(metric.get("metric")))


def _result(case: Mapping[str, Any], version: Version, run: Run, location: Location) -> Result:
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
        scores=list(_scores(case)),
        output=None if case.get("actualOutput") is None else as_text(case["actualOutput"]),
        latency=case.get("completionTime"),
        cost=case.get("tokenCost"),
        run=run,
    )


def _scores(case: Mapping[str, Any]) -> Iterator[Score]:
    """Each metric's score, beside which stands whether it passed its threshold; of several, whether all passed."""
    metrics = case.get("metricsData") or []
    if len(metrics) > 1 and isinstance(case.get("success"), bool):
        yield Score("passed", case["success"])
    for metric in metrics:
        failed, model, reason = metric.get("error"), metric.get("evaluationModel"), metric.get("reason")
        yield Score(
            str(metric.get("name")),
            None if failed else metric.get("score"),
            None if reason is None else as_text(reason),
            None if failed is None else as_text(failed),
            kind="llm" if model else "external",
            higher_is_better=True,
            passed=None if failed else metric.get("success"),
            threshold=metric.get("threshold"),
            cost=metric.get("evaluationCost"),
            metadata=None if model is None else {"evaluationModel": model},
        )


FORMAT = Format("deepeval", _recognises, _read)
