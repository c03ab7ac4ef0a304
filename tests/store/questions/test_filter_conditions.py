"""Each field of a filter chooses logs and datapoints, on both databases, in every kind of question."""

from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import ValidationError
from tests.loaded_stores import open_kind

from evals_mcp.answers.filter_words import WORDS
from evals_mcp.errors import Invalid, NotFound
from evals_mcp.models.conditions import ErrorCondition, FieldCondition, JudgmentCondition
from evals_mcp.models.datapoints import CreateDatapointRequest
from evals_mcp.models.questions import ComparisonQuestion, DatapointQuestion, Filter, LogQuestion
from evals_mcp.models.references import EvaluatorReference, Target
from evals_mcp.store.files.files import FileChange
from evals_mcp.store.logs.logs import LogTarget
from evals_mcp.store.questions.filter_conditions import ON_DATAPOINTS, ON_LOGS
from evals_mcp.store.store import Store

QUESTIONS = ("Where is Straße 5?", "Who is Иван?", "What is it?")
RUNS = ("old", "new")


class Asked:
    """An evaluation of two runs over three questions: each log's output names its run and question, as `old 0`.

    The score of a log is 1 for the first question, 3 for the second, and missing for the last; in the run `new` the
    second log failed.
    """

    def __init__(self, store: Store) -> None:
        self.store = store
        points = [CreateDatapointRequest(inputs={"q": text}) for text in QUESTIONS]
        dataset = store.datasets.upsert(None, "data", points, "set", None, FileChange(), include_datapoints=True)
        self.dataset_version_id = dataset.version_id
        by_text = {str(point.inputs["q"]): point.id for point in dataset.datapoints or []}
        self.datapoints = [by_text[text] for text in QUESTIONS]
        prompt = store.files.upsert("prompt", None, "bot", {"model": "small"}, FileChange()).version_id
        spec = {"arguments_type": "target_free", "evaluator_type": "external", "return_type": "number"}
        self.judge = store.files.upsert("evaluator", None, "judge", {"spec": spec}, FileChange()).version_id
        attached = [EvaluatorReference(version_id=self.judge)]
        self.id = store.evaluations.create("Asked", Target("path", "bot"), attached).id
        self.runs = {name: self._run(name, prompt) for name in RUNS}

    def _run(self, name: str, prompt: str) -> str:
        dataset, version = Target("version_id", self.dataset_version_id), Target("version_id", prompt)
        run = self.store.runs.create(self.id, dataset, version, orchestrated=False, use_existing_logs=False).id
        for number, datapoint_id in enumerate(self.datapoints):
            fields: dict[str, Any] = {"output": f"{name} {number}", "source_datapoint_id": datapoint_id}
            if (name, number) == ("new", 1):
                fields["error"] = "Too slow: Ошибка"
            log = self.store.logs.create("prompt", LogTarget(version_id=prompt), fields, run)
            if number < 2:
                self.store.logs.create_judgment(LogTarget(version_id=self.judge), log.id, {"judgment": number * 2 + 1})
        return run

    def filter(self, fields: dict[str, Any]) -> Filter:
        """A filter by the names of runs and the numbers of datapoints."""
        named = dict(fields)
        if "run_ids" in named:
            named["run_ids"] = [self.runs[name] for name in named["run_ids"]]
        if "datapoint_id" in named:
            named["datapoint_id"] = self.datapoints[named["datapoint_id"]]
        return Filter(**named)

    def logs(self, **fields: Any) -> list[str]:
        """The outputs of the logs that meet a filter, the newest first."""
        question = LogQuestion(filter=self.filter(fields))
        return [str(row.output) for row in self.store.log_questions.answer(self.id, question).rows]

    def found(self, **fields: Any) -> list[int]:
        """The numbers of the datapoints that meet a filter."""
        question = DatapointQuestion(filter=self.filter(fields), dataset_version_id=self.dataset_version_id)
        rows = self.store.datapoint_questions.answer(self.id, question).rows
        return sorted(self.datapoints.index(row.id) for row in rows)

    def compared(self, **fields: Any) -> int:
        """The number of pairs in a comparison of the datapoints that meet a filter."""
        question = ComparisonQuestion(
            filter=self.filter(fields),
            baseline_run_id=self.runs["old"],
            candidate_run_ids=[self.runs["new"]],
            evaluator_version_ids=[self.judge],
        )
        answer = self.store.comparison_questions.answer(self.id, question)
        return answer.candidates[0].comparisons[0].pairs


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def asked(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asked]:
    """The evaluation, once in each database."""
    store = open_kind(request, tmp_path_factory, "filters")
    yield Asked(store)
    store.close()


_ABOVE = JudgmentCondition(above=1)
_IVAN = FieldCondition(part="input", key="q", operator="~", values=["иван"])
FIELDS: dict[str, list[tuple[dict[str, Any], list[str], list[int]]]] = {
    "run_ids": [
        ({"run_ids": ["old"]}, ["old 2", "old 1", "old 0"], [0, 1, 2]),
        ({"run_ids": []}, [], [0, 1, 2]),
    ],
    "datapoint_id": [({"datapoint_id": 1}, ["new 1", "old 1"], [1])],
    "judgment": [
        ({"judgment": _ABOVE}, ["new 1", "old 1"], [1]),
        ({"judgment": JudgmentCondition(at_least=1, below=3)}, ["new 0", "old 0"], [0]),
        ({"judgment": JudgmentCondition(at_least=3, at_most=3)}, ["new 1", "old 1"], [1]),
        ({"judgment": JudgmentCondition(state="missing")}, ["new 2", "old 2"], [2]),
        ({"judgment": JudgmentCondition(state="judged")}, ["new 1", "new 0", "old 1", "old 0"], [0, 1]),
    ],
    "errors_only": [({"errors_only": True}, ["new 1"], [1])],
    "text": [
        ({"text": "OLD"}, ["old 2", "old 1", "old 0"], []),
        ({"text": "ошибка"}, ["new 1"], []),
        ({"text": "ИВАН"}, ["new 1", "old 1"], [1]),
        ({"text": "strasse"}, ["new 0", "old 0"], [0]),
    ],
    "conditions": [
        (
            {"conditions": [FieldCondition(part="input", key="q", operator="~", values=["иван"])]},
            ["new 1", "old 1"],
            [1],
        ),
        ({"conditions": [ErrorCondition(failed=True)]}, ["new 1"], [1]),
        ({"conditions": []}, ["new 2", "new 1", "new 0", "old 2", "old 1", "old 0"], [0, 1, 2]),
    ],
}
"""For each field filters by it, with the logs and the datapoints that meet them."""

TOGETHER: list[tuple[dict[str, Any], list[str], list[int]]] = [
    ({"run_ids": ["old"], "errors_only": True}, [], []),
    ({"run_ids": ["new"], "judgment": _ABOVE, "errors_only": True}, ["new 1"], [1]),
    ({"datapoint_id": 0, "judgment": _ABOVE}, [], []),
    ({"datapoint_id": 1, "text": "new"}, ["new 1"], []),
    ({"text": "иван", "judgment": _ABOVE}, ["new 1", "old 1"], [1]),
]


@pytest.mark.parametrize(
    ("fields", "logs", "datapoints"), [case for cases in FIELDS.values() for case in cases] + TOGETHER, ids=repr
)
def test_a_filter_chooses_logs_and_datapoints(
    asked: Asked, fields: dict[str, Any], logs: list[str], datapoints: list[int]
) -> None:
    """What is set must hold together; a datapoint meets conditions on logs if one of its logs does."""
    assert asked.logs(**fields) == logs
    assert asked.found(**fields) == datapoints


def test_every_field_has_its_conditions_and_its_words() -> None:
    """A new field is not forgotten anywhere."""
    fields = set(Filter.model_fields)
    assert ON_LOGS.keys() == fields - {"run_ids"}
    assert ON_LOGS.keys() >= ON_DATAPOINTS.keys()
    assert FIELDS.keys() == WORDS.keys() == fields


def test_a_comparison_is_filtered_by_its_datapoints(asked: Asked) -> None:
    """Without a filter all pairs count; a condition on logs would need to say in which of the runs."""
    assert asked.compared() == 2
    assert asked.compared(text="иван") == 1
    assert asked.compared(datapoint_id=2) == 0
    for fields in ({"errors_only": True}, {"judgment": _ABOVE}, {"run_ids": ["old"]}):
        with pytest.raises(Invalid, match="side"):
            asked.compared(**fields)


def test_an_evaluator_that_is_not_attached_is_not_found(asked: Asked) -> None:
    """Whichever part of a question names it."""
    with pytest.raises(NotFound, match="no evaluator version `evv_none`"):
        asked.logs(judgment=JudgmentCondition(evaluator_version_id="evv_none"))


def test_an_unknown_condition_is_refused() -> None:
    """Left out, it would change what the answer is about."""
    for question in (LogQuestion, DatapointQuestion, ComparisonQuestion):
        with pytest.raises(ValidationError, match="Extra inputs are not permitted"):
            question.model_validate({"filter": {"colour": "red"}})
        with pytest.raises(ValidationError, match="Extra inputs are not permitted"):
            question.model_validate({"errors_only": True})
