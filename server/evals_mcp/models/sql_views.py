"""The views that SQL of a reviewer may read, with the meaning of each column. They hold one evaluation."""

from typing import Literal, NamedTuple

ValueType = Literal["text", "json", "integer", "number", "boolean", "null"]
"""The type of a value. `json` is a text that is JSON."""


class ViewColumn(NamedTuple):
    """A column of a view. Latency is in seconds, cost in US dollars, a time in UTC (`2026-11-21T01:05:00Z`)."""

    name: str
    type: ValueType
    meaning: str


class View(NamedTuple):
    """A view: what a row is, and its columns."""

    name: str
    row: str
    columns: tuple[ViewColumn, ...]


_LOG = ViewColumn("log", "text", "Id of the log.")
_RUN = ViewColumn("run", "text", "Label of the run.")
_DATAPOINT = ViewColumn("datapoint", "text", "Id of the datapoint.")
_INPUT = ViewColumn("input", "json", "Inputs by name.")
_MESSAGES = ViewColumn("messages", "json", "Messages of a conversation.")
_CREATED = ViewColumn("created_at", "text", "Time in UTC, `2026-11-21T01:05:00Z`.")

VIEWS = {
    view.name: view
    for view in (
        View(
            "runs",
            "a run",
            (
                _RUN,
                ViewColumn("run_id", "text", "Id of the run."),
                ViewColumn("version", "text", "Name of the version."),
                ViewColumn("version_id", "text", "Id of the version."),
                ViewColumn("file", "text", "Path of the prompt, flow or tool."),
                ViewColumn("model", "text", "Model of the version."),
                ViewColumn("control", "boolean", "Whether it is the control run."),
                ViewColumn("status", "text", "`pending`, `running`, `completed` or `cancelled`."),
                ViewColumn("dataset", "text", "Path of the dataset."),
                ViewColumn("datapoints", "integer", "Datapoints of the dataset."),
                ViewColumn("logs", "integer", "Logs of the run."),
                ViewColumn("errors", "integer", "Logs with an error."),
                _CREATED,
            ),
        ),
        View(
            "datapoints",
            "a datapoint of the runs' datasets",
            (
                _DATAPOINT,
                _INPUT,
                _MESSAGES,
                ViewColumn("target", "json", "Expected values by name."),
                ViewColumn("metadata", "json", "Metadata of the datapoint."),
            ),
        ),
        View(
            "logs",
            "a log in a run",
            (
                _LOG,
                _RUN,
                _DATAPOINT,
                ViewColumn("input", "json", "Inputs by name; those of the datapoint if the log has none."),
                ViewColumn("messages", "json", "Messages of the log's conversation."),
                ViewColumn("output", "text", "Output, or the text of the output message."),
                ViewColumn("error", "text", "Error; null without one."),
                ViewColumn("latency", "number", "Seconds."),
                ViewColumn("tokens", "integer", "Prompt, reasoning and output tokens."),
                ViewColumn("prompt_tokens", "integer", "Tokens of the prompt, as logged."),
                ViewColumn("output_tokens", "integer", "Tokens of the output, as logged."),
                ViewColumn("cost", "number", "US dollars."),
                ViewColumn("length", "integer", "Characters of the output; null without one."),
                _CREATED,
                ViewColumn("metadata", "json", "Metadata of the log."),
            ),
        ),
        View(
            "judgments",
            "a judgment: a log, an evaluator and an author",
            (
                ViewColumn("log", "text", "Id of the judged log."),
                _RUN,
                _DATAPOINT,
                ViewColumn("evaluator", "text", "Label of the evaluator."),
                ViewColumn("author", "text", "Who judged; null if unknown."),
                ViewColumn("author_kind", "text", "Type of the evaluator: `human`, `llm`, `python`, `external` …"),
                ViewColumn("state", "text", "`judged`, `abstained` or `failed`. A missing judgment has no row."),
                ViewColumn("boolean", "boolean", "Judgment of a boolean evaluator."),
                ViewColumn("number", "number", "Judgment of a number evaluator."),
                ViewColumn("option", "text", "Chosen option; several as a JSON list."),
                ViewColumn("text", "text", "Judgment of a text evaluator."),
                ViewColumn("score", "number", "Score that the evaluator gives beside its judgment."),
                ViewColumn(
                    "passed", "boolean", "Verdict that the evaluator gives beside its judgment; null if it gives none."
                ),
                ViewColumn("explanation", "text", "Explanation of the judgment."),
                ViewColumn("error", "text", "Why the evaluator failed."),
                ViewColumn("created_at", "text", "Time in UTC."),
            ),
        ),
    )
}
"""The views by name."""
