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


class JudgmentColumns:
    """A column for each evaluator that judged any of these logs otherwise than another, with explanations in cells.

    A cell has the judgments of all authors. Those of evaluators in `authored` need their author's name.
    """

    def __init__(
        self,
        rows: Sequence[LogRow],
        labels: Mapping[str, Quoted],
        judging: Mapping[str, Collection[str]],
        authored: Collection[str],
    ) -> None:
        self._rows: list[dict[str, list[JudgmentRow]]] = [{} for _ in rows]
        for found, row in zip(self._rows, rows, strict=True):
            for item in row.judgments:
                found.setdefault(item.evaluator_version_id, []).append(item)
        self._authored = authored
        self._judging = [judging[row.run_id] for row in rows]
        self._thresholds = {version_id: self._shared_threshold(version_id) for version_id in labels}
        labels = {
            version_id: label
            if (shared := self._thresholds[version_id]) is None
            else f"{label} (threshold {figures.number(shared)})"
            for version_id, label in labels.items()
        }
        words = {version_id: self._column(version_id) for version_id in labels}
        constant = [
            version_id
            for version_id, cells in words.items()
            if len(rows) > 1 and cells[0] and len(set(cells)) == 1 and not self._explained(version_id)
        ]
        self.shared: list[Quoted] = [f"{labels[version_id]} {words[version_id][0]}" for version_id in constant]
        self._words = {
            version_id: cells for version_id, cells in words.items() if any(cells) and version_id not in constant
        }
        self.headers = [labels[version_id] for version_id in self._words]

    @property
    def has_silent(self) -> bool:
        """Whether a cell is empty because the evaluator judged no log of that run."""
        return any(not cell for cells in self._words.values() for cell in cells)

    def needs(self, index: int) -> list[int]:
        """The characters of the explanations in a row."""
        return [full_length(text) for version_id in self._words for text in self._texts(index, version_id) if text]

    def cells(self, index: int, limits: Sequence[int]) -> list[Quoted]:
        """The cells of a row. `limits` are those of its explanations."""
        rooms = iter(limits)
        found: list[Quoted] = []
        for version_id in self._words:
            words: list[Quoted] = []
            for word, text in zip(self._each(index, version_id), self._texts(index, version_id), strict=True):
                room = next(rooms, 0) if text else 0
                explained = text and room >= min(len(text), _SHORTEST_EXPLANATION)
                words.append(f"{word} ({cell(text, room)})" if explained else f"{word} (…)" if text else word)
            found.append(", ".join(words))
        return found

    def _column(self, version_id: str) -> list[Quoted]:
        return [", ".join(self._each(index, version_id)) for index in range(len(self._rows))]

    def _each(self, index: int, version_id: str) -> list[Quoted]:
        """The judgments of a log as words; "" for a missing one if the evaluator judged nothing in the run."""
        found = self._rows[index].get(version_id, [])
        is_judging, named = version_id in self._judging[index], len(found) > 1 or version_id in self._authored
        told = self._thresholds[version_id] is not None
        words = [_word(item, with_threshold=not told) + (by_author(item.author) if named else "") for item in found]
        if [item.state for item in found] == ["missing"]:
            return ["missing"] if is_judging else [""]
        return words

    def _shared_threshold(self, version_id: str) -> float | None:
        """The threshold of all of an evaluator's judgments; None if they have several, or some have none."""
        found = {item.threshold for row in self._rows for item in row.get(version_id, []) if item.state == "judged"}
        return found.pop() if len(found) == 1 else None

    def _texts(self, index: int, version_id: str) -> list[str]:
        found = self._rows[index].get(version_id, [])
        return [(item.text or "") if item.state != "missing" else "" for item in found]

    def _explained(self, version_id: str) -> bool:
        return any(text for index in range(len(self._rows)) for text in self._texts(index, version_id))


def _word(item: JudgmentRow, *, with_threshold: bool) -> Quoted:
    """A judgment, and what the evaluator says beside it: `0.62 not passed`."""
    beside = verdict_words(item.judgment, item.score, item.passed, item.threshold if with_threshold else None)
    return " ".join([judgment_word(item.state, item.judgment), *beside])
