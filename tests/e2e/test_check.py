"""`evals-mcp check` on the sample, as a pipeline runs it: exit statuses, formats, and what is refused."""

from pathlib import Path

import pytest
from tests.e2e.in_process import Ended, run

SAMPLE = "Which prompt answers tickets"


def check(database: Path, *requirements: str, options: tuple[str, ...] = ("--candidate", "v2-concise")) -> Ended:
    """Check the requirements of a run of the sample."""
    required = [word for text in requirements for word in ("--require", text)]
    return run(["--database", str(database), "check", SAMPLE, *options, *required])


@pytest.mark.parametrize(
    ("requirement", "status", "words"),
    [
        ("policy_correct not worse by 0.05", 1, "-23.1 points (-38.3 to -12 points), n=39"),
        ("helpfulness not worse by 0.1", 3, "-0.03 (-0.35 to +0.29), n=38, telling needs about 810"),
        ("helpfulness not worse by 0.5", 0, "-0.03 (-0.35 to +0.29), n=38"),
        ("pass >= 0.3", 0, "55% (39.8% to 69.3%), n=40"),
        ("pass not worse by 5 points", 1, "-30 points ("),
        ("errors <= 1%", 3, "2.5% (0.4% to 12.9%), n=40, telling needs about 480"),
        ("errors not worse by 0.2", 0, "+2.5 points (-6.5 to +12.9 points), n=40"),
        ("latency better", 0, "-0.74 s (-1.00 s to -0.51 s), n=39"),
        ("latency <= 500ms", 1, "1.1 s (1.0 s to 1.2 s), n=39"),
        ("tone better", 3, "-17.9 points better less worse (-37.4 to +2.9 points), n=39"),
    ],
)
def test_a_requirement_decides_the_exit_status(
    sample_database: Path, requirement: str, status: int, words: str
) -> None:
    """0 if it is met, 1 if it is not, and 3 with the number of datapoints that would tell."""
    ended = check(sample_database, requirement)
    assert (ended.status, ended.stderr) == (status, "")
    assert f"| {requirement} | {words}" in ended.stdout


@pytest.mark.parametrize(
    ("requirement", "words"),
    [
        ("helpfull >= 3", 'no evaluator or measure is named "helpfull". Nearest: helpfulness'),
        ("tone >= 3", "tone gives options, which have no mean."),
        ("helpfulness not worse", "is no requirement. Write, for example,"),
        ("helpfulness not worse by", "has no number at its end."),
        ("policy_correct not worse by 5%", "Write points"),
        ("policy_correct >= 90", "Write 0.9 or 90%."),
        ("helpfulness not worse by -1", "a margin is zero or more"),
        ("cost <= 5 s", "s has no meaning here."),
        ('"pass" >= 0.9', "is named"),
        ("", "is no requirement."),
    ],
)
def test_what_is_no_requirement_is_refused_with_the_right_form(
    sample_database: Path, requirement: str, words: str
) -> None:
    """Status 2, and a sentence on stderr that says what to write."""
    ended = check(sample_database, requirement)
    assert (ended.status, ended.stdout) == (2, "")
    assert words in ended.stderr
