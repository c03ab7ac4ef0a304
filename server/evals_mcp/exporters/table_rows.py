"""The rows of a table of logs: one log of a run each, with a column for each evaluator. Pure."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from evals_mcp.models.message_parts import message_text
from evals_mcp.models.model import JsonObject
from evals_mcp.models.usage import log_usage

_GROUPS = (
    *("run", "datapoint", "log", "created_at", "input", "target", "output", "error", "latency", "prompt_tokens"),
    *("reasoning_tokens", "output_tokens", "cost", "finish_reason", "scores", "metadata"),
)
_VERDICTS = ("score", "passed", "threshold")


class Labels(NamedTuple):
    """What runs (by id) and evaluators (by version id) are called."""

    runs: Mapping[str, str]
    evaluators: Mapping[str, str]


def read_row(item: JsonObject, labels: Labels) -> JsonObject:
    """A log of an evaluation (API form) as a row, without empty cells. Latency in seconds, cost in US dollars."""
    log, datapoint = item["log"], item.get("datapoint") or {}
    usage = log_usage(log)
    inputs = datapoint.get("inputs") or log.get("inputs") or {}
    messages = datapoint.get("messages") or (None if datapoint else log.get("messages"))
    row = {
        "run": labels.runs.get(item["run_id"], item["run_id"]),
        "datapoint": datapoint.get("id") or log.get("source_datapoint_id"),
        "log": log["id"],
        "created_at": log.get("created_at"),
        **_columns("input", inputs),
        **_columns("input", {"messages": messages} if messages else {}),
        **_columns("target", datapoint.get("target") or {}),
        "output": _output(log),
        "error": log.get("error"),
        "latency": _latency(log),
        "prompt_tokens": usage.prompt_tokens,
        "reasoning_tokens": usage.reasoning_tokens,
        "output_tokens": usage.output_tokens,
        "cost": usage.cost,
        "finish_reason": log.get("finish_reason"),
        **_columns("metadata", log.get("metadata") or {}),
        **_columns("metadata.datapoint", datapoint.get("metadata") or {}),
        **_columns("metadata.datapoint", {"tags": datapoint["tags"]} if datapoint.get("tags") else {}),
    }
    for judgment in item.get("evaluator_logs") or []:
        row |= _judgment(judgment, labels)
    return {name: value for name, value in row.items() if value is not None}


class ColumnOrder:
    """The columns of all rows: fixed ones first, then those of the same beginning together, as they first came."""

    def __init__(self) -> None:
        self._seen: dict[str, None] = dict.fromkeys(("run", "datapoint", "log", "output"))

    def add(self, row: Mapping[str, Any]) -> None:
        """Note the columns of a row."""
        self._seen.update(dict.fromkeys(row))

    def names(self) -> list[str]:
        """All columns, in order. What belongs to a score follows it."""
        scores = {name: at for at, name in enumerate(self._seen)}

        def place_of(name: str) -> tuple[int, int, int]:
            score = next((base for base in _scores_of(name) if base in scores), name)
            return _GROUPS.index(name.partition(".")[0]), scores[score], len(name) if score != name else 0

        return sorted(self._seen, key=place_of)


def _scores_of(name: str) -> Iterator[str]:
    for part in ("explanation", "error", "abstained", *_VERDICTS):
        if name.startswith("scores.") and name.endswith(f".{part}"):
            yield name.removesuffix(f".{part}")


def _judgment(log: JsonObject, labels: Labels) -> JsonObject:
    """The cells of a judgment. A later one of the same evaluator and author takes the place of all of them."""
    evaluator = log["evaluator"]
    label = labels.evaluators.get(evaluator["version_id"], evaluator["name"])
    name = f"scores.{label} ({log['user']})" if log.get("user") else f"scores.{label}"
    failed, value = log.get("error"), log.get("judgment")
    return {
        name: value if failed is None else None,
        f"{name}.explanation": _output(log),
        f"{name}.error": failed,
        f"{name}.abstained": True if failed is None and value is None else None,
        **{f"{name}.{part}": log.get(part) for part in _VERDICTS},
    }


def _columns(prefix: str, values: Mapping[str, Any]) -> JsonObject:
    return {f"{prefix}.{name}": value for name, value in values.items()}


def _output(log: JsonObject) -> Any:
    """The output of a log as text: `output`, or the text of its output message."""
    if log.get("output") is not None:
        return log["output"]
    return message_text((log.get("output_message") or {}).get("content"))


def _latency(log: JsonObject) -> float | None:
    if log.get("provider_latency") is not None:
        return float(log["provider_latency"])
    try:
        start, end = (datetime.fromisoformat(log[name]) for name in ("start_time", "end_time"))
    except (KeyError, TypeError, ValueError):
        return None
    return (end - start).total_seconds() if end >= start else None
