"""The SQL of the views of one evaluation, on SQLite and on PostgreSQL. Runs nothing.

What an overview knows (labels, statuses) stands in the SQL as values. On PostgreSQL, a login of its own reads the base
views, which hold a whole workspace, and the views of an evaluation take their rows from these.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from evals_mcp.models.judgments import STATES
from evals_mcp.models.resolved import ResolvedEvaluation
from evals_mcp.models.sql_views import VIEWS, ValueType
from evals_mcp.store.sql.dialects import SQLITE

TABLES = frozenset(("datapoints", "dataset_datapoints", "json_each", "judgments", "logs", "run_logs"))
"""The tables that the views read on SQLite."""

FUNCTIONS = frozenset(("char", "coalesce", "group_concat", "json_extract", "json_type", "nullif", "strftime"))
"""The functions that they call there."""

Values = Sequence[Sequence[object]]


class Evaluation(NamedTuple):
    """What the views need of an evaluation: the values of its runs, and who judges."""

    id: str
    runs: Values
    run_labels: Values
    evaluators: Values
    dataset_version_ids: Sequence[str]


def evaluation_values(resolved: ResolvedEvaluation, models: Mapping[str, str | None]) -> Evaluation:
    """The values of an evaluation; `models` by version id."""
    paths = [row.id for row in resolved.evaluators]
    runs = [
        (
            *(resolved.run_labels[run.id], run.id, run.version_name, run.version_id, run.file_path),
            *(models.get(run.version_id or ""), run.control, run.status, run.dataset_path, run.datapoints_count),
            *(run.logs_count, run.failed_logs, run.created_at.strftime("%Y-%m-%dT%H:%M:%SZ")),
        )
        for run in resolved.runs
    ]
    evaluators = [
        (
            *(row.version_id, row.id, resolved.evaluator_labels[row.version_id], row.evaluator_type, row.return_type),
            paths.count(row.id) == 1,
        )
        for row in resolved.evaluators
    ]
    return Evaluation(
        resolved.id,
        runs,
        [(run.id, resolved.run_labels[run.id]) for run in resolved.runs],
        evaluators,
        sorted({run.dataset_version_id for run in resolved.runs if run.dataset_version_id}),
    )


def sqlite_views(evaluation: Evaluation) -> dict[str, str]:
    """By name, the SELECT of each view on SQLite."""
    states = " ".join(f"WHEN {code} THEN '{state}'" for code, state in enumerate(STATES))
    labels = _values(evaluation.run_labels, ("run_id", "run"), ("text", "text"), _MANY)
    # CROSS JOIN keeps the order: the runs of the evaluation first, then an index finds what is theirs.
    return {
        "runs": _runs(evaluation),
        "datapoints": f"""SELECT d.id AS "datapoint", json_extract(d.content, '$.inputs') AS "input",
            json_extract(d.content, '$.messages') AS "messages", json_extract(d.content, '$.target') AS "target",
            json_extract(d.content, '$.metadata') AS "metadata" FROM main.datapoints AS d WHERE d.id IN (
            SELECT datapoint_id FROM main.dataset_datapoints WHERE version_id IN ({_texts(evaluation)}))""",
        "logs": f"""SELECT l.id AS "log", r.run AS "run", k.datapoint_id AS "datapoint",
            CASE WHEN l.inputs = '{{}}' AND coalesce(l.messages, '[]') = '[]'
            THEN json_extract(d.content, '$.inputs') ELSE l.inputs END AS "input",
            CASE WHEN l.inputs = '{{}}' AND coalesce(l.messages, '[]') = '[]'
            THEN json_extract(d.content, '$.messages') ELSE l.messages END AS "messages",
            {_sqlite_output("l")} AS "output", l.error AS "error", k.latency AS "latency", k.tokens AS "tokens",
            l.prompt_tokens AS "prompt_tokens", l.output_tokens AS "output_tokens", k.cost AS "cost",
            CASE WHEN k.length > 0 OR l.output IS NOT NULL OR json_type(l.output_message, '$.content') = 'text'
            THEN k.length END AS "length", {_sqlite_time("l.created_at")} AS "created_at",
            json_extract(l.extra, '$.metadata') AS "metadata"
            FROM ({labels}) AS r CROSS JOIN main.run_logs AS k ON k.run_id = r.run_id
            LEFT JOIN main.logs AS l ON l.number = k.log_number
            LEFT JOIN main.datapoints AS d ON d.id = k.datapoint_id""",
        "judgments": f"""SELECT l.id AS "log", r.run AS "run", j.datapoint_id AS "datapoint", a.label AS "evaluator",
            nullif(j.author, '') AS "author", a.kind AS "author_kind", CASE j.state {states} END AS "state",
            {_judged()}, e.error AS "error",
            {_sqlite_time("e.created_at")} AS "created_at"
            FROM ({labels}) AS r CROSS JOIN ({_evaluators(evaluation, _MANY)}) AS a
            CROSS JOIN main.judgments AS j ON j.run_id = r.run_id AND j.evaluator_id = a.evaluator_id
            AND CASE WHEN a.sole THEN j.latest ELSE j.evaluator_version_id = a.version_id END
            LEFT JOIN main.logs AS l ON l.number = j.log_number
            LEFT JOIN main.logs AS e ON e.number = j.evaluator_log_number""",
    }


def _judged() -> str:
    """The columns of a judgment's value on SQLite."""
    text = "json_extract(e.judgment, '$')"
    return f"""{_value("boolean", "j.number = 1")}, {_value("number", "j.number")},
            CASE WHEN a.return_type IN ('select', 'multi_select') THEN j.label END AS "option",
            {_value("text", text)}, json_extract(e.extra, '$.score') AS "score", j.passed AS "passed",
            {_sqlite_output("e")} AS "explanation\""""


def _value(return_type: str, sql: str) -> str:
    return f"CASE WHEN a.return_type = '{return_type}' AND j.state = 0 THEN {sql} END AS \"{return_type}\""


def _sqlite_time(column: str) -> str:
    return f"strftime('%Y-%m-%dT%H:%M:%SZ', {column} / 1000000, 'unixepoch')"


def _sqlite_output(log: str) -> str:
    """The output of a log, as `message_text` reads it out of a message."""
    content = f"{log}.output_message, '$.content'"
    part = " ".join(
        f"WHEN json_extract(p.value, '$.type') IN ('{key}', 'output_{key}', 'input_{key}') "
        f"AND json_type(p.value, '$.{key}') = 'text' THEN json_extract(p.value, '$.{key}')"
        for key in ("text", "refusal")
    )
    return f"""CASE WHEN {log}.output IS NOT NULL THEN {log}.output
            WHEN json_type({content}) = 'text' THEN json_extract({content})
            WHEN json_type({content}) = 'array' THEN (SELECT group_concat(CASE WHEN p.type <> 'object' THEN NULL
            {part} END, char(10)) FROM json_each({content}) AS p) END"""


def postgresql_views(evaluation: Evaluation, schema: str) -> dict[str, str]:
    """By name, the SELECT in brackets of each view on PostgreSQL, from the base views of a workspace."""
    own = f"v.evaluation_id = {SQLITE.text(evaluation.id)}"
    labels = _values(evaluation.run_labels, ("run_id", "run"), ("text", "text"))

    def columns(view: str, **others: str) -> str:
        return ", ".join(f'{others.get(c.name, f"v.{_quoted(c.name)}")} AS "{c.name}"' for c in VIEWS[view].columns)

    judged = {"run": "r.run", "evaluator": "a.label", "author_kind": "a.kind"}
    for return_type in ("boolean", "number", "text"):
        judged[return_type] = f"CASE WHEN a.return_type = '{return_type}' THEN v.\"{return_type}\" END"
    judged["option"] = "CASE WHEN a.return_type IN ('select', 'multi_select') THEN v.\"option\" END"
    return {
        "runs": f"({_runs(evaluation)})",
        "datapoints": f'(SELECT {columns("datapoints")} FROM "{schema}".query_datapoints AS v WHERE {own})',
        "logs": f"""(SELECT {columns("logs", run="r.run")} FROM ({labels}) AS r
            JOIN "{schema}".query_logs AS v ON v.run_id = r.run_id WHERE {own})""",
        "judgments": f"""(SELECT {columns("judgments", **judged)} FROM ({labels}) AS r
            JOIN "{schema}".query_judgments AS v ON v.run_id = r.run_id
            JOIN ({_evaluators(evaluation)}) AS a ON v.evaluator_id = a.evaluator_id
            AND CASE WHEN a.sole THEN v.latest ELSE v.evaluator_version_id = a.version_id END WHERE {own})""",
    }


def base_views(schema: str) -> dict[str, str]:
    """By name, the SELECT of each base view on PostgreSQL: all evaluations of a workspace."""
    states = " ".join(f"WHEN {code} THEN '{state}'" for code, state in enumerate(STATES))
    own = "l.inputs::text = '{}' AND coalesce(l.messages::text, '[]') = '[]'"
    in_schema = f'"{schema}".'
    return {
        "query_datapoints": f"""SELECT p.evaluation_id, d.id {_C} AS "datapoint",
            {_member("d.content", "inputs")} AS "input", {_member("d.content", "messages")} AS "messages",
            {_member("d.content", "target")} AS "target",
            {_member("d.content", "metadata")} AS "metadata"
            FROM (SELECT DISTINCT s.evaluation_id, i.datapoint_id FROM (
                SELECT DISTINCT er.evaluation_id, r.dataset_version_id FROM {in_schema}evaluation_runs AS er
                JOIN {in_schema}runs AS r ON r.id = er.run_id) AS s
                JOIN {in_schema}dataset_datapoints AS i ON i.version_id = s.dataset_version_id) AS p
            JOIN {in_schema}datapoints AS d ON d.id = p.datapoint_id""",
        "query_logs": f"""SELECT er.evaluation_id, k.run_id, l.id {_C} AS "log", k.datapoint_id {_C} AS "datapoint",
            CASE WHEN {own} THEN {_member("d.content", "inputs")} ELSE l.inputs::text {_C} END AS "input",
            CASE WHEN {own} THEN {_member("d.content", "messages")} ELSE l.messages::text {_C} END AS "messages",
            {_postgresql_output("l")} {_C} AS "output", l.error {_C} AS "error", k.latency, k.tokens,
            l.prompt_tokens, l.output_tokens, k.cost, CASE WHEN k.length > 0 OR l.output IS NOT NULL
            OR json_typeof(l.output_message -> 'content') = 'string' THEN k.length END AS "length",
            {_postgresql_time("l.created_at")} AS "created_at",
            {_member("l.extra", "metadata")} AS "metadata"
            FROM {in_schema}evaluation_runs AS er JOIN {in_schema}run_logs AS k ON k.run_id = er.run_id
            LEFT JOIN {in_schema}logs AS l ON l.number = k.log_number
            LEFT JOIN {in_schema}datapoints AS d ON d.id = k.datapoint_id""",
        "query_judgments": f"""SELECT er.evaluation_id, j.run_id, j.evaluator_id, j.evaluator_version_id, j.latest,
            l.id {_C} AS "log", j.datapoint_id {_C} AS "datapoint", nullif(j.author, '') {_C} AS "author",
            (CASE j.state {states} END) {_C} AS "state", CASE WHEN j.state = 0 THEN j.number = 1 END AS "boolean",
            CASE WHEN j.state = 0 THEN j.number END AS "number", j.label {_C} AS "option",
            CASE WHEN j.state = 0 THEN e.judgment #>> '{{}}' END {_C} AS "text",
            CAST(e.extra ->> 'score' AS double precision) AS "score", j.passed,
            {_postgresql_output("e")} {_C} AS "explanation", e.error {_C} AS "error",
            {_postgresql_time("e.created_at")} AS "created_at"
            FROM {in_schema}evaluation_runs AS er JOIN {in_schema}judgments AS j ON j.run_id = er.run_id
            LEFT JOIN {in_schema}logs AS l ON l.number = j.log_number
            LEFT JOIN {in_schema}logs AS e ON e.number = j.evaluator_log_number""",
    }


_C = 'COLLATE "C"'


def _member(column: str, key: str) -> str:
    return f"nullif(({column} -> '{key}')::text, 'null') {_C}"


def _postgresql_time(column: str) -> str:
    moment = f"to_timestamp({column} / 1000000) AT TIME ZONE 'UTC'"
    return f'to_char({moment}, \'YYYY-MM-DD"T"HH24:MI:SS"Z"\') {_C}'


def _postgresql_output(log: str) -> str:
    content = f"{log}.output_message -> 'content'"
    part = " ".join(
        f"WHEN p.value ->> 'type' IN ('{key}', 'output_{key}', 'input_{key}') "
        f"AND json_typeof(p.value -> '{key}') = 'string' THEN p.value ->> '{key}'"
        for key in ("text", "refusal")
    )
    return f"""(CASE WHEN {log}.output IS NOT NULL THEN {log}.output
            WHEN json_typeof({content}) = 'string' THEN {log}.output_message ->> 'content'
            WHEN json_typeof({content}) = 'array' THEN (SELECT string_agg(
            CASE WHEN json_typeof(p.value) <> 'object' THEN NULL {part} END, chr(10))
            FROM json_array_elements({content}) AS p) END)"""


def _runs(evaluation: Evaluation) -> str:
    columns = VIEWS["runs"].columns
    return _values(evaluation.runs, [item.name for item in columns], [item.type for item in columns])


def _evaluators(evaluation: Evaluation, more: str = "") -> str:
    names = ("version_id", "evaluator_id", "label", "kind", "return_type", "sole")
    return _values(evaluation.evaluators, names, ("text", "text", "text", "text", "text", "boolean"), more)


_TYPES: Mapping[ValueType, str] = {"integer": "bigint", "number": "double precision"}


_MANY = " CROSS JOIN json_each('[0]')"
"""One row, which SQLite takes for many. Without it, SQLite expects so few judgments that joins get no index."""


def _values(rows: Values, names: Sequence[str], types: Sequence[ValueType], more: str = "") -> str:
    """A SELECT of values, also of none."""
    cast = ", ".join(
        f'CAST(column{at} AS {_TYPES.get(type, type)}) AS "{name}"'
        for at, (name, type) in enumerate(zip(names, types, strict=True), 1)
    )
    written = ", ".join(f"({', '.join(map(_literal, row))})" for row in rows)
    nothing = f"({', '.join('NULL' for _ in names)})"
    return f"SELECT {cast} FROM (VALUES {written or nothing}) AS given{more}{'' if rows else ' WHERE FALSE'}"


def _literal(value: object) -> str:
    if value is None:
        return "NULL"
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    return str(value) if isinstance(value, int) else SQLITE.text(str(value).replace("\0", ""))


def _texts(evaluation: Evaluation) -> str:
    return ", ".join(map(SQLITE.text, evaluation.dataset_version_ids))


def _quoted(name: str) -> str:
    return f'"{name}"'
