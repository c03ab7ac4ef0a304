"""The demo, which starts a server of its own, as a person types it."""

from pathlib import Path

from tests.e2e.in_process import run
from tests.e2e.stdio import SAMPLE, run_program


def test_the_demo_runs_to_its_end_and_shows_what_is_true_of_the_sample(tmp_path: Path) -> None:
    """Rates, means, the regression, the constant evaluator, the error and each kind of missing are in its answers.

    The settings of the machine it runs on are not used, and nothing is left behind but the new file that it was told to
    keep, which is whole by itself. A file that exists is never written to.
    """
    database = tmp_path / "kept.db"
    settings = {"EVALS_MCP_DATABASE": str(tmp_path / "mine.db"), "EVALS_MCP_MAX_TOKENS": "300", "TMPDIR": str(tmp_path)}
    ended = run_program(["demo", "--database", str(database)], **settings)
    assert (ended.returncode, ended.stderr) == (0, "")
    for fact in (
        "v1-baseline (control) | completed | 40 | 85% true | 4.31 n=39 | friendly 72.5%, neutral 27.5%",
        "v2-concise | running | 40 | 61.5% true (unpaired -23.5 points) n=39 | 4.28 (unpaired -0.03) n=39",
        "v3-policy-quotes | completed | 40 | 90% true (+5 points) | 4.38 (unpaired +0.07) n=39",
        "contains_greeting is true on all 120 logs",
        "Excluded: 1 failed judgment (v1-baseline: helpfulness).",
        "Excluded: 1 abstained judgment (v3-policy-quotes: helpfulness).",
        "Excluded: 3 missing judgments (v2-concise",
        "policy_correct | 39 | 84.6% | 61.5% | -23.1 points |",
        "| 0.023 | 0/9/30 | worse",
        "9 datapoints got worse by policy_correct",
        "1 log with an error",
        "upstream timed out after 10.0 s",
    ):
        assert fact in ended.stdout
    assert "Error" not in ended.stdout
    assert f"The sample is saved in {database}." in ended.stdout
    assert [path.name for path in tmp_path.iterdir()] == ["kept.db"]
    assert SAMPLE in run(["call", "list_evaluations"], EVALS_MCP_DATABASE=str(database)).stdout
    before = database.read_bytes()
    again = run(["demo", "--database", str(database)])
    assert (again.status, again.stdout) == (1, "")
    assert "already exists" in again.stderr
    assert database.read_bytes() == before
