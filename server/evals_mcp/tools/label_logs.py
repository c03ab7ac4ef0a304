"""The tool label_logs."""

import json
from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, ValidationError

from evals_mcp.answers.frame.quoting import name, quote
from evals_mcp.answers.labels import MARKING, summarize_examples, summarize_labels
from evals_mcp.errors import Invalid
from evals_mcp.lookup.judge_examples import mark_examples
from evals_mcp.lookup.label_agreement import label_agreement
from evals_mcp.lookup.labels import label_type, store_labels
from evals_mcp.lookup.lookup import Lookup
from evals_mcp.models.labels import LabelKind, LabelsRequest
from evals_mcp.tools.arguments import AS_JSON, AS_SHOWN, DryRun, Evaluation, JsonText, as_list
from evals_mcp.tools.evaluator_words import read_evaluator
from evals_mcp.tools.json_rows import as_rows, in_row, read_row
from evals_mcp.tools.tool import Tool

Labelled = Annotated[str, Field(max_length=2_000, description="As in set_up_run; default notes."), AS_SHOWN]
Logs = Annotated[
    list[Annotated[str, Field(max_length=500)]],
    BeforeValidator(as_list),
    Field(max_length=100, description="Ids."),
]
Judgment = Annotated[str, Field(max_length=100_000, description="true, 4, option, text."), AS_JSON]
Note = Annotated[str, Field(max_length=100_000, description="Why.")]
Rows = Annotated[
    list[JsonText],
    BeforeValidator(as_rows),
    Field(max_length=100, description='Or up to 100: {"log":"…","judgment":…,"note":…}'),
]
Kind = Annotated[LabelKind, Field(description="human: a person decided; default assistant.")]
Author = Annotated[str, Field(max_length=500, description="Default the host."), AS_SHOWN]
_KEYS = ("log", "judgment", "note")
_NOTES = "notes:text"


async def label_logs(
    lookup: Lookup,
    evaluation: Evaluation,
    evaluator: Labelled = "",
    logs: Logs = [],
    judgment: Judgment = "",
    note: Note = "",
    labels: Rows = [],
    kind: Kind = "assistant",
    author: Author = "",
    dry_run: DryRun = False,
) -> str:
    """Judge or annotate logs, replacing the author's earlier labels. Creates evaluators and options. Tells how judges
    agree."""
    if bool(labels) == bool(logs):
        raise Invalid("logs, labels: give exactly one of them.")
    if labels and (judgment or note):
        raise Invalid("labels: give judgments and notes in the rows.")
    resolved = await lookup.find_evaluation(evaluation)
    judge, _, form = evaluator.rpartition(":")
    if form.strip() == MARKING:
        if labels or judgment or note:
            raise Invalid(f"evaluator: {quote(evaluator, 60)} takes logs alone. No example was marked.")
        row, ids = await mark_examples(lookup, resolved, judge.strip(), logs, dry_run=dry_run)
        return summarize_examples(resolved, row, ids, lookup.max_tokens, dry_run=dry_run)
    called, spec = read_evaluator(evaluator or _NOTES, "evaluator")
    type = str(spec["return_type"]) if spec else label_type(resolved, called)
    rows = [_row(text, position) for position, text in enumerate(labels, 1)]
    if not rows:
        given = {"judgment": _judgment(judgment, type), "note": note or None}
        rows = [{"log": log, **given} for log in logs]
    request = _request(
        {
            "evaluator": {"name": called, "spec": spec},
            "labels": [await _label(lookup, row, type, position) for position, row in enumerate(rows, 1)],
            "kind": kind,
            "author": author or None,
            "dry_run": dry_run,
        }
    )
    made = await store_labels(lookup, resolved, request)
    if dry_run:
        return summarize_labels(resolved, request, made, lookup.max_tokens)
    resolved, judges = await label_agreement(lookup, await lookup.find_evaluation(resolved.id), made)
    return summarize_labels(resolved, request, made, lookup.max_tokens, judges=judges)


def _row(text: str, position: int) -> dict[str, Any]:
    row = read_row("labels", text, position, '{"log": "…", "judgment": true}')
    if unknown := [key for key in row if key not in _KEYS]:
        keys = ", ".join(map(name, _KEYS))
        raise Invalid(f"{in_row('labels', position)}: {quote(unknown[0], 60)} is unknown. The keys are {keys}.")
    return row


def _judgment(text: str, type: str | None) -> Any:
    """A judgment that stands in a text, as a value of this type; of any type for an evaluator that is new."""
    if not text or type in ("select", "text"):
        return text or None
    if text.strip().lower() in ("true", "false"):
        return text.strip().lower() == "true"
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        value = text
    return text if value is None or isinstance(value, dict) else value


async def _label(lookup: Lookup, row: Mapping[str, Any], type: str | None, position: int) -> dict[str, Any]:
    """The label in a row with its log's id. A note alone is the judgment of an evaluator of texts."""
    where = in_row("labels", position)
    if not isinstance(row.get("log"), str) or not row["log"].strip():
        raise Invalid(f"{where}: give the id of a log. No label was stored.")
    judgment, note = row.get("judgment"), row.get("note")
    if judgment is None and type == "text":
        judgment, note = note, None
    if judgment is None:
        raise Invalid(f"{where}: give a judgment. No label was stored.")
    if type == "multi_select" and isinstance(judgment, str):
        judgment = _judgment(judgment, type) if judgment.lstrip().startswith("[") else judgment
        judgment = [judgment] if isinstance(judgment, str) else judgment
    return {"log_id": await lookup.find_log_id(row["log"], where), "judgment": judgment, "note": note}


def _request(content: dict[str, Any]) -> LabelsRequest:
    try:
        return LabelsRequest.model_validate(content)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        where = ".".join(str(part + 1 if isinstance(part, int) else part) for part in first["loc"])
        message = str(first["msg"]).removeprefix("Value error, ")
        raise Invalid(f"{quote(f'{where}: {message}.', 300)} No label was stored.") from None


TOOL = Tool(
    function=label_logs,
    title="Label logs",
    search_hint="humanloop, annotate",
    read_only=False,
    labels=True,
    journaled=True,
)
