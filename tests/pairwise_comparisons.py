"""An evaluation of pairwise judgments: datapoints name two models, a judge selects a side and another the winner."""

import math
import random
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

NAME = "Arena"
MODELS = {"strong": 1.2, "good": 0.4, "fair": 0.2, "weak": -1.8}
_OPTIONS = {"side": ["A", "B", "tie"], "winner": [*MODELS, "tie"], "style": ["short", "long"]}


def pairwise_document(pairs: int = 240, *, named: bool = True) -> Iterator[Record]:
    """As many pairs of two models by chance, with a log each; without `named`, nothing says which models."""
    source = random.Random(6)
    yield FileRecord(id="data", type="dataset", path="arena/pairs")
    yield FileRecord(id="prompt", type="prompt", path="arena/judge")
    compared = [source.sample(list(MODELS), 2) for _ in range(pairs)]
    for number, (first, second) in enumerate(compared):
        metadata = {"model_a": first, "model_b": second} if named else {}
        yield DatapointRecord(id=f"dp_{number}", dataset_id="data", inputs={"n": number}, metadata=metadata)
    yield VersionRecord(id="data-1", file_id="data", datapoint_ids=[f"dp_{number}" for number in range(pairs)])
    for name, options in _OPTIONS.items():
        spec = {"evaluator_type": "external", "arguments_type": "target_free", "return_type": "select"}
        content = {"spec": {**spec, "options": [{"name": option} for option in options]}}
        yield FileRecord(id=name, type="evaluator", path=f"arena/{name}")
        yield VersionRecord(id=f"{name}-1", file_id=name, content=content)
    attached = [AttachedEvaluator(version_id=f"{name}-1") for name in _OPTIONS]
    yield EvaluationRecord(id="arena", name=NAME, file_id="prompt", evaluators=attached)
    yield VersionRecord(id="prompt-1", file_id="prompt", content={"model": "none"})
    of = RunEvaluation(evaluation_id="arena", control=True)
    yield RunRecord(id="run", evaluations=[of], version_id="prompt-1", dataset_version_id="data-1")
    for number, (first, second) in enumerate(compared):
        log = f"log-{number}"
        point = f"dp_{number}"
        yield LogRecord(id=log, version_id="prompt-1", run_ids=["run"], source_datapoint_id=point, output="-")
        chance = 1 / (1 + math.exp(MODELS[second] - MODELS[first]))
        won = source.random() < chance
        is_tie = number % 12 == 0
        given = {
            "side": None if number % 40 == 1 else "tie" if is_tie else "A" if won else "B",
            "winner": "tie" if is_tie else first if won else second,
            "style": "short",
        }
        for name, value in given.items():
            yield JudgmentRecord(
                id=f"{log}-{name}", evaluator_version_id=f"{name}-1", judged_log_id=log, judgment=value
            )
