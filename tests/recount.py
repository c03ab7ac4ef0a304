"""What is counted while writing, and what is kept of judgments, compared with the logs themselves."""

from collections import Counter, defaultdict
from typing import Any

from sqlalchemy import select

from evals_mcp.models.datapoint_fields import datapoint_fields
from evals_mcp.store.database import tables
from evals_mcp.store.database.tables import dataset_datapoints, judged_counts, judgments, logs, run_logs, runs, versions
from evals_mcp.store.logs.judgments import author_key
from evals_mcp.store.store import Store


def check_counts(store: Store) -> None:
    """Compare every kept count, judgment and field with the logs and datapoints themselves."""
    check_fields(store)
    with store.database.read() as connection:
        all_logs = {row.number: row for row in connection.execute(select(logs))}
        in_runs = connection.execute(select(run_logs)).all()
        in_dataset = {(row.version_id, row.datapoint_id) for row in connection.execute(select(dataset_datapoints))}
        kept_runs = {row.id: row for row in connection.execute(select(runs))}
        kept_judgments = {
            (row.run_id, row.log_number, row.evaluator_version_id, row.author): row
            for row in connection.execute(select(judgments))
        }
        kept_counts = {
            (row.run_id, row.evaluator_id): (row.logs_count, row.judgments_count)
            for row in connection.execute(select(judged_counts))
        }
        kept_versions = {row.id: row.logs_count for row in connection.execute(select(versions))}
    of_log: dict[int, list[Any]] = defaultdict(list)
    for number in sorted(all_logs):
        if all_logs[number].judged_log_number is not None:
            of_log[all_logs[number].judged_log_number].append(all_logs[number])
    assert Counter(row.version_id for row in all_logs.values()) == Counter(
        {version: number for version, number in kept_versions.items() if number}
    )
    expected_judgments: dict[tuple[str, int, str, str], tuple[int, bool]] = {}
    expected_counts: dict[tuple[str, str], tuple[int, int]] = {}
    for place in in_runs:
        log = all_logs[place.log_number]
        assert (place.complete, place.failed) == (log.log_status != "incomplete", log.error is not None)
        assert place.datapoint_id == log.datapoint_id
        newest = {(item.version_id, _author(item)): item.number for item in of_log[log.number]}
        latest = {(item.file_id, _author(item)): item.number for item in of_log[log.number]}
        for (version_id, author), number in newest.items():
            key = (place.run_id, log.number, version_id, author)
            expected_judgments[key] = (number, number in latest.values())
            said = all_logs[number]
            passed = said.extra.get("passed") if said.judgment is not None and said.error is None else None
            assert kept_judgments[key].passed is passed
            assert kept_judgments[key].datapoint_id == log.datapoint_id
        for evaluator_id, authors in Counter(evaluator_id for evaluator_id, _ in latest).items():
            counted = expected_counts.get((place.run_id, evaluator_id), (0, 0))
            expected_counts[place.run_id, evaluator_id] = (counted[0] + 1, counted[1] + authors)
    found = {key: (row.evaluator_log_number, row.latest) for key, row in kept_judgments.items()}
    assert found == expected_judgments
    assert {key: counted for key, counted in kept_counts.items() if counted[0]} == expected_counts
    for run in kept_runs.values():
        mine = [place for place in in_runs if place.run_id == run.id]
        points = {place.datapoint_id for place in mine if (run.dataset_version_id, place.datapoint_id) in in_dataset}
        assert run.logs_count == len(mine)
        assert run.incomplete_logs_count == sum(not place.complete for place in mine)
        assert run.logged_datapoints_count == len(points)


def check_fields(store: Store) -> None:
    """Compare every stored field of a datapoint with its content."""
    with store.database.read() as connection:
        stored = {tuple(row) for row in connection.execute(select(tables.datapoint_fields))}
        points = connection.execute(select(tables.datapoints)).all()
    assert stored == {
        (point.id, field.part, field.key, point.dataset_id, *field[2:])
        for point in points
        for field in datapoint_fields(point.content)
    }


def _author(judgment: Any) -> str:
    return author_key(judgment.extra.get("user"))
