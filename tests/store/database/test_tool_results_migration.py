"""A database from before results of tools were kept whole can keep them, and everything in it stays as it was."""

from contextlib import closing

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import text
from tests.older_databases import set_back
from tests.recount import check_counts

from evals_mcp.models.references import EvaluatorReference, Target
from evals_mcp.models.reported_figures import ReportedFigure
from evals_mcp.store.database.tables import metadata
from evals_mcp.store.files.files import FileChange
from evals_mcp.store.logs.logs import LogTarget
from evals_mcp.store.store import Store, open_store

_FIGURES = [ReportedFigure(name="accuracy", value=0.52, evaluator="e", stderr=0.05, source="a tool")]


def test_old_logs_and_runs_stay_and_new_ones_hold_more(database_address: str) -> None:
    """Logs, judgments and runs of the revision before are as they were. The new columns take values."""
    with closing(open_store(database_address)) as store:
        evaluation_id, run_id, log_id = _fill(store)
        before = store.logs.get(log_id), store.runs.all(evaluation_id)
        with store.database.write() as connection:
            for table, column in (("logs", "cached_tokens"), ("judgments", "passed"), ("runs", "reported_figures")):
                connection.execute(text(f"ALTER TABLE {table} DROP COLUMN {column}"))
            for table in ("datapoint_fields", "journal", "journal_rows", "review_items"):
                connection.execute(text(f"DROP TABLE {table}"))
            connection.execute(text("ALTER TABLE evaluation_evaluators DROP COLUMN for_review"))
            set_back(connection, "0002")
    with closing(open_store(database_address)) as store:
        assert (store.logs.get(log_id), store.runs.all(evaluation_id)) == before
        _judge(store, log_id, {"judgment": 0.6, "passed": False, "threshold": 0.7})
        store.logs.update("prompt", log_id, {"cached_tokens": 7})
        store.runs.update(evaluation_id, run_id, control=None, status=None, reported_figures=_FIGURES)
        check_counts(store)
        assert store.logs.get(log_id).cached_tokens == 7
        assert store.runs.all(evaluation_id)[0].reported_figures == _FIGURES
        with store.database.read() as connection:
            assert connection.execute(text("SELECT number, passed FROM judgments")).all() == [(0.6, False)]
            differences = compare_metadata(MigrationContext.configure(connection), metadata)
    assert not [item for item in differences if item[0] in ("add_column", "remove_column", "add_table", "remove_table")]


def _fill(store: Store) -> tuple[str, str, str]:
    spec = {"arguments_type": "target_free", "evaluator_type": "external", "return_type": "number"}
    prompt = store.files.upsert("prompt", None, "p", {"model": "m"}, FileChange())
    evaluator = store.files.upsert("evaluator", None, "e", {"spec": spec}, FileChange())
    attached = [EvaluatorReference(version_id=evaluator.version_id)]
    evaluation = store.evaluations.create(None, Target("path", "p"), attached)
    version = Target("version_id", prompt.version_id)
    run = store.runs.create(evaluation.id, None, version, orchestrated=False, use_existing_logs=False)
    target = LogTarget(version_id=prompt.version_id)
    log = store.logs.create("prompt", target, {"output": "x", "prompt_tokens": 9, "finish_reason": "stop"}, run.id)
    _judge(store, log.id, {"judgment": 0.5})
    return evaluation.id, run.id, log.id


def _judge(store: Store, log_id: str, fields: dict[str, object]) -> None:
    store.logs.create_judgment(LogTarget(path="e"), log_id, fields)
