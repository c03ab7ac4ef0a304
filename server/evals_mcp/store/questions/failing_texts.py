"""What is said of failing logs: errors, explanations, notes and inputs, each with its beginning only."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import BindParameter, Connection, bindparam, select

from evals_mcp.media import mark_media
from evals_mcp.models.judgments import JUDGED
from evals_mcp.models.message_parts import message_text
from evals_mcp.store.database.pages import batches
from evals_mcp.store.database.tables import datapoints, judgments, logs, run_logs
from evals_mcp.store.evaluations.run_status import judgments_of
from evals_mcp.store.logs.rows import output_text
from evals_mcp.store.questions.evaluation_states import EvaluationState
from evals_mcp.store.questions.keys import RunLogKey

LONGEST_EXPLANATION, LONGEST_INPUT = 400, 200  # characters
_DOCUMENT = 1_000  # characters; longer inputs are documents, which say less than a question beside them


class CutBeginning(NamedTuple):
    """The beginning of a text, and the length of all of it."""

    text: str
    length: int


class FailingText(NamedTuple):
    """A failing log: what is said of it (several texts, most telling first), and its inputs."""

    log_id: str
    explanations: list[CutBeginning]
    input: CutBeginning


_NUMBERS: BindParameter[Any] = bindparam("numbers", expanding=True)
_LOGS = (
    select(logs.c.number, logs.c.id, logs.c.error, logs.c.inputs, logs.c.messages, run_logs.c.datapoint_id)
    .join(run_logs, run_logs.c.log_number == logs.c.number)
    .where(logs.c.number.in_(_NUMBERS))
)
_GIVEN = select(datapoints.c.id, datapoints.c.content).where(datapoints.c.id.in_(bindparam("ids", expanding=True)))
_SAID = select(logs.c.number, logs.c.judgment, logs.c.error, logs.c.output, logs.c.output_message).where(
    logs.c.number.in_(_NUMBERS)
)


def read_failing_texts(
    connection: Connection, evaluation: EvaluationState, failing: Mapping[RunLogKey, Sequence[int]]
) -> list[FailingText]:
    """The texts of failing logs. `failing` has the evaluator logs that fail each; 0 is its error."""
    notes = _notes(connection, evaluation, failing)
    judged = [number for numbers in (*failing.values(), *notes.values()) for number in numbers if number]
    said = {row.number: _said(row) for row in _read(connection, judged, _SAID)}
    rows = {row.number: row for row in _read(connection, [key.log_number for key in failing], _LOGS)}
    bare = [row.datapoint_id for row in rows.values() if not row.inputs and not row.messages and row.datapoint_id]
    contents: dict[str, Any] = {}
    for part in batches(sorted(set(bare))):
        contents |= {row.id: row.content for row in connection.execute(_GIVEN, {"ids": part})}
    found = []
    for key, numbers in failing.items():
        row = rows[key.log_number]
        own = [_cut(row.error, LONGEST_EXPLANATION)] if row.error else []
        of_judges = [said[number] for number in dict.fromkeys((*numbers, *notes.get(key, ()))) if said.get(number)]
        given = {"inputs": row.inputs, "messages": row.messages}
        if not row.inputs and not row.messages:
            given = contents.get(row.datapoint_id or "", {})
        found.append(FailingText(row.id, [*own, *(text for text in of_judges if text)], _input(given)))
    return found


def _read(connection: Connection, numbers: Iterable[int], statement: Any) -> Iterator[Any]:
    for part in batches(sorted(set(numbers))):
        yield from connection.execute(statement, {"numbers": part})


def _notes(
    connection: Connection, evaluation: EvaluationState, failing: Mapping[RunLogKey, Sequence[int]]
) -> dict[RunLogKey, list[int]]:
    """The evaluator logs that judge failing logs in words."""
    run_ids = list(dict.fromkeys(key.run_id for key in failing))
    found: dict[RunLogKey, list[int]] = {}
    for item in evaluation.evaluators:
        if item.row.return_type == "text":
            columns = (judgments.c.run_id, judgments.c.log_number, judgments.c.evaluator_log_number)
            counting = (judgments.c.run_id.in_(run_ids), judgments.c.state == JUDGED, *judgments_of(item.attachment))
            for run_id, number, evaluator_log in connection.execute(select(*columns).where(*counting)):
                if (key := RunLogKey(run_id, number)) in failing:
                    found.setdefault(key, []).append(evaluator_log)
    return found


def _said(row: Any) -> CutBeginning | None:
    """A judgment in words, or its explanation."""
    explained = output_text({"output": row.output, "output_message": row.output_message})
    text = explained or (row.judgment if isinstance(row.judgment, str) else None)
    return _cut(text, LONGEST_EXPLANATION) if text else None


def _input(given: Mapping[str, Any]) -> CutBeginning:
    """The texts of inputs, else of the last message."""
    texts = list(_texts(mark_media(given.get("inputs") or {})))
    texts = [text for text in texts if len(text) <= _DOCUMENT] or texts
    if not texts and given.get("messages"):
        texts = [message_text(given["messages"][-1].get("content")) or ""]
    return _cut("; ".join(texts), LONGEST_INPUT)


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)


def _cut(text: str, longest: int) -> CutBeginning:
    return CutBeginning(text[:longest], len(text))
