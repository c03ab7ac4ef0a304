"""`evals-mcp check` on the sample, as a pipeline runs it: exit statuses, formats, and what is refused."""

import json
from pathlib import Path
from xml.etree import ElementTree

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


def test_several_requirements_are_told_in_each_format(sample_database: Path) -> None:
    """One that fails decides. JSON has the figures, JUnit a test case for each, and the comment a row for each."""
    required = ("policy_correct not worse by 0.05", "pass >= 0.3", "errors <= 1%")
    found = {
        format: check(sample_database, *required, options=("--candidate", "v2-concise", "--format", format))
        for format in ("text", "json", "junit", "markdown")
    }
    assert {ended.status for ended in found.values()} == {1}
    told = json.loads(found["json"].stdout)
    assert [item["outcome"] for item in told["requirements"]] == ["failed", "passed", "cannot tell"]
    assert told["outcome"] == "failed"
    assert told["candidate"]["name"] == "v2-concise"
    assert told["requirements"][1]["estimate"] == 0.55
    assert told["requirements"][2]["n_needed"] > 400
    suite = ElementTree.fromstring(found["junit"].stdout)
    assert (suite.get("tests"), suite.get("failures"), suite.get("errors")) == ("3", "1", "1")
    assert [case.get("name") for case in suite.iter("testcase")] == list(required)
    lines = found["markdown"].stdout.splitlines()
    assert lines[1] == "### ❌ Evaluation check: failed"
    assert len([line for line in lines if line.startswith("| ") and " | `" in line]) == 3
    assert "Failures are corrected over 3 requirements." in found["text"].stdout


def test_conditions_choose_the_datapoints(sample_database: Path) -> None:
    """A condition makes the question smaller; one that tests the baseline leaves only pairs to the candidate."""
    options = ("--candidate", "v2-concise", "--where")
    ended = check(sample_database, "policy_correct >= 0.9", options=(*options, "baseline.policy_correct=true"))
    assert "for datapoints" in ended.stdout
    assert "n=33" in ended.stdout
    assert "chosen by what a run gave" in ended.stdout
    refused = check(sample_database, "pass >= 0.9", options=(*options, "nothing=1"))
    assert refused.status == 2
