"""The page of a log: where it belongs, its parts under headings, its judgments as a table, and its trace."""

from collections.abc import Iterator
from itertools import groupby
from urllib.parse import quote

from evals_mcp.answers.frame.figures import count
from evals_mcp.answers.log_parts import LabeledJudgment, Part, labeled_judgments, list_parts, log_document, part_text
from evals_mcp.answers.traces import list_steps
from evals_mcp.answers.whole_log import log_opening
from evals_mcp.lookup.log_runs import LogPlace
from evals_mcp.models.logs import LogResponse
from evals_mcp.models.rows import DatapointContent
from evals_mcp.pages.html import Html, page, table, tag, text
from evals_mcp.pages.plain_pages import navigation

_PARTS = 100
_STEPS = 500
_HEADERS = ("evaluator", "judgment", "explanation or error")


def log_page(log: LogResponse, datapoint: DatapointContent | None, place: LogPlace | None, *, signed_in: bool) -> str:
    """A log with all its parts, its judgments and its trace. `place` is where it belongs, if that is known."""
    parts = [tag("p", text(log_opening(log)), class_="soft"), *_sections(log, datapoint)]
    steps = list_steps(log)
    if steps:
        parts.append(tag("h2", text(f"Trace of {count(len(steps), 'step')}")))
    for step in steps[:_STEPS]:
        number = ".".join(map(str, step.position))
        opened = tag("summary", text(f"{number} {log_opening(step.log)}"))
        parts.append(tag("details", opened, *_sections(step.log, None)))
    if len(steps) > _STEPS:
        parts.append(tag("p", text(f"{count(len(steps) - _STEPS, 'more step')}.")))
    if place is None:
        return page(f"Log {log.id}", *parts, navigation=navigation("../", signed_in=signed_in))
    link = tag("a", text(place.evaluation), href=f"../evaluations/{quote(place.evaluation_id, safe='')}")
    told = tag("p", text("Run "), tag("b", text(place.run)), text(" of "), link, text("."))
    return page(f"Log {log.id} of {place.run}", told, *parts, navigation=navigation("../", link, signed_in=signed_in))


def _sections(log: LogResponse, datapoint: DatapointContent | None) -> Iterator[Html]:
    """The parts of a log, those of one kind under one heading."""
    found = list_parts(log, log_document(log, datapoint), _PARTS)
    for kind, parts in groupby(found, lambda part: part.path.partition(".")[0]):
        yield tag("h2", text(kind.replace("_", " ").capitalize()))
        if kind == "judgments":
            yield table(_HEADERS, map(_judgment, labeled_judgments(log)), "Judgments")
            continue
        for part in parts:
            if called := _called(part):
                yield tag("h3", text(called))
            if part.value is not None:
                yield tag("pre", text(part_text(part.value)), dir="auto", tabindex="0")


def _called(part: Part) -> str:
    """What a part is called under the heading of its kind: its field, or the role of a message."""
    kind, _, field = part.path.partition(".")
    return part.heading.partition(" ")[2] if kind == "messages" else field


def _judgment(item: LabeledJudgment) -> list[Html]:
    """A row of the table of judgments. A judgment that is a text is there as a whole."""
    word = item.judgment + item.by if isinstance(item.judgment, str) else item.word
    said = item.error or item.explanation or ""
    return [text(item.label), *(tag("div", text(words), dir="auto", class_="said") for words in (word, said))]
