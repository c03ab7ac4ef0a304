"""A datapoint in a comparison as a row: input, target, both outputs, and the changed judgments."""

from collections.abc import Sequence

from evals_mcp.answers.authors import with_authors
from evals_mcp.answers.comparison_notes import Compared
from evals_mcp.answers.frame.detail import Row
from evals_mcp.answers.frame.figures import count
from evals_mcp.answers.frame.quoting import Quoted, name, quote
from evals_mcp.answers.judgments import by_author, joined_judgments, judgment_word, repeated_words
from evals_mcp.answers.other_outputs import other_outputs, share_outputs
from evals_mcp.answers.outputs import Part, compared_outputs
from evals_mcp.answers.values import compact_value, size
from evals_mcp.models.comparisons import ComparedDatapoint
from evals_mcp.models.questions import Outcome
from evals_mcp.models.rows import JudgmentRow, LogRow
from evals_mcp.truncation import full_length

_CAP = 100_000
_USEFUL = 150  # characters of texts; a row with fewer is not worth its ids and labels
_ROOMY = 60  # characters; with less room, a row has only its judgments and the first of its texts
_VALUES = 5
_EVALUATORS = 6
_EXPLAINED = 2
_OPTION = 60


def datapoint_row(compared: Compared, datapoint: ComparedDatapoint, outcome: Outcome) -> Row:
    """The row of a datapoint. Its texts share the room; the outputs of other candidates come last."""
    given = datapoint.inputs or datapoint.messages
    parts: list[Part] = []
    if given:
        parts.append(("input", Row(lambda limit: compact_value(given, limit), size(given, _CAP))))
    if datapoint.target:
        target = datapoint.target
        parts.append(("target", Row(lambda limit: compact_value(target, limit), size(target, _CAP))))
    asked = len(parts)
    parts += compared_outputs(datapoint.baseline, datapoint.candidate)
    versions = datapoint.evaluators or _judging(datapoint)
    explained = [found for version_id in versions if (found := _explanations(compared, datapoint, version_id))]
    parts += [part for found in explained[:_EXPLAINED] for part in found]
    first = _first_line(compared, datapoint, versions, outcome)
    others = other_outputs(compared, datapoint, versions)
    needs, needs_of_others = [part.need for _, part in parts], [row.need for row in others.rows]
    whole = sum(needs) + sum(needs_of_others)

    def render(limit: int) -> Quoted:
        limits, rooms = share_outputs(max(limit, _USEFUL), needs, needs_of_others)
        lines: list[Quoted] = [
            f"  {label}: {part.render(room)}" for (label, part), room in zip(parts, limits, strict=True)
        ]
        lines += others.lines(rooms)
        # Outputs come together, and with the number of those that are left out.
        amount = min(asked, len(lines) * limit // _ROOMY) if limit < min(_ROOMY, whole) else len(lines)
        return "\n".join([first, *lines[:amount]])

    return Row(render, whole)


def _first_line(compared: Compared, datapoint: ComparedDatapoint, versions: Sequence[str], outcome: Outcome) -> Quoted:
    """The id, and each judgment: baseline → candidate."""
    words = [_change(compared, datapoint, version_id) for version_id in versions[:_EVALUATORS]]
    if len(versions) > _EVALUATORS:
        words.append(f"and {count(len(versions) - _EVALUATORS, 'more evaluator')}")
    failed: list[Quoted] = [
        side
        for side, shown in (("baseline", datapoint.baseline), ("candidate", datapoint.candidate))
        if outcome == "errors" and shown is not None and shown.error is not None
    ]
    if failed:
        words.insert(0, f"error in {' and '.join(failed)}")
    return f"{name(datapoint.id)}: {', '.join(words) or 'no judgment'}"


def _change(compared: Compared, datapoint: ComparedDatapoint, version_id: str) -> Quoted:
    before = _judged(compared, datapoint, version_id, datapoint.baseline, compared.found.baseline.run_id)
    after = _judged(compared, datapoint, version_id, datapoint.candidate, compared.found.shown_run_id)
    label = compared.evaluator(version_id)
    if isinstance(before, list) and isinstance(after, list):
        lost: list[Quoted] = [f"-{quote(option, _OPTION)}" for option in before if option not in after]
        gained: list[Quoted] = [f"+{quote(option, _OPTION)}" for option in after if option not in before]
        same: Quoted = "the same option" if len(after) == 1 else f"the same {count(len(after), 'option')}"
        return f"{label} {' '.join([*lost, *gained]) or same}"
    return f"{label} {_words(before)} → {_words(after)}"


def _judged(
    compared: Compared, datapoint: ComparedDatapoint, version_id: str, shown: LogRow | None, run_id: str
) -> Quoted | list[str]:
    """The options of one log, or a word for the judgment of each log of a run."""
    if shown is None:
        return "no log"
    rows = _judgments(shown, version_id)
    index = compared.evaluation.index_of(version_id)
    others = [log for log in datapoint.other_logs if log.run_id == run_id]
    if isinstance(rows[0].judgment, list) and len(rows) == 1 and not others:
        return rows[0].judgment
    words = [joined_judgments((row.state, row.judgment) for row in rows)]
    words += [joined_judgments(log.each(index)) for log in others]
    repeated = repeated_words(words)
    more = len(repeated) - _VALUES
    return "; ".join(repeated[:_VALUES]) + (f"; +{count(more)} more" if more > 0 else "")


def _words(judged: Quoted | list[str]) -> Quoted:
    return count(len(judged), "option") if isinstance(judged, list) else judged


def _judging(datapoint: ComparedDatapoint) -> list[str]:
    """The evaluators that judged both logs."""
    logs = [log for log in (datapoint.baseline, datapoint.candidate) if log is not None]
    judged = [
        list(dict.fromkeys(row.evaluator_version_id for row in log.judgments if row.state == "judged")) for log in logs
    ]
    return [version_id for version_id in judged[0] if all(version_id in other for other in judged)] if judged else []


def _judgments(log: LogRow, version_id: str) -> list[JudgmentRow]:
    return [row for row in log.judgments if row.evaluator_version_id == version_id]


def _explanations(compared: Compared, datapoint: ComparedDatapoint, version_id: str) -> list[Part]:
    """The evaluator's explanations of both judgments."""
    found = []
    for side, log in (("baseline", datapoint.baseline), ("candidate", datapoint.candidate)):
        rows = [] if log is None else _judgments(log, version_id)
        for row in rows:
            if row.text:
                by = by_author(row.author) if len(rows) > 1 or version_id in with_authors(compared.evaluation) else ""
                label = f"{compared.evaluator(version_id)}, {side} {judgment_word(row.state, row.judgment)}{by}"
                found.append((label, _quoted(row.text)))
    return found


def _quoted(text: str) -> Row:
    return Row(lambda limit: quote(text, limit), full_length(text))
