"""A database from before judgments had authors gets them, and judgments that were replaced count again."""

from contextlib import closing
from typing import Any

from sqlalchemy import Connection, select, text
from tests.older_databases import set_back
from tests.recount import check_counts

from evals_mcp.models.references import EvaluatorReference, Target
from evals_mcp.store.database.tables import judgments, runs
from evals_mcp.store.files.files import FileChange
from evals_mcp.store.logs.logs import LogTarget
from evals_mcp.store.store import Store, open_store

_OPTIONS = [{"name": "good", "valence": "positive"}, {"name": "bad", "valence": "negative"}]
_SPECS: tuple[tuple[dict[str, Any], Any], ...] = (
    ({"return_type": "number", "number_valence": "negative"}, 1.5),
    ({"return_type": "boolean"}, True),
    ({"return_type": "select", "options": _OPTIONS}, "bad"),
    ({"return_type": "multi_select", "options": _OPTIONS}, ["good", "bad"]),
    ({"return_type": "text"}, "x" * 300),
)
_AUTHORS = (None, "ana", "ben", "ana", "y" * 400)


def test_judgments_get_their_authors(database_address: str) -> None:
    """Rows, counts and flags are as if each judgment had been recorded with its author; runs are read again."""
    with closing(open_store(database_address)) as store:
        _fill(store)
        before = _rows(store)
        with store.database.write() as connection:
            _forget_authors(connection)
    with closing(open_store(database_address)) as store:
        check_counts(store)
        after = _rows(store)
        assert after[0] == before[0]
        assert after[1] > before[1]


def _fill(store: Store) -> None:
    """A run with a log that everybody judged by evaluators of each kind, and one that nobody named judged."""
    prompt = store.files.upsert("prompt", None, "p", {"model": "m"}, FileChange())
    evaluators = [
        store.files.upsert(
            "evaluator",
            None,
            f"e{number}",
            {"spec": {"arguments_type": "target_free", "evaluator_type": "human", **spec}},
            FileChange(),
        ).version_id
        for number, (spec, _) in enumerate(_SPECS)
    ]
    attached = [EvaluatorReference(version_id=version_id) for version_id in evaluators]
    evaluation = store.evaluations.create(None, Target("path", "p"), attached)
    version = Target("version_id", prompt.version_id)
    run = store.runs.create(evaluation.id, None, version, orchestrated=False, use_existing_logs=False)
    for authors in (_AUTHORS, (None, None)):
        log = store.logs.create("prompt", LogTarget(version_id=prompt.version_id), {"output": "x"}, run.id)
        for number, author in enumerate(authors):
            for version_id, (_, value) in zip(evaluators, _SPECS, strict=True):
                outcome = {"judgment": value} if number != 2 else {"error": "broken"}
                fields = {**outcome, **({"user": author} if author else {})}
                store.logs.create_judgment(LogTarget(version_id=version_id), log.id, fields)


def _forget_authors(connection: Connection) -> None:
    """What the revision before kept: the newest judgment of a log by each version, and other scores of options."""
    kept = (
        "run_id, evaluator_id, log_number, evaluator_version_id, evaluator_log_number, datapoint_id, latest, state, "
        "number, label, score"
    )
    newest = "SELECT max(evaluator_log_number) FROM judgments GROUP BY run_id, log_number, evaluator_version_id"
    for statement in (
        f"CREATE TABLE kept AS SELECT {kept} FROM judgments WHERE evaluator_log_number IN ({newest})",
        "DROP TABLE judgments",
        "ALTER TABLE kept RENAME TO judgments",
        "UPDATE judgments SET score = -1 WHERE label LIKE '[%'",  # the lowest of the options that were selected
        "ALTER TABLE judged_counts DROP COLUMN judgments_count",
        "ALTER TABLE logs DROP COLUMN cached_tokens",
        "ALTER TABLE runs DROP COLUMN reported_figures",
        "DROP TABLE datapoint_fields",
        "DROP TABLE journal",
        "DROP TABLE review_items",
        "ALTER TABLE evaluation_evaluators DROP COLUMN for_review",
        "DROP TABLE journal_rows",
    ):
        connection.execute(text(statement))
    set_back(connection, "0001")
    if connection.dialect.name != "sqlite":
        key = "run_id, evaluator_id, log_number, evaluator_version_id"
        connection.execute(text(f"ALTER TABLE judgments ADD CONSTRAINT pk_judgments PRIMARY KEY ({key})"))


def _rows(store: Store) -> tuple[list[str], int]:
    """All judgments, and the run's revision."""
    with store.database.read() as connection:
        rows = sorted(repr(tuple(row)) for row in connection.execute(select(judgments)))
        return rows, connection.execute(select(runs.c.revision)).scalar_one()
