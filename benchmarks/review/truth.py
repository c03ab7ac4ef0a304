"""The true facts of the recorded evaluations, in Python and pandas over their files; nothing here uses the package."""

import json
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import Any

import pandas as pd

_STEPS = 720  # thirds and sixths of a point, recorded as 0.33 or 0.3333, tie as they should
DATA = Path(__file__).resolve().parents[3] / "shared" / "data"


@dataclass(frozen=True)
class Pairing:
    """Two runs by one evaluator, paired by datapoint; repeated logs are averaged within the datapoint first."""

    changes: dict[str, tuple[float, float]]

    @property
    def pairs(self) -> int:
        """How many datapoints both runs were judged on."""
        return len(self.changes)

    @property
    def baseline(self) -> float:
        """The mean of the baseline over the pairs."""
        return fmean(before for before, _ in self.changes.values())

    @property
    def candidate(self) -> float:
        """The mean of the candidate over the pairs."""
        return fmean(after for _, after in self.changes.values())

    @property
    def better(self) -> list[str]:
        """The datapoints with a higher judgment, largest change first."""
        return sorted((row for row in self.changes if self.change(row) > 1e-9), key=self.change, reverse=True)

    @property
    def worse(self) -> list[str]:
        """The datapoints with a lower judgment, largest change first."""
        return sorted((row for row in self.changes if self.change(row) < -1e-9), key=self.change)

    @property
    def moved(self) -> list[str]:
        """The datapoints with another judgment."""
        return [*self.better, *self.worse]

    @property
    def p_value(self) -> float:
        """Of all ways to flip the signs of the differences, the share whose sum is as far from zero; exact."""
        steps = [round(self.change(row) * _STEPS) for row in self.changes]
        sums: Counter[int] = Counter({0: 1})
        for step in filter(None, steps):
            flipped: Counter[int] = Counter()
            for reached, ways in sums.items():
                flipped[reached + step] += ways
                flipped[reached - step] += ways
            sums = flipped
        far = sum(ways for reached, ways in sums.items() if abs(reached) >= abs(sum(steps)))
        return far / sum(sums.values())

    def change(self, row: str) -> float:
        """What a datapoint gained from the baseline to the candidate."""
        before, after = self.changes[row]
        return after - before


@dataclass(frozen=True)
class Recorded:
    """An evaluation as recorded: its description, its datapoints by id and its logs by run."""

    about: dict[str, Any]
    datapoints: dict[str, dict[str, Any]]
    logs: dict[str, list[dict[str, Any]]]

    def log(self, log_id: str) -> dict[str, Any]:
        """The log with an id."""
        return next(log for logs in self.logs.values() for log in logs if log["id"] == log_id)

    def all_logs(self) -> list[dict[str, Any]]:
        """The logs of all runs."""
        return [log for logs in self.logs.values() for log in logs]

    def judged(self, run: str, evaluator: str) -> list[tuple[dict[str, Any], Any]]:
        """The logs of a run that an evaluator judged, each with its judgment."""
        said = [(log, log["judgments"].get(evaluator, {}).get("judgment")) for log in self.logs[run]]
        return [(log, judgment) for log, judgment in said if judgment is not None]

    def mean(self, run: str, evaluator: str) -> float:
        """The mean judgment of a run; of booleans the share of true."""
        return fmean(float(judgment) for _, judgment in self.judged(run, evaluator))

    def frame(self) -> pd.DataFrame:
        """A row for each log: `id`, `run`, `datapoint`, `length` (characters), `latency` (s), `tokens`, judgments."""
        rows: list[dict[str, Any]] = []
        for run, logs in self.logs.items():
            for log in logs:
                said = {name: given.get("judgment") for name, given in log["judgments"].items()}
                own = {"id": log["id"], "run": run, "datapoint": log["datapoint_id"], "output": log["output"]}
                measured = {"latency": log.get("latency_s"), "tokens": log.get("output_tokens")}
                rows.append({**own, **measured, "length": len(log["output"]), **said})
        return pd.DataFrame(rows)

    def failed(self) -> list[tuple[str, str, str]]:
        """Run, evaluator and log id of each judgment whose evaluator failed."""
        return [
            (run, evaluator, log["id"])
            for run, logs in self.logs.items()
            for log in logs
            for evaluator, said in log["judgments"].items()
            if said.get("error")
        ]

    def pair(self, baseline: str, candidate: str, evaluator: str) -> Pairing:
        """Two runs paired by a number or boolean evaluator."""
        return _pair(
            *(
                [(log["datapoint_id"], float(judgment)) for log, judgment in self.judged(run, evaluator)]
                for run in (baseline, candidate)
            )
        )

    def pair_measure(self, baseline: str, candidate: str, measure: str) -> Pairing:
        """Two runs paired by a measure of their logs, such as `latency_s`."""
        return _pair(
            *(
                [(log["datapoint_id"], float(log[measure])) for log in self.logs[run] if log[measure] is not None]
                for run in (baseline, candidate)
            )
        )

    def containing(self, text: str, run: str | None = None) -> list[dict[str, Any]]:
        """The logs, of a run or all, that contain a text in any case: in output, inputs, datapoint or explanations."""
        logs = self.all_logs() if run is None else self.logs[run]
        return [log for log in logs if _contains(self._texts(log), text)]

    def _texts(self, log: dict[str, Any]) -> list[Any]:
        point = self.datapoints[log["datapoint_id"]]
        explained = [
            part for said in log["judgments"].values() for part in (said.get("explanation"), said.get("error"))
        ]
        return [log["output"], log["error"], log.get("inputs"), point["inputs"], point["target"], *explained]

    def datapoints_containing(self, text: str) -> list[str]:
        """The datapoints whose inputs or target contain a text in any case."""
        return [row for row, point in self.datapoints.items() if _contains([point["inputs"], point["target"]], text)]

    def failing_everywhere(self, evaluator: str) -> list[str]:
        """The datapoints with every log of every run judged false."""
        judged = [(log["datapoint_id"], said) for run in self.logs for log, said in self.judged(run, evaluator)]
        passed = {row for row, judgment in judged if judgment}
        return [row for row in self.datapoints if row not in passed]


def read_recorded(name: str) -> Recorded:
    """Read a recorded evaluation by the name of its folder."""
    folder = DATA / name
    about = json.loads((folder / "runs.json").read_text(encoding="utf-8"))
    return Recorded(
        about=about,
        datapoints={point["id"]: point for point in _lines(folder / "dataset.jsonl")},
        logs={run["id"]: _lines(folder / f"logs-{run['id']}.jsonl") for run in about["runs"]},
    )


def adjust(p_values: list[float]) -> list[float]:
    """Holm's step-down adjustment, in the order given."""
    order = sorted(range(len(p_values)), key=p_values.__getitem__)
    adjusted = [0.0] * len(p_values)
    largest = 0.0
    for rank, place in enumerate(order):
        largest = max(largest, min(1.0, (len(p_values) - rank) * p_values[place]))
        adjusted[place] = largest
    return adjusted


def verdicts(pairings: list[Pairing], *, less_is_better: bool = False) -> list[str]:
    """`better`, `worse` or `no significant difference` for each of several comparisons made at once, at 5 %."""
    said = []
    for pairing, p_value in zip(pairings, adjust([pairing.p_value for pairing in pairings]), strict=True):
        rose = pairing.candidate > pairing.baseline
        said.append("no significant difference" if p_value > 0.05 else "better" if rose != less_is_better else "worse")
    return said


def _lines(path: Path) -> list[dict[str, Any]]:
    with path.open(encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def _pair(before: list[tuple[str, float]], after: list[tuple[str, float]]) -> Pairing:
    first, second = _means(before), _means(after)
    return Pairing({row: (first[row], second[row]) for row in first if row in second})


def _means(judged: list[tuple[str, float]]) -> dict[str, float]:
    grouped: dict[str, list[float]] = {}
    for row, value in judged:
        grouped.setdefault(row, []).append(value)
    return {row: fmean(values) for row, values in grouped.items()}


def _contains(value: Any, text: str) -> bool:
    if isinstance(value, dict):
        return any(_contains(item, text) for item in value.values())
    if isinstance(value, list):
        return any(_contains(item, text) for item in value)
    return isinstance(value, str) and text.casefold() in value.casefold()
