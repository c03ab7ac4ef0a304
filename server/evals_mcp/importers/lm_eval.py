"""Samples of lm-evaluation-harness (`--log_samples`): `samples_<task>_<time>.jsonl` beside `results_<time>.json`.

A task is an evaluation, a model with a filter a run. Corpus metrics such as bleu have no score for each sample.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from evals_mcp.errors import Invalid
from evals_mcp.importers.formats import Format, Report
from evals_mcp.importers.results import Case, Location, NoResults, Result, Run, Score, Version, as_object, as_text
from evals_mcp.importers.tables.columns import Chosen
from evals_mcp.importers.text_files import lines_of, read_json
from evals_mcp.models.reported_figures import ReportedFigure, read_figures

_NAME = re.compile(r"samples_(?P<task>.+)_(?P<time>\d{4}-\d\d-\d\dT[\d.:-]+)\.jsonl")
_RESULTS = re.compile(r"results_(?P<time>.*)\.json")


def _recognises(path: Path) -> bool:
    if _NAME.fullmatch(path.name):
        return True
    return bool(_RESULTS.fullmatch(path.name)) and b'"lm_eval_version"' in path.read_bytes()


def _beside(path: Path) -> list[str]:
    """The totals of samples, and the samples of totals."""
    samples, totals = _NAME.fullmatch(path.name), _RESULTS.fullmatch(path.name)
    return [f"results_{samples['time']}.json"] if samples else [f"samples_*_{totals['time']}.jsonl"] if totals else []


def _read(path: Path, chosen: Chosen, report: Report) -> Iterator[Result]:
    named = _NAME.fullmatch(path.name)
    if named is None:
        if any(path.parent.glob("samples_*.jsonl")):
            raise NoResults(f"{path.name} has the totals of the samples beside it. Import these.")
        raise NoResults(f"{path.name} has totals only. Run lm_eval with --log_samples.")
    totals_path = path.with_name(f"results_{named['time']}.json")
    totals = read_json(totals_path) if totals_path.exists() else {}
    if not totals:
        report.note(f"{totals_path.name} is missing, so the model is called {path.parent.name}.")
    reader = _Reader(named["task"], totals, path, report)
    for number, line in lines_of(path):
        if line.strip():
            yield reader.result(line, Location(path.name, f"line {number}"))


class _Reader:
    def __init__(self, task: str, totals: Mapping[str, Any], path: Path, report: Report) -> None:
        self._task = task
        self._model = str(totals.get("model_name") or path.parent.name)
        self._higher = (totals.get("higher_is_better") or {}).get(task) or {}
        self._totals = as_object(as_object(totals.get("results")).get(task))
        listed = as_object(as_object(totals.get("configs")).get(task)).get("metric_list") or []
        self._aggregations = {item.get("metric"): item.get("aggregation", "mean") for item in listed}
        self._reported: dict[str, list[ReportedFigure]] = {}
        self._report = report

    def result(self, line: str, location: Location) -> Result:
        """The result of one sample. Raises Invalid with its line."""
        try:
            sample = json.loads(line)
            outputs = sample["filtered_resps"]
            doc, scores = sample["doc"], list(self._scores(sample))
        except (ValueError, KeyError, TypeError):
            raise Invalid(f"{location} is no sample of lm-evaluation-harness.") from None
        output = outputs[0] if isinstance(outputs, list) and len(outputs) == 1 else outputs
        filter = sample.get("filter", "none")
        label = self._model if filter == "none" else f"{self._model}, {filter}"
        return Result(
            version=Version(label, {"model_name": self._model, "filter": filter}),
            case=Case(
                inputs=doc if isinstance(doc, dict) else {"doc": doc},
                target=None if sample.get("target") is None else {"target": sample["target"]},
                id=as_text(sample["doc_id"]) if "doc_id" in sample else None,
            ),
            location=location,
            scores=scores,
            output=as_text(output),
            evaluation=self._task,
            run=Run(reported=self._figures(filter, scores)),
        )

    def _figures(self, filter: str, scores: Sequence[Score]) -> list[ReportedFigure]:
        """The totals of a filter, with their standard errors. Means of a metric's scores name it."""
        if filter not in self._reported:
            scored = {score.evaluator for score in scores}
            figures = read_figures(
                {key: value for key, value in self._totals.items() if key.endswith(f",{filter}")}, "lm-eval"
            )
            by_name = {figure.name.rpartition(",")[0]: figure for figure in figures}
            self._reported[filter] = [
                figure.model_copy(
                    update={
                        "name": name,
                        "stderr": getattr(by_name.get(f"{name}_stderr"), "value", None),
                        "evaluator": name
                        if name in scored and self._aggregations.get(name, "mean") == "mean"
                        else None,
                    }
                )
                for name, figure in by_name.items()
                if not name.endswith("_stderr")
            ]
        return self._reported[filter]

    def _scores(self, sample: Mapping[str, Any]) -> Iterator[Score]:
        for metric in sample.get("metrics") or []:
            value = sample.get(metric)
            if isinstance(value, bool | int | float):
                yield Score(str(metric), float(value), higher_is_better=self._higher.get(metric))
            else:
                self._report.note(f"{metric} of {self._task} has no score for each sample, only one for all.")


FORMAT = Format("lm-eval", _recognises, _read, _beside, names_evaluations=True)
