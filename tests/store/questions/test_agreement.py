"""Agreement, relations, repeats and ranks of a document with authors and versions, on SQLite and PostgreSQL."""

import random
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from tests.loaded_stores import Served, served

from evals_mcp.models.agreement import AgreementRows
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
from evals_mcp.models.messages import ChatMessage
from evals_mcp.models.questions import (
    AgreementQuestion,
    ClusterField,
    Filter,
    RankingQuestion,
    RelationQuestion,
    RepeatQuestion,
)
from evals_mcp.models.rankings import RankingRows
from evals_mcp.models.relations import RelationRows
from evals_mcp.models.repeats import RepeatRows
from evals_mcp.store.store import Store, open_store

__all__ = ["served"]
_SPECS: dict[str, dict[str, object]] = {
    "human": {"return_type": "boolean", "evaluator_type": "human"},
    "judge": {"return_type": "boolean"},
    "stars": {"return_type": "number", "number_limits": {"min": 1, "max": 5}},
    "marks": {"return_type": "number", "number_limits": {"min": 1, "max": 5}},
    "tone": {"return_type": "select", "options": [{"name": "kind"}, {"name": "rude"}, {"name": "flat"}]},
    "mood": {"return_type": "select", "options": [{"name": "kind"}, {"name": "rude"}]},
}


def _document() -> Iterator[Record]:
    """Two runs of 40 datapoints with two logs each; two people; the judge's first version judged the first run."""
    source = random.Random(8)
    yield FileRecord(id="data", type="dataset", path="a/data")
    yield FileRecord(id="prompt", type="prompt", path="a/prompt")
    points = [f"dp_{number}" for number in range(40)]
    for number, point in enumerate(points):
        talk = [ChatMessage(role="user", content="Hm?")] * (number % 4) or None
        about = {"customer": number // 10} if number < 30 else None
        yield DatapointRecord(id=point, dataset_id="data", inputs={"n": number}, messages=talk, metadata=about)
    yield VersionRecord(id="data-1", file_id="data", datapoint_ids=points)
    for name, spec in _SPECS.items():
        content = {"spec": {"evaluator_type": "external", "arguments_type": "target_free", **spec}}
        yield FileRecord(id=name, type="evaluator", path=f"a/{name}")
        yield VersionRecord(id=f"{name}-1", file_id=name, content=content)
    changed = {"spec": {"evaluator_type": "external", "arguments_type": "target_required", "return_type": "boolean"}}
    yield VersionRecord(id="judge-2", file_id="judge", content=changed)
    attached = [AttachedEvaluator(version_id=f"{name}-{2 if name == 'judge' else 1}") for name in _SPECS]
    yield EvaluationRecord(id="evaluation", name="E", file_id="prompt", evaluators=attached)
    yield VersionRecord(id="prompt-1", file_id="prompt", content={"model": "none"})
    for run in ("first", "second"):
        of = RunEvaluation(evaluation_id="evaluation", control=run == "first")
        yield RunRecord(id=run, evaluations=[of], version_id="prompt-1", dataset_version_id="data-1")
        for at in range(80):
            log = f"{run}-{at}"
            yield LogRecord(
                id=log,
                version_id="prompt-1",
                run_ids=[run],
                source_datapoint_id=points[at // 2],
                messages=[ChatMessage(role="user", content="So?")] * 9 if run == "second" and at < 8 else None,
                output="x" * source.randint(1, 90),
                provider_latency=source.random(),
            )
            yield from _judgments(source, run, log)


def _judgments(source: random.Random, run: str, log: str) -> Iterator[Record]:
    good = source.random() < 0.6
    given: list[tuple[str, str | None, object]] = [
        ("human-1", "ann", good),
        ("human-1", "ben", good if source.random() < 0.8 else not good),
        ("judge-1" if run == "first" else "judge-2", None, good if source.random() < 0.9 else not good),
        ("stars-1", None, source.randint(1, 5)),
        ("marks-1", None, source.randint(2, 5)),
        ("tone-1", None, source.choice(["kind", "rude", "flat"])),
        ("mood-1", None, source.choice(["kind", "rude"])),
    ]
    for number, (version, user, value) in enumerate(given):
        if source.random() < 0.8:
            fields = {"id": f"{log}-{number}", "evaluator_version_id": version, "judged_log_id": log}
            yield JudgmentRecord.model_validate({**fields, "user": user, "judgment": value})


def _by_customer(store: Store) -> AgreementRows:
    question = AgreementQuestion(cluster=ClusterField(part="metadata", key="customer"))
    return store.agreement_questions.answer("evaluation", question)


def _asked(store: Store, filter: Filter) -> tuple[AgreementRows, RelationRows, RepeatRows, RankingRows]:
    agreement = store.agreement_questions.answer("evaluation", AgreementQuestion(filter=filter))
    relations = store.relation_questions.answer("evaluation", RelationQuestion(filter=filter))
    repeats = store.repeat_questions.answer("evaluation", RepeatQuestion(filter=filter))
    return agreement, relations, repeats, store.ranking_questions.answer("evaluation", RankingQuestion(filter=filter))


def test_both_databases_tell_the_same(served: Served, tmp_path: Path, postgres_address: str) -> None:
    """Raters are versions and authors; every figure is the same, to the bit, of all logs and of one run."""
    with (
        closing(open_store(str(tmp_path / "evals.db"))) as sqlite,
        closing(open_store(postgres_address, "agreement")) as postgresql,
    ):
        for store in (sqlite, postgresql):
            served.load(store, list(_document()))
        for filter in (Filter(), Filter(run_ids=["second"]), Filter(datapoint_id="dp_3"), Filter(run_ids=[])):
            assert _asked(sqlite, filter) == _asked(postgresql, filter)
        agreement, relations, repeats, ranking = _asked(sqlite, Filter())
        by_customer = _by_customer(sqlite)
        assert by_customer == _by_customer(postgresql)
    raters = {(rater.evaluator_version_id, rater.judged_version_id, rater.author) for rater in agreement.raters}
    assert {("judge-2", "judge-1", None), ("judge-2", "judge-2", None), ("human-1", "human-1", "ann")} <= raters
    named = [(rater.judged_version_id, rater.author) for rater in agreement.raters]
    pairs = {(named[pair.first], named[pair.second]): pair for pair in agreement.pairs}
    assert (("stars-1", None), ("marks-1", None)) in pairs
    assert (("tone-1", None), ("mood-1", None)) in pairs
    assert (("human-1", None), ("judge-1", None)) in pairs
    people = pairs[("human-1", "ann"), ("human-1", "ben")]
    assert people.datapoints < people.logs
    clustered = by_customer.pairs[agreement.pairs.index(people)]
    assert clustered.datapoints == 3 + 10  # three customers, and datapoints without one
    assert clustered.agreement.value == people.agreement.value
    assert clustered.agreement != people.agreement
    (turns,) = (row for row in relations.numbers if row.measure == "turns")
    assert dict(zip(turns.values, turns.bars, strict=True)) == {1.0: 38, 2.0: 38, 3.0: 38, 9.0: 8}
    assert {errors.judge for errors in agreement.judges} == {named.index((f"judge-{n}", None)) for n in (1, 2)}
    assert relations.logs == repeats.logs == ranking.logs == 160
    assert {(row.run_id, row.judgments) for row in repeats.rows} == {
        (run, judgments) for run in ("first", "second") for judgments in ("passes", "numbers", "options")
    }
    assert [(item.evaluator_version_id, len(item.runs)) for item in ranking.rankings] == [
        (name, 2) for name in ("human-1", "judge-2", "stars-1", "marks-1")
    ]
    assert ranking.undirected == ["tone-1", "mood-1"]
