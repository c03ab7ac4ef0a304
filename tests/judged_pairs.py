"""The recorded judges beside the repository, as one run with people and judges as evaluators."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from tests.shared_data import DATA

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

FOLDER = DATA / "llm-judges"
NAME = "Which output is better"
OPTIONS = [{"name": "output_1"}, {"name": "output_2"}]


def read_votes() -> list[dict[str, Any]]:
    """The votes of people and judges by datapoint, or a skipped test where the data is absent."""
    if not FOLDER.is_dir():
        pytest.skip("the recorded judges are not beside this repository")
    with (FOLDER / "votes.jsonl").open(encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def document_of(votes: list[dict[str, Any]]) -> Iterator[Record]:
    """One run whose logs have each judge's first vote and people's, as select evaluators; null abstains."""
    judges = [key for key in votes[0] if key not in ("id", "human")]
    slugs = {judge: judge.lower().replace("/", "-").replace("_", "-") for judge in judges}
    yield FileRecord(id="lb-dataset", type="dataset", path="llmbar/pairs")
    yield FileRecord(id="lb-prompt", type="prompt", path="llmbar/judge")
    for vote in votes:
        inputs = {"subset": vote["id"].split("_")[0], "row": vote["id"]}
        yield DatapointRecord(id=f"dp_{vote['id']}", dataset_id="lb-dataset", inputs=inputs)
    points = [f"dp_{vote['id']}" for vote in votes]
    yield VersionRecord(id="lb-dataset-1", file_id="lb-dataset", datapoint_ids=points)
    for name in ("human", *slugs.values()):
        kind = "human" if name == "human" else "external"
        spec = {"evaluator_type": kind, "arguments_type": "target_free", "return_type": "select", "options": OPTIONS}
        yield FileRecord(id=f"lb-{name}", type="evaluator", path=f"llmbar/{name}")
        yield VersionRecord(id=f"lb-{name}-1", file_id=f"lb-{name}", content={"spec": spec})
    attached = [AttachedEvaluator(version_id=f"lb-{name}-1") for name in ("human", *slugs.values())]
    yield EvaluationRecord(id="lb-evaluation", name=NAME, file_id="lb-prompt", evaluators=attached)
    yield VersionRecord(id="lb-version", file_id="lb-prompt", content={"model": "none"}, name="votes")
    of = RunEvaluation(evaluation_id="lb-evaluation", control=True)
    yield RunRecord(id="lb-run", evaluations=[of], version_id="lb-version", dataset_version_id="lb-dataset-1")
    for vote in votes:
        log_id = f"lb-log-{vote['id']}"
        yield LogRecord(
            id=log_id, version_id="lb-version", run_ids=["lb-run"], source_datapoint_id=f"dp_{vote['id']}", output="-"
        )
        given = {"human": vote["human"], **{slugs[judge]: vote[judge]["order_1"] for judge in judges}}
        for name, value in given.items():
            yield JudgmentRecord(
                id=f"{log_id}-{name}", evaluator_version_id=f"lb-{name}-1", judged_log_id=log_id, judgment=value
            )
