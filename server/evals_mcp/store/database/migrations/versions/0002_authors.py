"""Judgments keep their author: one counts for each log, evaluator version and author."""

import json
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from alembic import op

from evals_mcp.models.judgments import ABSTAINED, FAILED, JUDGED, KEPT_TEXT, VALENCE_SCORES
from evals_mcp.models.rows import declared_valence
from evals_mcp.store.database.columns import RowNumber
from evals_mcp.store.database.identity import digest

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_KEY = ("run_id", "evaluator_id", "log_number", "evaluator_version_id", "author")
_BEFORE = ("run_id", "evaluator_id", "log_number", "evaluator_version_id", "evaluator_log_number", "datapoint_id")
_COPIED = ", ".join((*_BEFORE, "latest", "state", "number", "label", "score"))
_judgments = sa.table(
    "judgments",
    *(sa.column(name) for name in (*_KEY, "evaluator_log_number", "datapoint_id")),
    sa.column("latest", sa.Boolean()),
    *(sa.column(name) for name in ("state", "number", "label", "score")),
)
_counts = sa.table(
    "judged_counts", *(sa.column(name) for name in ("run_id", "evaluator_id", "logs_count", "judgments_count"))
)
_logs = sa.table(
    "logs",
    *(sa.column(name) for name in ("number", "judged_log_number", "file_id", "version_id", "error")),
    sa.column("judgment", sa.JSON()),
    sa.column("extra", sa.JSON()),
)
_versions = sa.table("versions", sa.column("id"), sa.column("content", sa.JSON()))
_runs = sa.table("runs", sa.column("id"), sa.column("revision"))


def upgrade() -> None:
    """Add the author to the key of judgments, and count those that another author's judgment had replaced again."""
    if op.get_bind().dialect.name == "sqlite":
        _rebuild()
    else:
        op.add_column("judgments", sa.Column("author", sa.String(), nullable=False, server_default=""))
        op.alter_column("judgments", "author", server_default=None)
        op.drop_constraint("pk_judgments", "judgments", type_="primary")
        op.create_primary_key("pk_judgments", "judgments", list(_KEY))
    named = sa.text("author <> ''")
    op.create_index(
        "ix_judgments_author",
        "judgments",
        ["run_id", "state", "author", "evaluator_id", "latest"],
        sqlite_where=named,
        postgresql_where=named,
    )
    op.add_column("judged_counts", sa.Column("judgments_count", sa.Integer(), nullable=False, server_default="0"))
    if op.get_bind().dialect.name != "sqlite":
        op.alter_column("judged_counts", "judgments_count", server_default=None)
    connection = op.get_bind()
    connection.execute(sa.update(_counts).values(judgments_count=_counts.c.logs_count))
    _score_several_options(connection)
    is_named = sa.cast(_logs.c.extra, sa.Text()).contains('"user"') & _logs.c.judged_log_number.is_not(None)
    authored = sa.select(_logs.c.judged_log_number, _logs.c.file_id).where(is_named).distinct()
    for log_number, evaluator_id in connection.execute(authored).all():
        _add_authors(connection, log_number, evaluator_id)


def _rebuild() -> None:
    """SQLite cannot change a key, so copy the table."""
    op.create_table(
        "judgments_with_authors",
        sa.Column("run_id", sa.String(), nullable=False),
        sa.Column("evaluator_id", sa.String(), nullable=False),
        sa.Column("log_number", RowNumber, nullable=False),
        sa.Column("evaluator_version_id", sa.String(), nullable=False),
        sa.Column("author", sa.String(), nullable=False),
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
        sa.PrimaryKeyConstraint(*_KEY, name=op.f("pk_judgments")),
        sqlite_with_rowid=False,
    )
    op.execute(
        f"INSERT INTO judgments_with_authors ({_COPIED}, author) "  # noqa: S608
        f"SELECT {_COPIED}, '' FROM judgments ORDER BY run_id, evaluator_id, log_number, evaluator_version_id"
    )
    op.drop_table("judgments")
    op.rename_table("judgments_with_authors", "judgments")
    for columns in (["evaluator_log_number"], ["log_number"]):
        op.create_index(f"ix_judgments_{columns[0]}", "judgments", columns)
    scored = ["run_id", "evaluator_id", "latest", "state", "score", "log_number"]
    op.create_index("ix_judgments_score", "judgments", scored)


def _add_authors(connection: sa.Connection, log_number: int, evaluator_id: str) -> None:
    """Record the judgments of one log by one evaluator again, with their authors."""
    of_log = (_judgments.c.log_number == log_number, _judgments.c.evaluator_id == evaluator_id)
    in_runs = connection.execute(sa.select(_judgments.c.run_id, _judgments.c.datapoint_id).where(*of_log).distinct())
    runs = [(row.run_id, row.datapoint_id) for row in in_runs]
    connection.execute(sa.delete(_judgments).where(*of_log))
    judged = connection.execute(
        sa.select(_logs, _logs.c.extra["user"].label("user"), _versions.c.content)
        .join(_versions, _versions.c.id == _logs.c.version_id)
        .where(_logs.c.judged_log_number == log_number, _logs.c.file_id == evaluator_id)
        .order_by(_logs.c.number)
    ).all()
    newest = {(row.version_id, _author(row.user)): row for row in judged}
    latest = {_author(row.user): row.number for row in judged}
    rows = [
        {
            "run_id": run_id,
            "evaluator_id": evaluator_id,
            "log_number": log_number,
            "evaluator_version_id": version_id,
            "author": author,
            "evaluator_log_number": row.number,
            "datapoint_id": datapoint_id,
            "latest": latest[author] == row.number,
            **_columns(row.judgment, row.error, row.content["spec"]),
        }
        for run_id, datapoint_id in runs
        for (version_id, author), row in newest.items()
    ]
    if not rows:
        return
    connection.execute(sa.insert(_judgments), rows)
    of_runs = [run_id for run_id, _ in runs]
    more = {"judgments_count": _counts.c.judgments_count + len(latest) - 1}
    counted = (_counts.c.run_id.in_(of_runs), _counts.c.evaluator_id == evaluator_id)
    connection.execute(sa.update(_counts).where(*counted).values(more))
    connection.execute(sa.update(_runs).where(_runs.c.id.in_(of_runs)).values(revision=_runs.c.revision + 1))


def _score_several_options(connection: sa.Connection) -> None:
    """Give judgments of several options the sum of the options' scores, in place of the lowest."""
    stored = sa.select(_judgments.c.evaluator_version_id, _judgments.c.label).distinct()
    for version_id, label in connection.execute(stored.where(_judgments.c.label.like("[%"))).all():
        content = connection.execute(sa.select(_versions.c.content).where(_versions.c.id == version_id)).scalar_one()
        if content["spec"].get("return_type") == "multi_select":
            alike = (_judgments.c.evaluator_version_id == version_id, _judgments.c.label == label)
            score = _sum_of_options(json.loads(label), content["spec"])
            connection.execute(sa.update(_judgments).where(*alike).values(score=score))


def _sum_of_options(chosen: list[str], spec: Mapping[str, Any]) -> float | None:
    valences = {item["name"]: item.get("valence") or "" for item in spec.get("options") or [] if "name" in item}
    scores = {option: VALENCE_SCORES.get(valence, 0.0) for option, valence in valences.items()}
    return sum(scores.get(option, 0.0) for option in set(chosen)) if len(set(scores.values())) > 1 else None


def _author(user: str | None) -> str:
    return (user or "") if len(user or "") <= 200 else f"{(user or '')[:183]}…{digest(user)[:16]}"


def _columns(judgment: Any, error: str | None, spec: Mapping[str, Any]) -> dict[str, Any]:
    """The columns of a judgment, as they are in this revision."""
    found: dict[str, Any] = {"state": JUDGED, "number": None, "label": None, "score": None}
    valence = declared_valence(spec)
    scores = {
        item["name"]: VALENCE_SCORES.get(item.get("valence") or "")
        for item in spec.get("options") or []
        if "name" in item
    }
    if error is not None or judgment is None:
        return found | {"state": FAILED if error is not None else ABSTAINED}
    if isinstance(judgment, bool | int | float):
        number = float(judgment)
        signed = None if valence == "neutral" else -number if valence == "negative" else number
        return found | {"number": number, "score": signed}
    if isinstance(judgment, list):
        return found | {"label": json.dumps(judgment, ensure_ascii=False), "score": _sum_of_options(judgment, spec)}
    if spec.get("return_type") == "text":
        return found | {"label": judgment[:KEPT_TEXT]}
    return found | {"label": judgment, "score": scores.get(judgment)}
