"""Each kind of condition chooses logs and datapoints, alike on both databases."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError
from tests.loaded_stores import open_kind

from evals_mcp.models.conditions import (
    AuthorCondition,
    Condition,
    ErrorCondition,
    EvaluatorScale,
    FieldCondition,
    JudgedCondition,
    JudgmentCondition,
    MeasureCondition,
    PassCondition,
    PassCountCondition,
    PassRule,
    TextCondition,
)
from evals_mcp.models.datapoints import CreateDatapointRequest
from evals_mcp.models.groups import RunFiguresQuestion
from evals_mcp.models.questions import (
    AgreementQuestion,
    ComparisonQuestion,
    DatapointQuestion,
    Filter,
    LogQuestion,
    Question,
    RelationQuestion,
)
from evals_mcp.models.references import EvaluatorReference, Target
from evals_mcp.store.files.files import FileChange
from evals_mcp.store.logs.logs import LogTarget
from evals_mcp.store.store import Store, open_store

LONG = "x" * 300 + " Straße"
POINTS: list[dict[str, Any]] = [
    {
        "inputs": {"q": "one", "lang": "de"},
        "target": {"answer": "A"},
        "metadata": {"n": 1, "flag": True, "zip": "01067"},
    },
    {
        "inputs": {"q": "two", "lang": "en"},
        "target": {"answer": "B"},
        "metadata": {"n": 2.5, "user": {"id": "7"}, "zip": "1067"},
    },
    {
        "inputs": {"q": LONG, "dotted.key": LONG},
        "target": {"answer": None},
        "metadata": {"n": "many"},
    },
]
# Of the runs old and new: each log's output, latency, tags of metadata, and its judgments by `right` and `stars`.
LOGS: dict[str, list[dict[str, Any]]] = {
    "old": [
        {
            "output": "old 0 Refund",
            "provider_latency": 1.0,
            "metadata": {"tier": "gold", "tries": 1, "a.b": "dot", 'q"{}': "odd"},
            "right": True,
        },
        {"output": "old 1", "provider_latency": 6.0, "right": False, "stars": 2},
        {
            "output": "old 2",
            "error": "Timeout",
            "metadata": {"tier": "silver", "tries": "31", "a.b": "1e4000", "is": True},
        },
    ],
    "new": [
        {
            "output": "new 0",
            "prompt_tokens": 10,
            "output_tokens": 5,
            "right": True,
            "stars": 5,
            "note": "less structured",
        },
        {"output": "new 1", "provider_latency": 6.0, "right": True, "stars": 4, "author": "ann"},
        {"output": "new 2", "right": None},
    ],
}


class Conditions:
    """Two runs over three datapoints."""

    def __init__(self, store: Store) -> None:
        self.store = store
        points = [CreateDatapointRequest(**point) for point in POINTS]
        dataset = store.datasets.upsert(None, "data", points, "set", None, FileChange(), include_datapoints=True)
        self.dataset_version_id = dataset.version_id
        by_text = {str(point.inputs["q"]): point.id for point in dataset.datapoints or []}
        self.datapoints = [by_text[point["inputs"]["q"]] for point in POINTS]
        self.prompt = store.files.upsert("prompt", None, "bot", {"model": "small"}, FileChange()).version_id
        self.right, self.stars = (
            self._evaluator(name, kind) for name, kind in (("right", "boolean"), ("stars", "number"))
        )
        attached = [EvaluatorReference(version_id=id) for id in (self.right, self.stars)]
        self.id = store.evaluations.create("Asked", Target("path", "bot"), attached).id
        self.runs = {name: self._run(found) for name, found in LOGS.items()}

    def _evaluator(self, path: str, kind: str) -> str:
        spec = {"arguments_type": "target_free", "evaluator_type": "external", "return_type": kind}
        return self.store.files.upsert("evaluator", None, path, {"spec": spec}, FileChange()).version_id

    def _run(self, found: list[dict[str, Any]]) -> str:
        dataset, version = Target("version_id", self.dataset_version_id), Target("version_id", self.prompt)
        run = self.store.runs.create(self.id, dataset, version, orchestrated=False, use_existing_logs=False).id
        for datapoint_id, given in zip(self.datapoints, found, strict=True):
            judged = {name: given[name] for name in ("right", "stars") if name in given}
            beside = {"output": given["note"]} if "note" in given else {}
            beside |= {"user": given["author"]} if "author" in given else {}
            own = {key: value for key, value in given.items() if key not in ("right", "stars", "note", "author")}
            log = self.store.logs.create(
                "prompt", LogTarget(version_id=self.prompt), {**own, "source_datapoint_id": datapoint_id}, run
            )
            for name, value in judged.items():
                target = LogTarget(version_id=getattr(self, name))
                self.store.logs.create_judgment(target, log.id, {"judgment": value, **beside})
        return run

    def logs(self, *conditions: Condition) -> list[str]:
        """The outputs of the logs that meet conditions, without further words, the oldest first."""
        question = LogQuestion(filter=Filter(conditions=list(conditions)))
        rows = self.store.log_questions.answer(self.id, question).rows
        return [str(row.output)[:5] for row in reversed(rows)]

    def points(self, *conditions: Condition) -> list[int]:
        """The numbers of the datapoints that meet conditions."""
        question = DatapointQuestion(
            filter=Filter(conditions=list(conditions)), dataset_version_id=self.dataset_version_id
        )
        rows = self.store.datapoint_questions.answer(self.id, question).rows
        return sorted(self.datapoints.index(row.id) for row in rows)

    def pairs(self, *conditions: Condition) -> int:
        """The number of pairs by `right` in a comparison of old with new."""
        question = ComparisonQuestion(
            filter=Filter(conditions=list(conditions)),
            baseline_run_id=self.runs["old"],
            candidate_run_ids=[self.runs["new"]],
            evaluator_version_ids=[self.right],
        )
        return self.store.comparison_questions.answer(self.id, question).candidates[0].comparisons[0].pairs

    def passing(self, *runs: str, passes: bool = True, stated: JudgmentCondition | None = None) -> PassCondition:
        """A condition on passing in one of these runs, by `right` or as stated."""
        return PassCondition(passes=passes, run_ids=[self.runs[name] for name in runs], rule=self.rule(stated))

    def rule(self, stated: JudgmentCondition | None = None) -> PassRule:
        """Passing by `right`, or as stated."""
        scales = [] if stated else [EvaluatorScale(evaluator_version_id=self.right)]
        return PassRule(scales=scales, stated=stated)

    def counting(self, operator: Any, *values: int) -> PassCountCondition:
        """A condition on the number of runs that pass by `right`."""
        return PassCountCondition(
            operator=operator, values=list(values), run_ids=list(self.runs.values()), rule=self.rule()
        )


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def asked(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Conditions]:
    """The evaluation, once in each database."""
    store = open_kind(request, tmp_path_factory, "conditions")
    yield Conditions(store)
    store.close()


def _field(part: Any, key: str, operator: Any, *values: str) -> FieldCondition:
    return FieldCondition(part=part, key=key, operator=operator, values=list(values))


FIELDS: list[tuple[FieldCondition, list[int]]] = [
    (_field("input", "lang", "=", "de"), [0]),
    (_field("input", "lang", "=", "de", "en"), [0, 1]),
    (_field("input", "lang", "!=", "de"), [1]),
    (_field("input", "lang", "="), [2]),
    (_field("input", "lang", "!="), [0, 1]),
    (_field("input", "q", "=", LONG), [2]),
    (_field("input", "q", "=", LONG[:250]), []),
    (_field("input", "q", "=", LONG.swapcase()), []),
    (_field("input", "q", "=", "x" * 200 + LONG[200:].upper()), []),
    (_field("input", "dotted.key", "=", LONG), [2]),
    (_field("input", "dotted.key", "~", "STRASSE"), [2]),
    (_field("input", "q", "~", "STRASSE"), [2]),
    (_field("input", "q", "!~", "strasse", "one"), [1]),
    (_field("target", "answer", "=", "B"), [1]),
    (_field("target", "answer", "="), [2]),
    (_field("metadata", "n", "=", "1"), [0]),
    (_field("metadata", "n", "=", "1.0"), []),
    (_field("metadata", "zip", "=", "01067"), [0]),
    (_field("metadata", "zip", "=", "1067"), [1]),
    (_field("metadata", "zip", "!=", "1067"), [0]),
    (_field("metadata", "zip", ">", "1000"), [1]),
    (_field("metadata", "n", ">", "1"), [1]),
    (_field("metadata", "n", "<=", "2.5"), [0, 1]),
    (_field("metadata", "n", "~", "AN"), [2]),
    (_field("metadata", "flag", "=", "true"), [0]),
    (_field("metadata", "user.id", "=", "7"), [1]),
]


@pytest.mark.parametrize(("condition", "numbers"), FIELDS, ids=lambda value: str(value)[:60])
def test_a_field_of_datapoints_chooses_them_and_their_logs(
    asked: Conditions, condition: FieldCondition, numbers: list[int]
) -> None:
    """Also of values that are cut in the table of fields. Texts that look like numbers are equal as texts only."""
    assert asked.points(condition) == numbers
    assert asked.logs(condition) == [f"{run} {number}" for run in LOGS for number in numbers]
    assert asked.pairs(condition) == len([number for number in numbers if number < 2])


ON_LOGS: list[tuple[Condition, list[str]]] = [
    (_field("log_metadata", "tier", "=", "gold"), ["old 0"]),
    (_field("log_metadata", "tier", "!=", "gold"), ["old 2"]),
    (_field("log_metadata", "tier", "!="), ["old 0", "old 2"]),
    (_field("log_metadata", "tier", "~", "SIL"), ["old 2"]),
    (_field("log_metadata", "tries", ">=", "2"), ["old 2"]),
    (_field("log_metadata", "tries", ">", "4"), ["old 2"]),
    (_field("log_metadata", "tries", "=", "1"), ["old 0"]),
    (_field("log_metadata", "a.b", ">", "0"), []),
    (_field("log_metadata", "is", ">", "0"), ["old 2"]),
    (_field("log_metadata", "a.b", "=", "dot"), ["old 0"]),
    (_field("log_metadata", 'q"{}', "=", "odd"), ["old 0"]),
    (_field("log_metadata", 'q"', "!="), []),
    (_field("log_metadata", "$[0]\\", "=", "odd"), []),
    (TextCondition(part="output", operator="~", values=["refund"]), ["old 0"]),
    (TextCondition(part="output", operator="=", values=["new 1"]), ["new 1"]),
    (TextCondition(part="output", operator="!~", values=["old"]), ["new 0", "new 1", "new 2"]),
    (TextCondition(part="output", operator="=", values=[]), []),
    (TextCondition(part="output", operator="!=", values=[]), [f"{run} {n}" for run in LOGS for n in range(3)]),
    (TextCondition(part="explanation", operator="!=", values=[]), ["new 0"]),
    (TextCondition(part="explanation", operator="=", values=[]), ["old 0", "old 1", "old 2", "new 1", "new 2"]),
    (TextCondition(part="error", operator="~", values=["time"]), ["old 2"]),
    (TextCondition(part="explanation", operator="~", values=["LESS structured"]), ["new 0"]),
    (TextCondition(part="any", operator="~", values=["timeout", "refund"]), ["old 0", "old 2"]),
    (TextCondition(part="trace", operator="~", values=["x"]), []),
    (MeasureCondition(measure="latency", operator=">", values=[5]), ["old 1", "new 1"]),
    (MeasureCondition(measure="latency", operator="=", values=[1, 7]), ["old 0"]),
    (MeasureCondition(measure="latency", operator="=", values=[]), ["old 2", "new 0", "new 2"]),
    (MeasureCondition(measure="tokens", operator=">=", values=[15]), ["new 0"]),
    (MeasureCondition(measure="length", operator=">", values=[5]), ["old 0"]),
    (ErrorCondition(failed=True), ["old 2"]),
    (ErrorCondition(failed=False), ["old 0", "old 1", "new 0", "new 1", "new 2"]),
    (AuthorCondition(authors=["ann"]), ["new 1"]),
    (AuthorCondition(authors=["ann"], excluded=True), ["old 0", "old 1", "old 2", "new 0", "new 2"]),
]


@pytest.mark.parametrize(("condition", "logs"), ON_LOGS, ids=lambda value: str(value)[:60])
def test_a_condition_on_logs_chooses_them_and_their_datapoints(
    asked: Conditions, condition: Condition, logs: list[str]
) -> None:
    """A datapoint is chosen if one of its logs is."""
    assert asked.logs(condition) == logs
    assert asked.points(condition) == sorted({int(log[-1]) for log in logs})


def test_judgments_choose_by_value_by_state_and_by_what_they_are_not(asked: Conditions) -> None:
    """What is not judged is neither equal nor different."""
    true = JudgmentCondition(evaluator_version_id=asked.right, boolean=True)
    few = JudgmentCondition(evaluator_version_id=asked.stars, at_most=2)
    many = JudgmentCondition(evaluator_version_id=asked.stars, at_least=5)
    null = JudgmentCondition(evaluator_version_id=asked.right, state="abstained")
    any_value = JudgmentCondition(evaluator_version_id=asked.right)
    assert asked.logs(JudgedCondition(alternatives=[any_value], excluded=True)) == ["old 2", "new 2"]
    assert asked.logs(JudgedCondition(alternatives=[true])) == ["old 0", "new 0", "new 1"]
    assert asked.logs(JudgedCondition(alternatives=[true], excluded=True)) == ["old 1"]
    assert asked.logs(JudgedCondition(alternatives=[few, many])) == ["old 1", "new 0"]
    assert asked.logs(JudgedCondition(alternatives=[true]), JudgedCondition(alternatives=[many])) == ["new 0"]
    assert asked.logs(JudgedCondition(alternatives=[null])) == ["new 2"]
    assert asked.logs(JudgedCondition(alternatives=[null], excluded=True)) == [
        "old 0",
        "old 1",
        "old 2",
        "new 0",
        "new 1",
    ]


def test_datapoints_are_chosen_by_which_runs_pass(asked: Conditions) -> None:
    """An error fails; what nobody judged neither passes nor fails."""
    assert asked.points(asked.passing("new")) == [0, 1]
    assert asked.points(asked.passing("old", passes=False)) == [1, 2]
    assert asked.points(asked.passing("new"), asked.passing("old", passes=False)) == [1]
    assert asked.points(asked.counting("=", 1)) == [1]
    assert asked.points(asked.counting(">=", 1)) == [0, 1]
    assert asked.points(asked.counting("=", 0)) == [2]
    stated = JudgmentCondition(evaluator_version_id=asked.stars, at_least=5)
    assert asked.points(asked.passing("new", stated=stated)) == [0]
    assert asked.points(asked.passing("new", passes=False, stated=stated)) == [1]
    assert asked.logs(asked.counting("=", 1)) == ["old 1", "new 1"]
    assert asked.pairs(asked.counting("=", 1)) == 1


def test_a_comparison_is_filtered_by_one_side(asked: Conditions) -> None:
    """By what the baseline or the candidate gave."""
    slow = {"measure": "latency", "operator": ">", "values": [5.0]}
    assert asked.pairs(MeasureCondition(side="baseline", **slow)) == 1
    assert asked.pairs(TextCondition(side="candidate", part="output", operator="~", values=["new 0"])) == 1
    assert asked.pairs(ErrorCondition(side="baseline", failed=True)) == 0


def test_what_runs_pass_is_read_again_after_a_write(tmp_path: Path) -> None:
    """Also for a list or a sample of another run, whose own logs have not changed."""
    asked = Conditions(open_store(str(tmp_path / "evals.db")))
    passes_old = asked.passing("old")
    sample = LogQuestion(
        filter=Filter(run_ids=[asked.runs["new"]], conditions=[passes_old]),
        sample=True,
        evaluator_version_id=asked.right,
    )
    newest = Filter(run_ids=[asked.runs["new"]], conditions=[passes_old])
    points = DatapointQuestion(filter=newest, dataset_version_id=asked.dataset_version_id)

    def found() -> tuple[int, int, int]:
        return (
            asked.store.log_questions.answer(asked.id, sample).total,
            asked.store.datapoint_questions.answer(asked.id, points).total,
            asked.pairs(passes_old),
        )

    assert found() == (1, 1, 1)
    log = asked.store.logs.create(
        "prompt",
        LogTarget(version_id=asked.prompt),
        {"output": "old 1 again", "source_datapoint_id": asked.datapoints[0]},
        asked.runs["old"],
    )
    asked.store.logs.create_judgment(LogTarget(version_id=asked.right), log.id, {"judgment": False})
    assert found() == (0, 0, 0)


def test_what_a_later_step_of_a_trace_holds_is_found(tmp_path: Path) -> None:
    """A step need not change the run: no answer of a question that searches in steps is kept too long."""
    asked = Conditions(open_store(str(tmp_path / "evals.db")))
    later = TextCondition(part="trace", operator="~", values=["zebra"])
    in_new = Filter(run_ids=[asked.runs["new"]], conditions=[later])
    sample = LogQuestion(filter=in_new, sample=True, evaluator_version_id=asked.right)
    points = DatapointQuestion(filter=in_new, dataset_version_id=asked.dataset_version_id)
    of_candidate = later.model_copy(update={"side": "candidate"})
    store = asked.store

    def found() -> list[int]:
        return [
            store.log_questions.answer(asked.id, LogQuestion(filter=in_new)).total,
            store.log_questions.answer(asked.id, sample).total,
            store.datapoint_questions.answer(asked.id, points).total,
            asked.pairs(of_candidate),
            store.run_figures_questions.answer(asked.id, RunFiguresQuestion(filter=in_new))
            .groups[0]
            .runs[0]
            .logs_count,
            store.agreement_questions.answer(asked.id, AgreementQuestion(filter=in_new)).logs,
            store.relation_questions.answer(asked.id, RelationQuestion(filter=in_new)).logs,
        ]

    assert found() == [0] * 7
    question = LogQuestion(filter=Filter(run_ids=[asked.runs["new"]]))
    log_id = store.log_questions.answer(asked.id, question).rows[-1].id
    store.logs.create("prompt", LogTarget(version_id=asked.prompt), {"trace_parent_id": log_id, "output": "a zebra"})
    assert found() == [1] * 7


@pytest.mark.parametrize(
    "condition",
    [
        {"kind": "field", "part": "input", "key": "q", "operator": "<", "values": ["many"]},
        {"kind": "field", "part": "input", "key": "q", "operator": ">", "values": []},
        {"kind": "field", "part": "input", "key": "q", "operator": ">=", "values": ["1", "2"]},
        {"kind": "field", "part": "input", "key": "q", "operator": "<", "values": ["inf"]},
        {"kind": "field", "part": "input", "key": "q", "operator": "~", "values": []},
        {"kind": "measure", "measure": "cost", "operator": "<", "values": []},
        {"kind": "measure", "measure": "cost", "operator": "<=", "values": [1, 2]},
        {"kind": "passes_count", "operator": "<", "values": [1, 2], "run_ids": ["evr_1"], "rule": {}},
    ],
    ids=str,
)
def test_values_that_an_operator_cannot_use_are_refused(condition: dict[str, Any]) -> None:
    """Bounds are one number, and a search needs a text."""
    with pytest.raises(ValidationError):
        Filter.model_validate({"conditions": [condition]})


@pytest.mark.parametrize("question", [LogQuestion, RelationQuestion, RunFiguresQuestion])
def test_only_a_comparison_has_sides(question: type[Question]) -> None:
    """Elsewhere a side would be left out without a word."""
    with pytest.raises(ValidationError, match="side"):
        question(filter=Filter(conditions=[ErrorCondition(side="baseline", failed=True)]))
