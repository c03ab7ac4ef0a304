"""An evaluation whose datapoints have fields with names that mean something else, too, as a document."""

from collections.abc import Iterator

from evals_mcp.models.evaluation_document import (
    AttachedEvaluator,
    DatapointRecord,
    EvaluationRecord,
    FileRecord,
    JudgmentRecord,
    LogRecord,
    Record,
    RunEvaluation,
    RunRecord,
    VersionRecord,
)

NAMES = ["error", "Latency", "ok", "kind", 'a "word"', "it's|<b>", "input", "baseline.x", "log.error", "judgment.ok"]
"""Names of inputs: of conditions, of the evaluator, with signs of the grammar, and one that means nothing else."""

_TARGET = "target"


def odd_document() -> Iterator[Record]:
    """Two runs over 24 datapoints: each field but the question has two values, which begin with its name."""
    yield FileRecord(id="pr", type="prompt", path="odd/prompt")
    yield FileRecord(id="ds", type="dataset", path="odd/questions")
    ids = [f"dp_{index}" for index in range(24)]
    for index, id in enumerate(ids):
        inputs = {name: f"{number}: {(index >> number % 3) % 2}" for number, name in enumerate(NAMES)}
        inputs["question"] = f"q{index}"
        target = {_TARGET: f"t{index % 2}", "kind": f"k{index % 2}"}
        yield DatapointRecord(id=id, dataset_id="ds", inputs=inputs, target=target)
    yield VersionRecord(id="dsv", file_id="ds", datapoint_ids=ids)
    yield FileRecord(id="ev", type="evaluator", path="odd/ok")
    spec = {"evaluator_type": "external", "arguments_type": "target_free", "return_type": "boolean"}
    yield VersionRecord(id="evv", file_id="ev", content={"spec": spec})
    yield EvaluationRecord(id="evr", name="Odd", file_id="pr", evaluators=[AttachedEvaluator(version_id="evv")])
    for run in ("old", "new"):
        yield VersionRecord(id=f"prv_{run}", file_id="pr", content={"model": run}, name=run)
        of = [RunEvaluation(evaluation_id="evr", control=run == "old")]
        yield RunRecord(id=f"run_{run}", evaluations=of, version_id=f"prv_{run}", dataset_version_id="dsv")
        for index, id in enumerate(ids):
            log = f"log_{run}/{index}?"
            yield LogRecord(id=log, version_id=f"prv_{run}", run_ids=[f"run_{run}"], source_datapoint_id=id, output=run)
            judged = run == "old" or index % 2 == 0
            yield JudgmentRecord(id=f"{log}_ok", evaluator_version_id="evv", judged_log_id=log, judgment=judged)
