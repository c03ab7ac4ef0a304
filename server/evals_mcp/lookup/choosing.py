"""Choosing datapoints by what gathered logs say of them, just as the extension does in SQL; no requests."""

from collections.abc import Collection, Sequence

from evals_mcp.lookup.gathering import GatheredLog
from evals_mcp.models.datapoints import DatapointResponse
from evals_mcp.models.judgments import KEPT_TEXT
from evals_mcp.models.review import DatapointLog, DatapointQuestion, DatapointRow, DatapointRows, EvaluatorRow
from evals_mcp.statistics.agreement import evaluators_disagree
from evals_mcp.statistics.choices import Rule, read_rule
from evals_mcp.truncation import cut_texts, find_excerpt, texts_of

_PARTS = ("inputs", "messages", "target")


def select_datapoints(
    datapoints: Sequence[DatapointResponse],
    gathered: Sequence[GatheredLog],
    question: DatapointQuestion,
    evaluators: Sequence[EvaluatorRow],
    expecting: Sequence[str],
) -> DatapointRows:
    """The datapoints that a question asks for. `expecting` are the runs that should have a log for each."""
    order = {run_id: place for place, run_id in enumerate(question.run_ids)}
    logs: dict[str, list[GatheredLog]] = {}
    for log in sorted(gathered, key=lambda log: (order[log.run_id], -log.position)):
        if log.datapoint_id is not None:
            logs.setdefault(log.datapoint_id, []).append(log)
    by_version = {row.version_id: (place, row) for place, row in enumerate(evaluators)}
    judges = [
        (place, read_rule(judge, row))
        for judge in question.judges
        for place, row in [by_version[judge.evaluator_version_id]]
    ]
    chosen = [
        datapoint
        for datapoint in datapoints
        if _holds(datapoint, question.text) and _is_meant(question, logs.get(datapoint.id, []), judges, expecting)
    ]
    shown = chosen[question.offset : question.offset + question.limit]
    texts = {place for place, row in enumerate(evaluators) if row.return_type == "text"}
    rows = [_row(datapoint, [_log(log, texts) for log in logs.get(datapoint.id, [])], question) for datapoint in shown]
    return DatapointRows(rows=rows, total=len(chosen))


def _is_meant(
    question: DatapointQuestion,
    logs: Sequence[GatheredLog],
    judges: Sequence[tuple[int, Rule]],
    expecting: Sequence[str],
) -> bool:
    match question.show:
        case "all":
            return True
        case "disagreement":
            return any(rule.disagree(_said(logs, place)) for place, rule in judges) or _is_contradicted(logs, judges)
        case "all_fail":
            ended = [log for log in logs if log.log.error is None]
            only_errors = bool(logs) and not ended
            return only_errors or any(rule.all_fail(_said(ended, place)) for place, rule in judges)
        case "missing":
            have = {log.run_id for log in logs}
            lacking = any(run_id not in have for run_id in expecting)
            return lacking or any(log.judgments[place].state == "missing" for log in logs for place, _ in judges)
    return any(log.judgments[place].state == question.show for log in logs for place, _ in judges)


def _is_contradicted(logs: Sequence[GatheredLog], judges: Sequence[tuple[int, Rule]]) -> bool:
    """Whether of a log one evaluator says that it fails and another that it passes."""
    return any(evaluators_disagree(rule.fails(log.judgments[place].judgment) for place, rule in judges) for log in logs)


def _said(logs: Sequence[GatheredLog], place: int) -> list[bool | float | str | list[str]]:
    return [value for log in logs if (value := log.judgments[place].judgment) is not None]


def _holds(datapoint: DatapointResponse, searched: str | None) -> bool:
    if not searched:
        return True
    wanted = searched.lower()
    return any(wanted in text.lower() for text in texts_of(list(_content(datapoint).values())))


def _content(datapoint: DatapointResponse) -> dict[str, object]:
    content = datapoint.model_dump(mode="json", exclude_none=True)
    return {name: content.get(name) for name in _PARTS}


def _row(datapoint: DatapointResponse, logs: list[DatapointLog], question: DatapointQuestion) -> DatapointRow:
    content = _content(datapoint)
    cut, lengths = cut_texts(content, question.characters)
    return DatapointRow(
        id=datapoint.id,
        inputs=cut["inputs"] or {},
        messages=cut["messages"] or [],
        target=cut["target"],
        lengths=lengths,
        excerpt=find_excerpt(list(content.values()), question.text) if question.text else None,
        logs=logs,
    )


def _log(log: GatheredLog, texts: Collection[int]) -> DatapointLog:
    return DatapointLog(
        id=log.log.id,
        run_id=log.run_id,
        failed=log.log.error is not None,
        states="".join(judgment.state[0] for judgment in log.judgments),
        judgments=[
            str(item.judgment)[:KEPT_TEXT] if place in texts and item.state == "judged" else item.judgment
            for place, item in enumerate(log.judgments)
        ],
    )
