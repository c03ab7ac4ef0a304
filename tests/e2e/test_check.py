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


def test_conditions_that_no_datapoint_meets_are_told(sample_database: Path) -> None:
    """Which of them excludes all, and which values there are. More datapoints would not tell, so no number is given."""
    options = ("--candidate", "v2-concise", "--where", "locale=xx", "--where", "plan=free")
    ended = check(sample_database, "policy_correct >= 0.5", "errors not worse by 0.1", "latency <= 5", options=options)
    assert ended.status == 3
    assert ended.stdout.count("| n=0, no datapoint has this figure\n") == 3
    assert "No datapoint of v2-concise meets the conditions.\n" in ended.stdout
    assert 'Alone, too, nothing matches "locale=xx".\n' in ended.stdout
    assert 'Values of input "locale": ' in ended.stdout


@pytest.mark.parametrize(
    ("tool", "arguments", "status", "question"),
    [
        ("compare_runs", ["candidates=v2-concise"], 1, "compare_runs"),
        ("compare_runs", ["candidates=v3-policy-quotes", "margin=40 points", "margin=1 sd"], 0, "compare_runs"),
        ("compare_runs", ["candidates=v3-policy-quotes"], 3, "compare_runs"),
        ("compare_runs", ["candidates=v2-concise", "where=baseline.policy_correct=true"], 3, "compare_runs"),
        ("get_logs", ["limit=2"], 0, "find_logs"),
        ("list_datapoints", [], 0, "find_datapoints"),
    ],
)
def test_a_script_gets_what_an_answer_is_made_of(
    sample_database: Path, tool: str, arguments: list[str], status: int, question: str
) -> None:
    """The names, the question and its rows as JSON, and the exit status of a check where a verdict is asked for."""
    ended = run(["--database", str(sample_database), "call", tool, f"evaluation={SAMPLE}", *arguments, "--json"])
    assert (ended.status, ended.stderr) == (status, "")
    told = json.loads(ended.stdout)
    assert told["evaluation"]["name"] == SAMPLE
    assert told["evaluation"]["runs"][1]["label"] == "v2-concise"
    assert [item["question"] for item in told["answers"]][-1] == question
    assert told["answers"][-1]["rows"]
    decisions = {0: "ship", 1: "do not ship", 3: "cannot tell"}
    assert tool != "compare_runs" or told["verdict"]["decision"] == decisions[status]


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (["list_run"], "There is no tool list_run. Use list_runs."),
        (["get_logs", "limt=2"], "limt: unknown argument; get_logs takes"),
        (["get_logs", "limit=many"], "limit: Input should be a valid integer"),
        (["compare_runs", "evaluation=nothing"], "no evaluation is named"),
        (["compare_runs"], "evaluation: is required."),
    ],
)
def test_a_script_reads_no_error_as_a_verdict(sample_database: Path, words: list[str], error: str) -> None:
    """Status 2, and nothing on standard output."""
    ended = run(["--database", str(sample_database), "call", *words, "--json"])
    assert (ended.status, ended.stdout) == (2, "")
    assert error in ended.stderr
