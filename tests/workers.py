"""How many processes run the tests, and which tests may start one of their own."""

import gc
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.two_runs import named_places

_FEW_FILES = 3
_WORKER = os.environ.get("PYTEST_XDIST_WORKER", "")
_APART = ("compatibility", "slow")  # folders whose tests share little, so that each may run anywhere
_ALONE = "browser"  # the folder whose tests share one browser and one server, so that one process runs them
_STARTING = ("browser", "slow")  # folders whose tests may start processes
_TOGETHER = {
    "tests/statistics/": "SciPy and statsmodels",
    "tests/tools/test_groups.py": "SciPy and statsmodels",
    "tests/api/test_bad_input.py": "OpenAPI document",
    "tests/api/test_every_route.py": "OpenAPI document",
    "tests/api/test_journal_of_every_route.py": "OpenAPI document",
    "tests/api/test_limits.py": "OpenAPI document",
}
"""What only one worker loads or makes, by the beginnings of the files that need it."""

_IN_TESTS = ("scipy.stats", "sklearn", "statsmodels")
"""What takes a worker seconds to import."""

_LONGEST = (
    "tests/slow/test_workers.py",
    "tests/slow/test_concurrency.py",
    "tests/slow/test_documented_commands.py",
    "tests/slow/test_killed_writers.py",
    "tests/slow/test_generated_requests.py",
    "tests/slow/test_installing.py",
    "tests/slow/test_handshake.py",
    "tests/slow/test_verdicts.py",
    "tests/slow/test_pgbouncer.py",
    "tests/slow/test_documents.py",
    "tests/slow/test_bad_input.py",
    "tests/slow/test_storage.py",
    "tests/slow/test_ending.py",
    "tests/slow/test_killed_writes.py",
    "tests/slow/test_sequences.py",
    "tests/slow/test_plans.py",
    "tests/slow/test_every_route.py",
    "tests/slow/test_fuzzed_stdio.py",
    "tests/slow/test_sharing.py",
    "tests/slow/test_backup_under_load.py",
    "tests/slow/test_documented_answers.py",
    "tests/slow/test_moving.py",
    "tests/slow/test_behind_proxies.py",
    "tests/slow/test_killed_restores.py",
    "tests/slow/test_removed_workspaces.py",
    "tests/api/test_bad_input.py",
    "tests/api/test_every_route.py",
    "tests/api/test_journal_of_every_route.py",
    "tests/statistics/test_corrections.py",
    "tests/mirror/test_foreign_servers.py",
    "tests/e2e/test_bundle.py",
    "tests/e2e/test_protocol.py",
    "tests/mirror/test_repeated_questions.py",
    "tests/tools/test_compare_runs.py",
    "tests/tools/test_odd_comparisons.py",
    "tests/tools/test_whole_review.py",
    "tests/tools/test_import_results.py",
    "tests/tools/test_label_logs.py",
    "tests/store/review_queue/test_queue.py",
    "tests/store/review_queue/test_even_sample.py",
    "tests/tools/test_undo.py",
    "tests/tools/test_next_to_review.py",
    "tests/mirror/test_equal_answers.py",
    "tests/serving/test_serving.py",
    "tests/store/sql/test_attacks.py",
    "tests/store/sql/test_sql_questions.py",
    "tests/tools/test_unnamed_versions.py",
    "tests/tools/test_budgets.py",
    "tests/tools/test_undirected_evaluators.py",
    "tests/importers/test_loader.py",
    "tests/tools/test_offered_calls.py",
    "tests/api/v4/test_evaluations.py",
    "tests/api/test_runs.py",
    "tests/api/test_free_json.py",
    "tests/models/test_contract.py",
    "tests/e2e/test_commands.py",
    "tests/api/test_files.py",
    "tests/tools/test_worst_first.py",
    "tests/api/v4/test_logging.py",
    "tests/store/undo/test_undone_imports.py",
)
"""Files that take longest. They start first, so that no worker ends alone with one of them."""

_MOST_PROCESS_TESTS = 12  # beside the two servers that the tests of the protocol share
_FILES = Path("/dev/fd")  # that this process has open
_MANY_FILES = max(os.sysconf("SC_OPEN_MAX") if hasattr(os, "sysconf") else 0, 256) // 2
_started: list[str] = []
_too_many: list[str] = []


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int | None:
    """None, for every core, unless the command line names few files, which start sooner in this process."""
    if all(_ALONE in path.parts for path in named_places(config)):
        return 0
    files = {file for path in named_places(config) for file in (path.rglob("test_*.py") if path.is_dir() else [path])}
    return 0 if len(files) <= _FEW_FILES else None


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """A file or folder as a whole, as `_TOGETHER` says; test by test in folders whose tests share little."""
    from xdist.scheduler import LoadFileScheduling, WorkStealingScheduling

    class ByFile(LoadFileScheduling):  # type: ignore[misc,unused-ignore]
        def _split_scope(self, nodeid: str) -> str:
            file = nodeid.split("::")[0]
            return next((needed for start, needed in _TOGETHER.items() if file.startswith(start)), file)

    if all(place.name in _APART for place in named_places(config)):
        return WorkStealingScheduling(config, log)
    return ByFile(config, log) if config.option.dist == "loadfile" else None


def pytest_configure() -> None:
    """Note every start of this program or a part of it."""
    # An audit hook would see every start, too, but Python calls it for every import, file and attribute besides.
    start = subprocess.Popen.__init__

    def noted(process: Any, arguments: Any, *others: Any, **options: Any) -> None:
        if str(arguments if isinstance(arguments, str) else next(iter(arguments), "")).startswith(sys.executable):
            _started.append(str(arguments))
        start(process, arguments, *others, **options)

    setattr(subprocess.Popen, "__init__", noted)  # noqa: B010


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(collector: pytest.Collector) -> Iterator[None]:
    """Import the files from the last on in every other worker: each finds compiled what the other has met before."""
    report: pytest.CollectReport = yield  # type: ignore[assignment]
    if isinstance(collector, pytest.Directory) and _WORKER.endswith(tuple("13579")):
        report.result.reverse()
    return report  # type: ignore[return-value]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the longest files first, those in a browser (its loop stays open) last; count tests that start processes."""
    files = Counter(item.path for item in items)
    ranks = {file: rank for rank, file in enumerate(_LONGEST)}

    def place(item: pytest.Item) -> tuple[Any, ...]:
        rank = ranks.get(item.nodeid.split("::")[0], len(ranks))
        return _ALONE in item.path.parts, rank, -files[item.path], str(item.path)

    items.sort(key=place)
    starting = [item.nodeid for item in items if item.get_closest_marker("process") and not _may_start(item)]
    _too_many[:] = sorted(starting)[_MOST_PROCESS_TESTS:]


def pytest_collection_finish() -> None:
    """Look for garbage again, seldom, and not among the modules: that took a twentieth of the time."""
    if loaded := [name for name in _IN_TESTS if name in sys.modules]:
        raise pytest.UsageError(f"Import {', '.join(loaded)} in the tests that need it: not every worker runs them.")
    gc.enable()
    gc.freeze()
    gc.set_threshold(100_000, 20, 20)


def pytest_runtest_logfinish() -> None:
    """Close the files that garbage keeps open, where few may be: applications freeze what there is, garbage, too."""
    if _FILES.is_dir() and len(os.listdir(_FILES)) > _MANY_FILES:
        gc.unfreeze()
        gc.collect()
        gc.freeze()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    """Fail a test that starts a process without saying so, or that is one too many of those that say so."""
    _started.clear()
    yield
    if item.nodeid in _too_many:
        pytest.fail(f"Test in process, or in tests/slow: more than {_MOST_PROCESS_TESTS} tests start a process.")
    if _started and not item.get_closest_marker("process") and not _may_start(item):
        pytest.fail("A test that starts a process has the mark `process`, or is in tests/slow or tests/browser.")


def _may_start(item: pytest.Item) -> bool:
    return any(folder in item.path.parts for folder in _STARTING)
