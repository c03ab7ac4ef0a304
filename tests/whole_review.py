"""A whole review by a scripted assistant, and a recount of every figure in its answers from the tables themselves."""

import json
import math
import re
import sqlite3
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

Ask = Callable[..., Awaitable[str]]

NAME = "Refunds"
_POINTS, _LABELS = 20, 20
_JUDGE, _PEOPLE = "grounded (assistant)", "grounded (human)"
_BY_ANN = {"evaluation": NAME, "evaluator": "grounded", "kind": "human", "author": "ann"}


@dataclass(slots=True)
class Recount:
    """What the tables hold: logs by run, and the judgments that count, by evaluator and log."""

    logs: dict[str, list[str]] = field(default_factory=dict)
    judged: dict[str, dict[str, bool]] = field(default_factory=dict)
    datapoints: dict[str, str] = field(default_factory=dict)
    stored_judgments: int = 0
    journal: Counter[tuple[str, str]] = field(default_factory=Counter)
    handles: list[str] = field(default_factory=list)
    undone: list[str] = field(default_factory=list)

    @property
    def equal(self) -> dict[str, bool]:
        """Whether judge and person say the same, of each log that has both."""
        judge, people = self.judged[_JUDGE], self.judged[_PEOPLE]
        return {log: judge[log] == people[log] for log in judge.keys() & people.keys()}

    def agreement(self) -> list[float]:
        """The rate of equal judgments with Wilson's interval, in percent. Logs of one datapoint are one for it."""
        rate, logs = sum(self.equal.values()) / len(self.equal), len(self.equal)
        surplus: dict[str, float] = {}
        for log, equal in self.equal.items():
            surplus[self.datapoints[log]] = surplus.get(self.datapoints[log], 0.0) + equal - rate
        points = len(surplus)
        spread = sum(value**2 for value in surplus.values()) / logs**2
        spread *= points / (points - 1) if points < logs else 1
        size, z = (rate * (1 - rate) / spread if spread > 1e-12 else points), 1.959963984540054
        middle = (rate + z * z / (2 * size)) / (1 + z * z / size)
        half = z / (1 + z * z / size) * math.sqrt(rate * (1 - rate) / size + z * z / (4 * size * size))
        return [100 * value for value in (rate, max(middle - half, 0), min(middle + half, 1))]

    def kappa(self) -> float:
        """Cohen's kappa of judge and person."""
        equal, size = self.equal, len(self.equal)
        one, other = (sum(self.judged[rater][log] for log in equal) / size for rater in (_JUDGE, _PEOPLE))
        chance = one * other + (1 - one) * (1 - other)
        return (sum(equal.values()) / size - chance) / (1 - chance)


def recount(path: Path) -> Recount:
    """Read the tables of a database file. Of an author's judgments of a log, the last one counts."""
    found = Recount()
    with closing(sqlite3.connect(path)) as database:
        logs = {row[0]: row for row in database.execute("SELECT number, id, judged_log_number, file_id FROM logs")}
        found.datapoints = dict(database.execute("SELECT id, datapoint_id FROM logs WHERE datapoint_id IS NOT NULL"))
        paths = dict(database.execute("SELECT id, path FROM files"))
        said = database.execute("SELECT number, judgment FROM logs WHERE judged_log_number IS NOT NULL ORDER BY number")
        for number, judgment in said:
            judged, file_id = logs[number][2:]
            of_evaluator = found.judged.setdefault(paths[file_id].rpartition("/")[2], {})
            of_evaluator[logs[judged][1]] = json.loads(judgment)
            found.stored_judgments += 1
        in_runs = database.execute(
            "SELECT json_extract(v.content, '$.model'), r.log_number FROM run_logs r JOIN runs u ON u.id = r.run_id "
            "JOIN versions v ON v.id = u.version_id"
        )
        for model, number in in_runs:
            found.logs.setdefault(model, []).append(logs[number][1])
        entries = database.execute("SELECT number, tag, tool, kind, undone_at FROM journal ORDER BY number DESC")
        for number, tag, tool, kind, undone_at in entries:
            found.journal[tool, kind] += 1
            found.handles.append(f"write_{number}_{tag}")
            found.undone += [found.handles[-1]] if undone_at is not None else []
    return found


async def review(ask: Ask, read_journal: Callable[[], Awaitable[str]], path: Path) -> None:
    """Set up two runs, log 40 outputs, judge them, label 20 in review order, correct two, undo one, repeat one."""
    points = [json.dumps({"inputs": {"question": f"q{n}"}, "target": {"answer": "a"}}) for n in range(_POINTS)]
    first = {"model": "small", "datapoints": points, "evaluators": ["grounded:boolean"]}
    for model, given in (("small", first), ("large", {"model": "large"})):
        await ask("set_up_run", evaluation=NAME, template="Answer.", request_id=f"run {model}", **given)
    await _log_outputs(ask)
    rows = [{"log": log, "judgment": position % 3 > 0} for position, log in enumerate(await _logs(ask))]
    await ask("label_logs", evaluation=NAME, evaluator="grounded", labels=[json.dumps(row) for row in rows])
    calls, answers = await _label_in_order(ask, path)
    for call in calls[:2]:
        other = "true" if call["judgment"] == "false" else "false"
        corrected = await ask(
            "label_logs", **{**call, "judgment": other, "request_id": f"corrected {call['request_id']}"}
        )
        assert f"{call['logs'][0]} {call['judgment']} → {other}." in corrected
        _check_agreement(corrected, recount(path))
    undone = _handle(answers[5])
    await ask("undo", write=undone)
    before = recount(path)
    repeated = await ask("label_logs", **calls[6])
    assert "nothing was written again" in repeated
    assert _handle(repeated) == _handle(answers[6])
    assert recount(path) == before
    assert calls[5]["logs"][0] not in before.judged[_PEOPLE]
    assert (len(before.judged[_PEOPLE]), before.undone) == (_LABELS - 1, [undone])
    assert before.stored_judgments == 2 * _POINTS + _LABELS + 2 - 1
    _check_agreement(repeated, before)
    _check_progress(await _next(ask), before)
    await _check_views(ask, read_journal, path)


async def _log_outputs(ask: Ask) -> None:
    listed = await ask("list_datapoints", evaluation=NAME, limit=_POINTS)
    points = re.findall(r"^(dp_\w+)", listed, re.MULTILINE)
    assert len(points) == _POINTS
    for model in ("small", "large"):
        for start in (0, 10):
            outputs = [json.dumps({"datapoint": id, "output": f"{model} {id}"}) for id in points[start : start + 10]]
            call = {"run": model, "outputs": outputs, "request_id": f"{model} {start}"}
            logged = await ask("log_generation", evaluation=NAME, **call)
            assert f"The run is running with {start + 10} logs." in logged


async def _logs(ask: Ask) -> list[str]:
    listed = await ask("get_logs", evaluation=NAME, limit=2 * _POINTS, max_tokens=20_000)
    found = re.findall(r"^(log_\w+)", listed, re.MULTILINE)
    assert len(found) == 2 * _POINTS
    return found


async def _label_in_order(ask: Ask, path: Path) -> tuple[list[dict[str, Any]], list[str]]:
    """Label the logs that are handed out, each once; progress and agreement are compared on the way."""
    calls: list[dict[str, Any]] = []
    answers: list[str] = []
    for number in range(_LABELS):
        handed_out = await _next(ask)
        (log,) = re.findall(r'Review by "ann": log (log_\w+)', handed_out)
        assert log not in [call["logs"][0] for call in calls]
        if number > 1:
            _check_progress(handed_out, recount(path))
        judgment = "false" if number % 4 == 1 else "true"
        calls.append({**_BY_ANN, "logs": [log], "judgment": judgment, "request_id": f"label {number}"})
        answers.append(await ask("label_logs", **calls[-1]))
        if number > 1:
            _check_agreement(answers[-1], recount(path))
    return calls, answers


async def _next(ask: Ask) -> str:
    return await ask("next_to_review", evaluation=NAME, reviewer="ann", order="even", blind=True)


def _handle(answer: str) -> str:
    (handle,) = re.findall(r'Undo: undo\(write="(write_\w+)"\)$', answer)
    return str(handle)


def _check_progress(answer: str, counted: Recount) -> None:
    (line,) = (line for line in answer.splitlines() if line.startswith("Progress: "))
    equal, both = sum(counted.equal.values()), len(counted.equal)
    reviewed = f"{len(counted.judged[_PEOPLE])} of {2 * _POINTS} logs reviewed; {both} of the even sample; "
    start = f'Progress: {reviewed}"{_JUDGE}" agrees with "{_PEOPLE}" on {equal} of {both}; "{_PEOPLE}": '
    assert line.startswith(start), (line, start)
    people = Counter(counted.judged[_PEOPLE].values())
    expected = sorted(f"{str(value).lower()} {number}" for value, number in people.items())
    assert sorted(line.removeprefix(start).rstrip(".").split(", ")) == expected


def _check_agreement(answer: str, counted: Recount) -> None:
    """The rate with its interval, the number of logs, and kappa."""
    shown = re.search(
        r"on (\d+)% \((\d+) to (\d+)\) of (\d+) logs of the even sample that both judged(?:, kappa (-?\d\.\d+))?",
        answer,
    )
    assert shown is not None, answer
    _check_rate([int(part) for part in shown.groups()[:4]], counted)
    if shown[5] is not None:
        assert math.isclose(float(shown[5]), counted.kappa(), abs_tol=0.005 + 1e-9)


def _check_rate(shown: list[int], counted: Recount) -> None:
    expected = counted.agreement()
    assert all(abs(a - b) <= 0.5 + 1e-9 for a, b in zip(shown[:3], expected, strict=True)), (shown, expected)
    assert shown[3] == len(counted.equal)


async def _check_views(ask: Ask, read_journal: Callable[[], Awaitable[str]], path: Path) -> None:
    """The figures of list_runs, of agreement, and of the journal."""
    counted = recount(path)
    runs = await ask("list_runs", evaluation=NAME)
    for model in ("small", "large"):
        (row,) = (line for line in runs.splitlines() if line.startswith(f'"model={model}" | '))
        cells = row.split(" | ")
        assert int(cells[1]) == len(counted.logs[model]) == _POINTS
        for cell, evaluator in zip(cells[2:4], (_JUDGE, _PEOPLE), strict=True):
            mine = [counted.judged[evaluator][log] for log in counted.logs[model] if log in counted.judged[evaluator]]
            shown = re.match(r"([\d.]+)% true(?: \(.*\))?(?: n=(\d+))?$", cell)
            assert shown is not None, cell
            assert abs(float(shown[1]) - 100 * sum(mine) / len(mine)) <= 0.5
            assert int(shown[2] or _POINTS) == len(mine)
    missing = 2 * _POINTS - len(counted.judged[_PEOPLE])
    assert f"waiting for {2 * _POINTS} judgments" in runs  # of the judge; labels are for review
    assert f"Excluded: {missing} missing judgments" in runs
    agreement = await ask("list_runs", evaluation=NAME, show="agreement")
    (row,) = (line for line in agreement.splitlines() if line.startswith(f'"{_JUDGE}", "{_PEOPLE}" | '))
    logs, rate, kappa = re.split(r" \| ", row)[1:4]
    _check_rate([*map(int, re.findall(r"\d+", rate)), int(logs.split(" ")[0])], counted)
    assert math.isclose(float(kappa.split(" ")[0]), counted.kappa(), abs_tol=0.005 + 1e-9)
    _check_journal(await ask("undo"), await read_journal(), recount(path))


def _check_journal(listed: str, resource: str, counted: Recount) -> None:
    """Each write has one entry; hand-outs and the repeat have none, and one is undone."""
    assert counted.journal == {
        ("set_up_run", "set_up"): 2,
        ("log_generation", "log_outputs"): 4,
        ("label_logs", "label_logs"): 1 + _LABELS + 2,
        ("undo", "undo"): 1,
    }
    total = counted.journal.total()
    assert listed.startswith(f"The last 10 of {total} writes, newest first:")
    assert re.findall(r"^- (write_\w+):", listed, re.MULTILINE) == counted.handles[:10]
    assert resource.startswith(f"{total} writes since ")
    assert re.findall(r"(write_\w+)$", resource, re.MULTILINE) == counted.handles
    of_undone = [line for line in resource.splitlines() if " | undone | " in line]
    assert [line.rpartition(" ")[2] for line in of_undone] == counted.undone
