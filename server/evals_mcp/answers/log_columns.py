"""The columns of a list of logs: facts and judgments. What all logs have alike is told once, figures as a range."""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import NamedTuple

from evals_mcp.answers.frame import figures
from evals_mcp.answers.frame.quoting import Quoted, cell
from evals_mcp.answers.judgments import by_author, judgment_word, verdict_words
from evals_mcp.models.rows import JudgmentRow, LogRow
from evals_mcp.truncation import full_length

_ALIKE = 2  # times the least; figures within that are told as a range
_LONG_OUTPUT = 1_000  # characters
_SHORTEST_EXPLANATION = 20  # characters


class Columns(NamedTuple):
    """The cells of some columns by header, and what is told once instead."""

    columns: dict[Quoted, list[Quoted]]
    shared: list[Quoted]


def fact_columns(rows: Sequence[LogRow], sort: str) -> Columns:
    """When logs were made, their latency, tokens, cost, and the length of long outputs."""
    columns: dict[Quoted, list[Quoted]] = {}
    shared: list[Quoted] = []
    for measure, read, write, unit in _MEASURES:
        values = [read(row) for row in rows]
        known = [value for value in values if value is not None]
        if not known:
            continue
        if (
            measure.split()[-1] != sort
            and len(rows) > 1
            and len(known) == len(rows)
            and max(known) <= _ALIKE * min(known)
        ):
            shared.append(_range(write(min(known)), write(max(known))) + unit)
        else:
            columns[measure] = ["" if value is None else write(value) for value in values]
    moments = [figures.date(row.created_at) for row in rows]
    if len(rows) > 1 and len({moment.split()[0] for moment in moments}) == 1:
        shared.insert(0, moments[0] if len(set(moments)) == 1 else moments[0].split()[0])
    else:
        columns = {"created": moments, **columns}
    lengths = [full_length(row.output or "") for row in rows]
    if sort == "length" or max(lengths) > _LONG_OUTPUT:
        columns["output characters"] = list(map(figures.count, lengths))
    return Columns(columns, shared)


def _count(amount: float) -> Quoted:
    return figures.count(int(amount))


_MEASURES: tuple[tuple[Quoted, Callable[[LogRow], float | None], Callable[[float], Quoted], Quoted], ...] = (
    ("latency", lambda row: row.latency, figures.duration, ""),
    ("tokens in", lambda row: row.prompt_tokens, _count, " tokens in"),
    ("reasoning", lambda row: row.reasoning_tokens or None, _count, " reasoning"),
    ("cached", lambda row: row.cached_tokens or None, _count, " cached"),
    ("tokens out", lambda row: row.output_tokens, _count, " tokens out"),
    ("cost", lambda row: row.cost, figures.cost, ""),
    ("output cost", lambda row: row.output_cost, figures.cost, " output cost"),
)


def _range(low: Quoted, high: Quoted) -> Quoted:
    return low if low == high else f"{low}–{high}"


class _Judged(NamedTuple):
    """The judgments of a log by one evaluator as words, and the explanation of each ("" without one)."""

    words: list[Quoted]
    explanations: list[str]

    @property
    def text(self) -> Quoted:
        """The words of all authors."""
        return self.words[0] if len(self.words) == 1 else ", ".join(self.words)


class JudgmentColumns:
    """A column for each evaluator that judged any of these logs otherwise than another, with explanations in cells.

    A cell has the judgments of all authors. Those of evaluators in `authored` need their author's name. A missing
    judgment is "" if its evaluator judged nothing in the run: `judging` are those that did, by run.
    """

    def __init__(
        self,
        rows: Sequence[LogRow],
        labels: Mapping[str, Quoted],
        judging: Mapping[str, Collection[str]],
        authored: Collection[str],
    ) -> None:
        found: list[dict[str, list[JudgmentRow]]] = [{} for _ in rows]
        for by_version, row in zip(found, rows, strict=True):
            for item in row.judgments:
                by_version.setdefault(item.evaluator_version_id, []).append(item)
        headers: dict[str, Quoted] = {}
        columns: dict[str, list[_Judged]] = {}
        for id, label in labels.items():
            judged = [by_version.get(id, []) for by_version in found]
            threshold = _shared_threshold(judged)
            headers[id] = label if threshold is None else f"{label} (threshold {figures.number(threshold)})"
            columns[id] = [
                _Judged(["" if id not in judging[row.run_id] else "missing"], [""])
                if [item.state for item in items] == ["missing"]
                else _judged(items, named=len(items) > 1 or id in authored, with_threshold=threshold is None)
                for row, items in zip(rows, judged, strict=True)
            ]
        constant = [id for id, cells in columns.items() if len(rows) > 1 and _is_constant(cells)]
        self.shared: list[Quoted] = [f"{headers[id]} {columns[id][0].text}" for id in constant]
        told = [id for id, cells in columns.items() if id not in constant and any(cell.text for cell in cells)]
        self._columns = [columns[id] for id in told]
        self.headers = [headers[id] for id in told]

    @property
    def has_silent(self) -> bool:
        """Whether a cell is empty because the evaluator judged no log of that run."""
        return any(not cell.text for cells in self._columns for cell in cells)

    def needs(self, index: int) -> list[int]:
        """The characters of the explanations in a row."""
        return [full_length(text) for cells in self._columns for text in cells[index].explanations if text]

    def cells(self, index: int, limits: Sequence[int]) -> list[Quoted]:
        """The cells of a row. `limits` are those of its explanations."""
        rooms = iter(limits)
        found: list[Quoted] = []
        for cells in self._columns:
            words: list[Quoted] = []
            for word, text in zip(*cells[index], strict=True):
                room = next(rooms, 0) if text else 0
                explained = text and room >= min(len(text), _SHORTEST_EXPLANATION)
                words.append(f"{word} ({cell(text, room)})" if explained else f"{word} (…)" if text else word)
            found.append(", ".join(words))
        return found


def _shared_threshold(judged: Sequence[Sequence[JudgmentRow]]) -> float | None:
    """The threshold of all of an evaluator's judgments; None if they have several, or some have none."""
    found = {item.threshold for items in judged for item in items if item.state == "judged"}
    return found.pop() if len(found) == 1 else None


def _judged(items: Sequence[JudgmentRow], *, named: bool, with_threshold: bool) -> _Judged:
    words = [_word(item, with_threshold=with_threshold) + (by_author(item.author) if named else "") for item in items]
    return _Judged(words, [item.text or "" if item.state != "missing" else "" for item in items])


def _is_constant(cells: Sequence[_Judged]) -> bool:
    """Whether an evaluator judged all logs alike, and explained nothing."""
    first = cells[0].text
    return bool(first) and all(cell.text == first and not any(cell.explanations) for cell in cells)


def _word(item: JudgmentRow, *, with_threshold: bool) -> Quoted:
    """A judgment, and what the evaluator says beside it: `0.62 not passed`."""
    beside = verdict_words(item.judgment, item.score, item.passed, item.threshold if with_threshold else None)
    word = judgment_word(item.state, item.judgment)
    return " ".join([word, *beside]) if beside else word
