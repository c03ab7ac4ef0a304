"""Result files that other tools wrote agree with the totals that the same tools wrote."""

import json
from collections import defaultdict
from pathlib import Path

import pytest
from tests.shared_data import DATA

from evals_mcp.importers.formats import Report, format_of
from evals_mcp.importers.results import Result
from evals_mcp.importers.tables.columns import Chosen

FORMATS = DATA / "formats"
pytestmark = pytest.mark.skipif(not FORMATS.exists(), reason="the result files are not beside this repository")


def _read(path: Path, name: str) -> tuple[list[Result], Report]:
    format, report = format_of(path), Report()
    assert format is not None
    assert format.name == name
    return list(format.read(path, Chosen(), report)), report


def _means(results: list[Result]) -> dict[str, float]:
    values = defaultdict(list)
    for result in results:
        for score in result.scores:
            values[score.evaluator].append(float(score.judgment))
    return {name: sum(found) / len(found) for name, found in values.items()}


def test_lm_eval() -> None:
    """A metric of the corpus has no score for each sample, and is named."""
    (samples,) = FORMATS.glob("lm-eval/*/samples_*.jsonl")
    (totals,) = FORMATS.glob("lm-eval/*/results_*.json")
    results, report = _read(samples, "lm-eval")
    written = json.loads(totals.read_bytes())
    assert len(results) == written["n-samples"]["northwind_local"]["effective"]
    assert {result.version.label for result in results} == {written["model_name"]}
    assert _means(results) == {"exact_match": written["results"]["northwind_local"]["exact_match,none"]}
    assert [note.split()[0] for note in report.notes] == ["bleu", "chrf"]
    totals_of_task = written["results"]["northwind_local"]
    assert [(figure.name, figure.evaluator, figure.stderr) for figure in results[0].run.reported] == [
        ("exact_match", "exact_match", totals_of_task["exact_match_stderr,none"]),
        ("bleu", None, totals_of_task["bleu_stderr,none"]),
        ("chrf", None, totals_of_task["chrf_stderr,none"]),
    ]


@pytest.mark.parametrize("name", ["northwind-includes_baseline", "northwind-match_general"])
def test_openai_evals(name: str) -> None:
    """Its accuracy and tokens are those of the final report."""
    path = FORMATS / "openai-evals" / f"{name}.jsonl"
    results, report = _read(path, "openai-evals")
    final = json.loads(path.read_text().splitlines()[1])["final_report"]
    assert _means(results)["correct"] == pytest.approx(final["accuracy"])
    assert sum(result.prompt_tokens or 0 for result in results) == final["usage_prompt_tokens"]
    assert sum(result.output_tokens or 0 for result in results) == final["usage_completion_tokens"]
    assert report.notes == []
    accuracy = results[0].run.reported[0]
    assert (accuracy.evaluator, accuracy.value, accuracy.stderr) == (
        "correct",
        final["accuracy"],
        final["boostrap_std"],
    )


def test_deepeval() -> None:
    """Scores and passes of each metric."""
    (path,) = FORMATS.glob("deepeval/test_run_*.json")
    results, _ = _read(path, "deepeval")
    written = json.loads(path.read_bytes())
    means = _means(results)
    for metric in written["metricsScores"]:
        assert means[metric["metric"]] == pytest.approx(sum(metric["scores"]) / len(metric["scores"]))
        verdicts = [score for result in results for score in result.scores if score.evaluator == metric["metric"]]
        assert sum(score.passed is True for score in verdicts) == metric["passes"]
        assert {score.threshold for score in verdicts} <= {0.7, 1.0}
    assert means["passed"] * len(results) == written["testPassed"]
    reported = {(figure.name, figure.evaluator): figure.value for figure in results[0].run.reported}
    assert (reported["testPassed", None], reported["passes", "Has Citation"]) == (written["testPassed"], 25)


@pytest.mark.parametrize("ending", ["csv", "json", "jsonl"])
def test_ragas(ending: str) -> None:
    """A table, in each of its formats; NaN is no judgment."""
    results, _ = _read(FORMATS / "ragas" / f"ragas_results.{ending}", "table")
    assert _means(results) == pytest.approx(json.loads((FORMATS / "ragas" / "ragas_summary.json").read_bytes()))


def test_the_rag_evaluator_of_azure() -> None:
    """A table whose summary rounds to two digits."""
    folder = FORMATS / "azure-rag-evaluator" / "baseline2"
    results, _ = _read(folder / "eval_results.jsonl", "table")
    means, written = _means(results), json.loads((folder / "summary.json").read_bytes())
    assert means["gpt_groundedness"] == pytest.approx(written["gpt_groundedness"]["mean_rating"], abs=0.005)
    assert means["gpt_relevance"] == pytest.approx(written["gpt_relevance"]["mean_rating"], abs=0.005)
    assert means["answer_length"] == pytest.approx(written["answer_length"]["mean"], abs=0.005)
    latencies = [result.latency for result in results if result.latency is not None]
    assert sum(latencies) / len(latencies) == pytest.approx(written["latency"]["mean"], abs=0.005)
