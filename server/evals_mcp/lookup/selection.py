"""Choosing and ordering gathered logs, just as the extension does in SQL; no requests."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from evals_mcp.lookup.gathering import GatheredLog
from evals_mcp.models.review import EvaluatorRow, JudgmentMatch, JudgmentRow, LogQuestion, LogRow, LogRows
from evals_mcp.statistics.sampling import even_sample, sample_key
from evals_mcp.truncation import cut_texts, find_excerpt, texts_of

COUNTED_TO = 1_000
"""Matches of a filter are counted no further than this, as by the extension."""


def select_logs(gathered: Iterable[GatheredLog], question: LogQuestion, evaluators: Sequence[EvaluatorRow]) -> LogRows:
    """The logs that a question asks for."""
    chosen = [index for index, row in enumerate(evaluators) if question.evaluator_version_id in (None, row.version_id)]
    if question.sample:
        return _sample(gathered, question, chosen)
    found = [log for log in gathered if _matches(log, question, chosen)]
    keyed = [(key, log) for log in found if (key := _key(log, question, evaluators, chosen)) is not None]
    keyed.sort(key=lambda item: item[0])
    offset = int(question.following[0]) if question.following else 0
    shown = keyed[offset : offset + question.limit]
    is_filtered = question.match is not None or question.errors_only or question.text or question.datapoint_id
    capped = bool(is_filtered or question.sort not in ("newest", "length")) and len(keyed) > COUNTED_TO
    return LogRows(
        rows=[log_row(log, question.characters, question.text) for _, log in shown],
        total=COUNTED_TO if capped else len(keyed),
        counted_to=COUNTED_TO if capped else None,
        after=[[offset + index + 1] for index in range(len(shown))],
        more=offset + len(shown) < len(keyed),
    )


def _sample(gathered: Iterable[GatheredLog], question: LogQuestion, chosen: Sequence[int]) -> LogRows:
    seen: Counter[tuple[str, str | None]] = Counter()
    by_key: dict[str, GatheredLog] = {}
    for log in sorted(gathered, key=lambda log: -log.position):
        place = (log.run_id, log.datapoint_id)
        if _matches(log, question, chosen):
            by_key[sample_key(*place, seen[place])] = log
        seen[place] += 1
    offset = int(question.following[0]) if question.following else 0
    said = ((key, log.judgments[chosen[0]].judgment) for key, log in by_key.items())
    shown = even_sample(said, offset + question.limit)[offset:]
    return LogRows(
        rows=[log_row(by_key[key], question.characters, question.text) for key in shown],
        total=len(by_key),
        after=[[offset + index + 1] for index in range(len(shown))],
        more=offset + len(shown) < len(by_key),
    )


def log_row(log: GatheredLog, characters: int, searched: str | None = None) -> LogRow:
    """The row of a log, each text cut to `characters`."""
    content = log.log
    inputs = content.inputs or {}
    messages = [
        message.model_dump(mode="json", exclude_none=True) for message in getattr(content, "messages", None) or []
    ]
    texts = {"inputs": inputs, "messages": messages, "output": log.output, "error": content.error}
    cut, lengths = cut_texts(texts, characters)
    searched_in = [log.output, inputs, messages, content.error, _message(log)]
    assert content.created_at is not None
    return LogRow(
        id=content.id,
        run_id=log.run_id,
        datapoint_id=log.datapoint_id,
        created_at=content.created_at,
        **cut,
        latency=log.latency,
        prompt_tokens=getattr(content, "prompt_tokens", None),
        output_tokens=getattr(content, "output_tokens", None),
        cost=log.cost,
        judgments=[_cut_judgment(judgment, characters) for judgment in log.judgments],
        lengths=lengths,
        excerpt=find_excerpt(searched_in, searched) if searched else None,
    )


def score(judgment: JudgmentRow, row: EvaluatorRow) -> float | None:
    """What a judgment sorts by, lower when it is worse; None where there is no order."""
    value = judgment.judgment
    if judgment.state != "judged":
        return None
    if isinstance(value, bool | int | float):
        return -float(value) if row.lower_is_better else float(value)
    if isinstance(value, str):
        return {"positive": 1.0, "neutral": 0.0, "negative": -1.0}.get(row.valences.get(value, ""))
    return None


def _key(
    log: GatheredLog, question: LogQuestion, evaluators: Sequence[EvaluatorRow], chosen: Sequence[int]
) -> tuple[Any, ...] | None:
    """What orders a log, of those alike the newest first (of the worst the oldest); None if it has no place."""
    created = log.log.created_at
    age = (0.0 if created is None else -created.timestamp(), log.position)
    match question.sort:
        case "newest":
            return age
        case "worst":
            value = score(log.judgments[chosen[0]], evaluators[chosen[0]])
            return None if value is None else (value, -age[0], -age[1])
        case "latency":
            return None if log.latency is None else (-log.latency, *age)
        case "cost":
            return None if log.cost is None else (-log.cost, *age)
    return (-len(log.output or ""), *age)


def _matches(log: GatheredLog, question: LogQuestion, chosen: Sequence[int]) -> bool:
    if log.run_id not in question.run_ids:
        return False
    if question.datapoint_id not in (None, log.datapoint_id):
        return False
    if question.errors_only and log.log.error is None:
        return False
    if question.match is not None and not any(_judged_as(log.judgments[index], question.match) for index in chosen):
        return False
    return not question.text or _contains(log, question.text)


def _judged_as(judgment: JudgmentRow, match: JudgmentMatch) -> bool:
    if judgment.state != match.state:
        return False
    value = judgment.judgment
    if match.label is not None and match.label not in (value if isinstance(value, list) else [value]):
        return False
    if match.low is None and match.high is None:
        return True
    if not isinstance(value, bool | int | float):
        return False
    return (match.low is None or value >= match.low) and (match.high is None or value <= match.high)


def _contains(log: GatheredLog, searched: str) -> bool:
    wanted = searched.lower()
    return any(wanted in text.lower() for text in _texts(log))


def _texts(log: GatheredLog) -> Iterator[str]:
    content = log.log
    yield from texts_of([log.output, content.error, content.inputs, _message(log)])
    for message in getattr(content, "messages", None) or []:
        yield from texts_of(message.model_dump(mode="json"))


def _message(log: GatheredLog) -> Any:
    message = log.log.output_message
    return None if message is None else message.model_dump(mode="json", exclude_none=True)


def _cut_judgment(judgment: JudgmentRow, characters: int) -> JudgmentRow:
    cut, _ = cut_texts({"explanation": judgment.explanation, "error": judgment.error}, characters)
    return replace(judgment, **cut)
