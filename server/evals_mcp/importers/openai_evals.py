"""Records of OpenAI's open-source `evals` (`oaieval`): a JSONL file with the spec, a final report, and events."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from evals_mcp.errors import Invalid
from evals_mcp.importers.formats import Format, Report
from evals_mcp.importers.results import Case, Location, Result, Run, Score, Version, as_text
from evals_mcp.importers.tables.columns import Chosen
from evals_mcp.importers.text_files import lines_of, read_head
from evals_mcp.models.messages import ChatMessage
from evals_mcp.models.reported_figures import ReportedFigure, finite_number, read_figures

_ROUNDING = 1e-9
_STANDARD_ERRORS = ("boostrap_std", "bootstrap_std")  # the first as oaieval writes it


def _recognises(path: Path) -> bool:
    if path.suffix.lower() != ".jsonl":
        return False
    first = read_head(path).partition(b"\n")[0]
    return first.startswith(b'{"spec"') and b'"eval_name"' in first


def _read(path: Path, chosen: Chosen, report: Report) -> Iterator[Result]:
    spec: Mapping[str, Any] = {}
    final: Mapping[str, Any] = {}
    samples: dict[str, _Sample] = {}
    for number, line in lines_of(path):
        if not line.strip():
            continue
        try:
            event = json.loads(line)
        except ValueError:
            raise Invalid(f"{path.name}, line {number} is not JSON.") from None
        if "spec" in event:
            spec = event["spec"]
        elif "final_report" in event:
            final = event["final_report"] or {}
        elif isinstance(event.get("sample_id"), str):
            samples.setdefault(event["sample_id"], _Sample(number)).add(event)
    if not final:
        report.note(f"{path.name} has no final report: the run did not end.")
    run = Run(reported=list(_reported(final)))
    label = ", ".join(map(str, spec.get("completion_fns") or [path.stem]))
    for sample_id, sample in samples.items():
        yield replace(sample.result(sample_id, label, str(spec.get("eval_name") or path.stem), path.name), run=run)
    _check(samples, final, path, report)


class _Sample:
    """The events of one sample."""

    def __init__(self, line: int) -> None:
        self._line = line
        self._sampling: Mapping[str, Any] = {}
        self._judgments: dict[str, Any] = {}
        self._expected: Any = None
        self._error: str | None = None
        self._others: dict[str, Any] = {}

    def add(self, event: Mapping[str, Any]) -> None:
        data = event.get("data") or {}
        match event.get("type"):
            case "sampling":
                self._sampling = data
            case "match":
                self._judgments["correct"] = data.get("correct")
                self._expected = data.get("expected")
            case "metrics":
                self._judgments |= {
                    name: value for name, value in data.items() if isinstance(value, bool | int | float)
                }
            case "error":
                self._error = as_text(data)
            case type:
                self._others[str(type)] = data

    @property
    def correct(self) -> bool | None:
        """Whether the sample matched; None without a match."""
        return self._judgments.get("correct")

    def result(self, sample_id: str, label: str, evaluation: str, file: str) -> Result:
        prompt = self._sampling.get("prompt")
        messages = [ChatMessage.model_validate(item) for item in prompt] if isinstance(prompt, list) else []
        sampled = self._sampling.get("sampled")
        usage = self._sampling.get("usage") or {}
        output = sampled[0] if isinstance(sampled, list) and len(sampled) == 1 else sampled
        return Result(
            version=Version(label, {"completion_fn": label}),
            case=Case(
                inputs={} if messages else {"prompt": prompt},
                messages=messages,
                target=None if self._expected is None else {"expected": self._expected},
                id=sample_id,
            ),
            location=Location(file, f"line {self._line}"),
            scores=[Score(name, judgment) for name, judgment in self._judgments.items()],
            output=None if output is None else as_text(output),
            error=self._error,
            prompt_tokens=usage.get("prompt_tokens"),
            output_tokens=usage.get("completion_tokens"),
            cached_tokens=(usage.get("prompt_tokens_details") or {}).get("cached_tokens"),
            metadata=self._others,
            evaluation=evaluation,
        )


def _reported(final: Mapping[str, Any]) -> Iterator[ReportedFigure]:
    """The final report; of the matches, the accuracy and its standard error."""
    for figure in read_figures(final, "openai-evals"):
        if figure.name == "accuracy":
            errors = [value for name in _STANDARD_ERRORS if (value := finite_number(final.get(name))) is not None]
            yield figure.model_copy(update={"evaluator": "correct", "stderr": next(iter(errors), None)})
        elif figure.name not in _STANDARD_ERRORS:
            yield figure


def _check(samples: Mapping[str, _Sample], final: Mapping[str, Any], path: Path, report: Report) -> None:
    """Report an accuracy that its samples do not have."""
    correct = [sample.correct for sample in samples.values() if sample.correct is not None]
    reported = final.get("accuracy")
    if correct and isinstance(reported, int | float) and abs(sum(correct) / len(correct) - reported) > 1e-9:
        report.note(
            f"{path.name} reports an accuracy of {reported}; its samples have {sum(correct) / len(correct):.4f}."
        )


FORMAT = Format("openai-evals", _recognises, _read, names_evaluations=True)
