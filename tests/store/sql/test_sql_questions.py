"""SQL means the same on both databases, and its figures are those of the tools."""

from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.store.sql.conftest import EDGE_CASES, SAMPLE, Asked

from evals_mcp.errors import Invalid, NotFound
from evals_mcp.models.questions import DatapointQuestion, LogQuestion
from evals_mcp.models.sql import SqlQuestion, SqlRows
from evals_mcp.models.sql_views import VIEWS
from evals_mcp.store.database.tables import evaluations
from evals_mcp.store.sql.dialects import SQLITE
from evals_mcp.store.sql.parsing import parse
from evals_mcp.store.sql.selects import Selects
from evals_mcp.store.sql.view_queries import evaluation_values, sqlite_views
from evals_mcp.store.store import Store, open_store, open_temporary_store

Both = Callable[..., SqlRows]

ALIKE = (
    *(f"SELECT * FROM {view} ORDER BY {', '.join(column.name for column in VIEWS[view].columns)}" for view in VIEWS),
    "SELECT run, count(*) AS n, avg(latency), sum(tokens), min(cost), max(length) FROM logs GROUP BY run ORDER BY run",
    "SELECT evaluator, state, count(*), avg(boolean), sum(boolean) / count(*) FROM judgments GROUP BY 1, 2 "
    "ORDER BY 1, 2",
    "SELECT run, median(latency), round(avg(latency), 2), stddev(latency), corr(latency, length), "
    "percentile_cont(0.9) WITHIN GROUP (ORDER BY latency) FROM logs GROUP BY run ORDER BY run",
    "SELECT run, 100.0 * count(*) / sum(count(*)) OVER () AS share FROM judgments GROUP BY run ORDER BY share, run",
    "SELECT run, count(*) FILTER (WHERE boolean), count(*) FILTER (WHERE NOT boolean = 'true'), "
    "sum(CASE WHEN boolean THEN 1 ELSE 0 END) FROM judgments GROUP BY run HAVING count(*) > 2 ORDER BY 1",
    "SELECT log, run, row_number() OVER (PARTITION BY run ORDER BY latency DESC, log) AS n, "
    "lag(latency) OVER (PARTITION BY run ORDER BY latency, log), rank() OVER (ORDER BY tokens) FROM logs "
    "ORDER BY log, run",
    "WITH a AS (SELECT log, run, boolean AS b FROM judgments WHERE boolean IS NOT NULL) SELECT a.run, r.control, "
    "sum(b) FROM a JOIN logs USING (log, run) LEFT JOIN runs r ON r.run = a.run GROUP BY a.run, r.control ORDER BY 1",
    "SELECT DISTINCT state, author FROM judgments ORDER BY state, author",
    "SELECT run FROM logs UNION SELECT evaluator FROM judgments EXCEPT SELECT run FROM runs WHERE control "
    "ORDER BY 1 DESC",
    "SELECT run FROM runs INTERSECT SELECT run FROM logs ORDER BY 1 LIMIT 2 OFFSET 1",
    "SELECT datapoint, input->>'question' AS q, input->'question', length(target), metadata->'a'->0->>'b', "
    "json_extract(target, '$.answer') FROM datapoints ORDER BY datapoint",
    "SELECT log, output->>'a', output->0 FROM logs ORDER BY log, run",
    "SELECT run, (SELECT count(*) FROM judgments j WHERE j.run = r.run AND j.state = 'judged') FROM runs r ORDER BY 1",
    "SELECT count(*) FROM logs l WHERE EXISTS (SELECT 1 FROM judgments j WHERE j.log = l.log AND j.boolean IS FALSE) "
    "AND l.output NOT LIKE '%zz%' AND run IN (SELECT run FROM runs) AND latency BETWEEN 0 AND 9 "
    "AND tokens NOT IN (1, 2)",
    "SELECT run, upper(run) || '-' || length(run), substr(run, 2, 3), replace(run, 'v', 'w'), trim('  a '), "
    "instr(run, '-'), left(run, 2), concat(run, NULL, 1.5, TRUE), date(created_at) < '2999', position('n' IN run) "
    "FROM runs ORDER BY run",
    "SELECT CAST('12' AS INTEGER), CAST('x' AS REAL), CAST(2.7 AS INTEGER), CAST(-2.7 AS INTEGER), CAST(1.0 AS TEXT), "
    "CAST(0.1 AS TEXT), CAST('true' AS BOOLEAN), CAST(0 AS BOOLEAN), '1.5'::float, 1e3, 10000000000, 0.5::text",
    "SELECT CAST('Yes' AS BOOLEAN), CAST(' off ' AS BOOLEAN), CAST('maybe' AS BOOLEAN), CAST('' AS BOOLEAN), "
    "CAST(run AS BOOLEAN), NOT CAST(metadata->>'none' AS BOOLEAN), sum(CAST(metadata->>'none' AS BOOLEAN)) FROM logs "
    "GROUP BY run, metadata ORDER BY run, metadata",
    "SELECT CAST('99999999999999999999' AS INTEGER), CAST(1e300 AS INTEGER), CAST(-9e18 AS INTEGER)",
    "SELECT 7 % 3, 7 % 0, 1 / 2, 1 / 0, -abs(-3), floor(-1.5), ceil(1.2), sqrt(4), sqrt(-1), ln(1), ln(0), "
    "round(2.5), round(-2.345, 2), round(1e10 / 3, 3)",
    "SELECT NULL IS NULL, TRUE AND NULL, nullif(1, 1), coalesce(NULL, 2, 3), NULL IS DISTINCT FROM 1, "
    "iif(1 > 2, 3, 4), "
    "CASE 2 WHEN 1 THEN 'a' WHEN 2 THEN 'b' END, CASE WHEN FALSE THEN 1 END, 'a' = 'A', 'a' ILIKE 'A', 'a' LIKE 'A'",
    r"SELECT '50%' LIKE '%\%', 'a_c' LIKE 'a\_c', 'abc' LIKE 'a\_c', 'Ä' ILIKE 'ä', lower('AÄ'), upper('aä')",
    "SELECT bool_or(boolean), bool_and(boolean), count(DISTINCT log), avg(DISTINCT number), max(boolean) "
    "FROM judgments",
    "SELECT evaluator, avg(number) FROM judgments WHERE FALSE GROUP BY evaluator",
    "SELECT count(*), sum(cost), avg(cost) FROM logs WHERE FALSE",
    "SELECT a.datapoint, b.* FROM judgments a JOIN judgments AS b USING (datapoint, evaluator) "
    "WHERE a.run < b.run AND a.boolean <> b.boolean ORDER BY 1, b.log, b.run, b.evaluator, b.author, a.log",
    "SELECT d.datapoint, count(*), count(j.log), max(l.output) FROM datapoints d LEFT JOIN judgments j "
    "ON j.datapoint = d.datapoint AND NOT j.boolean LEFT JOIN logs l ON l.log = j.log GROUP BY 1 ORDER BY 1",
    "SELECT count(*) FROM datapoints LEFT JOIN judgments ON TRUE",
    "SELECT run AS r, avg(latency) AS slow FROM logs GROUP BY r HAVING slow > 0 ORDER BY -slow, r NULLS FIRST",
    "SELECT latency FROM logs ORDER BY latency DESC LIMIT 7",
    "SELECT latency FROM logs ORDER BY latency LIMIT 7",
    "SELECT 1 AS a, 'b' AS a UNION ALL SELECT NULL, NULL",
)
REFUSED = {
    "SELECT latencyy FROM logs": r"no column is named `latencyy`\. Nearest: latency\. logs has log, run, datapoint",
    "SELECT target FROM logs": r"`target`\. JOIN datapoints USING \(datapoint\) has it\. logs has log, run",
    "SELECT input.subset FROM logs": r"`input` is JSON\. Write `input->>'subset'`\.",
    "SELECT l.outptu FROM logs l": r"no column is named `outptu`\. Nearest: output\. l has log",
    "SELECT x.run FROM logs": r"FROM has no `x`, only logs\.",
    "SELECT * FROM log": r"`log` does not exist\. Nearest: logs\. Views: runs, datapoints, logs, judgments\.",
    "SELECT FROM logs": "syntax error|needs 1 to 100 columns",
    "SELECT run,\n  count(* FROM logs": r"syntax error in line 2, column 14, near `",
    "SELECT run FROM logs JOIN judgments ON TRUE": r"`run` is in several of FROM\. Write logs\.run or judgments\.run\.",
    "SELECT run FROM logs, logs": "FROM has `logs` twice",
    "SELECT run, latency FROM logs GROUP BY run": "`latency` needs an aggregate, or must be in GROUP BY",
    "SELECT run, count(*) FROM logs": "`run` needs an aggregate",
    "SELECT run FROM logs GROUP BY run ORDER BY latency": "need aggregates, or what is in GROUP BY",
    "SELECT run FROM logs WHERE count(*) > 1": "WHERE cannot have an aggregate",
    "SELECT sum(count(*)) FROM logs": "aggregate of an aggregate",
    "SELECT output + 1 FROM logs": r"`output` is a text, not a number\. Write CAST\(`output` AS REAL\)",
    "SELECT run FROM logs WHERE latency > 'fast'": "mixes a text with another type",
    "SELECT run FROM logs WHERE input->>'n' > 3": "mixes a text with another type",
    "SELECT run FROM logs WHERE output": "is a text, not a condition",
    "SELECT sun(latency) FROM logs": r"`sun\(latency\)` cannot be used\. Functions: sum,",
    "SELECT log FROM logs UNION SELECT latency FROM logs": "mixes a text with another type",
    "SELECT log FROM logs UNION SELECT log, run FROM logs": "same number of columns",
    "SELECT log FROM logs FULL JOIN runs ON TRUE": "FULL JOIN cannot be used",
    "SELECT log FROM logs NATURAL JOIN runs": "METHOD|NATURAL",
    "SELECT (SELECT log, run FROM logs)": "must give one column",
    "SELECT log FROM logs LIMIT 1.5": "LIMIT needs a whole number",
    "SELECT log FROM logs ORDER BY 2": "ORDER BY 2: SELECT has 1 columns",
    "SELECT round(latency, run) FROM logs": "a number of decimals",
    "SELECT sum(latency) OVER (ORDER BY latency ROWS UNBOUNDED PRECEDING) FROM logs": r"a frame \(ROWS or RANGE\)",
    "SELECT * FROM main.logs": "the name of a schema cannot be used in `main.logs`",
    "SELECT string_agg(run, ',') FROM runs": r"`string_agg\(run, ','\)` cannot be used",
}


def test_sql_means_the_same_on_both_databases(both: Both) -> None:
    """Also where their own SQL differs: order of nulls and letters, division, rounding, types, LIKE."""
    for name in (SAMPLE, EDGE_CASES):
        for sql in ALIKE:
            both(sql, name, limit=1000)


def test_a_text_that_is_no_boolean_is_null(both: Both) -> None:
    """Not false, so that a rate over such texts leaves them out."""
    rows = both("SELECT " + ", ".join(f"CAST('{text}' AS BOOLEAN)" for text in ("Yes", "off", "maybe", "")), SAMPLE)
    assert rows.rows == [[True, False, None, None]]


def test_a_column_without_a_name_is_headed_by_what_can_be_written(asked: Asked) -> None:
    """In the words of PostgreSQL, which mean the same when they are asked again."""
    terms = ("bool_or(boolean)", "CAST(run AS BOOLEAN)", "number IS DISTINCT FROM 1", "explanation ->> 'a'")
    first = asked.ask(f"SELECT {terms[0]} FROM judgments")
    others = asked.ask(f"SELECT {', '.join(terms[1:])} FROM judgments LIMIT 1")
    assert [*first.columns, *others.columns] == list(terms)


def test_what_is_wrong_is_told_with_what_is_right(asked: Asked) -> None:
    """The nearest name and the columns of the view, the place of a syntax error, the type that is needed."""
    for sql, message in REFUSED.items():
        with pytest.raises(Invalid, match=message) as refused:
            pytest.fail(f"{sql}: {asked.rows(sql)}")
        assert str(refused.value).startswith("sql: ")


def test_sqlite_joins_by_an_index(sqlite_asked: Asked) -> None:
    """Also views by what no index of the database has, which would else be read anew for each row."""
    views = sqlite_views(evaluation_values(sqlite_asked.evaluation(), {}))
    names = {name: f"({view})" for name, view in views.items()}
    for sql in (
        "SELECT count(*) FROM judgments a JOIN judgments b USING (datapoint) WHERE a.boolean <> b.boolean",
        "SELECT avg(number) FROM datapoints d LEFT JOIN judgments j ON j.datapoint = d.datapoint GROUP BY d.datapoint",
        "SELECT l.log FROM logs l LEFT JOIN judgments j USING (log) WHERE j.evaluator IS NULL",
    ):
        written = Selects(SQLITE, names, views).write(parse(sql)).sql
        with sqlite_asked.store.database.read() as connection:
            plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {written}").all()
        assert any("USING AUTOMATIC" in row.detail for row in plan), sql


def test_figures_are_those_of_the_tools(asked: Asked) -> None:
    """Logs, errors and judgments of each run and evaluator."""
    for name in (SAMPLE, EDGE_CASES):
        check_figures(asked.store, name)


def test_recorded_figures_are_those_of_the_tools(recorded_database: Path) -> None:
    """Of the recorded evaluations, too."""
    with closing(open_store(str(recorded_database))) as store:
        for row in store.overviews.list_evaluations(None, 10, 0).rows:
            check_figures(store, row.id)


def check_figures(store: Store, name: str) -> None:
    """See that SQL counts what an overview tells."""
    asked = Asked(store)
    evaluation = asked.evaluation(name)
    runs = {row[0]: row[1:] for row in asked.rows("SELECT run_id, logs, errors, control, status FROM runs", name)}
    counted = dict(asked.rows("SELECT run, count(*) FROM logs GROUP BY run", name))
    judged = {
        (run, evaluator): values
        for run, evaluator, *values in asked.rows(
            "SELECT run, evaluator, count(DISTINCT log) FILTER (WHERE state = 'judged'), "
            "count(DISTINCT log) FILTER (WHERE state = 'failed'), avg(number), "
            "count(*) > count(DISTINCT log) "
            "FROM judgments GROUP BY run, evaluator",
            name,
            limit=1000,
        )
    }
    labels = evaluation.evaluator_labels
    for run in evaluation.runs:
        label = evaluation.run_labels[run.id]
        assert runs[run.id] == [run.logs_count, run.failed_logs, run.control, run.status]
        assert counted.get(label, 0) == run.logs_count
        for evaluator, stats in zip(evaluation.evaluators, run.stats, strict=True):
            none = (0, 0, None, False)
            logs, failed, mean, is_shared = judged.get((label, labels[evaluator.version_id]), none)
            assert logs == stats.judged_logs
            if not is_shared:
                assert failed == stats.num_errors
                if evaluator.return_type == "number" and stats.by_datapoint is None:
                    assert mean == pytest.approx(stats.mean) if stats.mean is not None else mean is None


def test_texts_are_those_of_the_tools(asked: Asked) -> None:
    """Input, output and error of each log, and input and target of each datapoint, as other answers have them."""
    evaluation = asked.evaluation(EDGE_CASES)
    found = asked.store.log_questions.answer(evaluation.id, LogQuestion(limit=1000, characters=1_000_000))
    logs = {
        (log, run): values
        for log, run, *values in asked.rows(
            "SELECT log, run, output, error, latency, cost, datapoint FROM logs",
            EDGE_CASES,
            limit=1000,
            characters=20_000,
        )
    }
    assert len(found.rows) == len(logs)
    for row in found.rows:
        output, error, latency, cost, datapoint = logs[row.id, evaluation.run_labels[row.run_id]]
        assert (output, error, latency, datapoint) == (row.output, row.error, row.latency, row.datapoint_id)
        assert cost == pytest.approx(row.output_cost if row.cost is None else row.cost)
    version_id = next(run.dataset_version_id for run in evaluation.runs if run.dataset_version_id)
    question = DatapointQuestion(dataset_version_id=version_id, limit=1000, characters=1_000_000)
    ids = {id for (id,) in asked.rows("SELECT datapoint FROM datapoints", EDGE_CASES, limit=1000)}
    assert {row.id for row in asked.store.datapoint_questions.answer(evaluation.id, question).rows} <= ids


def test_long_texts_are_cut_with_their_length(asked: Asked) -> None:
    """Each cell has at most so many characters, and what it had in all."""
    found = asked.ask("SELECT output, length(output), log FROM logs ORDER BY log", characters=20)
    for index, (output, length, _) in enumerate(found.rows):
        if length is not None and length > 20:
            assert (len(output), found.lengths[f"{index}.0"]) == (20, length)


def test_columns_have_the_names_of_the_sql(asked: Asked) -> None:
    """An alias as it is written, a column by its name, and else the expression."""
    assert asked.ask('SELECT run AS "Run 1", Latency, count(*) FROM logs GROUP BY 1, 2').columns == [
        "Run 1",
        "Latency",
        "count(*)",
    ]


def test_only_a_brief_statement_is_answered_at_once(sqlite_asked: Asked) -> None:
    """A longer one leaves a function that gives the same rows as without the try, with all rows counted."""
    questions = sqlite_asked.store.sql_questions
    id = sqlite_asked.evaluation().id
    for _ in range(2):
        brief = SqlQuestion(sql="SELECT run, logs FROM runs ORDER BY run")
        assert questions.answer_briefly(id, brief) == questions.answer(id, brief)
        for sql in ("SELECT count(*) FROM logs a, logs b", "SELECT a.log FROM logs a, logs b ORDER BY 1"):
            longer = SqlQuestion(sql=sql, limit=3)
            rest = questions.answer_briefly(id, longer)
            assert not isinstance(rest, SqlRows)
            assert rest() == questions.answer(id, longer)


def test_a_temporary_database_is_as_it_was_afterwards() -> None:
    """It has one connection, which the question shares with everything else."""
    with closing(open_temporary_store()) as store:
        with pytest.raises(NotFound):
            store.sql_questions.answer("evr_missing", SqlQuestion(sql="SELECT 1"))
        with store.database.write() as connection:
            connection.exec_driver_sql("INSERT INTO evaluations (id, created_at, updated_at) VALUES ('evr_1', 0, 0)")
        for _ in range(2):
            answer = store.sql_questions.answer("evr_1", SqlQuestion(sql="SELECT count(*), 'a' || 'b' FROM logs"))
            assert answer.rows == [[0, "ab"]]
            with pytest.raises(Invalid):
                store.sql_questions.answer("evr_1", SqlQuestion(sql="SELECT * FROM files"))
        with store.database.write() as connection:
            connection.exec_driver_sql("UPDATE evaluations SET name = 'x'")
            views = connection.exec_driver_sql("SELECT count(*) FROM sqlite_temp_master").scalar()
        assert views == 0


def test_an_evaluation_without_runs_has_empty_views(asked: Asked) -> None:
    """Each view is there, with no rows."""
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    with asked.store.database.write() as connection:
        connection.execute(evaluations.insert().values(id="evr_none", created_at=moment, updated_at=moment))
    for view in VIEWS:
        found = asked.store.sql_questions.answer("evr_none", SqlQuestion(sql=f"SELECT * FROM {view}"))
        assert (found.rows, found.columns) == ([], [column.name for column in VIEWS[view].columns])

    with asked.store.database.write() as connection:
        connection.execute(evaluations.delete().where(evaluations.c.id == "evr_none"))
