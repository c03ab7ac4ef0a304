"""A report as Markdown, to paste into a pull request. Text from data is code, so that no viewer renders it."""

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

from evals_mcp.answers.frame.figures import count, date
from evals_mcp.answers.frame.markdown import document_words
from evals_mcp.answers.frame.quoting import visible
from evals_mcp.models.model import JsonObject

_SHOWN = 5  # datapoints of a list
_TEXT = 1_500  # characters
_HEADERS = ("run", "evaluator", "verdict", "baseline", "candidate", "difference", "95 % interval", "pairs", "p")
_SIGNS = {"better": "▲ ", "worse": "▼ ", "different": "◆ "}
_OUTCOMES = {
    "regressed": "got worse",
    "improved": "got better",
    "higher": "got higher",
    "lower": "got lower",
    "changed": "changed",
}


def markdown_report(document: JsonObject) -> str:
    """A report's document as Markdown."""
    return "\n\n".join(_parts(document)) + "\n"


def _parts(document: JsonObject) -> Iterator[str]:
    head = document["evaluation"]
    created = date(datetime.fromisoformat(head["created"]))
    yield f"# {code(head['name'])}"
    yield f"{code(head['id'])}, {head['status']}, created {created}."
    if document["filtered"]:
        yield f"Only {'logs' if document['kind'] == 'runs' else 'datapoints'} {document_words(document['filtered'])}."
    labels = {run["id"]: run["label"] for run in document["runs"]}
    if document["kind"] == "comparison":
        yield from _comparison(document, labels)
    if document["runs"]:
        yield f"## {count(len(document['runs']), 'run')}"
        yield _runs(document)
    for page in document.get("datapoints", ()):
        yield from _datapoints(document, page, labels)
    if document["notes"]:
        yield "## Notes"
        yield "\n".join(f"- {document_words(note)}" for note in document["notes"])


def _comparison(document: JsonObject, labels: dict[str, str]) -> Iterator[str]:
    verdict = document["verdict"]
    yield f"**{document_words(verdict['line'])}**"
    if verdict["further"]:
        yield "  \n".join(map(document_words, verdict["further"].split("\n")))
    yield f"## Differences from {code(labels[document['baseline']])}"
    rows = [
        (code(labels[candidate["run"]]), code(row["label"]), *_cells(row))
        for candidate in document["candidates"]
        for row in candidate["rows"]
        if not row["constant"]
    ]
    yield _table(_HEADERS, rows) if rows else "No pairs to compare."
    if document["slices"]:
        yield "## Slices"
        yield "\n".join(f"- {code(labels[item['run']])}: {document_words(item['text'])}" for item in document["slices"])
    for found in document.get("groups", ()):
        yield f"## Groups of {document_words(found['by'])}"
        groups = [
            (
                code(table["label"]),
                code(_label(found, table["evaluator"])),
                f"{document_words(row['label'])}",
                *_cells(row),
            )
            for table in found["tables"]
            for row in table["groups"]
        ]
        yield _table((*_HEADERS[:2], "group", *_HEADERS[2:]), groups)


def _cells(row: JsonObject) -> tuple[str, ...]:
    words = row["words"]
    figures = (words[name] for name in ("baseline", "candidate", "difference", "interval", "pairs", "p"))
    return (f"{_SIGNS.get(row['sign'], '')}{row['verdict']}", *map(document_words, figures))


def _runs(document: JsonObject) -> str:
    evaluators = [code(item["label"]) for item in document["evaluators"]]
    rows = [
        (
            code(run["label"]) + (" (control)" if run["control"] else ""),
            document_words(run["status"]),
            count(run["logs"]),
            count(run["failed_logs"]),
            *(document_words(figure["text"]) or "-" for figure in run["figures"]),
        )
        for run in document["runs"]
    ]
    return _table(("run", "status", "logs", "failed logs", *evaluators), rows)


def _datapoints(document: JsonObject, page: JsonObject, labels: dict[str, str]) -> Iterator[str]:
    if not page["rows"]:
        return
    yield f"## {code(labels[page['run']])}: {count(page['total'], 'datapoint')} {_OUTCOMES[page['outcome']]}"
    for item in page["rows"][:_SHOWN]:
        yield f"### {code(item['id'])}"
        for part in (*item["input"], *item["target"]):
            yield f"{code(part['label'])}\n\n{_block(part)}"
        for side, run in (("baseline", document["baseline"]), ("candidate", page["run"])):
            yield from _log(item[side], labels[run])
    if page["total"] > _SHOWN:
        yield f"{count(page['total'] - _SHOWN, 'more datapoint')}."


def _log(log: JsonObject | None, label: str) -> Iterator[str]:
    if log is None:
        yield f"{code(label)}: no log."
        return
    yield f"{code(label)}, {code(log['id'])}:"
    for part in log["output"]:
        yield _block(part)
    yield "\n".join(f"- {code(item['label'])}: {_judgment(item)}" for item in log["judgments"]) or "Not judged."


def _judgment(item: JsonObject) -> str:
    says = f" ({', '.join(item['says'])})" if item["says"] else ""
    return f"{document_words(item['word'])}{says}" + (f", {code(_cut(item['text']['text']))}" if item["text"] else "")


def _label(document: JsonObject, evaluator: str | None) -> str:
    return next((str(item["label"]) for item in document["evaluators"] if item["id"] == evaluator), "")


def _table(headers: Iterable[str], rows: Sequence[Sequence[str]]) -> str:
    shown = list(headers)
    lines = [shown, ["---"] * len(shown), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def code(text: str) -> str:
    """A text from data as a code span on one line, also in a table."""
    shown = visible(text.replace("\n", " ")) or " "
    ticks = "`" * (1 + max(map(len, re.findall("`+", shown)), default=0))
    edge = " " if shown[0] in "` " or shown[-1] in "` " else ""
    return f"{ticks}{edge}{shown}{edge}{ticks}".replace("|", "\\|")


def _block(part: Any) -> str:
    """A text from data as a code block, cut."""
    text = _cut(part["text"])
    left = max(part.get("length", 0), len(part["text"])) - len(text.removesuffix("…"))
    fence = "`" * max(3, 1 + max(map(len, re.findall("`+", text)), default=0))
    lines = "\n".join(visible(line.rstrip("\r")) for line in text.split("\n"))
    more = f"\n\n{count(left, 'more character')}." if left > 0 else ""
    return f"{fence}text\n{lines}\n{fence}{more}"


def _cut(text: str) -> str:
    return text if len(text) <= _TEXT else f"{text[:_TEXT]}…"
