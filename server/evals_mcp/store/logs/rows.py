"""The row of a log: the column of each request field, and the facts that reviews sort by. No queries."""

import sys
from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

from evals_mcp.models.message_parts import message_text
from evals_mcp.models.usage import Usage, own_usage

COLUMN_FIELDS = (
    "log_status",
    "created_at",
    "start_time",
    "end_time",
    "provider_latency",
    "prompt_tokens",
    "reasoning_tokens",
    "output_tokens",
    "cached_tokens",
    "prompt_cost",
    "output_cost",
    "judgment",
    "error",
    "inputs",
    "messages",
    "output_message",
    "output",
)
"""Fields of a log with their own column."""

EXTRA_FIELDS = (
    "stdout",
    "provider_request",
    "provider_response",
    "source",
    "metadata",
    "user",
    "environment",
    "save",
    "finish_reason",
    "tool_choice",
    "marked_completed",
    "score",
    "passed",
    "threshold",
    "samples",
    "session_id",
    "session_reference_id",
    "parent_reference_id",
    "reference_id",
    "feedback",
)
"""Rarely set fields. They share the column `extra`."""


_COLUMNS, _EXTRAS = frozenset(COLUMN_FIELDS), frozenset(EXTRA_FIELDS)
_LARGEST_INTEGER = 2**63 - 1


class LogFacts(NamedTuple):
    """Facts of a log in a run: seconds, tokens, US dollars, characters, and whether it failed or is complete."""

    failed: bool
    complete: bool
    latency: float | None
    tokens: int | None
    cost: float | None
    length: int


def log_values(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Column values of the given fields of a log (JSON values, aware datetimes). Omits other fields."""
    values: dict[str, Any] = {}
    extra: dict[str, Any] = {}
    for name, value in fields.items():
        if name in _COLUMNS:
            values[name] = value
        elif value is not None and name in _EXTRAS:
            extra[name] = value
    if extra:
        values["extra"] = extra
    return values


def known_status(status: str | None, *, in_run: bool) -> str:
    """The status of a log. A flow log without one is open: incomplete, but no run and no SDK waits for it."""
    return status or ("complete" if in_run else "incomplete")


def log_facts(row: Mapping[str, Any]) -> LogFacts:
    """The facts of a log with these column values.

    Latency is the provider's if known, else the time from start to end. Tokens and cost are as in `models.usage`. The
    length is that of the output, or of the output message's text.
    """
    tokens, cost = usage_facts(own_usage(row))
    return LogFacts(
        failed=row.get("error") is not None,
        complete=row.get("log_status") != "incomplete",
        latency=_latency(row.get("provider_latency"), row.get("start_time"), row.get("end_time")),
        tokens=tokens,
        cost=cost,
        length=len(output_text(row) or ""),
    )


def usage_facts(usage: Usage) -> tuple[int | None, float | None]:
    """Tokens and cost, limited to the range of their columns."""
    tokens, cost = usage.tokens, usage.cost
    return _limited(tokens, _LARGEST_INTEGER), _limited(cost, sys.float_info.max)


def output_text(row: Mapping[str, Any]) -> str | None:
    """The output of a log as text: `output`, or the text of its output message."""
    if row.get("output") is not None:
        return str(row["output"])
    return message_text((row.get("output_message") or {}).get("content"))


def _latency(provider: float | None, start: datetime | None, end: datetime | None) -> float | None:
    if provider is not None:
        return provider
    if start is None or end is None or end < start:
        return None
    return (end - start).total_seconds()


def _limited(value: Any, largest: int | float) -> Any:
    return None if value is None else max(-largest, min(value, largest))
