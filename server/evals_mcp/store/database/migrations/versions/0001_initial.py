"""The first tables."""

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

from evals_mcp.models.ids import derived_id
from evals_mcp.store.database.columns import Moment, RowNumber

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create every table."""
    op.create_table(
        "directories",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("parent_id", sa.String(), nullable=True),
        sa.Column("path", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("readme", sa.Text(), nullable=True),
        sa.Column("tags", sa.JSON(), nullable=False),
        sa.Column("created_at", Moment(), nullable=False),
        sa.Column("updated_at", Moment(), nullable=False),
        sa.ForeignKeyConstraint(["parent_id"], ["directories.id"], name=op.f("fk_directories_parent_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_directories")),
        sa.UniqueConstraint("path", name=op.f("uq_directories_path")),
    )
    op.create_index(op.f("ix_directories_parent_id"), "directories", ["parent_id"], unique=False)
    environments = op.create_table(
        "environments",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("tag", sa.String(), nullable=False),
        sa.Column("created_at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_environments")),
        sa.UniqueConstraint("name", name=op.f("uq_environments_name")),
    )
    op.create_table(
        "files",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("type", sa.String(), nullable=False),
        sa.Column("path", sa.String(), nullable=False),
        sa.Column("live_path", sa.String(), nullable=True),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("directory_id", sa.String(), nullable=True),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("readme", sa.Text(), nullable=True),
        sa.Column("tags", sa.JSON(), nullable=False),
        sa.Column("extra", sa.JSON(), nullable=False),
        sa.Column("created_at", Moment(), nullable=False),
        sa.Column("updated_at", Moment(), nullable=False),
        sa.Column("deleted_at", Moment(), nullable=True),
        sa.ForeignKeyConstraint(["directory_id"], ["directories.id"], name=op.f("fk_files_directory_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_files")),
        sa.UniqueConstraint("live_path", name=op.f("uq_files_live_path")),
    )
    op.create_index(op.f("ix_files_directory_id"), "files", ["directory_id"], unique=False)
    op.create_index("ix_files_type_created_at", "files", ["type", "created_at"], unique=False)
    op.create_table(
        "datapoints",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("dataset_id", sa.String(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("content", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["dataset_id"], ["files.id"], name=op.f("fk_datapoints_dataset_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_datapoints")),
        sa.UniqueConstraint("dataset_id", "digest", name=op.f("uq_datapoints_dataset_id_digest")),
    )
    op.create_table(
        "evaluations",
        sa.Column("number", RowNumber, autoincrement=True, nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("file_id", sa.String(), nullable=True),
        sa.Column("name", sa.String(), nullable=True),
        sa.Column("created_at", Moment(), nullable=False),
        sa.Column("updated_at", Moment(), nullable=False),
        sa.ForeignKeyConstraint(["file_id"], ["files.id"], name=op.f("fk_evaluations_file_id")),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_evaluations")),
        sa.UniqueConstraint("file_id", "name", name=op.f("uq_evaluations_file_id_name")),
        sa.UniqueConstraint("id", name=op.f("uq_evaluations_id")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_evaluations_file_id_number", "evaluations", ["file_id", "number"], unique=False)
    op.create_index("ix_evaluations_updated_at", "evaluations", ["updated_at"], unique=False)
    op.create_table(
        "versions",
        sa.Column("number", RowNumber, autoincrement=True, nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("file_id", sa.String(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("content", sa.JSON(), nullable=False),
        sa.Column("name", sa.String(), nullable=True),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("datapoints_count", sa.Integer(), nullable=False),
        sa.Column("logs_count", sa.Integer(), nullable=False),
        sa.Column("created_at", Moment(), nullable=False),
        sa.Column("updated_at", Moment(), nullable=False),
        sa.Column("last_used_at", Moment(), nullable=False),
        sa.Column("deleted_at", Moment(), nullable=True),
        sa.ForeignKeyConstraint(["file_id"], ["files.id"], name=op.f("fk_versions_file_id")),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_versions")),
        sa.UniqueConstraint("file_id", "digest", name=op.f("uq_versions_file_id_digest")),
        sa.UniqueConstraint("file_id", "name", name=op.f("uq_versions_file_id_name")),
        sa.UniqueConstraint("id", name=op.f("uq_versions_id")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_versions_file_id_number", "versions", ["file_id", "number"], unique=False)
    op.create_table(
        "dataset_datapoints",
        sa.Column("version_id", sa.String(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("datapoint_id", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["datapoint_id"], ["datapoints.id"], name=op.f("fk_dataset_datapoints_datapoint_id")),
        sa.ForeignKeyConstraint(["version_id"], ["versions.id"], name=op.f("fk_dataset_datapoints_version_id")),
        sa.PrimaryKeyConstraint("version_id", "position", name=op.f("pk_dataset_datapoints")),
        sa.UniqueConstraint("version_id", "datapoint_id", name=op.f("uq_dataset_datapoints_version_id_datapoint_id")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_dataset_datapoints_datapoint_id", "dataset_datapoints", ["datapoint_id"], unique=False)
    op.create_table(
        "deployments",
        sa.Column("file_id", sa.String(), nullable=False),
        sa.Column("environment_id", sa.String(), nullable=False),
        sa.Column("version_id", sa.String(), nullable=False),
        sa.Column("created_at", Moment(), nullable=False),
        sa.ForeignKeyConstraint(["environment_id"], ["environments.id"], name=op.f("fk_deployments_environment_id")),
        sa.ForeignKeyConstraint(["file_id"], ["files.id"], name=op.f("fk_deployments_file_id")),
        sa.ForeignKeyConstraint(["version_id"], ["versions.id"], name=op.f("fk_deployments_version_id")),
        sa.PrimaryKeyConstraint("file_id", "environment_id", name=op.f("pk_deployments")),
    )
    op.create_index(op.f("ix_deployments_version_id"), "deployments", ["version_id"], unique=False)
    op.create_table(
        "evaluation_evaluators",
        sa.Column("evaluation_id", sa.String(), nullable=False),
        sa.Column("evaluator_version_id", sa.String(), nullable=False),
        sa.Column("evaluator_id", sa.String(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("orchestrated", sa.Boolean(), nullable=False),
        sa.Column("added_at", Moment(), nullable=False),
        sa.ForeignKeyConstraint(
            ["evaluation_id"], ["evaluations.id"], name=op.f("fk_evaluation_evaluators_evaluation_id")
        ),
        sa.ForeignKeyConstraint(["evaluator_id"], ["files.id"], name=op.f("fk_evaluation_evaluators_evaluator_id")),
        sa.ForeignKeyConstraint(
            ["evaluator_version_id"], ["versions.id"], name=op.f("fk_evaluation_evaluators_evaluator_version_id")
        ),
        sa.PrimaryKeyConstraint("evaluation_id", "evaluator_version_id", name=op.f("pk_evaluation_evaluators")),
    )
    op.create_index("ix_evaluation_evaluators_evaluator_id", "evaluation_evaluators", ["evaluator_id"], unique=False)
    op.create_index(
        "ix_evaluation_evaluators_evaluator_version_id", "evaluation_evaluators", ["evaluator_version_id"], unique=False
    )
    op.create_table(
        "logs",
        sa.Column("number", RowNumber, autoincrement=True, nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("file_id", sa.String(), nullable=False),
        sa.Column("version_id", sa.String(), nullable=False),
        sa.Column("judged_log_number", RowNumber, nullable=True),
        sa.Column("trace_parent_number", RowNumber, nullable=True),
        sa.Column("trace_root_number", RowNumber, nullable=True),
        sa.Column("datapoint_id", sa.String(), nullable=True),
        sa.Column("log_status", sa.String(), nullable=True),
        sa.Column("created_at", Moment(), nullable=False),
        sa.Column("start_time", Moment(), nullable=True),
        sa.Column("end_time", Moment(), nullable=True),
        sa.Column("provider_latency", sa.Float(), nullable=True),
        sa.Column("prompt_tokens", sa.BigInteger(), nullable=True),
        sa.Column("reasoning_tokens", sa.BigInteger(), nullable=True),
        sa.Column("output_tokens", sa.BigInteger(), nullable=True),
        sa.Column("prompt_cost", sa.Float(), nullable=True),
        sa.Column("output_cost", sa.Float(), nullable=True),
        sa.Column("judgment", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("extra", sa.JSON(), nullable=False),
        sa.Column("inputs", sa.JSON(), nullable=False),
        sa.Column("messages", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("output_message", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("output", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["file_id"], ["files.id"], name=op.f("fk_logs_file_id")),
        sa.ForeignKeyConstraint(["judged_log_number"], ["logs.number"], name=op.f("fk_logs_judged_log_number")),
        sa.ForeignKeyConstraint(["trace_parent_number"], ["logs.number"], name=op.f("fk_logs_trace_parent_number")),
        sa.ForeignKeyConstraint(["trace_root_number"], ["logs.number"], name=op.f("fk_logs_trace_root_number")),
        sa.ForeignKeyConstraint(["version_id"], ["versions.id"], name=op.f("fk_logs_version_id")),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_logs")),
        sa.UniqueConstraint("id", name=op.f("uq_logs_id")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_logs_datapoint_id", "logs", ["datapoint_id"], unique=False)
    op.create_index("ix_logs_file_id_number", "logs", ["file_id", "number"], unique=False)
    op.create_index("ix_logs_judged_log_number", "logs", ["judged_log_number"], unique=False)
    op.create_index("ix_logs_trace_parent_number", "logs", ["trace_parent_number"], unique=False)
    op.create_index("ix_logs_trace_root_number", "logs", ["trace_root_number"], unique=False)
    op.create_index("ix_logs_version_id_number", "logs", ["version_id", "number"], unique=False)
    op.create_table(
        "runs",
        sa.Column("number", RowNumber, autoincrement=True, nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("dataset_version_id", sa.String(), nullable=True),
        sa.Column("version_id", sa.String(), nullable=True),
        sa.Column("orchestrated", sa.Boolean(), nullable=False),
        sa.Column("use_existing_logs", sa.Boolean(), nullable=False),
        sa.Column("set_status", sa.String(), nullable=True),
        sa.Column("logs_count", sa.Integer(), nullable=False),
        sa.Column("incomplete_logs_count", sa.Integer(), nullable=False),
        sa.Column("logged_datapoints_count", sa.Integer(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("created_at", Moment(), nullable=False),
        sa.Column("updated_at", Moment(), nullable=False),
        sa.ForeignKeyConstraint(["dataset_version_id"], ["versions.id"], name=op.f("fk_runs_dataset_version_id")),
        sa.ForeignKeyConstraint(["version_id"], ["versions.id"], name=op.f("fk_runs_version_id")),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_runs")),
        sa.UniqueConstraint("id", name=op.f("uq_runs_id")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_runs_dataset_version_id"), "runs", ["dataset_version_id"], unique=False)
    op.create_index(op.f("ix_runs_version_id"), "runs", ["version_id"], unique=False)
    op.create_table(
        "evaluation_runs",
        sa.Column("evaluation_id", sa.String(), nullable=False),
        sa.Column("run_id", sa.String(), nullable=False),
        sa.Column("control", sa.Boolean(), nullable=False),
        sa.Column("added_at", Moment(), nullable=False),
        sa.ForeignKeyConstraint(["evaluation_id"], ["evaluations.id"], name=op.f("fk_evaluation_runs_evaluation_id")),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name=op.f("fk_evaluation_runs_run_id")),
        sa.PrimaryKeyConstraint("evaluation_id", "run_id", name=op.f("pk_evaluation_runs")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_evaluation_runs_run_id", "evaluation_runs", ["run_id"], unique=False)
    op.create_table(
        "judged_counts",
        sa.Column("run_id", sa.String(), nullable=False),
        sa.Column("evaluator_id", sa.String(), nullable=False),
        sa.Column("logs_count", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["evaluator_id"], ["files.id"], name=op.f("fk_judged_counts_evaluator_id")),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name=op.f("fk_judged_counts_run_id")),
        sa.PrimaryKeyConstraint("run_id", "evaluator_id", name=op.f("pk_judged_counts")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "judgments",
        sa.Column("run_id", sa.String(), nullable=False),
        sa.Column("evaluator_id", sa.String(), nullable=False),
        sa.Column("log_number", RowNumber, nullable=False),
        sa.Column("evaluator_version_id", sa.String(), nullable=False),
        sa.Column("evaluator_log_number", RowNumber, nullable=False),
        sa.Column("datapoint_id", sa.String(), nullable=True),
        sa.Column("latest", sa.Boolean(), nullable=False),
        sa.Column("state", sa.SmallInteger(), nullable=False),
        sa.Column("number", sa.Float(), nullable=True),
        sa.Column("label", sa.Text(), nullable=True),
        sa.Column("score", sa.Float(), nullable=True),
        sa.ForeignKeyConstraint(["evaluator_id"], ["files.id"], name=op.f("fk_judgments_evaluator_id")),
        sa.ForeignKeyConstraint(
            ["evaluator_log_number"], ["logs.number"], name=op.f("fk_judgments_evaluator_log_number")
        ),
        sa.ForeignKeyConstraint(
            ["evaluator_version_id"], ["versions.id"], name=op.f("fk_judgments_evaluator_version_id")
        ),
        sa.ForeignKeyConstraint(["log_number"], ["logs.number"], name=op.f("fk_judgments_log_number")),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name=op.f("fk_judgments_run_id")),
        sa.PrimaryKeyConstraint(
            "run_id", "evaluator_id", "log_number", "evaluator_version_id", name=op.f("pk_judgments")
        ),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_judgments_evaluator_log_number", "judgments", ["evaluator_log_number"], unique=False)
    op.create_index("ix_judgments_log_number", "judgments", ["log_number"], unique=False)
    op.create_index(
        "ix_judgments_score",
        "judgments",
        ["run_id", "evaluator_id", "latest", "state", "score", "log_number"],
        unique=False,
    )
    op.create_table(
        "run_logs",
        sa.Column("run_id", sa.String(), nullable=False),
        sa.Column("log_number", RowNumber, nullable=False),
        sa.Column("datapoint_id", sa.String(), nullable=True),
        sa.Column("failed", sa.Boolean(), nullable=False),
        sa.Column("complete", sa.Boolean(), nullable=False),
        sa.Column("latency", sa.Float(), nullable=True),
        sa.Column("tokens", sa.BigInteger(), nullable=True),
        sa.Column("cost", sa.Float(), nullable=True),
        sa.Column("length", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["log_number"], ["logs.number"], name=op.f("fk_run_logs_log_number")),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name=op.f("fk_run_logs_run_id")),
        sa.PrimaryKeyConstraint("run_id", "log_number", name=op.f("pk_run_logs")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_run_logs_log_number", "run_logs", ["log_number"], unique=False)
    op.create_index("ix_run_logs_run_id_cost", "run_logs", ["run_id", "cost", "log_number"], unique=False)
    op.create_index("ix_run_logs_run_id_datapoint_id", "run_logs", ["run_id", "datapoint_id"], unique=False)
    op.create_index("ix_run_logs_run_id_failed", "run_logs", ["run_id", "failed", "log_number"], unique=False)
    op.create_index("ix_run_logs_run_id_latency", "run_logs", ["run_id", "latency", "log_number"], unique=False)
    op.create_index("ix_run_logs_run_id_length", "run_logs", ["run_id", "length", "log_number"], unique=False)
    op.bulk_insert(
        environments,
        [
            {"id": derived_id("env", name), "name": name, "tag": tag, "created_at": datetime.now(UTC)}
            for name, tag in (("production", "default"), ("staging", "other"))
        ],
    )
