"""The counts of tests and assertions that promptfoo reports of a run, as they are by the judgments here."""

from evals_mcp.models.resolved import ResolvedEvaluation
from evals_mcp.models.rows import RunRow

SOURCE = "promptfoo"
"""The source of these counts."""

_PASSED, _SCORE = "passed", "score"
_ERRORS = "testErrorCount"


def recomputed_count(evaluation: ResolvedEvaluation, run: RunRow, called: str) -> tuple[int, int] | None:
    """A count by the judgments here, and how many tests or assertions it is of. None if it cannot be told.

    It cannot if several authors judged, and for figures that are no such counts.
    """
    by_path = {row.path: run.stats[evaluation.index_of(row.version_id)] for row in evaluation.evaluators}
    whether = [path for path in by_path if path.rpartition("/")[2] == _PASSED]
    if len(whether) != 1 or any(figures.authors for figures in by_path.values()):
        return None
    folder = whether[0].removesuffix(_PASSED)
    tests = by_path[whether[0]].verdicts
    own = (whether[0], folder + _SCORE)
    assertions = [figures.verdicts for path, figures in by_path.items() if path.startswith(folder) and path not in own]
    if called.startswith("test"):
        return None if tests is None else _of_tests(run, called, *tests)
    if None in assertions:
        return None
    passed, failed = (sum(counts[at] for counts in assertions if counts) for at in (0, 1))
    found = {"assertPassCount": passed, "assertFailCount": failed}.get(called)
    return None if found is None else (found, passed + failed)


def _of_tests(run: RunRow, called: str, passed: int, failed: int) -> tuple[int, int] | None:
    """Early releases, which did not count errors, counted them among the failures."""
    errors = run.failed_logs
    counts_errors = any(figure.name == _ERRORS for figure in run.reported)
    found = {
        "testPassCount": passed,
        "testFailCount": failed if counts_errors else failed + errors,
        _ERRORS: errors,
    }.get(called)
    return None if found is None else (found, passed + failed + errors)
