"""The tables and their indexes, for both SQLite and PostgreSQL. No queries.

Files are versioned: `versions` has their content, and `deployments` has the version of each environment. Logs are
mostly appended, so `logs.number` orders them. Narrow tables hold what reviews need without texts: `run_logs` (a log in
a run, with its sort keys), `judgments` (a log's judgment in a run) and `datapoint_fields` (a scalar in a datapoint).
`review_items` has what was handed to whom for review. The journal's tables have a module of their own.
"""

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    SmallInteger,
    String,
    Table,
    Text,
    UniqueConstraint,
    false,
    text,
)

from evals_mcp.store.database.acts import current_actor
from evals_mcp.store.database.columns import CodePointText, Moment, RowNumber
from evals_mcp.store.database.journal_tables import journal as journal
from evals_mcp.store.database.journal_tables import journal_names as journal_names
from evals_mcp.store.database.journal_tables import journal_rows as journal_rows
from evals_mcp.store.database.metadata import metadata as metadata

HAS_NUMBER = text("number IS NOT NULL")
"""The condition of the index of numbers, on PostgreSQL, too (see `ix_judgments_author`)."""

environments = Table(
    "environments",
    metadata,
    Column("id", String, primary_key=True),
    Column("name", String, nullable=False, unique=True),
    Column("tag", String, nullable=False),
    Column("created_at", Moment, nullable=False),
)

directories = Table(
    "directories",
    metadata,
    Column("id", String, primary_key=True),
    Column("parent_id", ForeignKey("directories.id"), index=True),
    Column("path", String, nullable=False, unique=True),
    Column("name", String, nullable=False),
    Column("description", Text),
    Column("readme", Text),
    Column("tags", JSON, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("updated_at", Moment, nullable=False),
)

files = Table(
    "files",
    metadata,
    Column("id", String, primary_key=True),
    Column("type", String, nullable=False),
    Column("path", String, nullable=False),
    Column("live_path", String, unique=True),  # the path; null once the file is deleted
    Column("name", String, nullable=False),
    Column("directory_id", ForeignKey("directories.id"), index=True),
    Column("description", Text),
    Column("readme", Text),
    Column("tags", JSON, nullable=False),
    Column("extra", JSON, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("updated_at", Moment, nullable=False),
    Column("deleted_at", Moment),
    Index("ix_files_type_created_at", "type", "created_at"),
)

versions = Table(
    "versions",
    metadata,
    Column("number", RowNumber, primary_key=True, autoincrement=True),
    Column("id", String, nullable=False, unique=True),
    Column("file_id", ForeignKey("files.id"), nullable=False),
    Column("digest", String, nullable=False),
    Column("content", JSON, nullable=False),
    Column("name", String),
    Column("description", Text),
    Column("datapoints_count", Integer, nullable=False),
    Column("logs_count", Integer, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("updated_at", Moment, nullable=False),
    Column("last_used_at", Moment, nullable=False),
    Column("deleted_at", Moment),
    Column("created_by", String, default=current_actor),
    UniqueConstraint("file_id", "digest"),
    UniqueConstraint("file_id", "name"),
    Index("ix_versions_file_id_number", "file_id", "number"),
    sqlite_autoincrement=True,
)

deployments = Table(
    "deployments",
    metadata,
    Column("file_id", ForeignKey("files.id"), primary_key=True),
    Column("environment_id", ForeignKey("environments.id"), primary_key=True),
    Column("version_id", ForeignKey("versions.id"), nullable=False, index=True),
    Column("created_at", Moment, nullable=False),
)

datapoints = Table(
    "datapoints",
    metadata,
    Column("id", String, primary_key=True),
    Column("dataset_id", ForeignKey("files.id"), nullable=False),
    Column("digest", String, nullable=False),
    Column("content", JSON, nullable=False),
    UniqueConstraint("dataset_id", "digest"),
)

datapoint_fields = Table(
    "datapoint_fields",
    metadata,
    Column("datapoint_id", ForeignKey("datapoints.id", ondelete="CASCADE"), primary_key=True),
    Column("part", SmallInteger, primary_key=True),  # an index in models.datapoint_fields.PARTS
    Column("key", CodePointText, primary_key=True),
    Column("dataset_id", String, nullable=False),
    Column("value", CodePointText, nullable=False),
    Column("number", Float),
    Column("whole", Boolean, nullable=False),  # false: the value is cut
    Index("ix_datapoint_fields_value", "dataset_id", "part", "key", "value", "datapoint_id"),
    Index("ix_datapoint_fields_number", "dataset_id", "part", "key", "number", sqlite_where=HAS_NUMBER),
    sqlite_with_rowid=False,
)

dataset_datapoints = Table(
    "dataset_datapoints",
    metadata,
    Column("version_id", ForeignKey("versions.id"), primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("datapoint_id", ForeignKey("datapoints.id"), nullable=False),
    UniqueConstraint("version_id", "datapoint_id"),
    Index("ix_dataset_datapoints_datapoint_id", "datapoint_id"),
    sqlite_with_rowid=False,
)

evaluations = Table(
    "evaluations",
    metadata,
    Column("number", RowNumber, primary_key=True, autoincrement=True),
    Column("id", String, nullable=False, unique=True),
    Column("file_id", ForeignKey("files.id")),
    Column("name", String),
    Column("created_at", Moment, nullable=False),
    Column("updated_at", Moment, nullable=False),
    Column("created_by", String, default=current_actor),
    UniqueConstraint("file_id", "name"),
    Index("ix_evaluations_file_id_number", "file_id", "number"),
    Index("ix_evaluations_updated_at", "updated_at"),
    sqlite_autoincrement=True,
)

evaluation_evaluators = Table(
    "evaluation_evaluators",
    metadata,
    Column("evaluation_id", ForeignKey("evaluations.id"), primary_key=True),
    Column("evaluator_version_id", ForeignKey("versions.id"), primary_key=True),
    Column("evaluator_id", ForeignKey("files.id"), nullable=False),
    Column("position", Integer, nullable=False),
    Column("orchestrated", Boolean, nullable=False),
    Column("for_review", Boolean, nullable=False, server_default=false()),  # came with labels: no run waits for it
    Column("added_at", Moment, nullable=False),
    Index("ix_evaluation_evaluators_evaluator_id", "evaluator_id"),
    Index("ix_evaluation_evaluators_evaluator_version_id", "evaluator_version_id"),
)

runs = Table(
    "runs",
    metadata,
    Column("number", RowNumber, primary_key=True, autoincrement=True),
    Column("id", String, nullable=False, unique=True),
    Column("dataset_version_id", ForeignKey("versions.id"), index=True),
    Column("version_id", ForeignKey("versions.id"), index=True),
    Column("orchestrated", Boolean, nullable=False),
    Column("use_existing_logs", Boolean, nullable=False),
    Column("set_status", String),  # set by a caller; null: follows from logs and judgments
    Column("logs_count", Integer, nullable=False),
    Column("incomplete_logs_count", Integer, nullable=False),
    Column("logged_datapoints_count", Integer, nullable=False),  # distinct datapoints of its dataset version
    Column("reported_figures", JSON(none_as_null=True)),
    Column("revision", Integer, nullable=False),  # grows with each change of its logs or judgments
    Column("created_at", Moment, nullable=False),
    Column("updated_at", Moment, nullable=False),
    Column("created_by", String, default=current_actor),
    sqlite_autoincrement=True,
)

evaluation_runs = Table(
    "evaluation_runs",
    metadata,
    Column("evaluation_id", ForeignKey("evaluations.id"), primary_key=True),
    Column("run_id", ForeignKey("runs.id"), primary_key=True),
    Column("control", Boolean, nullable=False),
    Column("added_at", Moment, nullable=False),
    Index("ix_evaluation_runs_run_id", "run_id"),
    sqlite_with_rowid=False,
)

logs = Table(
    "logs",
    metadata,
    Column("number", RowNumber, primary_key=True, autoincrement=True),
    Column("id", String, nullable=False, unique=True),
    Column("file_id", ForeignKey("files.id"), nullable=False),
    Column("version_id", ForeignKey("versions.id"), nullable=False),
    Column("judged_log_number", ForeignKey("logs.number")),  # evaluator logs: the judged log
    Column("trace_parent_number", ForeignKey("logs.number")),
    Column("trace_root_number", ForeignKey("logs.number")),
    Column("datapoint_id", String),
    Column("log_status", String),
    Column("created_at", Moment, nullable=False),
    Column("start_time", Moment),
    Column("end_time", Moment),
    Column("provider_latency", Float),
    Column("prompt_tokens", BigInteger),
    Column("reasoning_tokens", BigInteger),
    Column("output_tokens", BigInteger),
    Column("cached_tokens", BigInteger),
    Column("prompt_cost", Float),
    Column("output_cost", Float),
    Column("judgment", JSON(none_as_null=True)),
    Column("error", Text),
    Column("extra", JSON, nullable=False),  # rarely set fields: user, source, provider_request, …
    Column("inputs", JSON, nullable=False),
    Column("messages", JSON(none_as_null=True)),
    Column("output_message", JSON(none_as_null=True)),
    Column("output", Text),
    Index("ix_logs_file_id_number", "file_id", "number"),
    Index("ix_logs_version_id_number", "version_id", "number"),
    Index("ix_logs_judged_log_number", "judged_log_number"),
    Index("ix_logs_trace_parent_number", "trace_parent_number"),
    Index("ix_logs_trace_root_number", "trace_root_number"),
    Index("ix_logs_datapoint_id", "datapoint_id"),
    sqlite_autoincrement=True,
)

run_logs = Table(
    "run_logs",
    metadata,
    Column("run_id", ForeignKey("runs.id"), primary_key=True),
    Column("log_number", ForeignKey("logs.number"), primary_key=True),
    Column("datapoint_id", String),
    Column("failed", Boolean, nullable=False),
    Column("complete", Boolean, nullable=False),
    Column("latency", Float),
    Column("tokens", BigInteger),
    Column("cost", Float),
    Column("length", Integer, nullable=False),
    Index("ix_run_logs_log_number", "log_number"),
    Index("ix_run_logs_run_id_datapoint_id", "run_id", "datapoint_id"),
    Index("ix_run_logs_run_id_failed", "run_id", "failed", "log_number"),
    Index("ix_run_logs_run_id_latency", "run_id", "latency", "log_number"),
    Index("ix_run_logs_run_id_cost", "run_id", "cost", "log_number"),
    Index("ix_run_logs_run_id_length", "run_id", "length", "log_number"),
    sqlite_with_rowid=False,
)

NAMED = text("author <> ''")
"""The condition of the index of authors. Written out, because a bound value would not let it be used."""

judgments = Table(
    "judgments",
    metadata,
    Column("run_id", ForeignKey("runs.id"), primary_key=True),
    Column("evaluator_id", ForeignKey("files.id"), primary_key=True),
    Column("log_number", ForeignKey("logs.number"), primary_key=True),
    Column("evaluator_version_id", ForeignKey("versions.id"), primary_key=True),
    Column("author", String, primary_key=True),  # a person; empty if unknown
    Column("evaluator_log_number", ForeignKey("logs.number"), nullable=False),
    Column("datapoint_id", String),
    Column("latest", Boolean, nullable=False),  # of this evaluator and author for this log, in any version
    Column("state", SmallInteger, nullable=False),
    Column("number", Float),  # booleans as 0 and 1, numbers
    Column("label", Text),  # an option; several options as a JSON list
    Column("score", Float),  # the sort key of "worst": lower is worse
    Column("passed", Boolean),  # as the evaluator says, beside its judgment
    Index("ix_judgments_log_number", "log_number"),
    Index("ix_judgments_evaluator_log_number", "evaluator_log_number"),
    # Holds only judgments whose author is known, so it tells quickly that there are none. On PostgreSQL, too: the
    # condition is not repeated here because naming that database loads SQLAlchemy's code for it.
    Index(
        "ix_judgments_author",
        "run_id",
        "state",
        "author",
        "evaluator_id",
        "latest",
        sqlite_where=NAMED,
    ),
    Index("ix_judgments_score", "run_id", "evaluator_id", "latest", "state", "score", "log_number"),
    sqlite_with_rowid=False,
)

judged_counts = Table(
    "judged_counts",
    metadata,
    Column("run_id", ForeignKey("runs.id"), primary_key=True),
    Column("evaluator_id", ForeignKey("files.id"), primary_key=True),
    Column("logs_count", Integer, nullable=False),  # logs of the run that this evaluator judged, abstained on or failed
    Column("judgments_count", Integer, nullable=False),  # its latest judgments of them: more if authors share logs
    sqlite_with_rowid=False,
)

review_items = Table(
    "review_items",
    metadata,
    Column("evaluation_id", ForeignKey("evaluations.id", ondelete="CASCADE"), primary_key=True),
    Column("log_number", ForeignKey("logs.number", ondelete="CASCADE"), primary_key=True, index=True),
    Column("reviewer", String, primary_key=True),
    Column("run_id", String, nullable=False),  # the run in which the log was handed out
    Column("reason", String, nullable=False),
    Column("detail", JSON, nullable=False),
    Column("sample_rank", BigInteger),  # null: not of an even sample of the whole run
    Column("handed_out_at", Moment, nullable=False),
    Column("leased_until", Moment, nullable=False),
    Column("skipped", Boolean, nullable=False),
    sqlite_with_rowid=False,
)
