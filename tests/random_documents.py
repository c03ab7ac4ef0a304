"""Small evaluation documents of every shape, generated; ids look like those that the server makes."""

from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st

from evals_mcp.models.evaluation_document import (
    AttachedEvaluator,
    DatapointRecord,
    EvaluationRecord,
    FileRecord,
    JudgmentRecord,
    LogRecord,
    Record,
    RunEvaluation,
    RunRecord,
    VersionRecord,
)
from evals_mcp.models.ids import derived_id
from evals_mcp.models.messages import ChatMessage
from evals_mcp.models.reported_figures import ReportedFigure

_TYPES = ("prompt", "flow", "tool", "agent")
_PREFIXES = {"prompt": ("pr", "prv"), "flow": ("fl", "flv"), "tool": ("tl", "tv"), "agent": ("ag", "agv")}
_KINDS = ("number", "boolean", "select", "text")
_VALUES: dict[str, tuple[Any, ...]] = {
    "number": (0, 1.5, 4, -2),
    "boolean": (True, False),
    "select": ("good", "bad"),
    "text": ("Fine.", "Слабо."),
}
_FIGURES = [ReportedFigure(name="accuracy", value=0.5, evaluator="team/number", source="a tool")]
_BESIDE: tuple[dict[str, Any], ...] = (
    {},
    {"score": 0.5, "passed": False, "threshold": 0.75, "samples": [True, None, "x"]},
    {"passed": True, "prompt_tokens": 9, "cached_tokens": 4, "output_cost": 0.25, "provider_latency": 2.5},
)
_OPTIONS = [{"name": "good", "valence": "positive"}, {"name": "bad", "valence": "negative"}]
_TIMES = (None, "2024-05-01T10:00:00Z", "2024-05-01T10:00:02.250000Z")


def ident(prefix: str, *parts: object) -> str:
    """The id of a thing in every generated document."""
    return derived_id(prefix, prefix, *map(str, parts))


def version_id(number: int) -> str:
    """The id of the n-th version; versions are of a prompt, a flow, a tool and an agent in turn."""
    return ident(_PREFIXES[_TYPES[number % 4]][1], number)


def _files(versions: int, evaluators: int) -> list[Record]:
    records: list[Record] = []
    for number in range(min(versions, 4)):
        kind = _TYPES[number]
        id = ident(_PREFIXES[kind][0], kind)
        records.append(FileRecord.model_validate({"id": id, "type": kind, "path": f"team/{kind}", "tags": ["t"]}))
    for number in range(versions):
        kind = _TYPES[number % 4]
        contents: dict[str, dict[str, Any]] = {
            "prompt": {"model": f"m{number}", "template": [{"role": "user", "content": "{{q}}"}], "temperature": 0.5},
            "flow": {"attributes": {"n": number, "none": None}},
            "tool": {"function": {"name": f"f{number}", "description": "d"}},
            "agent": {"model": f"m{number}", "template": "{{q}}"},
        }
        file_id, content = ident(_PREFIXES[kind][0], kind), contents[kind]
        records.append(VersionRecord(id=version_id(number), file_id=file_id, name=f"v{number}", content=content))
    for number in range(evaluators):
        kind = _KINDS[number % 4]
        spec: dict[str, Any] = {"arguments_type": "target_free", "return_type": kind, "evaluator_type": "external"}
        spec |= {"options": _OPTIONS} if kind == "select" else {"attributes": {"n": number}}
        if number < 4:
            records.append(FileRecord(id=ident("ev", kind), type="evaluator", path=f"team/{kind}"))
        content = {"spec": spec}
        records.append(VersionRecord(id=ident("evv", number), file_id=ident("ev", kind), content=content))
    return records


def _dataset(points: list[int]) -> list[Record]:
    records: list[Record] = [FileRecord(id=ident("ds"), type="dataset", path="team/questions")]
    for point in points:
        inputs = {"q": f"Question {point}?", "null": None}
        message = [ChatMessage(role="user", content="Hello")] if point % 2 else None
        target = {"a": point} if point % 3 else None
        id = ident("dp", point)
        records.append(DatapointRecord(id=id, dataset_id=ident("ds"), inputs=inputs, messages=message, target=target))
    ids = [ident("dp", point) for point in points]
    return [*records, VersionRecord(id=ident("dsv", *points), file_id=ident("ds"), datapoint_ids=ids)]


@st.composite
def documents(
    draw: Callable[[Any], Any],
    *,
    statuses: tuple[str | None, ...] = (None, "completed"),
    runs: int | None = None,
    most_evaluations: int = 2,
    for_review: bool = True,
) -> list[Record]:
    """A document of some versions, datapoints, evaluators, evaluations, runs, traced logs and judgments.

    With a number of `runs`, every log is in one of them. No documented route tells that evaluators are `for_review`.
    """

    def number(most: int, least: int = 0) -> int:
        drawn: int = draw(st.integers(least, most))
        return drawn

    versions, evaluators = number(5, 1), number(6)
    reviews = st.booleans() if for_review else st.just(False)
    points: list[int] = draw(st.lists(st.integers(0, 4), max_size=4, unique=True))
    records = _files(versions, evaluators) + _dataset(points)
    evaluations = number(most_evaluations, 1)
    for each in range(evaluations):
        chosen = sorted(draw(st.sets(st.integers(0, evaluators - 1)))) if evaluators else []
        attached = [AttachedEvaluator(version_id=ident("evv", which), for_review=draw(reviews)) for which in chosen]
        records.append(
            EvaluationRecord(id=ident("evr", each), name=f"E{each}", file_id=ident("pr", "prompt"), evaluators=attached)
        )
    runs_count = number(3) if runs is None else runs
    for run in range(runs_count):
        of = draw(st.lists(st.integers(0, evaluations - 1), min_size=1, max_size=2, unique=True))
        joined = [RunEvaluation(evaluation_id=ident("evr", each), control=run == 0 or number(3) == 0) for each in of]
        records.append(
            RunRecord(
                id=ident("run", run),
                evaluations=joined,
                version_id=draw(st.sampled_from([None, version_id(run % versions)])),
                dataset_version_id=draw(st.sampled_from([None, ident("dsv", *points)])),
                status=draw(st.sampled_from(statuses)),
                reported_figures=draw(st.sampled_from([None, _FIGURES])),
            )
        )
    logs: list[str] = []
    for at in range(number(8)):
        runs_of_log = draw(_some_runs(runs_count, 0 if runs is None else 1))
        records.append(_log(at, draw, versions, runs_of_log, points, logs))
        logs.append(ident("log", at))
    for at in range(number(12) if logs and evaluators else 0):
        records.append(_judgment(at, draw, evaluators, logs))
    return records


def _some_runs(runs: int, least: int) -> Any:
    return st.sets(st.integers(0, runs - 1), min_size=least).map(sorted) if runs else st.just([])


def _log(
    at: int, draw: Callable[[Any], Any], versions: int, in_runs: list[int], points: list[int], earlier: list[str]
) -> LogRecord:
    which = draw(st.integers(0, versions - 1))
    # A request that names a datapoint and no run, as one of a tool's log, joins any run that waits for it.
    joins_none = in_runs and _TYPES[which % 4] != "tool"
    point = draw(st.sampled_from([None, *(ident("dp", point) for point in points)])) if joins_none else None
    told = draw(st.sampled_from(["Yes.", "Это Иван.", "", None]))
    fields = {
        "id": ident("log", at),
        "version_id": version_id(which),
        "run_ids": [ident("run", run) for run in in_runs],
        "source_datapoint_id": point,
        "trace_parent_id": draw(st.sampled_from([None, *earlier])),
        "output": told,
        "error": draw(st.sampled_from([None, None, "Too slow."])),
        "inputs": draw(st.sampled_from([None, {}, {"q": None, "x": [1, {"y": 1.5}]}])),
        "log_status": draw(st.sampled_from([None, "complete", "incomplete"])),
        "provider_latency": draw(st.sampled_from([None, 0.5, 3])),
        "start_time": draw(st.sampled_from(_TIMES)),
        "end_time": draw(st.sampled_from(_TIMES)),
        "created_at": draw(st.sampled_from(_TIMES)),
        "save": True,  # as the client sends it
        "metadata": draw(st.sampled_from([None, {"k": "v"}])),
    }
    if which % 4 in (0, 3):
        message = {"role": "assistant", "content": "Said."}
        fields |= {"finish_reason": draw(st.sampled_from([None, "length"])), "cached_tokens": at // 2}
        fields |= {"prompt_tokens": at, "output_cost": 0.25, "messages": [message], "output_message": message}
    return LogRecord.model_validate(fields)


def _judgment(at: int, draw: Callable[[Any], Any], evaluators: int, logs: list[str]) -> JudgmentRecord:
    which = draw(st.integers(0, evaluators - 1))
    value = draw(st.sampled_from([None, *_VALUES[_KINDS[which % 4]]]))
    return JudgmentRecord(
        id=ident("log", "judgment", at),
        evaluator_version_id=ident("evv", which),
        judged_log_id=draw(st.sampled_from(logs)),
        judgment=value,
        output=draw(st.sampled_from([None, "Because."])),
        user=draw(st.sampled_from([None, "ana", "ben"])),
        save=True,
        error="Broken." if value is None and draw(st.booleans()) else None,
        **draw(st.sampled_from(_BESIDE)),
    )
